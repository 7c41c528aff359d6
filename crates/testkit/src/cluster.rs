//! Several nodes of Hubbub on one PostgreSQL and one Redis, behind one nginx.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::dir::TestDir;
use crate::error::Error;
use crate::hubbub::{Hubbub, HubbubBuilder};
use crate::nginx::NginxServer;
use crate::port::free_port;
use crate::postgres::{PostgresBuilder, PostgresCluster};
use crate::proxy::FaultProxy;
use crate::redis::{RedisBuilder, RedisServer};

/// How to start a cluster of one's own.
#[derive(Debug)]
pub struct ClusterBuilder {
    binary: PathBuf,
    nodes: usize,
    with_tls: bool,
    environment: Vec<(String, String)>,
    postgres: PostgresBuilder,
    redis: RedisBuilder,
    with_two_redis: bool,
}

impl ClusterBuilder {
    /// Has so many nodes instead of three.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Serves HTTPS, with a certificate that nobody has signed.
    pub fn tls(mut self) -> Self {
        self.with_tls = true;
        self
    }

    /// Sets an environment variable of every node.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Starts PostgreSQL like this.
    pub fn postgres(mut self, postgres: PostgresBuilder) -> Self {
        self.postgres = postgres;
        self
    }

    /// Starts Redis like this.
    pub fn redis(mut self, redis: RedisBuilder) -> Self {
        self.redis = redis;
        self
    }

    /// Has a second Redis, which the last node uses alone.
    pub fn two_redis(mut self) -> Self {
        self.with_two_redis = true;
        self
    }

    /// Starts everything in a temporary folder, and waits until all of it is ready.
    pub async fn start(self) -> Result<Cluster, Error> {
        let dir = TestDir::new("cluster").map_err(Error::io("making a folder for the cluster"))?;
        let postgres = self.postgres.start().await?;
        let database_url = postgres.create_database().await?;
        let redis = self.redis.start_in(&dir).await?;
        let other_redis = if self.with_two_redis {
            let other = RedisServer::builder().name("other-redis");
            Some(other.start_in(&dir).await?)
        } else {
            None
        };
        let ports: Vec<u16> = (0..self.nodes).map(|_| port()).collect::<Result<_, _>>()?;
        let addresses = ports.iter().map(|port| ([127, 0, 0, 1], *port).into());
        let nginx = NginxServer::builder(addresses.collect());
        let nginx = if self.with_tls { nginx.tls() } else { nginx };
        let nginx = nginx.start_in(&dir).await?;
        let mut nodes = Vec::new();
        let mut metrics = Vec::new();
        let mut links = Vec::new();
        for (place, port) in ports.iter().enumerate() {
            let listen = SocketAddr::from(([127, 0, 0, 1], self::port()?));
            metrics.push(listen);
            let is_last = place + 1 == ports.len();
            let redis = other_redis.as_ref().filter(|_| is_last).unwrap_or(&redis);
            let link = FaultProxy::start(([127, 0, 0, 1], redis.port()).into()).await?;
            let node = HubbubBuilder::new(&self.binary)
                .name(&format!("node-{}", place + 1))
                .port(*port)
                .database_url(&database_url)
                .env("HUBBUB_REDIS_URL", &link.through(&redis.url()))
                .env("HUBBUB_SERVER__PUBLIC_URL", &nginx.origin())
                .env("HUBBUB_SERVER__TRUSTED_PROXIES", "127.0.0.1")
                .env("HUBBUB_METRICS__LISTEN", &listen.to_string());
            let environment = self.environment.iter();
            let node = environment.fold(node, |node, (key, value)| node.env(key, value));
            nodes.push(node.start_in(&dir).await?);
            links.push(link);
        }
        Ok(Cluster {
            nginx,
            nodes,
            metrics,
            links,
            redis,
            other_redis,
            postgres,
            dir,
        })
    }
}

/// A running cluster, killed when dropped. Its parts may be killed, frozen and started again.
#[derive(Debug)]
pub struct Cluster {
    // Before what they need: fields are dropped in this order.
    /// What people reach.
    pub nginx: NginxServer,
    /// In the order in which they were started. The first has printed the setup code.
    pub nodes: Vec<Hubbub>,
    /// Where each of them serves its metrics.
    pub metrics: Vec<SocketAddr>,
    /// The way of each of them to Redis.
    pub links: Vec<FaultProxy>,
    /// What joins them.
    pub redis: RedisServer,
    /// What the last node uses in its place, if it was asked for.
    pub other_redis: Option<RedisServer>,
    /// What they keep everything in.
    pub postgres: PostgresCluster,
    dir: TestDir,
}

fn port() -> Result<u16, Error> {
    free_port().map_err(Error::io("looking for a free port"))
}

impl Cluster {
    /// How to start one of the server at this path: three nodes over HTTP.
    pub fn builder(binary: impl Into<PathBuf>) -> ClusterBuilder {
        ClusterBuilder {
            binary: binary.into(),
            nodes: 3,
            with_tls: false,
            environment: Vec::new(),
            postgres: PostgresCluster::builder(),
            redis: RedisServer::builder(),
            with_two_redis: false,
        }
    }

    /// Where everything but the database keeps its data and logs.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }
}
