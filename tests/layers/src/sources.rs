//! The text of a crate's files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// The Rust files of one crate's `src`, by their path below it, with `/` between folders.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<String, String>,
}

impl Sources {
    /// Reads every `.rs` file below `folder`.
    ///
    /// # Errors
    ///
    /// Those of the operating system, if the folder or a file of it cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut sources = Self::default();
        sources.read_folder(folder, "")?;
        Ok(sources)
    }

    /// Takes files as they are given: their path below `src`, and their text.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_layers::{Sources, check};
    ///
    /// let sources = Sources::of(&[("lib.rs", "mod a;"), ("a.rs", "")]);
    /// assert!(check(&sources, &["a"]).is_ok());
    /// ```
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let texts = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self {
            texts: texts.collect(),
        }
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    fn read_folder(&mut self, folder: &Path, below: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                self.read_folder(&path, &format!("{below}{name}/"))?;
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path)?;
                self.texts.insert(format!("{below}{name}"), text);
            }
        }
        Ok(())
    }
}
