//! The attributes that decide which code counts and where a module lies.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, ImplItem, Item, Lit, Meta, Token, TraitItem};

/// Tells whether the code under these attributes is compiled for tests only.
///
/// That is so under `#[test]`, and under a `#[cfg]` that cannot hold without `test`.
pub(crate) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg") {
            attribute
                .parse_args::<Meta>()
                .is_ok_and(|condition| needs_test(&condition))
        } else {
            path.segments
                .last()
                .is_some_and(|segment| segment.ident == "test")
        }
    })
}

fn needs_test(condition: &Meta) -> bool {
    if let Meta::Path(path) = condition {
        return path.is_ident("test");
    }
    let parts = parts(condition);
    if condition.path().is_ident("all") {
        parts.iter().any(needs_test)
    } else {
        condition.path().is_ident("any") && !parts.is_empty() && parts.iter().all(needs_test)
    }
}

/// Where `#[path]` puts a module: the files, and whether one of them is the module's in any case.
///
/// `#[cfg_attr(condition, path = "…")]` counts whatever the condition says.
pub(crate) fn places(attributes: &[Attribute]) -> (Vec<String>, bool) {
    let mut places = Vec::new();
    let mut always = false;
    for attribute in attributes {
        if let Some(place) = place(&attribute.meta) {
            places.push(place);
            always = true;
        } else if attribute.path().is_ident("cfg_attr") {
            places.extend(parts(&attribute.meta).iter().skip(1).filter_map(place));
        }
    }
    (places, always)
}

fn place(meta: &Meta) -> Option<String> {
    let Meta::NameValue(pair) = meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if pair.path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}

/// What stands in the parentheses.
fn parts(meta: &Meta) -> Vec<Meta> {
    let Meta::List(list) = meta else {
        return Vec::new();
    };
    list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .map(|parts| parts.into_iter().collect())
        .unwrap_or_default()
}

pub(crate) fn of_item(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

pub(crate) fn of_impl_item(item: &ImplItem) -> &[Attribute] {
    match item {
        ImplItem::Const(item) => &item.attrs,
        ImplItem::Fn(item) => &item.attrs,
        ImplItem::Type(item) => &item.attrs,
        ImplItem::Macro(item) => &item.attrs,
        _ => &[],
    }
}

pub(crate) fn of_trait_item(item: &TraitItem) -> &[Attribute] {
    match item {
        TraitItem::Const(item) => &item.attrs,
        TraitItem::Fn(item) => &item.attrs,
        TraitItem::Type(item) => &item.attrs,
        TraitItem::Macro(item) => &item.attrs,
        _ => &[],
    }
}
