//! A TCP proxy that is as bad as a network can be: put it on any edge, between clients and a node or a node and its
//! database, and change its faults while connections run.

mod connection;
mod dice;
mod door;
mod faults;
mod pump;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::Error;
use dice::Dice;
use door::Door;
pub use faults::{Direction, Faults, Link};

/// What a proxy has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections that are open now, as far as the proxy has been told.
    pub open: u64,
    /// Bytes written to the server.
    pub bytes_up: u64,
    /// Bytes written to clients.
    pub bytes_down: u64,
    /// Connections that the proxy has reset: by [`Link::cut_after`] or by being told to.
    pub cut: u64,
}

/// A proxy on 127.0.0.1 in front of one address. Dropping it ends all its connections.
///
/// Its memory is bounded by connection: about 1 MiB on its way per direction, then senders wait.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    upstream: SocketAddr,
    shared: Arc<Shared>,
    dice: Mutex<Dice>,
    door: mpsc::Sender<door::Order>,
    /// Holds the door's task, which holds those of the connections.
    _tasks: JoinSet<()>,
}

impl FaultProxy {
    /// Starts one that passes everything on to `upstream`, which need not be there yet.
    pub async fn start(upstream: SocketAddr) -> Result<Self, Error> {
        Self::start_with_seed(upstream, 0).await
    }

    /// The same with a seed for everything that is left to chance. Each connection, in the order of their coming, and
    /// each of its directions draws numbers of its own; how a stream falls into pieces is the system's affair.
    #[expect(
        clippy::unused_async,
        reason = "it needs a running runtime, like all other starts here"
    )]
    pub async fn start_with_seed(upstream: SocketAddr, seed: u64) -> Result<Self, Error> {
        let (counts, _) = watch::channel(Counts::default());
        let shared = Arc::new(Shared {
            seed,
            counts,
            table: Mutex::default(),
        });
        let failed = || Error::io("opening the proxy's port");
        let door = Door::open_anywhere().map_err(failed())?;
        let address = door.address();
        // One order at a time: each is waited for.
        let (orders, received) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        tasks.spawn(door.keep(upstream, Arc::clone(&shared), received));
        Ok(Self {
            address,
            upstream,
            shared,
            dice: Mutex::new(Dice::new(seed, u64::MAX)),
            door: orders,
            _tasks: tasks,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL of the server, as in `postgres://user@127.0.0.1:5432/chat`, with the proxy's address in place of its own.
    pub fn through(&self, url: &str) -> String {
        url.replace(&self.upstream.to_string(), &self.address.to_string())
    }

    /// Has all connections, open ones and those to come, suffer these faults instead of any they had.
    ///
    /// What is on its way is late by the new delay at most, and an open connection's [`Link::cut_after`] counts from now.
    pub fn apply(&self, faults: Faults) {
        let mut table = self.shared.table();
        table.for_new = faults;
        for line in table.open.values() {
            line.faults.send_replace(faults);
        }
    }

    /// The same for connections to come alone.
    pub fn apply_to_new(&self, faults: Faults) {
        self.shared.table().for_new = faults;
    }

    /// Takes all faults away; new connections are accepted only after [`FaultProxy::accept`] if they were refused.
    pub fn pass(&self) {
        self.apply(Faults::none());
    }

    /// The numbers of the open connections, counted from 1 in the order of their coming.
    pub fn connections(&self) -> Vec<u64> {
        self.shared.table().open.keys().copied().collect()
    }

    /// Resets one connection on both sides, and answers whether there was one of this number.
    pub fn reset(&self, number: u64) -> bool {
        let table = self.shared.table();
        let line = table.open.get(&number);
        line.inspect(|line| line.reset.notify_one()).is_some()
    }

    /// Resets one of the open connections, chosen by chance, and answers its number.
    pub fn reset_one(&self) -> Option<u64> {
        let open = self.connections();
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *open.get(dice.below(open.len().max(1)))?;
        self.reset(number).then_some(number)
    }

    /// Resets all open connections, and answers how many.
    pub fn reset_all(&self) -> usize {
        let open = self.connections();
        open.into_iter()
            .filter(|number| self.reset(*number))
            .count()
    }

    /// Refuses new connections as a closed port does; open ones go on. The system gives the port to nobody else meanwhile
    /// unless asked for by number.
    pub async fn refuse(&self) -> Result<(), Error> {
        self.order(false).await
    }

    /// Accepts new connections again after [`FaultProxy::refuse`].
    pub async fn accept(&self) -> Result<(), Error> {
        self.order(true).await
    }

    async fn order(&self, open: bool) -> Result<(), Error> {
        let (order, done) = door::order(open);
        self.door
            .send(order)
            .await
            .expect("the door is kept as long as the proxy lives");
        let done = done
            .await
            .expect("the door is kept as long as the proxy lives");
        done.map_err(Error::io("opening or closing the proxy's port"))
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// Waits until the counts are as wished for. `awaited` completes the sentence "the proxy has not yet …" of the error.
    pub async fn wait_until(
        &self,
        awaited: &str,
        limit: Duration,
        reached: impl FnMut(&Counts) -> bool,
    ) -> Result<Counts, Error> {
        let mut counts = self.shared.counts.subscribe();
        let found = timeout(limit, counts.wait_for(reached)).await;
        match found {
            Ok(counts) => Ok(*counts.expect("the proxy holds the sender")),
            Err(_) => Err(Error::TimedOut {
                name: "the proxy".to_owned(),
                awaited: awaited.to_owned(),
                limit,
                tail: format!("{:?}", self.counts()),
            }),
        }
    }
}

/// What the proxy, its door and its connections share.
#[derive(Debug)]
struct Shared {
    seed: u64,
    counts: watch::Sender<Counts>,
    table: Mutex<Table>,
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The open connections by their numbers, and the faults of the next.
#[derive(Debug, Default)]
struct Table {
    for_new: Faults,
    open: BTreeMap<u64, Line>,
}

/// How an open connection is told of things.
#[derive(Debug)]
struct Line {
    faults: watch::Sender<Faults>,
    reset: Arc<Notify>,
}
