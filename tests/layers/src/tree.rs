//! The tree of a crate's modules, from its `mod` declarations.

use crate::attributes;
use crate::names::{self, Definition, Kind, ModuleId, Names};
use crate::problem::Problem;
use crate::sources::Sources;
use proc_macro2::Span;
use syn::{Ident, Item, ItemMacro, ItemMod, Visibility};

/// A file, by its place in the tree's list.
pub(crate) type FileId = usize;

/// All modules that are not for tests alone.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<String>,
    pub(crate) modules: Vec<Module>,
}

/// One module, which is a file or stands in one.
pub(crate) struct Module {
    pub(crate) file: FileId,
    pub(crate) parent: Option<ModuleId>,
    /// `#[macro_use]`: its macros are known beside it.
    pub(crate) lends_macros: bool,
    /// All but the modules inside and what is for tests.
    pub(crate) items: Vec<Item>,
    pub(crate) names: Names,
}

impl Tree {
    /// Reads the tree from `lib.rs`, or from `main.rs` if there is none.
    ///
    /// What cannot be read is added to `problems`: a file that is no Rust, a module without a file,
    /// a file without a `mod`.
    pub(crate) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Self {
        let mut builder = Builder {
            sources,
            tree: Self::default(),
            problems,
        };
        let root = if sources.text("lib.rs").is_some() {
            "lib.rs"
        } else {
            "main.rs"
        };
        builder.file(root, String::new(), None, false);
        for path in sources.paths() {
            if !builder.tree.files.iter().any(|file| file == path) {
                builder.problem(path, 1, "a `mod` that declares the file", "none");
            }
        }
        builder.tree
    }

    /// Tells whether `module` is `outer` or inside it.
    pub(crate) fn is_inside(&self, module: ModuleId, outer: ModuleId) -> bool {
        self.outwards(module).any(|around| around == outer)
    }

    /// The module and those around it, the root last.
    pub(crate) fn outwards(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        std::iter::successors(Some(module), |module| self.modules[*module].parent)
    }

    /// The modules directly inside `module`.
    pub(crate) fn children(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        let all = self.modules.iter().enumerate();
        all.filter(move |(_, child)| child.parent == Some(module))
            .map(|(id, _)| id)
    }
}

struct Builder<'a> {
    sources: &'a Sources,
    tree: Tree,
    problems: &'a mut Vec<Problem>,
}

/// Where the files of the modules inside a module are looked for.
struct Place {
    /// The folder that belongs to the module.
    folder: String,
    /// The folder that a `#[path]` begins in.
    of_path: String,
}

