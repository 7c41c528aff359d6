use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::sqlite::SqliteStore;

use super::start_error::StartError;
use crate::config::StorageConfig;

/// The data folder, which one process uses at a time, and the database in it.
pub(super) struct Storage {
    sqlite: Arc<SqliteStore>,
    /// Holds the folder; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Storage {
    pub(super) async fn open(config: &StorageConfig) -> Result<Self, StartError> {
        let folder = config.data_dir.as_path();
        make_private(folder).map_err(|source| StartError::DataDir(folder.to_owned(), source))?;
        let lock = File::create(folder.join("hubbub.lock"))
            .map_err(|source| StartError::DataDir(folder.to_owned(), source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StartError::DataDirInUse(folder.to_owned()));
            }
            Err(TryLockError::Error(source)) => {
                return Err(StartError::DataDir(folder.to_owned(), source));
            }
        }
        let file = folder.join("hubbub.db");
        let sqlite = SqliteStore::open(&file)
            .await
            .map_err(|source| StartError::Database(file, source))?;
        Ok(Self {
            sqlite: Arc::new(sqlite),
            _lock: lock,
        })
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.sqlite.clone()
    }

    pub(super) async fn close(&self) {
        self.sqlite.close().await;
    }
}

/// Makes the folder if there is none. It holds passwords' hashes and keys: nobody else may read it.
fn make_private(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
