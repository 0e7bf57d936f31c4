//! What a check finds, for people to read.

use crate::graph::{Arrow, Circle};
use crate::layers::{Misfit, Upward};
use crate::problem::Problem;
use std::fmt;

/// What was looked at, where all is well.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The files of the crate, tests left out.
    pub files: Vec<String>,
    /// The arrows between them, in order, each line once.
    pub arrows: Vec<Arrow>,
}

/// What is wrong with a crate. Its text names every place.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the check cannot follow.
    pub problems: Vec<Problem>,
    /// Where the order of the layers and the sources differ.
    pub misfits: Vec<Misfit>,
    /// Files that use each other.
    pub circles: Vec<Circle>,
    /// Files that use a file of a layer above.
    pub upward: Vec<Upward>,
}

impl Report {
    /// Tells whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
            && self.misfits.is_empty()
            && self.circles.is_empty()
            && self.upward.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "circles: {}, files that use one above: {}, places that cannot be followed: {}, misfits of the order: {}",
            self.circles.len(),
            self.upward.len(),
            self.problems.len(),
            self.misfits.len()
        )?;
        list(formatter, &self.problems)?;
        list(formatter, &self.misfits)?;
        list(formatter, &self.circles)?;
        list(formatter, &self.upward)
    }
}

fn list(formatter: &mut fmt::Formatter<'_>, found: &[impl fmt::Display]) -> fmt::Result {
    found
        .iter()
        .try_for_each(|one| write!(formatter, "\n{one}"))
}

impl std::error::Error for Report {}
