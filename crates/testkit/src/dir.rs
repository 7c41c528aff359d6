//! Temporary folders that are kept when the test fails.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder, removed at the end of the test unless the test panics.
///
/// A kept folder's path is printed, and with it where to find the logs of everything that ran inside. A test that
/// fails by returning an error does not panic; it calls [`TestDir::keep`] if its folder is of interest.
#[derive(Debug)]
pub struct TestDir {
    folder: TempDir,
}

impl TestDir {
    /// Makes a folder whose name begins with `name`.
    pub fn new(name: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("hubbub-{name}-"))
            .tempdir()?;
        Ok(Self { folder })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes sure that a folder of this name exists inside, and answers its path.
    pub fn subfolder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Leaves the folder on disk whatever happens, and says where it is.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
        eprintln!("kept for a look: {}", self.path().display());
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep();
        }
    }
}
