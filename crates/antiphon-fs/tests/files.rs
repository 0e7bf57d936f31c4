//! Real files, and what is none.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use antiphon_fs::{OpenErrorKind, OpenFile, Read, remove};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("antiphon-fs-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn kind(path: &Path) -> OpenErrorKind {
    let kind = OpenFile::open(path).unwrap_err().kind();
    if let Err(error) = OpenFile::open_cached(path) {
        assert_eq!(error.kind(), kind, "{}", path.display());
    }
    kind
}

#[test]
fn what_is_no_regular_file_is_an_error_and_is_not_waited_for() {
    let folder = Folder::new("odd");
    let pipe = folder.0.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from(0o600),
        0,
    )
    .unwrap();
    let socket = folder.0.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for path in [
        &folder.0,
        &pipe,
        &socket,
        Path::new("/dev/null"),
        Path::new("/dev/tty"),
    ] {
        // Without a terminal, /dev/tty cannot even be opened.
        assert_eq!(kind(path), OpenErrorKind::NotAFile, "{}", path.display());
    }
}

#[test]
fn a_missing_file_is_told_from_one_that_may_not_be_read() {
    let folder = Folder::new("missing");
    assert_eq!(kind(&folder.0.join("nothing")), OpenErrorKind::NotFound);
    let file = folder.file("a", b"");
    assert_eq!(kind(&file.join("b")), OpenErrorKind::NotFound);
    assert_eq!(kind(Path::new("a\0b")), OpenErrorKind::NotFound);
    assert_eq!(kind(Path::new("")), OpenErrorKind::NotFound);
    assert_eq!(
        kind(&folder.0.join("x".repeat(5000))),
        OpenErrorKind::NotFound
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(kind(&file), OpenErrorKind::Forbidden);
    }
}

