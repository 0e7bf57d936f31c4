//! Each rule of what an arrow is: code that must be reported, and code beside it that must not.

use antiphon_layers::{Report, Sources, check};

/// The lowest file of most fixtures.
const LOW: (&str, &str) = (
    "low.rs",
    "pub fn write() {}
     pub struct Thing;
     pub enum Kind { One, Two }
     pub const LIMIT: u8 = 1;
     impl Thing { pub fn new() -> Self { Self } }",
);

/// The folder's file re-exports what `deep.rs` defines.
const FOLDER: [(&str, &str); 2] = [
    ("folder/deep.rs", "pub fn dig() {} pub struct Well;"),
    (
        "folder/mod.rs",
        "mod deep; pub use deep::{dig, Well as Source}; pub fn own() {}",
    ),
];

#[test]
fn each_name_of_a_grouped_use_counts() {
    let root = "mod low; mod folder; mod top;";
    let top = "use crate::{folder::{own, Source}, low::Thing};";
    let files = [LOW, FOLDER[0], FOLDER[1], ("top.rs", top), ("lib.rs", root)];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::folder::Source` is of folder/deep.rs",
            "top.rs:1: `crate::folder::own` is of folder/mod.rs",
            "top.rs:1: `crate::low::Thing` is of low.rs",
        ]
    );
    assert_eq!(of_top("use std::{fmt, io::{self, Read}};"), [""; 0]);
}

#[test]
fn a_glob_leads_to_the_module_and_each_name_used_to_its_file() {
    let root = "mod folder; mod top;";
    let top = "use crate::folder::*;\nfn f() { dig() }\nfn g(_: Source) {}";
    let files = [FOLDER[0], FOLDER[1], ("top.rs", top), ("lib.rs", root)];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::folder` is of folder/mod.rs",
            "top.rs:2: `dig` is of folder/deep.rs",
            "top.rs:3: `Source` is of folder/deep.rs",
        ]
    );
    assert_eq!(of_top("use std::io::*; fn f() { dig() }"), [""; 0]);
}

#[test]
fn a_private_name_is_not_behind_a_glob() {
    let files = [
        ("low.rs", "fn hidden() {}"),
        ("top.rs", "use crate::low::*;\nfn f() { hidden() }"),
        ("lib.rs", "mod low; mod top;"),
    ];
    assert_eq!(arrows(&files), ["top.rs:1: `crate::low` is of low.rs"]);
}

#[test]
fn a_renamed_import_leads_to_what_it_renames() {
    assert_eq!(
        of_top("use crate::low as down;\nfn f() { down::write() }"),
        [
            "top.rs:1: `crate::low` is of low.rs",
            "top.rs:2: `down::write` is of low.rs",
        ]
    );
    // The name is free for something else.
    assert_eq!(
        of_top("use std::fmt as low; fn f() { low::write() }"),
        [""; 0]
    );
}

#[test]
fn super_leads_to_the_parents_file_or_beyond() {
    let files = [
        ("low.rs", "pub struct Thing;"),
        ("a/one.rs", "pub fn f() {}"),
        ("a/mod.rs", "mod one; mod two; use crate::low::Thing;"),
        (
            "a/two.rs",
            "use super::Thing;\nuse super::one::f;\nuse super::super::low;",
        ),
        ("lib.rs", "mod low; mod a;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "a/mod.rs:1: `crate::low::Thing` is of low.rs",
            "a/two.rs:1: `super::Thing` is of low.rs",
            "a/two.rs:2: `super::one::f` is of a/one.rs",
            "a/two.rs:3: `super::super::low` is of low.rs",
        ]
    );
    // A module in braces is of the same file.
    assert_eq!(
        of_top("fn f() {} mod inner { fn g() { super::f() } }"),
        [""; 0]
    );
}

#[test]
fn a_name_that_the_parent_defines_is_an_arrow_to_the_parent() {
    let files = [
        ("a/mod.rs", "mod inner; pub struct Own;"),
        ("a/inner.rs", "use super::Own;"),
        ("lib.rs", "mod a;"),
    ];
    assert_eq!(
        arrows(&files),
        ["a/inner.rs:1: `super::Own` is of a/mod.rs"]
    );
}

