//! Names that Windows takes for devices.

use std::path::Path;

/// Tells whether a part of a path names a device.
pub(crate) fn holds_device(path: &Path) -> bool {
    let mut parts = path.components();
    parts.any(|part| is_device(&part.as_os_str().to_string_lossy()))
}

/// Tells whether a part of a path names a device: `CON`, `NUL.txt`, `COM1` and the like, in any folder,
/// with any extension, and whatever spaces and dots follow; or what begins with `\\.\`, pipes among them.
pub(crate) fn is_device(part: &str) -> bool {
    if part.starts_with(r"\\.\") {
        return true;
    }
    let part = part.to_ascii_uppercase();
    let stem = part.split(['.', ':']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ');
    let is_numbered = |prefix: &str| {
        let mut rest = stem.strip_prefix(prefix).unwrap_or_default().chars();
        matches!(
            (rest.next(), rest.next()),
            (Some('0'..='9' | '¹' | '²' | '³'), None)
        )
    };
    matches!(stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || is_numbered("COM")
        || is_numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::{holds_device, is_device};
    use std::path::Path;

    #[test]
    fn devices_are_told_by_any_spelling() {
        for name in [
            "CON",
            "con",
            "Nul.txt",
            "NUL.tar.gz",
            "aux ",
            "AUX .c",
            "PRN:",
            "nul:stream",
            "COM1",
            "com9.log",
            "LPT¹",
            "COM³.x",
            "LPT0",
            "conin$",
            "CONOUT$",
            r"\\.\pipe",
            r"\\.\PhysicalDrive0",
        ] {
            assert!(is_device(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "CONS",
            "NULL",
            "com",
            "COM10",
            "COMX",
            "LPT",
            "a.con",
            "xCON",
            "CON1",
            "COM⁴",
            "console.log",
            "auxiliary",
            "сon",
        ] {
            assert!(!is_device(name), "{name}");
        }
    }

    #[test]
    fn a_device_is_one_in_any_folder() {
        assert!(holds_device(Path::new("a/CON/b")));
        assert!(holds_device(Path::new("a/nul.txt")));
        assert!(!holds_device(Path::new("a/b.txt")));
    }
}
