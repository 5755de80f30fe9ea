//! A Unix socket that only this user can open.
//!
//! The socket is made under a name of its own with mode 0600 and then renamed, so at no moment can anybody else connect.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use crate::private;

/// The name of the socket in the data directory.
pub const SOCKET_FILE: &str = "clicktop.sock";

/// Bytes of a path: the system allows 104 to 108, and the draft has a few more than the path.
const LONGEST: usize = 92;

/// A socket that listens. Its file goes with it.
#[derive(Debug)]
pub(super) struct OwnSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file that we made.
    identity: (u64, u64),
}

impl OwnSocket {
    /// Listens at `path`. What a killed process left there is replaced.
    ///
    /// # Errors
    /// A living process listens there, something else is there, or the system gives no socket.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() > LONGEST {
            return Err(io::Error::other(format!(
                "the path is longer than the {LONGEST} bytes that the system allows for a socket; choose a shorter path or data directory"
            )));
        }
        clear(path)?;
        let draft = draft_name(path);
        let _ = std::fs::remove_file(&draft);
        let listener = StdListener::bind(&draft)?;
        let made = std::fs::set_permissions(&draft, PermissionsExt::from_mode(0o600))
            .and_then(|()| std::fs::rename(&draft, path))
            .and_then(|()| path.symlink_metadata());
        let found = made.inspect_err(|_| {
            let _ = std::fs::remove_file(&draft);
        })?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener: UnixListener::from_std(listener)?,
            path: path.to_owned(),
            identity: (found.dev(), found.ino()),
        })
    }

    /// The next connection of this user or of root. Those of others, who cannot open the file, are closed all the same.
    ///
    /// # Errors
    /// As the system says.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?.uid();
            if peer == 0 || peer == rustix::process::geteuid().as_raw() {
                return Ok(stream);
            }
            tracing::warn!(target: "service", "user {peer} tried to use the socket; only its owner may");
        }
    }
}

impl Drop for OwnSocket {
    fn drop(&mut self) {
        // Another process may have put its own there meanwhile.
        let is_ours = self.path.symlink_metadata().is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if is_ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A name beside `path` that no other process uses. The system allows a hundred bytes or so for a path, so it is short.
fn draft_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:x}", std::process::id()));
    name.into()
}

/// Makes room at `path`.
fn clear(path: &Path) -> io::Result<()> {
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::other("something that is no socket is there already; choose another path"));
    }
    if !private::is_trusted(&found) {
        return Err(io::Error::other(format!("a socket of another user (id {}) is there already", found.uid())));
    }
    match StdStream::connect(path) {
        Ok(_) => Err(io::Error::other(
            "another clicktop listens there already: look at it with `clicktop attach`, end it with `clicktop ctl shutdown`, or \
             listen at another path",
        )),
        // Whoever listened there was killed.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(path: &Path) -> (bool, u32) {
        let found = path.symlink_metadata().unwrap();
        (found.file_type().is_socket(), found.permissions().mode() & 0o777)
    }

    #[tokio::test]
    async fn only_the_owner_can_open_it_and_it_goes_with_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET_FILE);
        let socket = OwnSocket::open(&path).unwrap();
        assert_eq!(kind_of(&path), (true, 0o600));
        let (accepted, connected) = tokio::join!(socket.accept(), UnixStream::connect(&path));
        assert!(accepted.is_ok() && connected.is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the draft is gone");
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET_FILE);
        drop(StdListener::bind(&path).unwrap());
        assert!(path.exists(), "as after a kill");
        let socket = OwnSocket::open(&path).unwrap();
        let error = OwnSocket::open(&path).unwrap_err().to_string();
        assert!(error.contains("another clicktop listens there already"), "{error}");
        // Whoever has taken the place meanwhile keeps it.
        std::fs::remove_file(&path).unwrap();
        let other = OwnSocket::open(&path).unwrap();
        drop(socket);
        assert!(path.exists());
        drop(other);
    }

    #[tokio::test]
    async fn a_file_or_a_link_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "mine").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [&file, &link] {
            let error = OwnSocket::open(path).unwrap_err().to_string();
            assert!(error.contains("no socket"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }
}
