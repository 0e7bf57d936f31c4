//! The names of one module: what it defines and what it imports.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{HashMap, HashSet};
use syn::ext::IdentExt;
use syn::{Fields, Ident, ItemUse, UseTree, Visibility};

/// A module, by its place in the tree's list. The crate's root is 0.
pub(crate) type ModuleId = usize;

/// A path as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// It begins with `::`, so it names another crate.
    pub(crate) global: bool,
}

impl Written {
    /// Tells whether the path begins at a module of this crate, so that it must lead somewhere.
    pub(crate) fn is_rooted(&self) -> bool {
        let first = self.segments.first().map(String::as_str);
        let keyword = matches!(first, Some("crate" | "$crate" | "super"));
        !self.global && (keyword || first == Some("self") && self.segments.len() > 1)
    }

    /// The path that `rest` goes on to from here.
    pub(crate) fn then(&self, rest: &[String]) -> Self {
        Self {
            segments: [&self.segments, rest].concat(),
            ..self.clone()
        }
    }
}

/// What kind of item a definition is, as far as names go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Module(ModuleId),
    /// With named fields, so that it is no value.
    Struct,
    /// With fields in parentheses or none, so that it is a value too.
    Constructor,
    Enum {
        variants: HashSet<String>,
    },
    /// A union, a trait or an alias.
    Type,
    Function,
    /// A constant or a static.
    Constant,
    Macro,
    /// `extern crate`.
    ExternCrate,
}

/// The spaces that names live in: a module and a function may share one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Types,
    Values,
    Macros,
    Any,
}

impl Kind {
    pub(crate) const fn is_in(&self, space: Space) -> bool {
        match space {
            Space::Any => true,
            Space::Macros => matches!(self, Self::Macro),
            Space::Values => matches!(self, Self::Constructor | Self::Function | Self::Constant),
            Space::Types => !matches!(self, Self::Function | Self::Constant | Self::Macro),
        }
    }

    pub(crate) fn of_struct(fields: &Fields) -> Self {
        match fields {
            Fields::Named(_) => Self::Struct,
            Fields::Unnamed(_) | Fields::Unit => Self::Constructor,
        }
    }
}

/// An item, and the module whose file defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) kind: Kind,
    pub(crate) module: ModuleId,
    /// The module that sees it, with all modules inside.
    pub(crate) visible_in: ModuleId,
}

/// One leaf of a `use`.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) path: Written,
    /// The name that it gives; `None` for a glob.
    pub(crate) name: Option<String>,
    /// `a::{self}` imports the module alone, not a function of its name.
    pub(crate) is_self: bool,
    /// It is `pub` in some way.
    pub(crate) is_reexport: bool,
    pub(crate) visible_in: ModuleId,
}

/// All names of a module.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) definitions: HashMap<String, Vec<Definition>>,
    pub(crate) imports: Vec<Import>,
    /// Those of `macro_rules!`, which are known by where they stand, not by a path.
    pub(crate) macros: HashSet<String>,
    /// Every word of the macros that stand where items do, one of which may be an item's name.
    pub(crate) generated: HashSet<String>,
}

impl Names {
    pub(crate) fn define(&mut self, name: &Ident, definition: Definition) {
        let definitions = self.definitions.entry(text(name)).or_default();
        definitions.push(definition);
    }

    pub(crate) fn add_generated(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(name) => {
                    self.generated.insert(text(&name));
                }
                TokenTree::Group(group) => self.add_generated(&group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

/// The name without `r#`.
pub(crate) fn text(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Splits a `use` into its leaves.
pub(crate) fn imports(item: &ItemUse, visible_in: ModuleId) -> Vec<Import> {
    let mut leaves = Leaves {
        imports: Vec::new(),
        global: item.leading_colon.is_some(),
        is_reexport: is_reexport(&item.vis),
        visible_in,
    };
    leaves.walk(&item.tree, &[]);
    leaves.imports
}

/// `pub(self)` says no more than nothing.
fn is_reexport(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(restricted) => !restricted.path.is_ident("self"),
        Visibility::Inherited => false,
    }
}

struct Leaves {
    imports: Vec<Import>,
    global: bool,
    is_reexport: bool,
    visible_in: ModuleId,
}

impl Leaves {
    fn walk(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => self.walk(&path.tree, &[before, &[text(&path.ident)]].concat()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(tree, before);
                }
            }
            UseTree::Name(name) => self.leaf(before, &name.ident, &name.ident),
            UseTree::Rename(rename) => self.leaf(before, &rename.ident, &rename.rename),
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.push(before.to_vec(), line, None, false);
            }
        }
    }

    fn leaf(&mut self, before: &[String], last: &Ident, name: &Ident) {
        let line = last.span().start().line;
        let is_self = last == "self" && !before.is_empty();
        let mut segments = before.to_vec();
        if !is_self {
            segments.push(text(last));
        }
        // `a::{self}` is named `a`; `self as b` is named `b`.
        let name = match segments.last() {
            Some(segment) if is_self && name == "self" => segment.clone(),
            _ => text(name),
        };
        self.push(segments, line, Some(name), is_self);
    }

    fn push(&mut self, segments: Vec<String>, line: usize, name: Option<String>, is_self: bool) {
        self.imports.push(Import {
            path: Written {
                segments,
                line,
                global: self.global,
            },
            name,
            is_self,
            is_reexport: self.is_reexport,
            visible_in: self.visible_in,
        });
    }
}
