//! Carrying out a plan.

pub(crate) mod planned;