#[test]
fn mod_lines_and_reexports_are_no_arrows() {
    let files = [
        ("low.rs", "pub struct Thing; pub fn f() {}"),
        ("a/one.rs", "pub fn g() {}"),
        (
            "a/mod.rs",
            "mod one; pub use one::g; pub(crate) use crate::low::Thing; pub(super) use crate::low::*;",
        ),
        ("lib.rs", "mod low; mod a; pub use low::Thing;"),
    ];
    assert_eq!(arrows(&files), [""; 0]);
    // `pub(self)` is no re-export; and what is re-exported may be used here, which counts.
    assert_eq!(
        of_top("pub(self) use crate::low::Thing;\npub use crate::low::write;\nfn f() { write() }"),
        [
            "top.rs:1: `crate::low::Thing` is of low.rs",
            "top.rs:3: `write` is of low.rs",
        ]
    );
}

#[test]
fn reexports_are_followed_to_the_last() {
    let files = [
        ("a/deep.rs", "pub struct Well;"),
        ("a/mod.rs", "mod deep; pub use deep::Well;"),
        ("b.rs", "pub use crate::a::*;"),
        ("c.rs", "pub(crate) use crate::b::Well as Hole;"),
        ("top.rs", "use crate::c::Hole;\nuse crate::Hole as Same;"),
        ("lib.rs", "mod a; mod b; mod c; mod top; pub use c::Hole;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::c::Hole` is of a/deep.rs",
            "top.rs:2: `crate::Hole` is of a/deep.rs",
        ]
    );
    let foreign = "pub use std::fmt as low2; mod inner { use super::low2::Debug; }";
    assert_eq!(of_top(foreign), [""; 0]);
}

#[test]
fn a_module_and_a_function_may_share_a_name() {
    let files = [
        ("a/plan.rs", "pub fn plan() {} pub struct Facts;"),
        ("a/mod.rs", "mod plan; pub use plan::plan;"),
        (
            "top.rs",
            "use crate::a;\nfn f() { a::plan() }\nfn g() { let plan = 1; h(plan) }\nfn h(_: u8) {}",
        ),
        ("lib.rs", "mod a; mod top;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::a` is of a/mod.rs",
            "top.rs:2: `a::plan` is of a/plan.rs",
        ]
    );
}

#[test]
fn inline_paths_count_wherever_they_stand() {
    let top = "fn f() -> crate::low::Thing { crate::low::Thing::new() }
        fn g(kind: u8) { match kind { crate::low::LIMIT => {} _ => {} } }
        struct S<T: Into<crate::low::Thing>>(T);
        impl From<crate::low::Kind> for S<crate::low::Thing> { }";
    let lines: Vec<_> = of_top(top)
        .iter()
        .map(|arrow| arrow.split(" is").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "top.rs:1: `crate::low::Thing`",
            "top.rs:1: `crate::low::Thing::new`",
            "top.rs:2: `crate::low::LIMIT`",
            "top.rs:3: `crate::low::Thing`",
            "top.rs:4: `crate::low::Kind`",
            "top.rs:4: `crate::low::Thing`",
        ]
    );
    assert_eq!(
        of_top("fn f() -> ::low::Thing { low::Thing::new() }"),
        [""; 0]
    );
    let other = "mod low { pub fn write() {} } fn f() { low::write() }";
    assert_eq!(of_top(other), [""; 0]);
}

#[test]
fn an_inline_path_goes_on_from_an_import() {
    let files = [
        FOLDER[0],
        FOLDER[1],
        ("top.rs", "use crate::folder;\nfn f() { folder::dig() }"),
        ("lib.rs", "mod folder; mod top;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::folder` is of folder/mod.rs",
            "top.rs:2: `folder::dig` is of folder/deep.rs",
        ]
    );
    let in_function =
        "fn f() { use crate::low::write; write() }\nfn g() { write() }\nfn write() {}";
    assert_eq!(
        of_top(in_function),
        [
            "top.rs:1: `crate::low::write` is of low.rs",
            "top.rs:1: `write` is of low.rs",
        ]
    );
}

#[test]
fn a_variable_is_not_the_function_of_its_name() {
    let value =
        "pub use crate::low::write;\nfn f() { let write = write(); g(write) }\nfn g(_: ()) {}";
    assert_eq!(of_top(value), ["top.rs:2: `write` is of low.rs"]);
    for none in [
        "pub use crate::low::write; fn f(write: u8) -> u8 { write }",
        "pub use crate::low::write; fn f() { for write in 0..9 { g(write) } } fn g(_: u8) {}",
        "pub use crate::low::write; fn f() { (|write: u8| write)(1); }",
        "pub use crate::low::write; fn f(o: Option<u8>) { if let Some(write) = o { drop(write) } }",
        "pub use crate::low::write; fn f(o: u8) { match o { write => drop(write) } }",
        "pub use crate::low::Thing; struct S<Thing>(Thing);",
    ] {
        assert_eq!(of_top(none), [""; 0], "{none}");
    }
    // An item in a function does not see its variables.
    let item = "pub use crate::low::write;\nfn f(write: u8) { fn g() { write() } drop(write) }";
    assert_eq!(of_top(item), ["top.rs:2: `write` is of low.rs"]);
}