impl Builder<'_> {
    /// Adds a file and all modules that it declares.
    fn file(
        &mut self,
        path: &str,
        folder: String,
        parent: Option<ModuleId>,
        lends_macros: bool,
    ) -> Option<ModuleId> {
        let Some(text) = self.sources.text(path) else {
            self.problem(path, 1, "a file", "none");
            return None;
        };
        let known = self.tree.files.iter().position(|file| file == path);
        let file = known.unwrap_or_else(|| {
            self.tree.files.push(path.to_owned());
            self.tree.files.len() - 1
        });
        match syn::parse_file(text) {
            Ok(parsed) => {
                let place = Place {
                    folder,
                    of_path: folder_of(path),
                };
                let module = self.module(file, parent, lends_macros, parsed.items, &place);
                if attributes::only_for_tests(&parsed.attrs) {
                    self.leave_out(module);
                }
                Some(module)
            }
            Err(error) => {
                let found = error.to_string();
                self.problem(path, error.span().start().line, "Rust", &found);
                None
            }
        }
    }

    fn module(
        &mut self,
        file: FileId,
        parent: Option<ModuleId>,
        lends_macros: bool,
        items: Vec<Item>,
        place: &Place,
    ) -> ModuleId {
        let id = self.tree.modules.len();
        self.tree.modules.push(Module {
            file,
            parent,
            lends_macros,
            items: Vec::new(),
            names: Names::default(),
        });
        for item in items {
            let for_tests = attributes::only_for_tests(attributes::of_item(&item));
            match item {
                Item::Mod(declared) => self.declared(id, declared, place, for_tests),
                _ if for_tests => {}
                item => {
                    self.define(id, &item);
                    self.tree.modules[id].items.push(item);
                }
            }
        }
        id
    }

    /// Adds what `mod name;` or `mod name { … }` declares, on every system at once.
    fn declared(&mut self, parent: ModuleId, item: ItemMod, place: &Place, for_tests: bool) {
        let name = names::text(&item.ident);
        let lends_macros = item.attrs.iter().any(|a| a.path().is_ident("macro_use"));
        let file = self.tree.modules[parent].file;
        let folder = join(&place.folder, &name);
        let first_new = self.tree.modules.len();
        let modules = if let Some((_, items)) = item.content {
            let place = Place {
                of_path: folder.clone(),
                folder,
            };
            vec![self.module(file, Some(parent), lends_macros, items, &place)]
        } else {
            let files = self.files_of(&name, &item.attrs, place);
            if files.is_empty() {
                let path = self.tree.files[file].clone();
                let line = item.ident.span().start().line;
                let expected = format!("{folder}.rs or {folder}/mod.rs");
                self.problem(&path, line, &expected, "neither");
            }
            let modules = files
                .into_iter()
                .filter_map(|(path, folder)| self.file(&path, folder, Some(parent), lends_macros));
            modules.collect()
        };
        if for_tests {
            for module in first_new..self.tree.modules.len() {
                self.leave_out(module);
            }
            return;
        }
        let visible_in = self.visible_in(parent, &item.vis);
        for module in modules {
            let definition = Definition {
                kind: Kind::Module(module),
                module,
                visible_in,
            };
            let names = &mut self.tree.modules[parent].names;
            names.define(&item.ident, definition);
        }
    }

    /// The files of a module, each with the folder of the modules inside.
    fn files_of(
        &self,
        name: &str,
        attributes: &[syn::Attribute],
        place: &Place,
    ) -> Vec<(String, String)> {
        let (given, always) = attributes::places(attributes);
        let given = given.iter().map(|path| {
            let path = join(&place.of_path, path);
            let folder = folder_of(&path);
            (path, folder)
        });
        let mut files: Vec<_> = given.collect();
        let folder = join(&place.folder, name);
        for path in [format!("{folder}.rs"), format!("{folder}/mod.rs")] {
            if !always && self.sources.text(&path).is_some() {
                files.push((path, folder.clone()));
            }
        }
        files
    }

    fn define(&mut self, module: ModuleId, item: &Item) {
        let (name, visibility, kind) = match item {
            Item::Const(item) => (&item.ident, &item.vis, Kind::Constant),
            Item::Static(item) => (&item.ident, &item.vis, Kind::Constant),
            Item::Fn(item) => (&item.sig.ident, &item.vis, Kind::Function),
            Item::Struct(item) => (&item.ident, &item.vis, Kind::of_struct(&item.fields)),
            Item::Union(item) => (&item.ident, &item.vis, Kind::Type),
            Item::Trait(item) => (&item.ident, &item.vis, Kind::Type),
            Item::TraitAlias(item) => (&item.ident, &item.vis, Kind::Type),
            Item::Type(item) => (&item.ident, &item.vis, Kind::Type),
            Item::Enum(item) => {
                let variants = item.variants.iter().map(|v| names::text(&v.ident));
                let variants = variants.collect();
                (&item.ident, &item.vis, Kind::Enum { variants })
            }
            Item::ExternCrate(item) => {
                let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
                (name, &item.vis, Kind::ExternCrate)
            }
            Item::Use(item) => {
                let visible_in = self.visible_in(module, &item.vis);
                let imports = names::imports(item, visible_in);
                self.tree.modules[module].names.imports.extend(imports);
                return;
            }
            Item::Macro(item) => return self.define_by_macro(module, item),
            Item::ForeignMod(item) => {
                for item in &item.items {
                    match item {
                        syn::ForeignItem::Fn(item) => {
                            self.add(module, &item.sig.ident, &item.vis, Kind::Function);
                        }
                        syn::ForeignItem::Static(item) => {
                            self.add(module, &item.ident, &item.vis, Kind::Constant);
                        }
                        syn::ForeignItem::Type(item) => {
                            self.add(module, &item.ident, &item.vis, Kind::Type);
                        }
                        _ => {}
                    }
                }
                return;
            }
            _ => return,
        };
        self.add(module, name, visibility, kind);
    }

    fn define_by_macro(&mut self, module: ModuleId, item: &ItemMacro) {
        let Some(name) = &item.ident else {
            // It makes the items that it is given; if it is given none, each word may name one.
            match syn::parse2::<syn::File>(item.mac.tokens.clone()) {
                Ok(made) => made.items.iter().for_each(|item| self.define(module, item)),
                Err(_) => self.tree.modules[module]
                    .names
                    .add_generated(&item.mac.tokens),
            }
            return;
        };
        let names = &mut self.tree.modules[module].names;
        names.macros.insert(names::text(name));
        if item.attrs.iter().any(|a| a.path().is_ident("macro_export")) {
            let definition = Definition {
                kind: Kind::Macro,
                module,
                visible_in: 0,
            };
            self.tree.modules[0].names.define(name, definition);
        }
    }

    fn add(&mut self, module: ModuleId, name: &Ident, visibility: &Visibility, kind: Kind) {
        let visible_in = self.visible_in(module, visibility);
        let definition = Definition {
            kind,
            module,
            visible_in,
        };
        self.tree.modules[module].names.define(name, definition);
    }

    /// The module that sees what has this visibility. `pub(in …)` is taken for `pub(crate)`.
    fn visible_in(&self, module: ModuleId, visibility: &Visibility) -> ModuleId {
        match visibility {
            Visibility::Public(_) => 0,
            Visibility::Restricted(restricted) if restricted.path.is_ident("super") => {
                self.tree.modules[module].parent.unwrap_or(0)
            }
            Visibility::Restricted(restricted) if restricted.path.is_ident("self") => module,
            Visibility::Restricted(_) => 0,
            Visibility::Inherited => module,
        }
    }

    fn leave_out(&mut self, module: ModuleId) {
        self.tree.modules[module].items.clear();
    }

    fn problem(&mut self, file: &str, line: usize, expected: &str, found: &str) {
        self.problems.push(Problem {
            file: file.to_owned(),
            line,
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }
}

/// The line that a span begins at.
pub(crate) fn line(span: Span) -> usize {
    span.start().line
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/')
        .map_or_else(String::new, |(folder, _)| folder.to_owned())
}

/// Joins two paths, and takes `.` and `..` out.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
