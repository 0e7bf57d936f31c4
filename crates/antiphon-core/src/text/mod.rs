//! Text as HTTP writes it, below any field.

pub mod http_date;
pub mod number;
pub mod percent;
pub mod token;
