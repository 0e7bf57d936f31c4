//! Files that a server in front sends.

use super::file::FileResponse;
use crate::content::file_error::FileError;
use crate::deliver::planned::{Content, Planned};
use antiphon_core::response::content::InvalidResponse;
use antiphon_core::response::file::Stat;
use antiphon_core::response::offload::{self, InvalidOffload, Offload};
use antiphon_fs::absolute_bytes;
use bytes::Bytes;

impl FileResponse {
    /// Has the server in front send the file: nginx by `X-Accel-Redirect`, Apache and lighttpd by
    /// `X-Sendfile`.
    ///
    /// The file is neither looked for nor opened: a missing one is the other server's 404. Ranges and
    /// preconditions are its to answer, by validators of its own, so there is none in the head; it keeps
    /// `Content-Type`, `Content-Disposition`, `Cache-Control`, `Expires` and `Set-Cookie`; nginx takes no other
    /// field from here. What the [mapping](Offload::x_accel) says counts, and no field of a request. A file of
    /// [`within`](Self::within) keeps its rules for paths; symbolic links are the other server's to follow
    /// or not (nginx: `disable_symlinks`).
    ///
    /// A path outside of the mapping is a [`FileError`] that names it, before anything is sent, and so are a
    /// status other than 200 and [`delete_after`](Self::delete_after).
    ///
    /// # Examples
    ///
    /// ```nginx
    /// location /_files/ { internal; alias /srv/media/; }
    /// ```
    ///
    /// ```
    /// use antiphon::{FileResponse, Offload};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let offload = Offload::x_accel([("/srv/media", "/_files")])?;
    /// let response = FileResponse::new("/srv/media/a b.mp4").offload(offload);
    /// let answer = response.into_http(&http::Request::new(())).await?;
    /// assert_eq!(answer.headers()["x-accel-redirect"], "/_files/a%20b.mp4");
    /// assert_eq!(answer.headers()["content-type"], "video/mp4");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn offload(mut self, offload: Offload) -> Self {
        self.offload = Some(offload.into());
        self
    }

    pub(super) fn plan_offloaded(&mut self, offload: &Offload) -> Result<Planned, FileError> {
        if self.delete_after {
            return Err(FileError::invalid(InvalidOffload::of_deletion()));
        }
        let path = absolute_bytes(self.place.reached()?);
        let stat = Stat {
            cache_control: self.offer.cache_control.clone(),
            ..Default::default()
        };
        let invalid = |error: InvalidResponse| FileError::invalid(error);
        self.describe(stat).map_err(invalid)?;
        let facts = self.parameters.facts(None).map_err(invalid)?;
        let plan = offload::plan(offload, &path, facts).map_err(FileError::invalid)?;
        let parameters = self.parameters.take();
        let mut planned = parameters.planned([], plan, |()| Content::Empty);
        // It is no answer to HEAD, whose length is another's: there is nothing.
        planned.content = Content::Bytes(Bytes::new());
        Ok(planned)
    }
}
