//! One client's connection and the one made to the server for it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::sockopt::set_socket_linger;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};

use super::dice::Dice;
use super::faults::{Direction, Faults};
use super::pump::{End, Pump};
use super::{Counts, Shared};

/// What ends both sides by a reset.
struct Broken;

/// An accepted connection, in the proxy's table as long as it lives.
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) faults: watch::Receiver<Faults>,
    pub(super) told_to_reset: Arc<Notify>,
    pub(super) shared: Arc<Shared>,
}

impl Connection {
    /// Carries both directions until both have ended, one was cut, or it is told to reset.
    ///
    /// Both in one task, so that no end of it can leave a half behind.
    pub(super) async fn carry(self, mut client: TcpStream, upstream: SocketAddr) {
        let mut server = None;
        let ended = tokio::select! {
            ended = self.talk(&mut client, &mut server, upstream) => ended,
            () = self.told_to_reset.notified() => {
                self.shared.counts.send_modify(|counts| counts.cut += 1);
                Err(Broken)
            }
        };
        if let Err(Broken) = ended {
            for stream in [Some(client), server].into_iter().flatten() {
                // Closing then sends a reset, and drops what was not sent.
                let _ = stream.set_zero_linger();
            }
        }
    }

    async fn talk(
        &self,
        client: &mut TcpStream,
        server: &mut Option<TcpStream>,
        upstream: SocketAddr,
    ) -> Result<(), Broken> {
        let server = server.insert(self.connect(upstream).await.map_err(|_| Broken)?);
        // Bytes go on as they come: what is put together and what is not is the pump's affair.
        let _ = client.set_nodelay(true);
        let (client_reads, client_writes) = client.split();
        let (server_reads, server_writes) = server.split();
        let (client_gone, server_gone) = (AtomicBool::new(false), AtomicBool::new(false));
        tokio::try_join!(
            self.one_way(
                Direction::Up,
                client_reads,
                server_writes,
                [&client_gone, &server_gone]
            ),
            self.one_way(
                Direction::Down,
                server_reads,
                client_writes,
                [&server_gone, &client_gone]
            ),
        )?;
        let any_gone = client_gone.into_inner() || server_gone.into_inner();
        if any_gone { Err(Broken) } else { Ok(()) }
    }

    /// A black hole swallows handshakes too; the client alone believes that it is connected.
    async fn connect(&self, upstream: SocketAddr) -> io::Result<TcpStream> {
        let mut faults = self.faults.clone();
        let _ = faults.wait_for(Faults::let_connect).await;
        let socket = match upstream {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Until it is in the hands of `carry`: the system may have made the connection when this is dropped.
        socket.set_zero_linger()?;
        let server = socket.connect(upstream).await?;
        set_socket_linger(&server, None)?;
        server.set_nodelay(true)?;
        Ok(server)
    }

    /// Carries one direction to its end. `gone` says which side's failure to take bytes is known, the sender's first.
    async fn one_way(
        &self,
        direction: Direction,
        reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
        [sender_gone, receiver_gone]: [&AtomicBool; 2],
    ) -> Result<(), Broken> {
        let purpose = self.number * 2 + u64::from(direction == Direction::Down);
        let dice = Dice::new(self.shared.seed, purpose);
        let counts = self.shared.counts.clone();
        let mut pump = Pump::new(direction, self.faults.clone(), counts, dice);
        match pump.carry(reader, &mut writer).await {
            End::Closed if !sender_gone.load(Ordering::Relaxed) => {
                // It may have gone meanwhile, which the other direction notices.
                let _ = writer.shutdown().await;
                Ok(())
            }
            // The sender's system told of its failure once, to the direction that wrote to it.
            End::Closed | End::Reset => Err(Broken),
            End::Cut => {
                self.shared.counts.send_modify(|counts| counts.cut += 1);
                Err(Broken)
            }
            // The news travels the other way, as fast and as far as that one lets it.
            End::Gone => {
                receiver_gone.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.table().open.remove(&self.number);
        self.shared
            .counts
            .send_modify(|counts: &mut Counts| counts.open -= 1);
    }
}
