//! A socket with what is half read and what is not yet written.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

#[derive(PartialEq, Eq)]
pub(crate) enum State {
    Upgrading,
    Open,
}

pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) state: State,
    /// The beginning of a message that is incomplete. Owns no memory otherwise, and neither does the queue.
    partial: Vec<u8>,
    queue: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            state: State::Upgrading,
            partial: Vec::new(),
            queue: Vec::new(),
        }
    }

    /// Reads into `buffer`, behind what was kept. Returns how much of it is filled, 0 if nothing is new, `None` if the other side is gone.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let kept = self.partial.len();
        buffer[..kept].copy_from_slice(&self.partial);
        match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => None,
            Ok(length) => {
                self.partial = Vec::new();
                Some(kept + length)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(0),
            Err(_) => None,
        }
    }

    /// Keeps what could not be used yet.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
    }

    /// Queues bytes and says whether they are the first.
    pub(crate) fn queue(&mut self, bytes: &[u8]) -> bool {
        self.queue.extend_from_slice(bytes);
        self.queue.len() == bytes.len()
    }

    pub(crate) fn has_queue(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Writes the queue, or as much of it as the socket takes.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.queue.len() {
            match self.stream.write(&self.queue[written..]) {
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.queue.drain(..written);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.queue = Vec::new();
        Ok(())
    }
}
