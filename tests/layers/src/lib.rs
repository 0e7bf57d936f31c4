//! Checks that the files of a crate form layers, without a circle.
//!
//! An *arrow* goes from a file to the file that defines what the first one names: by any path, in a `use` or
//! inline, however many re-exports lie between. [`check`] demands that no circle of arrows joins files, and
//! that no arrow goes upward in an order of layers. A layer is a file or folder directly below `src`; the
//! crate's root (`lib.rs`) is above all.
//!
//! | in the code                                   | arrow                                            |
//! |-----------------------------------------------|--------------------------------------------------|
//! | `use crate::a::{B, c::D};`                    | to where `B` is defined, and to where `D` is     |
//! | `use super::B;`                               | the same, to the parent if `B` is its own        |
//! | `use crate::a;`                               | to the module's file                             |
//! | `use super::*;`                               | to the module's file, and by each name used      |
//! | `crate::a::f()`, `a::f()` after `use crate::a` | to where `f` is defined                          |
//! | `Kind::Variant`, `Type::method`               | to where the type is defined                     |
//! | a path in the body or the arguments of a macro | as outside of it                                 |
//! | `mod a;`, `pub use a::B;`, `pub(crate) use …` | none                                             |
//! | anything under `#[cfg(test)]` or `#[test]`    | none                                             |
//! | a path into another crate                     | none                                             |
//!
//! Other conditions do not matter: code for each system and each feature counts, all at once. A module in
//! braces belongs to the file that it stands in. A path that begins in this crate and leads nowhere is an
//! error, so that nothing passes unseen.
//!
//! Types are not inferred, so a method call makes no arrow; the type that it is called on is named somewhere.
//! Nor are macros run: a name that one builds of parts, or takes from where it is called, is not seen.
//!
//! From the lowest file to the highest: `problem` and `sources`; `attributes`; `names` (of one module);
//! `tree` (all modules); `resolve` (a path to its files); `tokens` and `scopes` (what macros and functions
//! hold); `graph` (arrows and circles); `paths` (finds the arrows); `layers` (the order); `report`.

mod attributes;
mod graph;
mod layers;
mod names;
mod paths;
mod problem;
mod report;
mod resolve;
mod scopes;
mod sources;
mod tokens;
mod tree;

pub use graph::{Arrow, Circle};
pub use layers::{Misfit, Upward};
pub use problem::Problem;
pub use report::{Report, Summary};
pub use sources::Sources;

/// Checks one crate against the order of its layers, the lowest first.
///
/// # Examples
///
/// ```
/// use antiphon_layers::{Sources, check};
///
/// let sources = Sources::of(&[
///     ("lib.rs", "mod text; mod body;"),
///     ("text.rs", "pub fn trim() {}"),
///     ("body.rs", "fn send() { crate::text::trim() }"),
/// ]);
/// assert!(check(&sources, &["text", "body"]).is_ok());
///
/// let report = check(&sources, &["body", "text"]).unwrap_err();
/// assert_eq!(
///     report.upward[0].to_string(),
///     "body.rs:1: `crate::text::trim` is of text.rs\n    \
///      expected `body` to use only what is below it, but found `text`, which is above",
/// );
/// ```
///
/// # Errors
///
/// A [`Report`] of every circle, every arrow upward, every path that leads nowhere, and every layer that
/// the order lacks or has too many.
pub fn check(sources: &Sources, order: &[&str]) -> Result<Summary, Report> {
    let mut problems = Vec::new();
    let tree = tree::Tree::read(sources, &mut problems);
    let mut arrows = paths::arrows(&tree, &mut problems);
    arrows.sort();
    arrows.dedup();
    problems.sort();
    problems.dedup();
    let report = Report {
        problems,
        misfits: layers::misfits(&tree.files, order),
        circles: graph::circles(&arrows),
        upward: layers::upward(&arrows, order),
    };
    if report.is_empty() {
        let files = tree.files;
        Ok(Summary { files, arrows })
    } else {
        Err(report)
    }
}
