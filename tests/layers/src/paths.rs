//! All paths of a crate, each with the files that it leads to.

use crate::attributes;
use crate::graph::Arrow;
use crate::names::{self, Import, Kind, ModuleId, Space, Written};
use crate::problem::Problem;
use crate::resolve::{Resolver, Target};
use crate::scopes::{Origin, Scopes};
use crate::tokens;
use crate::tree::{self, Tree};
use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Item, Macro, Meta, Pat, Path, Stmt, Token};

/// Finds every arrow of the crate; a path that leads nowhere is added to `problems`.
pub(crate) fn arrows(tree: &Tree, problems: &mut Vec<Problem>) -> Vec<Arrow> {
    let mut finder = Finder {
        tree,
        resolver: Resolver { tree },
        module: 0,
        scopes: Scopes::default(),
        arrows: Vec::new(),
        problems,
    };
    for (id, module) in tree.modules.iter().enumerate() {
        finder.module = id;
        for item in &module.items {
            finder.visit_item(item);
        }
    }
    finder.arrows
}

struct Finder<'a> {
    tree: &'a Tree,
    resolver: Resolver<'a>,
    /// Where the code stands that is visited.
    module: ModuleId,
    scopes: Scopes,
    arrows: Vec<Arrow>,
    problems: &'a mut Vec<Problem>,
}

/// What becomes of a path that leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// It is a problem.
    Told,
    /// It is one only if it begins with `crate` or `super`: in a macro, all else may be no path at all.
    ToldIfRooted,
}

impl<'a> Finder<'a> {
    /// Follows a path, and adds the arrows to where it leads.
    fn follow(&mut self, path: &Written, space: Space, lost: Lost) {
        let found = self.targets(path, space);
        match found {
            Ok((targets, _)) => {
                for target in targets {
                    self.add(path, target);
                }
            }
            Err(_) if lost == Lost::ToldIfRooted && !path.is_rooted() => {}
            Err((whole, index)) => {
                let before = whole.segments[..index].join("::");
                let found = format!("no `{}` in `{before}`", whole.segments[index]);
                let expected = format!("`{}` to name something", path.segments.join("::"));
                self.problem(path.line, expected, found);
            }
        }
    }

    /// What a path leads to, as the scopes and the module have it, and the path without local names.
    ///
    /// An error tells the path and the index of the segment that names nothing.
    fn targets(
        &self,
        path: &Written,
        space: Space,
    ) -> Result<(Vec<Target<'a>>, Written), (Written, usize)> {
        let mut whole = path.clone();
        if !path.global && !path.is_rooted() {
            let Some(first) = path.segments.first() else {
                return Ok((Vec::new(), whole));
            };
            let is_last = path.segments.len() == 1;
            let origin = self
                .scopes
                .origin(first, if is_last { space } else { Space::Types });
            match origin {
                Origin::Function => return Ok((Vec::new(), whole)),
                Origin::Import(import) => whole = import.then(&path.segments[1..]),
                Origin::Module { globs } => {
                    for glob in globs {
                        let inside = glob.then(&path.segments);
                        if let Ok(found) = self.resolver.resolve(self.module, &inside, space)
                            && found.iter().any(|target| *target != Target::Elsewhere)
                        {
                            return Ok((found, inside));
                        }
                    }
                }
            }
        }
        match self.resolver.resolve(self.module, &whole, space) {
            Ok(found) => Ok((found, whole)),
            Err(index) => Err((whole, index)),
        }
    }

    fn add(&mut self, path: &Written, target: Target<'a>) {
        let from = self.tree.modules[self.module].file;
        if let Some(to) = self.resolver.file(target)
            && to != from
        {
            self.arrows.push(Arrow {
                from: self.tree.files[from].clone(),
                to: self.tree.files[to].clone(),
                line: path.line,
                path: path.segments.join("::"),
            });
        }
    }

    fn problem(&mut self, line: usize, expected: String, found: String) {
        let file = self.tree.files[self.tree.modules[self.module].file].clone();
        self.problems.push(Problem {
            file,
            line,
            expected,
            found,
        });
    }

    /// Follows a `use`, but not a re-export, which needs only lead somewhere.
    fn import(&mut self, import: &Import) {
        let space = match (&import.name, import.is_self) {
            (Some(_), false) => Space::Any,
            _ => Space::Types,
        };
        let arrows = self.arrows.len();
        self.follow(&import.path, space, Lost::Told);
        if import.is_reexport {
            self.arrows.truncate(arrows);
        }
    }

