//! Text as HTTP writes it, below any field.

pub mod glob;
pub mod http_date;
pub mod number;
pub mod percent;
pub mod token;
pub mod weight;
