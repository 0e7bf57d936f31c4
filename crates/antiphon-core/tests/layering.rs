//! The layers of the crate are its folders: a file uses its own folder and those below it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `src`, from the lowest layer to the highest.
const LAYERS: [&str; 7] = [
    "text", "fields", "values", "request", "body", "response", "asgi",
];

#[test]
fn files_use_only_their_own_layer_and_those_below() {
    let depth = |folder: &str| {
        LAYERS
            .iter()
            .position(|layer| *layer == folder)
            .unwrap_or_else(|| panic!("{folder} is no layer"))
    };
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    assert!(files.len() > 10, "the sources were not found");

    let mut wrong = Vec::new();
    for file in files {
        let user = module_of(&file);
        if user == "lib" {
            continue;
        }
        for used in uses(&fs::read_to_string(&file).unwrap()) {
            if depth(&used) > depth(&user) {
                wrong.push(format!("{user} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
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

/// The module of the crate's root that a file belongs to.
fn module_of(file: &Path) -> String {
    let inside = file
        .components()
        .skip_while(|part| part.as_os_str() != "src")
        .nth(1)
        .unwrap();
    Path::new(inside.as_os_str())
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .into()
}

fn uses(source: &str) -> Vec<String> {
    let code = source
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"));
    code.flat_map(|line| {
        line.split("crate::")
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    })
    .flat_map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split(',').map(|name| name.trim().to_owned()).collect(),
        None => vec![rest],
    })
    .map(|rest| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap()
            .into()
    })
    .collect()
}