    fn path(&mut self, path: &Path, space: Space) {
        let segments: Vec<_> = path
            .segments
            .iter()
            .map(|s| names::text(&s.ident))
            .collect();
        // A value `self` and the type `Self` are of this file.
        if segments[0] == "Self" || segments.len() == 1 && segments[0] == "self" {
            return;
        }
        let line = path.segments[0].ident.span();
        let written = Written {
            segments,
            line: tree::line(line),
            global: path.leading_colon.is_some(),
        };
        self.follow(&written, space, Lost::Told);
    }

    /// The types in the angle brackets of a path.
    fn arguments(&mut self, path: &Path) {
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        for found in tokens::paths(tokens) {
            if found.is_open && found.path.is_rooted() {
                let expected = "a path with an end".to_owned();
                let path = found.path.segments.join("::");
                let found_ = format!("`{path}::$…`, which the macro goes on with");
                self.problem(found.path.line, expected, found_);
            } else {
                self.follow(&found.path, found.space, Lost::ToldIfRooted);
            }
        }
    }

    /// The content of a macro: as expressions or statements, if it can be read so.
    fn macro_content(&mut self, tokens: &TokenStream) {
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(expressions) = expressions.parse2(tokens.clone()) {
            self.in_scope(|this| expressions.iter().for_each(|e| this.visit_expr(e)));
        } else if let Ok(statements) = Block::parse_within.parse2(tokens.clone()) {
            self.statements(&statements);
        } else {
            self.tokens(tokens);
        }
    }

    fn statements(&mut self, statements: &[Stmt]) {
        self.in_scope(|this| {
            for statement in statements {
                if let Stmt::Item(item) = statement
                    && !attributes::only_for_tests(attributes::of_item(item))
                {
                    this.declare(item);
                }
            }
            for statement in statements {
                this.visit_stmt(statement);
            }
        });
    }

