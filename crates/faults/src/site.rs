//! A Hubbub with its database, to be killed and started again.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hubbub_testkit::{Error, Hubbub, HubbubBuilder, PostgresCluster, TestDir};

/// What Hubbub keeps its data in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file in its data folder.
    Sqlite,
    /// A cluster beside it.
    Postgres,
}

impl Database {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How to start a Hubbub with a database of its own.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program.
    pub program: PathBuf,
    /// What it keeps its data in.
    pub database: Database,
    /// Whether PostgreSQL acknowledges what it has not written yet, and Hubbub is told to accept that. SQLite cannot be
    /// configured so; that takes a program that was built so.
    pub relaxed: bool,
}

/// A running Hubbub with its database, both killed when dropped.
#[derive(Debug)]
pub struct Site {
    hubbub: Hubbub,
    postgres: Option<PostgresCluster>,
}

impl Site {
    /// Starts both with their data in the folder `data` and their logs in the test's folder.
    pub async fn start(plan: &Plan, dir: &TestDir, data: &Path) -> Result<Self> {
        let folder = data.join("hubbub");
        let mut builder = HubbubBuilder::new(&plan.program)
            .env("HUBBUB_STORAGE__DATA_DIR", &folder.to_string_lossy())
            // People sign in once for a whole run.
            .env("HUBBUB_AUTH__ACCESS_TOKEN_MINUTES", "60")
            .env("HUBBUB_LOG__LEVEL", "warn");
        let postgres = match plan.database {
            Database::Sqlite => None,
            Database::Postgres => {
                let mut cluster = PostgresCluster::builder().data_dir(data.join("postgres"));
                if plan.relaxed {
                    cluster = cluster.setting("synchronous_commit", "off");
                    builder = builder.env("HUBBUB_STORAGE__ALLOW_UNSAFE_SETTINGS", "true");
                }
                let cluster = cluster.start_in(dir).await?;
                builder = builder.database_url(&cluster.create_database().await?);
                Some(cluster)
            }
        };
        let hubbub = builder.start_in(dir).await?;
        Ok(Self { hubbub, postgres })
    }

    /// The server.
    pub fn hubbub(&self) -> &Hubbub {
        &self.hubbub
    }

    /// Kills Hubbub without a warning.
    pub async fn kill_hubbub(&self) -> Result<(), Error> {
        self.hubbub.kill().await.map(drop)
    }

    /// Kills the database's server without a warning, if it has one.
    pub async fn kill_postgres(&self) -> Result<(), Error> {
        match &self.postgres {
            Some(cluster) => cluster.kill().await.map(drop),
            None => Ok(()),
        }
    }

    /// Starts Hubbub again after it was killed.
    pub async fn start_hubbub_again(&mut self) -> Result<(), Error> {
        self.hubbub.start_again().await
    }

    /// Starts the database's server again after it was killed.
    pub async fn start_postgres_again(&mut self) -> Result<(), Error> {
        match &mut self.postgres {
            Some(cluster) => cluster.start_again().await,
            None => Ok(()),
        }
    }

    /// Kills both at once.
    pub async fn kill_all(&self) -> Result<(), Error> {
        let (hubbub, postgres) = tokio::join!(self.kill_hubbub(), self.kill_postgres());
        hubbub.and(postgres)
    }

    /// Starts both again after they were killed.
    pub async fn start_all_again(&mut self) -> Result<(), Error> {
        self.start_postgres_again().await?;
        self.start_hubbub_again().await
    }
}
