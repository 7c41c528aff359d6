use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hubbub_application::chat::WriterOptions;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::PoolUsage;
use hubbub_infrastructure::postgres::{NodeLock, PgOptions, PgStore, Serving};
use hubbub_infrastructure::sqlite::SqliteStore;
use tokio::sync::Mutex;

use super::start_error::StartError;
use crate::config::{DatabaseUrl, StorageConfig};

/// Where everything is kept: for this process alone, or in a database for this node and others.
pub(super) enum Storage {
    /// In the data folder.
    Folder(Folder),
    /// In PostgreSQL.
    Postgres(Box<Postgres>),
}

impl Storage {
    /// Opens it; `is_shared` says that other nodes may, too.
    pub(super) async fn open(config: &StorageConfig, is_shared: bool) -> Result<Self, StartError> {
        match &config.database_url {
            Some(url) => {
                let postgres = Postgres::open(url, config, is_shared).await?;
                Ok(Self::Postgres(Box::new(postgres)))
            }
            None => Folder::open(&config.data_dir).await.map(Self::Folder),
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(folder) => folder.sqlite.clone(),
            Self::Postgres(postgres) => postgres.store.clone(),
        }
    }

    /// How messages are best written to it.
    pub(super) fn writer_options(&self) -> WriterOptions {
        let options = WriterOptions::default();
        match self {
            // SQLite commits one thing at a time: a second writer would only make the groups smaller.
            Self::Folder(_) => WriterOptions {
                writers: 1,
                ..options
            },
            Self::Postgres(_) => options,
        }
    }

    /// How much the connections to it are used, whenever asked.
    pub(super) fn usage(&self) -> Box<dyn Fn() -> PoolUsage + Send + Sync> {
        match self {
            Self::Folder(folder) => {
                let store = folder.sqlite.clone();
                Box::new(move || store.usage())
            }
            Self::Postgres(postgres) => {
                let store = postgres.store.clone();
                Box::new(move || store.usage())
            }
        }
    }

    /// Where the data is, for people.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Folder(folder) => folder.path.display().to_string(),
            Self::Postgres(postgres) => postgres.store.place(),
        }
    }

    /// Returns if it is not for this process, and those that it hears, any more, which never happens to a folder.
    pub(super) async fn lost(&self) {
        match self {
            Self::Folder(_) => std::future::pending().await,
            Self::Postgres(postgres) => postgres.lost().await,
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Folder(folder) => folder.sqlite.close().await,
            Self::Postgres(postgres) => postgres.store.close().await,
        }
    }
}

/// A database in PostgreSQL, which one node serves at a time, or several that hear each other.
pub(super) struct Postgres {
    store: Arc<PgStore>,
    /// Keeps nodes away that would not hear this one, or that this one would not hear.
    lock: Mutex<NodeLock>,
}

impl Postgres {
    async fn open(
        url: &DatabaseUrl,
        config: &StorageConfig,
        is_shared: bool,
    ) -> Result<Self, StartError> {
        let options = PgOptions {
            allow_unsafe_settings: config.allow_unsafe_settings,
            ..PgOptions::default()
        };
        let store = PgStore::open(url.expose(), options).await;
        let store = store.map_err(StartError::Postgres)?;
        let serving = if is_shared {
            Serving::Together
        } else {
            Serving::Alone
        };
        let lock = store.lock_node(serving).await;
        let lock = Mutex::new(lock.map_err(StartError::Postgres)?);
        Ok(Self {
            store: Arc::new(store),
            lock,
        })
    }

    /// Returns if a node serves the database that must not beside this one. A server that is merely away, or was started anew, is waited for.
    async fn lost(&self) {
        let mut lock = self.lock.lock().await;
        loop {
            let error = lock.lost().await;
            tracing::warn!(%error, "the connection was lost that keeps the database for this node and those that it hears");
            if let Err(error) = lock.retake().await {
                tracing::error!(%error, "the database is another node's");
                return;
            }
            tracing::info!("the database is kept again");
        }
    }
}

/// The data folder, which one process uses at a time, and the database in it.
pub(super) struct Folder {
    path: PathBuf,
    sqlite: Arc<SqliteStore>,
    /// Holds the folder; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Folder {
    async fn open(folder: &Path) -> Result<Self, StartError> {
        make_private(folder).map_err(|source| StartError::DataDir(folder.to_owned(), source))?;
        let lock = make_private_file(&folder.join("hubbub.lock"))
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
        // SQLite gives the files beside it the mode of the database.
        make_private_file(&file)
            .and_then(|_| restrict(&folder.join("hubbub.db-wal")))
            .and_then(|()| restrict(&folder.join("hubbub.db-shm")))
            .map_err(|source| StartError::DataDir(folder.to_owned(), source))?;
        let sqlite = SqliteStore::open(&file)
            .await
            .map_err(|source| StartError::Database(file, source))?;
        Ok(Self {
            path: folder.to_owned(),
            sqlite: Arc::new(sqlite),
            _lock: lock,
        })
    }
}

/// Makes the folder if there is none. It holds passwords' hashes and keys: nobody else may read it.
fn make_private(folder: &Path) -> io::Result<()> {
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

/// Opens a file that only its owner may read, and makes it if there is none. The folder may be one that others can enter.
fn make_private_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let opened = options.open(file)?;
    restrict(file)?;
    Ok(opened)
}

/// Takes a file away from everybody but its owner, if it is there.
fn restrict(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        match fs::set_permissions(file, fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use hubbub_testkit::TestDir;

    use super::*;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn in_a_folder_that_others_can_enter_only_the_owner_can_read_the_files() {
        let parent = TestDir::new("storage").unwrap();
        let data_dir = parent.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
        let files = ["hubbub.lock", "hubbub.db", "hubbub.db-wal", "hubbub.db-shm"];
        let paths = files.map(|file| data_dir.join(file));
        let config = StorageConfig {
            data_dir: data_dir.clone(),
            ..StorageConfig::default()
        };
        let first = Storage::open(&config, false).await.unwrap();
        for path in &paths {
            assert_eq!(mode(path), 0o600, "{} when made", path.display());
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        // As after a crash: the files are left behind, and the system has let go of the lock.
        drop(first);
        let second = Storage::open(&config, false).await.unwrap();
        for path in &paths {
            assert_eq!(mode(path), 0o600, "{} when found", path.display());
        }
        second.close().await;
    }
}