    /// Makes the names of an item in a block known to the whole block.
    fn declare(&mut self, item: &Item) {
        let name = match item {
            Item::Use(item) => {
                let imports = names::imports(item, self.module);
                return self.scopes.add_imports(imports);
            }
            Item::Const(item) => &item.ident,
            Item::Static(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Struct(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Macro(item) => match &item.ident {
                Some(name) => name,
                None => return,
            },
            _ => return,
        };
        self.scopes.add_item(names::text(name));
    }

    fn in_scope(&mut self, visit: impl FnOnce(&mut Self)) {
        self.scopes.enter();
        visit(self);
        self.scopes.leave();
    }

    fn in_item(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        if !attributes::only_for_tests(attributes) {
            self.scopes.enter_item();
            visit(self);
            self.scopes.leave();
        }
    }

    /// Tells whether a name in a pattern is a constant or a variant, not a new variable.
    fn is_constant(&self, name: &Written) -> bool {
        let found = self.targets(name, Space::Values);
        found.is_ok_and(|(targets, _)| {
            targets.iter().any(|target| {
                matches!(target, Target::Item(definition)
                    if matches!(definition.kind, Kind::Constant | Kind::Constructor | Kind::Enum { .. }))
            })
        })
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        self.in_item(attributes::of_item(item), |this| match item {
            Item::Use(item) => {
                for import in names::imports(item, this.module) {
                    this.import(&import);
                }
            }
            // A module in a block, which has no path.
            Item::Mod(item) => {
                let line = tree::line(item.ident.span());
                let expected = "modules only in modules".to_owned();
                this.problem(
                    line,
                    expected,
                    format!("`mod {}` in a function", item.ident),
                );
            }
            Item::Macro(item) if item.ident.is_some() => this.tokens(&item.mac.tokens),
            Item::Verbatim(tokens) => this.tokens(tokens),
            item => visit::visit_item(this, item),
        });
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        self.in_item(attributes::of_impl_item(item), |this| match item {
            syn::ImplItem::Verbatim(tokens) => this.tokens(tokens),
            item => visit::visit_impl_item(this, item),
        });
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        self.in_item(attributes::of_trait_item(item), |this| match item {
            syn::TraitItem::Verbatim(tokens) => this.tokens(tokens),
            item => visit::visit_trait_item(this, item),
        });
    }

    fn visit_generics(&mut self, generics: &'ast syn::Generics) {
        for parameter in &generics.params {
            match parameter {
                syn::GenericParam::Type(parameter) => {
                    self.scopes.add_item(names::text(&parameter.ident));
                }
                syn::GenericParam::Const(parameter) => {
                    self.scopes.add_item(names::text(&parameter.ident));
                }
                syn::GenericParam::Lifetime(_) => {}
            }
        }
        visit::visit_generics(self, generics);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !attributes::only_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !attributes::only_for_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !attributes::only_for_tests(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    // What no path of the code can be in: the words of `pub(in …)`.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        // Only what the attribute is given can name something of this crate.
        match &attribute.meta {
            Meta::List(list) if !attribute.path().is_ident("cfg") => self.tokens(&list.tokens),
            _ => {}
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.path(path, Space::Types);
        self.arguments(path);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        if let Some(of) = &path.qself {
            self.visit_type(&of.ty);
        }
        if path.qself.as_ref().is_none_or(|of| of.position > 0) {
            self.path(&path.path, Space::Types);
        }
        self.arguments(&path.path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(of) = &path.qself {
            self.visit_type(&of.ty);
        }
        if path.qself.as_ref().is_none_or(|of| of.position > 0) {
            self.path(&path.path, Space::Values);
        }
        self.arguments(&path.path);
    }

    fn visit_pat_tuple_struct(&mut self, pattern: &'ast syn::PatTupleStruct) {
        self.path(&pattern.path, Space::Values);
        self.arguments(&pattern.path);
        for element in &pattern.elems {
            self.visit_pat(element);
        }
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = Written {
            segments: vec![names::text(&pattern.ident)],
            line: tree::line(pattern.ident.span()),
            global: false,
        };
        let is_plain =
            pattern.by_ref.is_none() && pattern.mutability.is_none() && pattern.subpat.is_none();
        if is_plain && self.is_constant(&name) {
            self.follow(&name, Space::Values, Lost::ToldIfRooted);
        } else {
            self.scopes.add_variable(names::text(&pattern.ident));
            visit::visit_pat_ident(self, pattern);
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.path(&called.path, Space::Macros);
        self.macro_content(&called.tokens);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.statements(&block.stmts);
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs[..],
            Stmt::Macro(called) => &called.attrs,
            Stmt::Expr(Expr::Block(block), _) => &block.attrs,
            Stmt::Expr(Expr::Call(call), _) => &call.attrs,
            Stmt::Expr(Expr::MethodCall(call), _) => &call.attrs,
            Stmt::Expr(Expr::If(condition), _) => &condition.attrs,
            Stmt::Expr(..) | Stmt::Item(_) => &[],
        };
        if !attributes::only_for_tests(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    // A variable is not known before it has its value.
    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let Some(value) = &local.init {
            self.visit_expr(&value.expr);
            if let Some((_, otherwise)) = &value.diverge {
                self.visit_expr(otherwise);
            }
        }
        self.visit_pat(&local.pat);
    }

    fn visit_expr_let(&mut self, matched: &'ast syn::ExprLet) {
        self.visit_expr(&matched.expr);
        self.visit_pat(&matched.pat);
    }

    fn visit_expr_if(&mut self, condition: &'ast syn::ExprIf) {
        self.in_scope(|this| {
            this.visit_expr(&condition.cond);
            this.visit_block(&condition.then_branch);
        });
        if let Some((_, otherwise)) = &condition.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, repeated: &'ast syn::ExprWhile) {
        self.in_scope(|this| visit::visit_expr_while(this, repeated));
    }

    fn visit_expr_for_loop(&mut self, repeated: &'ast syn::ExprForLoop) {
        self.visit_expr(&repeated.expr);
        self.in_scope(|this| {
            this.visit_pat(&repeated.pat);
            this.visit_block(&repeated.body);
        });
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.in_scope(|this| visit::visit_expr_closure(this, closure));
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !attributes::only_for_tests(&arm.attrs) {
            self.in_scope(|this| visit::visit_arm(this, arm));
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Verbatim(tokens) => self.tokens(tokens),
            expression => visit::visit_expr(self, expression),
        }
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        match pattern {
            Pat::Verbatim(tokens) => self.tokens(tokens),
            pattern => visit::visit_pat(self, pattern),
        }
    }

    fn visit_type(&mut self, written: &'ast syn::Type) {
        match written {
            syn::Type::Verbatim(tokens) => self.tokens(tokens),
            written => visit::visit_type(self, written),
        }
    }
}
