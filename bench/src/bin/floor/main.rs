//! The floor: how fast one thread can be that does nothing but what it must.
//!
//! Bare sockets and one event loop. What is said in one turn of the loop is queued and goes out in one write per connection. A broadcast is
//! framed once. There is no protocol above WebSocket, no HTTP beyond the upgrade, no limit and no mercy.

mod connection;

use std::io;
use std::time::Duration;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use signalr_hub_bench::{announce, frame};
use slab::Slab;

use connection::{Connection, State};

const LISTENER: Token = Token(usize::MAX);

struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    /// Who has something to be written at the end of this turn.
    dirty: Vec<usize>,
    buffer: Vec<u8>,
    framed: Vec<u8>,
}

impl Server {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let entry = self.connections.vacant_entry();
            self.poll.registry().register(
                &mut stream,
                Token(entry.key()),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            entry.insert(Connection::new(stream));
        }
    }

    /// Reads what there is and queues what it calls for.
    fn serve(&mut self, key: usize, is_last: bool) {
        while let Some(connection) = self.connections.get_mut(key) {
            let Some(length) = connection.read(&mut self.buffer) else {
                self.connections.remove(key);
                return;
            };
            if length == 0 {
                return;
            }
            let mut bytes = std::mem::take(&mut self.buffer);
            let consumed = self.answer(key, &mut bytes[..length]);
            self.connections[key].keep(&bytes[consumed..length]);
            self.buffer = bytes;
            // A read that does not fill the buffer has emptied the socket.
            if length < self.buffer.len() && !is_last {
                return;
            }
        }
    }

    /// Answers whatever is complete, and returns how much that was.
    fn answer(&mut self, key: usize, bytes: &mut [u8]) -> usize {
        let mut consumed = 0;
        let connection = &mut self.connections[key];
        if connection.state == State::Upgrading {
            let Some(head) = frame::head_length(bytes) else {
                return 0;
            };
            let response = std::str::from_utf8(&bytes[..head])
                .ok()
                .and_then(frame::upgrade_response);
            connection.queue(response.unwrap_or_default().as_bytes());
            connection.state = State::Open;
            self.dirty.push(key);
            consumed = head;
        }
        while let Some(found) = frame::Frame::first(&bytes[consumed..]) {
            let payload = &mut bytes[consumed..][found.payload.clone()];
            if let Some(mask) = found.mask {
                frame::unmask(payload, mask);
            }
            self.framed.clear();
            frame::write(payload, &mut self.framed);
            if payload.first() == Some(&b'b') {
                for (key, member) in &mut self.connections {
                    if member.queue(&self.framed) {
                        self.dirty.push(key);
                    }
                }
            } else if !found.is_close && self.connections[key].queue(&self.framed) {
                self.dirty.push(key);
            }
            consumed += found.end();
        }
        consumed
    }

    fn flush(&mut self) {
        for key in self.dirty.drain(..) {
            if let Some(connection) = self.connections.get_mut(key)
                && connection.write().is_err()
            {
                self.connections.remove(key);
            }
        }
    }
}

fn main() -> io::Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    announce(listener.local_addr()?.port());
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server {
        poll,
        listener,
        connections: Slab::new(),
        dirty: Vec::new(),
        buffer: vec![0; 64 * 1024],
        framed: Vec::new(),
    };
    let mut events = Events::with_capacity(1024);
    loop {
        server.poll.poll(&mut events, None::<Duration>)?;
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(key) => {
                    if event.is_writable()
                        && let Some(connection) = server.connections.get(key)
                        && connection.has_queue()
                    {
                        server.dirty.push(key);
                    }
                    if event.is_readable() {
                        server.serve(key, event.is_read_closed());
                    }
                }
            }
        }
        server.flush();
    }
}
