//! Many connections to one server, and the loop that serves them.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::client::Client;
use crate::dialect::{Dialect, Heard};
use crate::server::Server;

/// How many connections are being opened at the same time.
const OPENING: usize = 64;
/// A server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Swarm {
    pub(crate) clients: Vec<Client>,
    pub(crate) dialect: Dialect,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    heard_at: Instant,
}

impl Swarm {
    /// Opens so many connections and waits until all of them are ready.
    pub(crate) fn open(server: &Server, count: usize) -> io::Result<Self> {
        let mut swarm = Self {
            clients: Vec::with_capacity(count),
            dialect: server.peer.dialect,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
            heard_at: Instant::now(),
        };
        let mut ready = 0;
        while ready < count {
            while swarm.clients.len() < count.min(ready + OPENING) {
                swarm.add(server.port)?;
            }
            swarm.turn(PATIENCE, |_, _, heard| {
                ready += usize::from(heard == Heard::Welcome);
                Ok(())
            })?;
        }
        Ok(swarm)
    }

    fn add(&mut self, port: u16) -> io::Result<()> {
        let number = self.clients.len();
        let mut client = Client::connect(port, number, self.dialect)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.register(&mut client.stream, Token(number), interest)?;
        self.clients.push(client);
        Ok(())
    }

    /// Waits for something to happen, at most so long, and tells `on` what was heard by which client.
    pub(crate) fn turn(
        &mut self,
        at_most: Duration,
        mut on: impl FnMut(&mut Client, usize, Heard) -> io::Result<()>,
    ) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(at_most))?;
        let now = Instant::now();
        if !self.events.is_empty() {
            self.heard_at = now;
        } else if now - self.heard_at >= PATIENCE {
            return Err(io::Error::other("the server has fallen silent"));
        }
        for event in &self.events {
            let Token(number) = event.token();
            let client = &mut self.clients[number];
            if event.is_writable() {
                client.writable()?;
            }
            if event.is_readable() {
                client.readable(&mut self.buffer, |client, heard| on(client, number, heard))?;
            }
        }
        Ok(())
    }
}
