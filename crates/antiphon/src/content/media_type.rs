//! The media type of a file: by our table, by `mime_guess`, or by what lies beside it.

use super::file_error::FileError;
use super::opened::blocking;
use antiphon_core::values::media_type::MediaType;
use antiphon_core::values::media_types::{self, Guess, MediaTypes};
use std::borrow::Cow;
use std::path::Path;

/// Guesses the media type by a file's name; `None` if what lies beside it tells.
pub(crate) fn guess(types: &MediaTypes, name: &Path) -> Option<MediaType> {
    match types.of_name(&name.to_string_lossy()) {
        Guess::Type(media_type) => Some(media_type),
        Guess::Neighbours => None,
        Guess::Unknown => mime_guess::from_path(name)
            .first_raw()
            .and_then(|text| MediaType::try_from(Cow::Borrowed(text)).ok())
            .or(Some(MediaType::OCTET_STREAM)),
    }
}

/// Guesses the media type of content that lies in no folder by its name.
pub(crate) fn guess_without_neighbours(name: &Path) -> MediaType {
    guess(&MediaTypes::new(), name).unwrap_or_else(|| media_types::of_ts(false))
}

/// Guesses the media type by what lies beside the file at `path`, which is open already. The folder is read
/// on a thread that may wait, unless it is known what it holds.
pub(crate) async fn guess_by_neighbours(path: &Path) -> Result<MediaType, FileError> {
    let is_beside_playlist = match antiphon_fs::known_playlist_beside(path) {
        Some(known) => known,
        None => {
            let path = path.to_owned();
            blocking(move || antiphon_fs::playlist_beside(&path))?
                .await
                .map_err(FileError::task)?
        }
    };
    Ok(media_types::of_ts(is_beside_playlist))
}