#[test]
fn reads_end_where_the_file_ends() {
    let folder = Folder::new("reads");
    let file = OpenFile::open(&folder.file("a", b"0123456789")).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(file.read_at(&mut buffer, 4).unwrap(), 6);
    assert_eq!(&buffer[..6], b"456789");
    assert_eq!(file.read_at(&mut buffer, 10).unwrap(), 0);
    assert_eq!(file.read_at(&mut buffer, 1 << 40).unwrap(), 0);
    match file.read_cached_at(&mut buffer, 8).unwrap() {
        Read::Bytes(read) => assert_eq!(&buffer[..read], b"89"),
        Read::WouldBlock => {}
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_just_written_is_read_without_a_wait() {
    let folder = Folder::new("cached");
    let path = folder.file("a", &[7; 100_000]);
    let file = OpenFile::open_cached(&path).unwrap();
    let file = file.unwrap_or_else(|| OpenFile::open(&path).unwrap());
    let mut buffer = vec![0; 100_000];
    // A file system without the flag (overlay, some network ones) says that it would wait.
    if let Read::Bytes(read) = file.read_cached_at(&mut buffer, 0).unwrap() {
        assert!(read > 0 && buffer[..read].iter().all(|byte| *byte == 7));
    }
}

#[test]
fn the_facts_are_those_of_the_open_file() {
    let folder = Folder::new("facts");
    let path = folder.file("a", b"old");
    let file = OpenFile::open(&path).unwrap();
    fs::rename(folder.file("b", b"new and longer"), &path).unwrap();
    assert_eq!(file.facts().length, 3);
    let mut buffer = [0; 16];
    let read = file.read_at(&mut buffer, 0).unwrap();
    assert_eq!(&buffer[..read], b"old");
    assert!(file.facts().modified > 1_700_000_000_000_000_000);
}

#[test]
fn a_link_that_leads_nowhere_is_no_file() {
    let folder = Folder::new("links");
    for (name, target) in [
        ("circle", "circle"),
        ("dangling", "nothing"),
        ("one", "other"),
        ("other", "one"),
    ] {
        std::os::unix::fs::symlink(target, folder.0.join(name)).unwrap();
    }
    for name in ["circle", "circle/a", "dangling", "one", "other"] {
        assert_eq!(
            kind(&folder.0.join(name)),
            OpenErrorKind::NotFound,
            "{name}"
        );
    }
}

#[test]
fn what_takes_a_files_place_is_told_from_it() {
    let folder = Folder::new("replaced");
    let path = folder.file("a", b"release 1");
    let first = OpenFile::open(&path).unwrap().facts();
    assert_eq!(first, OpenFile::open(&path).unwrap().facts());
    let next = folder.file("b", b"release 2");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    for path in [&path, &next] {
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
    let first = OpenFile::open(&path).unwrap().facts();
    fs::rename(&next, &path).unwrap();
    let second = OpenFile::open(&path).unwrap().facts();
    assert_eq!(
        (first.length, first.modified),
        (second.length, second.modified)
    );
    assert_eq!(first.modified, 1_000_000_000);
    assert_eq!(first.device, second.device);
    assert_ne!(first.inode, second.inode);
    assert!(first.changed.unwrap() > 1_700_000_000_000_000_000);
}

#[test]
fn the_hash_is_that_of_the_content() {
    let folder = Folder::new("hash");
    let content = vec![7; 300_000];
    let path = folder.file("a", &content);
    let file = OpenFile::open(&path).unwrap();
    let hash = file.content_hash().unwrap().unwrap();
    let copy = OpenFile::open(&folder.file("b", &content)).unwrap();
    assert_eq!(copy.content_hash().unwrap(), Some(hash));
    let other = OpenFile::open(&folder.file("c", &content[1..])).unwrap();
    assert_ne!(other.content_hash().unwrap(), Some(hash));
    // Of a file that may be changed any moment nothing is remembered.
    assert_eq!(file.known_content_hash(), None);
    fs::write(&path, b"something else").unwrap();
    assert_eq!(
        file.content_hash().unwrap(),
        None,
        "the facts are those of another content"
    );
    let anew = OpenFile::open(&path).unwrap();
    assert_ne!(anew.content_hash().unwrap(), Some(hash));
}

#[test]
fn the_hash_of_a_file_that_rests_is_remembered() {
    let folder = Folder::new("remembered");
    let path = folder.file("a", b"first");
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let file = OpenFile::open(&path).unwrap();
    let hash = file.content_hash().unwrap();
    assert_eq!(OpenFile::open(&path).unwrap().known_content_hash(), hash);
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, b"other").unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    let file = OpenFile::open(&path).unwrap();
    assert_eq!(file.known_content_hash(), None);
    assert_ne!(file.content_hash().unwrap(), hash);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_makes_is_told_from_an_empty_file() {
    let folder = Folder::new("generated");
    assert!(
        !OpenFile::open(&folder.file("empty", b""))
            .unwrap()
            .is_generated()
    );
    assert!(
        !OpenFile::open(&folder.file("page", &[7; 4096]))
            .unwrap()
            .is_generated()
    );
    let version = Path::new("/proc/version");
    let file = OpenFile::open(version).unwrap();
    assert!(file.is_generated());
    assert_eq!(file.facts().length, 0);
    let mut buffer = [0; 4096];
    let read = file.read_at(&mut buffer, 0).unwrap();
    assert_eq!(&buffer[..read], fs::read(version).unwrap());
    let page = Path::new("/sys/kernel/uevent_seqnum");
    if fs::metadata(page).is_ok_and(|metadata| metadata.len() == 4096) {
        let file = OpenFile::open(page).unwrap();
        assert!(file.is_generated());
        assert_eq!(file.facts().length, 0);
    }
}

#[test]
fn a_name_that_is_another_files_by_now_stays() {
    let folder = Folder::new("names");
    let (path, other) = (folder.file("a", b"a"), folder.file("b", b"b"));
    let file = OpenFile::open(&path).unwrap();
    fs::rename(&other, &path).unwrap();
    let error = remove(&path, file.facts()).unwrap_err();
    assert_eq!(error.to_string(), "another file has its name");
    assert_eq!(fs::read(&path).unwrap(), b"b");
    let file = OpenFile::open(&path).unwrap();
    remove(&path, file.facts()).unwrap();
    assert!(!path.exists());
}
