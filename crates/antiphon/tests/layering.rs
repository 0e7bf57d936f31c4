//! The layers of the Rust face and of the channel: a file uses its own folder and those below it, and
//! no files use each other in a circle.
//!
//! An arrow goes from the file that names an item to the one that defines it; re-exports are followed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_face_has_layers_and_no_circle() {
    let layers = [
        "shutdown",
        "background",
        "asgi",
        "request",
        "content",
        "body",
        "deliver",
        "response",
        "server",
        "axum",
        "tower",
    ];
    check("src", &layers, 40);
}

#[test]
fn the_channel_has_layers_and_no_circle() {
    let layers = [
        "policy",
        "counters",
        "parked",
        "log",
        "frame",
        "shared",
        "subscriber",
        "channel",
        "builder",
    ];
    check("../antiphon-channel/src", &layers, 10);
}

fn check(sources: &str, layers: &[&str], least_arrows: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(sources);
    let modules = Modules::read(&root);
    let arrows = modules.arrows();
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    assert!(
        count >= least_arrows,
        "the sources were not read: {arrows:?}"
    );

    let depth = |file: &String| {
        let layer = file.split("::").next().unwrap();
        let depth = layers.iter().position(|known| *known == layer);
        depth.unwrap_or_else(|| panic!("{layer} is no layer"))
    };
    let upward: Vec<_> = arrows
        .iter()
        .flat_map(|(user, used)| used.iter().map(move |used| (user, used)))
        .filter(|(user, used)| depth(used) > depth(user))
        .collect();
    assert!(upward.is_empty(), "these go upward: {upward:?}");

    // What uses nothing that is left cannot be in a circle.
    let mut left = arrows;
    while let Some(free) = left
        .iter()
        .find(|(_, used)| used.iter().all(|used| !left.contains_key(used)))
        .map(|(file, _)| file.clone())
    {
        left.remove(&free);
    }
    assert!(left.is_empty(), "a circle is among these: {left:?}");
}

/// The code of each module, by its path.
struct Modules(BTreeMap<String, String>);

impl Modules {
    fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        collect(root, &mut files);
        let modules = files.into_iter().map(|file| {
            let inside = file.strip_prefix(root).unwrap().with_extension("");
            let names: Vec<_> = inside.iter().map(|name| name.to_str().unwrap()).collect();
            let names: Vec<_> = names
                .into_iter()
                .filter(|name| !["lib", "mod"].contains(name))
                .collect();
            (
                names.join("::"),
                code_of(&fs::read_to_string(&file).unwrap()),
            )
        });
        Self(modules.collect())
    }

    /// Which files each file uses; the crate's root, which only re-exports, left out.
    fn arrows(&self) -> BTreeMap<String, BTreeSet<String>> {
        let files = self.0.iter().filter(|(module, _)| !module.is_empty());
        files
            .map(|(module, code)| {
                let used = paths_in(code)
                    .into_iter()
                    .filter_map(|path| self.home_of(module, &path))
                    .filter(|used| used != module && !used.is_empty());
                (module.clone(), used.collect())
            })
            .collect()
    }

    /// The module that defines what `path` names in `module`, if it is one of this crate.
    fn home_of(&self, module: &str, path: &[String]) -> Option<String> {
        let (mut home, rest) = match &*path[0] {
            "crate" => (String::new(), &path[1..]),
            "super" => (parent(module), &path[1..]),
            _ => (module.to_owned(), path),
        };
        for (index, name) in rest.iter().enumerate() {
            let child = join(&home, name);
            if self.0.contains_key(&child) {
                home = child;
                continue;
            }
            let exported = exports_in(&self.0[&home])
                .into_iter()
                .find(|export| export.last() == Some(name));
            return match exported {
                // A macro is exported under its own name.
                Some(export) if export.len() == 1 => Some(home),
                Some(export) => self.home_of(&home, &export),
                // A relative path that begins with no module of this crate leads out of it.
                None if index == 0 && !["crate", "super"].contains(&&*path[0]) => None,
                None => Some(home),
            };
        }
        Some(home)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files)
        } else {
            files.push(path)
        }
    }
}

fn parent(module: &str) -> String {
    module
        .rsplit_once("::")
        .map_or("", |(parent, _)| parent)
        .into()
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() {
        name.into()
    } else {
        format!("{module}::{name}")
    }
}

/// The code, without comments and tests.
fn code_of(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let lines = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    format!("\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// The paths that a file re-exports.
fn exports_in(code: &str) -> Vec<Vec<String>> {
    let exports = ["\npub use ", "\npub(crate) use "]
        .into_iter()
        .flat_map(|start| code.split(start).skip(1));
    exports.flat_map(expand).collect()
}

/// The paths that a file imports, or names where it uses them.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let line = code[..at].rsplit(['\n', ';']).next().unwrap();
            if !line.trim_start().starts_with("pub") || !line.contains("use ") {
                paths.extend(expand(&code[at..]));
            }
        }
    }
    for line in code.lines() {
        if let Some(list) = line.strip_prefix("use ") {
            paths.extend(expand(list));
        }
    }
    paths
}

/// The paths of `a::b`, or of `a::{b, c::d}`, up to where they end.
fn expand(text: &str) -> Vec<Vec<String>> {
    let mut path = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        if let Some(list) = rest.strip_prefix('{') {
            let all = items(list).into_iter().flat_map(expand);
            return all
                .map(|tail| path.iter().cloned().chain(tail).collect())
                .collect();
        }
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None if path.is_empty() => return Vec::new(),
            None => return vec![path],
        }
    }
}

/// The items of a list in braces, whose first brace is gone.
fn items(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(list[start..at].trim());
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items
}
