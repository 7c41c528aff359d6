//! Accepts connections, or refuses them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::{Line, Shared};

/// How many connections may wait to be accepted: a storm of reconnects comes at once.
const BACKLOG: u32 = 4096;
/// Between attempts to accept while the system has no descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// To open or close the door; answered when it is done.
pub(super) struct Order {
    open: bool,
    done: oneshot::Sender<io::Result<()>>,
}

pub(super) fn order(open: bool) -> (Order, oneshot::Receiver<io::Result<()>>) {
    let (done, is_done) = oneshot::channel();
    (Order { open, done }, is_done)
}

/// The proxy's port, which is its own as long as it lives.
pub(super) struct Door {
    address: SocketAddr,
    socket: Socket,
}

enum Socket {
    Listening(TcpListener),
    /// Bound and not listening: the system refuses for it.
    Bound(TcpSocket),
    /// Only while it becomes one or the other, and after that has failed.
    None,
}

impl Door {
    pub(super) fn open_anywhere() -> io::Result<Self> {
        let listener = bind((Ipv4Addr::LOCALHOST, 0).into())?.listen(BACKLOG)?;
        Ok(Self {
            address: listener.local_addr()?,
            socket: Socket::Listening(listener),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the proxy is gone; its connections end with it.
    pub(super) async fn keep(
        mut self,
        upstream: SocketAddr,
        shared: Arc<Shared>,
        mut orders: mpsc::Receiver<Order>,
    ) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    // Whoever gave it may have stopped waiting.
                    let _ = order.done.send(self.turn(order.open));
                }
                client = self.accept() => {
                    let connection = admit(&shared);
                    connections.spawn(connection.carry(client, upstream));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn accept(&self) -> TcpStream {
        let Socket::Listening(listener) = &self.socket else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((client, _)) => return client,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn turn(&mut self, open: bool) -> io::Result<()> {
        let socket = std::mem::replace(&mut self.socket, Socket::None);
        self.socket = match (socket, open) {
            (Socket::Bound(socket), true) => Socket::Listening(socket.listen(BACKLOG)?),
            (Socket::None, true) => Socket::Listening(bind(self.address)?.listen(BACKLOG)?),
            (Socket::Listening(listener), false) => {
                // The port cannot be bound beside its listener.
                drop(listener);
                Socket::Bound(bind(self.address)?)
            }
            (Socket::None, false) => Socket::Bound(bind(self.address)?),
            (as_it_was, _) => as_it_was,
        };
        Ok(())
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Puts a new connection into the table.
fn admit(shared: &Arc<Shared>) -> Connection {
    let mut number = 0;
    shared.counts.send_modify(|counts| {
        counts.accepted += 1;
        counts.open += 1;
        number = counts.accepted;
    });
    let reset = Arc::new(Notify::new());
    let mut table = shared.table();
    let (faults, suffered) = watch::channel(table.for_new);
    let told_to_reset = Arc::clone(&reset);
    table.open.insert(number, Line { faults, reset });
    Connection {
        number,
        faults: suffered,
        told_to_reset,
        shared: Arc::clone(shared),
    }
}
