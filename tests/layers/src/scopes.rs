//! What a name is inside a function, before it is one of the module.

use crate::names::{Import, Space, Written};
use std::collections::HashSet;

/// The scopes around a place in the code, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    frames: Vec<Frame>,
}

/// One scope: of an item, a block, an arm, a closure.
#[derive(Debug, Default)]
struct Frame {
    /// An item does not see the variables around it.
    is_item: bool,
    variables: HashSet<String>,
    /// Items in a block, and what an item is generic over.
    items: HashSet<String>,
    imports: Vec<Import>,
}

/// Where a name comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is a variable, a parameter or an item of the function.
    Function,
    /// A `use` in the function gives it.
    Import(Written),
    /// Nothing in the function does; one of these globs may.
    Module { globs: Vec<Written> },
}

impl Scopes {
    pub(crate) fn enter(&mut self) {
        self.frames.push(Frame::default());
    }

    pub(crate) fn enter_item(&mut self) {
        self.frames.push(Frame {
            is_item: true,
            ..Frame::default()
        });
    }

    pub(crate) fn leave(&mut self) {
        self.frames.pop();
    }

    pub(crate) fn add_variable(&mut self, name: String) {
        if let Some(frame) = self.frames.last_mut() {
            frame.variables.insert(name);
        }
    }

    pub(crate) fn add_item(&mut self, name: String) {
        if let Some(frame) = self.frames.last_mut() {
            frame.items.insert(name);
        }
    }

    pub(crate) fn add_imports(&mut self, imports: Vec<Import>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.imports.extend(imports);
        }
    }

    /// Tells where the first name of a path comes from. `space` is that of this name.
    pub(crate) fn origin(&self, name: &str, space: Space) -> Origin {
        let mut sees_variables = space == Space::Values || space == Space::Any;
        let mut globs = Vec::new();
        for frame in self.frames.iter().rev() {
            if frame.items.contains(name) || sees_variables && frame.variables.contains(name) {
                return Origin::Function;
            }
            for import in &frame.imports {
                match import.name.as_deref() {
                    Some(given) if given == name => return Origin::Import(import.path.clone()),
                    Some(_) => {}
                    None => globs.push(import.path.clone()),
                }
            }
            sees_variables &= !frame.is_item;
        }
        Origin::Module { globs }
    }
}
