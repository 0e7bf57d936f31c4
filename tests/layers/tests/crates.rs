//! No crate of this workspace has a circle among its files, or an arrow to a layer above.
//!
//! Each test names the crate's layers, the lowest first. `antiphon_layers` says what an arrow is.

use antiphon_layers::{Sources, check};
use std::path::Path;

const CORE: [&str; 7] = [
    "text", "fields", "values", "request", "body", "response", "asgi",
];

const FS: [&str; 15] = [
    "absolute",
    "errno",
    "error",
    "facts",
    "removal",
    "patient",
    "windows_names",
    "procfs",
    "no_procfs",
    "linux",
    "portable",
    "open_file",
    "folder",
    "playlist",
    "content_hash",
];

const CHANNEL: [&str; 23] = [
    "policy",
    "counters",
    "parked",
    "log",
    "epoch",
    "frame",
    "options",
    "entry_id",
    "entry",
    "demand",
    "following",
    "shared",
    "seat",
    "subscriber",
    "channel",
    "composite_id",
    "topics",
    "tail",
    "feed",
    "follower_counters",
    "follower",
    "builder",
    "follow",
];

const RUST_FACE: [&str; 17] = [
    "channel",
    "shutdown",
    "background",
    "outcome",
    "coder",
    "negotiation",
    "asgi",
    "completion",
    "request",
    "content",
    "body",
    "deliver",
    "response",
    "compressed",
    "server",
    "axum",
    "tower",
];

const PYTHON_FACE: [&str; 10] = [
    "direct_mapped",
    "json",
    "ffi",
    "convert",
    "compressor",
    "headers",
    "response",
    "subscriber",
    "channel",
    "follower",
];

const CODING: [&str; 6] = ["extent", "gzip", "brotli", "zstd", "encoder", "compression"];

const GALLERY: [&str; 2] = ["files", "panels"];

const LAYERS: [&str; 12] = [
    "problem",
    "sources",
    "attributes",
    "names",
    "tree",
    "resolve",
    "tokens",
    "scopes",
    "graph",
    "paths",
    "layers",
    "report",
];

#[test]
fn core_has_layers() {
    assert_layers("crates/antiphon-core/src", &CORE);
}

#[test]
fn fs_has_layers() {
    assert_layers("crates/antiphon-fs/src", &FS);
}

#[test]
fn channel_has_layers() {
    assert_layers("crates/antiphon-channel/src", &CHANNEL);
}

#[test]
fn coding_has_layers() {
    assert_layers("crates/antiphon-coding/src", &CODING);
}

#[test]
fn rust_face_has_layers() {
    assert_layers("crates/antiphon/src", &RUST_FACE);
}

#[test]
fn python_face_has_layers() {
    assert_layers("python/src", &PYTHON_FACE);
}

#[test]
fn gallery_has_layers() {
    assert_layers("examples/gallery/src", &GALLERY);
}

#[test]
fn this_check_has_layers() {
    assert_layers("tests/layers/src", &LAYERS);
}

#[track_caller]
fn assert_layers(folder: &str, order: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sources = match Sources::read(&root.join(folder)) {
        Ok(sources) => sources,
        Err(error) => panic!("{folder}: expected a folder to read, but found: {error}"),
    };
    match check(&sources, order) {
        Ok(summary) => assert!(
            !summary.arrows.is_empty(),
            "{folder}: expected files that use each other, but found none"
        ),
        Err(report) => panic!("{folder}: {report}"),
    }
}
