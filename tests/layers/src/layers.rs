//! The order of a crate's layers, and what goes against it.

use crate::graph::Arrow;
use std::collections::BTreeSet;
use std::fmt;

/// A file that uses a file of a layer above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upward {
    /// The first arrow.
    pub(crate) arrow: Arrow,
    /// The other lines that say the same.
    pub(crate) lines: BTreeSet<usize>,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl fmt::Display for Upward {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            arrow,
            lines,
            from,
            to,
        } = self;
        write!(formatter, "{arrow}")?;
        if !lines.is_empty() {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            let word = if lines.len() == 1 { "line" } else { "lines" };
            write!(formatter, " (also {word} {})", lines.join(", "))?;
        }
        write!(
            formatter,
            "\n    expected `{from}` to use only what is below it, but found `{to}`, which is above"
        )
    }
}

/// Where the order and the sources do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A file or folder that the order does not place.
    Unplaced(String),
    /// A name in the order that is none of the sources.
    Unknown(String),
    /// A name that stands in the order more than once.
    Twice(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unplaced(layer) => write!(
                formatter,
                "expected the order to name each file and folder, but found no `{layer}` in it"
            ),
            Self::Unknown(layer) => write!(
                formatter,
                "expected the order to name files and folders, but found `{layer}`, which is neither"
            ),
            Self::Twice(layer) => write!(
                formatter,
                "expected the order to name each layer once, but found `{layer}` again"
            ),
        }
    }
}

/// The layer of a file: the folder directly below `src`, or the file itself.
///
/// The crate's root has none, since it is above all.
fn layer_of(file: &str) -> Option<&str> {
    if file == "lib.rs" || file == "main.rs" {
        return None;
    }
    let first = file.split('/').next().unwrap_or(file);
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

/// Compares the order with the layers that there are.
pub(crate) fn misfits(files: &[String], order: &[&str]) -> Vec<Misfit> {
    let layers: BTreeSet<&str> = files.iter().filter_map(|file| layer_of(file)).collect();
    let unplaced = layers.iter().filter(|layer| !order.contains(layer));
    let mut misfits: Vec<_> = unplaced
        .map(|layer| Misfit::Unplaced((*layer).to_owned()))
        .collect();
    for (index, layer) in order.iter().enumerate() {
        if !layers.contains(layer) {
            misfits.push(Misfit::Unknown((*layer).to_owned()));
        } else if order[..index].contains(layer) {
            misfits.push(Misfit::Twice((*layer).to_owned()));
        }
    }
    misfits
}

/// Finds the files that use a file above; those of a layer without a place are left out.
///
/// The arrows are in order.
pub(crate) fn upward(arrows: &[Arrow], order: &[&str]) -> Vec<Upward> {
    let height = |layer: Option<&str>| match layer {
        None => Some(order.len()),
        Some(layer) => order.iter().position(|placed| *placed == layer),
    };
    let mut found: Vec<Upward> = Vec::new();
    for arrow in arrows {
        let (from, to) = (layer_of(&arrow.from), layer_of(&arrow.to));
        if let (Some(low), Some(high)) = (height(from), height(to))
            && low < high
        {
            let same =
                |known: &&mut Upward| known.arrow.from == arrow.from && known.arrow.to == arrow.to;
            if let Some(known) = found.iter_mut().find(same) {
                if arrow.line != known.arrow.line {
                    known.lines.insert(arrow.line);
                }
                continue;
            }
            found.push(Upward {
                arrow: arrow.clone(),
                lines: BTreeSet::new(),
                from: from.unwrap_or("lib").to_owned(),
                to: to.unwrap_or("lib").to_owned(),
            });
        }
    }
    found
}