#[test]
fn a_path_in_a_macro_counts() {
    let rules = "macro_rules! m { ($x:expr) => { $crate::low::write($x) };
        (b) => { super::low::write() };
        (c) => { use crate::{low::{Thing, Kind}}; } }";
    assert_eq!(
        of_top(rules),
        [
            "top.rs:1: `crate::low::write` is of low.rs",
            "top.rs:2: `super::low::write` is of low.rs",
            "top.rs:3: `crate::low::Kind` is of low.rs",
            "top.rs:3: `crate::low::Thing` is of low.rs",
        ]
    );
    let called = "use crate::low;\nfn f(x: u8) { assert!(matches!(x, low::LIMIT | 2)) }";
    assert_eq!(
        of_top(called),
        [
            "top.rs:1: `crate::low` is of low.rs",
            "top.rs:2: `low::LIMIT` is of low.rs",
        ]
    );
    for none in [
        "fn f() { print!(\"crate::low::write\") }",
        "macro_rules! m { ($low:ident) => { $low::write() } }",
        "macro_rules! m { (a) => { std::low::write() } }",
        "// crate::low::write\n/// See [`crate::low::write`].\nfn f() {}",
    ] {
        assert_eq!(of_top(none), [""; 0], "{none}");
    }
}

#[test]
fn a_path_given_to_an_attribute_counts() {
    assert_eq!(
        of_top("#[made(with = crate::low::write)]\nstruct S;"),
        ["top.rs:1: `crate::low::write` is of low.rs"]
    );
    assert_eq!(of_top("#[made(with = low)] struct S;"), [""; 0]);
}

#[test]
fn a_macro_is_defined_in_its_file() {
    let files = [
        (
            "low.rs",
            "macro_rules! twice { () => {} } pub(crate) use twice;",
        ),
        ("top.rs", "use crate::low::twice;\ntwice!();"),
        ("lib.rs", "mod low; mod top;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::low::twice` is of low.rs",
            "top.rs:2: `twice` is of low.rs",
        ]
    );
    let lent = [
        ("low.rs", "macro_rules! twice { () => {} }"),
        ("top.rs", "twice!();\nprintln!();"),
        ("lib.rs", "#[macro_use] mod low; mod top;"),
    ];
    assert_eq!(arrows(&lent), ["top.rs:1: `twice` is of low.rs"]);
}

