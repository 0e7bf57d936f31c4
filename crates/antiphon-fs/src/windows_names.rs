//! Names that Windows takes for devices.

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
    use super::is_device;

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
}
