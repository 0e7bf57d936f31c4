//! From a path to the files that define what it names.

use crate::names::{Definition, Import, Kind, ModuleId, Space, Written};
use crate::tree::{FileId, Tree};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Module(ModuleId),
    /// An item, or something inside it: a variant, a method, a constant of a type.
    Item(&'a Definition),
    /// An item that a macro in this module makes.
    Generated(ModuleId),
    /// Something of another crate, or nothing that this crate has a name for.
    Elsewhere,
}

/// Follows paths through the modules of one crate.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'a> {
    pub(crate) tree: &'a Tree,
}

/// The imports that are being followed, each with the name that is looked for: none is entered twice.
type Trail<'a> = Vec<(&'a Import, String)>;

impl<'a> Resolver<'a> {
    /// Follows a path that stands in the module `from`, through imports and re-exports.
    ///
    /// A name may be several things at once: a module and a function, or one thing for each system.
    ///
    /// # Errors
    ///
    /// The index of the first segment that names nothing.
    pub(crate) fn resolve(
        self,
        from: ModuleId,
        path: &Written,
        space: Space,
    ) -> Result<Vec<Target<'a>>, usize> {
        let mut found = self.walk(from, path, space, &mut Vec::new());
        if found.is_err() && path.segments.len() > 1 {
            found = self.walk(from, path, Space::Any, &mut Vec::new());
        }
        found
    }

    /// The file that defines the target; `None` if it is not of this crate.
    pub(crate) fn file(self, target: Target<'a>) -> Option<FileId> {
        let module = match target {
            Target::Module(module) | Target::Generated(module) => module,
            Target::Item(definition) => definition.module,
            Target::Elsewhere => return None,
        };
        Some(self.tree.modules[module].file)
    }

    fn walk(
        self,
        from: ModuleId,
        path: &Written,
        space: Space,
        trail: &mut Trail<'a>,
    ) -> Result<Vec<Target<'a>>, usize> {
        let segments = &path.segments;
        if path.global {
            return Ok(vec![Target::Elsewhere]);
        }
        let space_of = |index| {
            if index + 1 == segments.len() {
                space
            } else {
                Space::Types
            }
        };
        let (mut targets, mut next) = match segments.first().map(String::as_str) {
            None => (vec![Target::Module(0)], 0),
            Some("crate" | "$crate") => (vec![Target::Module(0)], 1),
            Some("self" | "super") => (vec![Target::Module(from)], 0),
            Some(first) => {
                let mut found = self.named(from, first, space_of(0), from, trail);
                let is_foreign = found.iter().all(|target| *target == Target::Elsewhere);
                if is_foreign && matches!(space_of(0), Space::Macros | Space::Any) {
                    found.extend(self.macro_above(from, first).map(Target::Generated));
                }
                if found.is_empty() {
                    return Ok(vec![Target::Elsewhere]);
                }
                (found, 1)
            }
        };
        if next == 0 {
            let mut module = from;
            while let Some(word @ ("self" | "super")) = segments.get(next).map(String::as_str) {
                if word == "super" {
                    module = self.tree.modules[module].parent.ok_or(next)?;
                }
                next += 1;
            }
            targets = vec![Target::Module(module)];
        }
        for (index, segment) in segments.iter().enumerate().skip(next) {
            let mut inside = Vec::new();
            for target in targets {
                match target {
                    Target::Module(module) => {
                        let found = self.named(module, segment, space_of(index), from, trail);
                        add(&mut inside, found);
                    }
                    // A variant or an associated item lies where its type does.
                    other => add(&mut inside, vec![other]),
                }
            }
            if inside.is_empty() {
                return Err(index);
            }
            targets = inside;
        }
        Ok(targets)
    }

    /// What a name is in a module, as far as the module `from` may see it.
    fn named(
        self,
        module: ModuleId,
        name: &str,
        space: Space,
        from: ModuleId,
        trail: &mut Trail<'a>,
    ) -> Vec<Target<'a>> {
        let names = &self.tree.modules[module].names;
        let mut found = Vec::new();
        for definition in names.definitions.get(name).into_iter().flatten() {
            if definition.kind.is_in(space) && self.tree.is_inside(from, definition.visible_in) {
                add(&mut found, vec![target_of(definition)]);
            }
        }
        let visible = names
            .imports
            .iter()
            .filter(|import| self.tree.is_inside(from, import.visible_in));
        for import in visible.clone() {
            if import.name.as_deref() == Some(name) {
                add(
                    &mut found,
                    self.imported(module, import, name, space, trail),
                );
            }
        }
        if !found.is_empty() {
            return found;
        }
        for import in visible.filter(|import| import.name.is_none()) {
            add(
                &mut found,
                self.imported(module, import, name, space, trail),
            );
        }
        // A glob of another crate may hold any name, so it counts only if nothing else does.
        if found.iter().any(|target| *target != Target::Elsewhere) {
            found.retain(|target| *target != Target::Elsewhere);
        } else if names.generated.contains(name) {
            found = vec![Target::Generated(module)];
        }
        found
    }

    /// What `name` is by an import of `module`, be it the import's own name or one behind its glob.
    fn imported(
        self,
        module: ModuleId,
        import: &'a Import,
        name: &str,
        space: Space,
        trail: &mut Trail<'a>,
    ) -> Vec<Target<'a>> {
        let is_followed =
            |(followed, of): &(&Import, String)| std::ptr::eq(*followed, import) && of == name;
        if trail.iter().any(is_followed) {
            return Vec::new();
        }
        let wanted = match (import.is_self, space) {
            (true, Space::Values | Space::Macros) => return Vec::new(),
            (true, Space::Types | Space::Any) => Space::Types,
            (false, space) if import.name.is_some() => space,
            (false, _) => Space::Types,
        };
        trail.push((import, name.to_owned()));
        let mut found = self
            .walk(module, &import.path, wanted, trail)
            .unwrap_or_default();
        if import.name.is_none() {
            let bases = std::mem::take(&mut found);
            for base in bases {
                let inside = match base {
                    Target::Module(inner) => self.named(inner, name, space, module, trail),
                    Target::Item(definition) if has_variant(definition, name) => vec![base],
                    Target::Item(_) | Target::Generated(_) => Vec::new(),
                    Target::Elsewhere => vec![base],
                };
                add(&mut found, inside);
            }
        }
        trail.pop();
        found
    }

    /// The module of a `macro_rules!` that is known here by where it stands.
    fn macro_above(self, from: ModuleId, name: &str) -> Option<ModuleId> {
        let mut around = self.tree.outwards(from);
        around.find_map(|module| self.macro_of(module, name))
    }

    fn macro_of(self, module: ModuleId, name: &str) -> Option<ModuleId> {
        if self.tree.modules[module].names.macros.contains(name) {
            return Some(module);
        }
        let children = self.tree.children(module);
        let mut lending = children.filter(|child| self.tree.modules[*child].lends_macros);
        lending.find_map(|child| self.macro_of(child, name))
    }
}

fn target_of(definition: &Definition) -> Target<'_> {
    match definition.kind {
        Kind::Module(module) => Target::Module(module),
        Kind::ExternCrate => Target::Elsewhere,
        _ => Target::Item(definition),
    }
}

fn has_variant(definition: &Definition, name: &str) -> bool {
    matches!(&definition.kind, Kind::Enum { variants } if variants.contains(name))
}

fn add<'a>(found: &mut Vec<Target<'a>>, more: Vec<Target<'a>>) {
    for target in more {
        if !found.contains(&target) {
            found.push(target);
        }
    }
}
