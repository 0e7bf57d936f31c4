//! What concerns the whole process, which is why it is a test program of its own.
#![cfg(unix)]

use antiphon_fs::{OpenErrorKind, OpenFile};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;

#[test]
fn too_many_open_files_are_an_error_of_their_own() {
    let path = Path::new("Cargo.toml");
    let open = OpenFile::open(path).unwrap();
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(0),
        ..before
    };
    setrlimit(Resource::Nofile, none).unwrap();
    let (waiting, cached) = (OpenFile::open(path), OpenFile::open_cached(path));
    setrlimit(Resource::Nofile, before).unwrap();
    let error = waiting.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::TooManyOpenFiles);
    assert!(
        error
            .to_string()
            .starts_with("File at path Cargo.toml cannot be opened: ")
    );
    // Where nothing is known of the page cache, it is not tried.
    assert!(cached.map_or_else(
        |error| error.kind() == OpenErrorKind::TooManyOpenFiles,
        |file| file.is_none()
    ));
    drop(open);
}
