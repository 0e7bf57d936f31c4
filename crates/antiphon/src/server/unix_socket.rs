//! Listening at a path.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{self, Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// The file of a socket that was made here, removed when it is dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number, by which it is told from one that another has put there.
    identity: Option<(u64, u64)>,
}

/// Listens at a path. The socket of a server that is no more is replaced.
pub(super) async fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    // A program may go to another folder while it listens.
    let path = path::absolute(path).map_err(|error| of_path(path, &error))?;
    let listener = match UnixListener::bind(&path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            make_way(&path).await?;
            UnixListener::bind(&path)
        }
        bound => bound,
    };
    let listener = listener.map_err(|error| of_path(&path, &error))?;
    let identity = identity(&path);
    Ok((listener, SocketFile { path, identity }))
}

/// Removes a socket that nobody listens at.
async fn make_way(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if !is_socket {
        let other = io::Error::new(io::ErrorKind::AlreadyExists, "it is no socket");
        return Err(of_path(path, &other));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| of_path(path, &error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => {
            let taken = io::Error::new(io::ErrorKind::AddrInUse, "another server listens there");
            Err(of_path(path, &taken))
        }
    }
}

fn of_path(path: &Path, error: &io::Error) -> io::Error {
    let text = format!("cannot listen at {}: {error}", path.display());
    io::Error::new(error.kind(), text)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let file = fs::symlink_metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some()
            && self.identity == identity(&self.path)
            && let Err(error) = fs::remove_file(&self.path)
        {
            let path = self.path.display();
            tracing::debug!(%error, %path, "a socket cannot be removed");
        }
    }
}