#[test]
fn what_a_macro_makes_is_of_the_file_that_calls_it() {
    let files = [
        (
            "low.rs",
            "other::items! { pub struct Made { a: u8 } } make!(Word: u8);",
        ),
        ("top.rs", "use crate::low::Made;\nuse crate::low::Word;"),
        ("lib.rs", "mod low; mod top;"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::low::Made` is of low.rs",
            "top.rs:2: `crate::low::Word` is of low.rs",
        ]
    );
}

#[test]
fn variants_and_associated_items_are_of_their_types_file() {
    assert_eq!(
        of_top(
            "use crate::low::Kind::{self, One};\nuse crate::low::Thing;\nfn f() { Thing::new(); }"
        ),
        [
            "top.rs:1: `crate::low::Kind` is of low.rs",
            "top.rs:1: `crate::low::Kind::One` is of low.rs",
            "top.rs:2: `crate::low::Thing` is of low.rs",
            "top.rs:3: `Thing::new` is of low.rs",
        ]
    );
    let glob = "pub use crate::low::Kind;\npub use Kind::*;\nfn f(k: Kind) { match k { One => {} _ => {} } }";
    assert_eq!(
        of_top(glob),
        [
            "top.rs:3: `Kind` is of low.rs",
            "top.rs:3: `One` is of low.rs",
        ]
    );
    let own = "enum Kind { One } use Kind::*; fn f(k: Kind) { match k { One => {} } }";
    assert_eq!(of_top(own), [""; 0]);
}

#[test]
fn code_for_tests_is_left_out() {
    for none in [
        "#[cfg(test)] mod tests { use crate::low::Thing; }",
        "#[cfg(all(test, unix))] use crate::low::Thing;",
        "#[test] fn t() { crate::low::write() }",
        "struct S; impl S { #[cfg(test)] fn t() { crate::low::write() } }",
        "fn f() { #[cfg(test)] crate::low::write(); }",
        "#![cfg(test)] use crate::low::Thing;",
    ] {
        assert_eq!(of_top(none), [""; 0], "{none}");
    }
    for one in [
        "#[cfg(not(test))] use crate::low::Thing;",
        "#[cfg(any(test, unix))] use crate::low::Thing;",
        "#[cfg(feature = \"test\")] use crate::low::Thing;",
    ] {
        let expected = ["top.rs:1: `crate::low::Thing` is of low.rs"];
        assert_eq!(of_top(one), expected, "{one}");
    }
    let files = [
        LOW,
        ("top.rs", "#[cfg(test)] mod tests;"),
        ("top/tests.rs", "use crate::low::Thing; mod more;"),
        ("top/tests/more.rs", "use crate::low::Thing;"),
        ("lib.rs", "mod low; mod top;"),
    ];
    assert_eq!(arrows(&files), [""; 0]);
}

#[test]
fn a_module_counts_on_each_system() {
    let files = [
        ("unix.rs", "pub fn open() {}"),
        ("other.rs", "pub fn open() {}"),
        ("top.rs", "use crate::system::open;"),
        (
            "lib.rs",
            "#[cfg_attr(unix, path = \"unix.rs\")] #[cfg_attr(not(unix), path = \"other.rs\")] mod system;
             #[cfg(feature = \"top\")] mod top;",
        ),
    ];
    assert_eq!(
        arrows(&files),
        [
            "top.rs:1: `crate::system::open` is of other.rs",
            "top.rs:1: `crate::system::open` is of unix.rs",
        ]
    );
    let moved = [
        ("low/place.rs", "pub fn open() {}"),
        ("top.rs", "#[path = \"low/place.rs\"] mod p;\nuse p::open;"),
        ("lib.rs", "mod top;"),
    ];
    assert_eq!(arrows(&moved), ["top.rs:2: `p::open` is of low/place.rs"]);
}

#[test]
fn a_circle_of_two_is_shown_with_its_way_round() {
    let report = report(&[
        ("a.rs", "\nuse crate::b::B;\npub struct A;"),
        ("b.rs", "pub struct B(pub crate::a::A);"),
        ("lib.rs", "mod a; mod b;"),
    ]);
    assert_eq!(report.circles.len(), 1);
    assert_eq!(
        report.circles[0].to_string(),
        "expected files without a circle, but found one of 2: a.rs, b.rs\n    \
         a.rs:2: `crate::b::B` is of b.rs\n    \
         b.rs:1: `crate::a::A` is of a.rs"
    );
}

#[test]
fn a_circle_of_three_is_found_and_a_diamond_is_none() {
    let three = report(&[
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
        ("d.rs", "use crate::a::A;"),
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
    ]);
    assert_eq!(three.circles.len(), 1);
    assert_eq!(three.circles[0].to_string().lines().count(), 4);
    assert!(!three.circles[0].to_string().contains("d.rs"));

    let diamond = [
        ("a.rs", "pub struct A;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
        ("d.rs", "use crate::b::B; use crate::c::C;"),
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
    ];
    assert_eq!(arrows(&diamond).len(), 4);
}

#[test]
fn a_circle_within_a_folder_counts() {
    let report = report(&[
        ("a/one.rs", "use super::two::Two; pub struct One;"),
        ("a/two.rs", "use super::one::One; pub struct Two;"),
        ("a/mod.rs", "mod one; mod two;"),
        ("lib.rs", "mod a;"),
    ]);
    assert_eq!(report.circles.len(), 1);
    assert_eq!(report.upward.len(), 0);
}

#[test]
fn an_arrow_upward_is_reported_and_one_downward_is_not() {
    let files = [
        ("a.rs", "use crate::b::B;\nfn f(_: B) {}"),
        ("b/mod.rs", "pub struct B; mod inner;"),
        ("b/inner.rs", "use super::B;"),
        ("lib.rs", "mod a; mod b;"),
    ];
    assert_eq!(
        report(&files).upward[0].to_string(),
        "a.rs:1: `crate::b::B` is of b/mod.rs (also line 2)\n    \
         expected `a` to use only what is below it, but found `b`, which is above"
    );
    assert!(check(&Sources::of(&files), &["b", "a"]).is_ok());
}

#[test]
fn the_root_is_above_all() {
    let files = [
        ("a.rs", "use crate::Own;"),
        ("lib.rs", "mod a; pub struct Own;"),
    ];
    assert_eq!(
        report(&files).upward[0].to_string(),
        "a.rs:1: `crate::Own` is of lib.rs\n    \
         expected `a` to use only what is below it, but found `lib`, which is above"
    );
    let down = [
        ("a.rs", "pub struct A;"),
        ("lib.rs", "mod a; use a::A; fn f(_: A) {}"),
    ];
    assert_eq!(arrows(&down).len(), 2);
}

#[test]
fn the_order_names_each_file_and_folder_and_no_other() {
    let files = [
        ("a.rs", ""),
        ("b/mod.rs", "mod c;"),
        ("b/c.rs", ""),
        ("lib.rs", "mod a; mod b;"),
    ];
    let sources = Sources::of(&files);
    assert!(check(&sources, &["a", "b"]).is_ok());
    let misfits = |order: &[&str]| check(&sources, order).unwrap_err().misfits[0].to_string();
    assert_eq!(
        misfits(&["a"]),
        "expected the order to name each file and folder, but found no `b` in it"
    );
    assert_eq!(
        misfits(&["a", "b", "c"]),
        "expected the order to name files and folders, but found `c`, which is neither"
    );
    assert_eq!(
        misfits(&["a", "b", "a"]),
        "expected the order to name each layer once, but found `a` again"
    );
}

#[test]
fn a_path_that_leads_nowhere_is_a_problem() {
    let cases = [
        (
            "use crate::low::Lost;",
            "expected `crate::low::Lost` to name something, but found no `Lost` in `crate::low`",
        ),
        (
            "fn f() { super::lost::f() }",
            "expected `super::lost::f` to name something, but found no `lost` in `super`",
        ),
        (
            "macro_rules! m { () => { $crate::lost::f() } }",
            "expected `crate::lost::f` to name something, but found no `lost` in `crate`",
        ),
        (
            "pub use crate::low; fn f() { low::lost() }",
            "expected `low::lost` to name something, but found no `lost` in `low`",
        ),
        (
            "macro_rules! m { ($n:ident) => { crate::$n::f() } }",
            "expected a path with an end, but found `crate::$…`, which the macro goes on with",
        ),
        (
            "mod lost;",
            "expected top/lost.rs or top/mod.rs, but found neither",
        ),
        (
            "fn f() { mod inner {} }",
            "expected modules only in modules, but found `mod inner` in a function",
        ),
        ("fn f(", "expected Rust, but found cannot parse string"),
    ];
    for (top, expected) in cases {
        let report = report(&[LOW, ("top.rs", top), ("lib.rs", "mod low; mod top;")]);
        let problem = report.problems[0].to_string();
        let expected = expected.replace("top/mod.rs", "top/lost/mod.rs");
        assert!(
            problem.starts_with(&format!("top.rs:1: {expected}")),
            "{top}: {problem}"
        );
    }
}

#[test]
fn a_file_that_no_mod_declares_is_a_problem() {
    let report = report(&[("a.rs", ""), ("lib.rs", "")]);
    assert_eq!(
        report.problems[0].to_string(),
        "a.rs:1: expected a `mod` that declares the file, but found none"
    );
}

/// The arrows of a crate in which all is well. The files stand in the order of their layers.
#[track_caller]
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    match check(&Sources::of(files), &order(files)) {
        Ok(summary) => summary.arrows.iter().map(ToString::to_string).collect(),
        Err(report) => panic!("{report}"),
    }
}

/// The arrows of `top.rs`, which lies above [`LOW`].
#[track_caller]
fn of_top(top: &str) -> Vec<String> {
    arrows(&[LOW, ("top.rs", top), ("lib.rs", "mod low; mod top;")])
}

#[track_caller]
fn report(files: &[(&str, &str)]) -> Report {
    match check(&Sources::of(files), &order(files)) {
        Ok(summary) => panic!("expected a report, but found {summary:?} in {files:?}"),
        Err(report) => report,
    }
}

/// The files' layers, each where it comes first.
fn order<'a>(files: &[(&'a str, &str)]) -> Vec<&'a str> {
    let mut order = Vec::new();
    for (path, _) in files {
        let first = path.split_once('/').map_or(*path, |(folder, _)| folder);
        let layer = first.strip_suffix(".rs").unwrap_or(first);
        if layer != "lib" && !order.contains(&layer) {
            order.push(layer);
        }
    }
    order
}
