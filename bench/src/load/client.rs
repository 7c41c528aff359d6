//! One connection of the load.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use mio::net::TcpStream;
use signalr_hub_bench::frame::{self, Frame};
use socket2::{Domain, Protocol, Socket, Type};

use crate::dialect::{Dialect, Heard};

/// What Linux says of a connection that is on its way.
const EINPROGRESS: i32 = 115;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    Upgrading,
    Open,
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    dialect: Dialect,
    phase: Phase,
    request: String,
    /// The beginning of a message that is incomplete.
    partial: Vec<u8>,
    /// What the socket has not taken yet.
    queue: Vec<u8>,
}

impl Client {
    /// Begins to connect from an address of its own choice: so many ports has no single one.
    pub(crate) fn connect(port: u16, number: usize, dialect: Dialect) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        // Thousands of closed connections would otherwise keep their ports for a minute.
        socket.set_linger(Some(Duration::ZERO))?;
        let host = u8::try_from(number % 8).expect("it is below 8");
        let from = SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, 1 + host), 0);
        socket.bind(&SocketAddr::V4(from).into())?;
        let to: SocketAddr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        let (path, headers) = dialect.address(number);
        Ok(Self {
            stream: TcpStream::from_std(socket.into()),
            dialect,
            phase: Phase::Connecting,
            request: frame::upgrade_request(path, &headers),
            partial: Vec::new(),
            queue: Vec::new(),
        })
    }

    /// The socket takes bytes: the first time, it has connected.
    pub(crate) fn writable(&mut self) -> io::Result<()> {
        if self.phase == Phase::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            self.phase = Phase::Upgrading;
            let request = std::mem::take(&mut self.request);
            return self.send(request.as_bytes());
        }
        if self.queue.is_empty() {
            return Ok(());
        }
        let queue = std::mem::take(&mut self.queue);
        self.send(&queue)
    }

    /// Sends bytes that are framed already.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while self.queue.is_empty() && !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.queue.extend_from_slice(bytes);
        Ok(())
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let mut framed = Vec::new();
        frame::write_masked(text.as_bytes(), &mut framed);
        self.send(&framed)
    }

    /// Reads what has arrived. Tells `on` of what is more than a question.
    pub(crate) fn readable(
        &mut self,
        buffer: &mut [u8],
        mut on: impl FnMut(&mut Self, Heard) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            let kept = self.partial.len();
            buffer[..kept].copy_from_slice(&self.partial);
            let length = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => kept + length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.partial.clear();
            let consumed = self.understand(&buffer[..length], &mut on)?;
            self.partial.extend_from_slice(&buffer[consumed..length]);
            if length < buffer.len() {
                return Ok(());
            }
        }
    }

    fn understand(
        &mut self,
        bytes: &[u8],
        on: &mut impl FnMut(&mut Self, Heard) -> io::Result<()>,
    ) -> io::Result<usize> {
        let mut consumed = 0;
        if self.phase == Phase::Upgrading {
            let Some(head) = frame::head_length(bytes) else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                let refusal = String::from_utf8_lossy(&bytes[..head]).into_owned();
                return Err(io::Error::other(refusal));
            }
            self.phase = Phase::Open;
            consumed = head;
            if let Some(greeting) = self.dialect.greeting() {
                self.say(greeting)?;
            }
            if self.dialect.is_silent() {
                on(self, Heard::Welcome)?;
            }
        }
        while let Some(found) = Frame::first(&bytes[consumed..]) {
            match self.dialect.hear(&bytes[consumed..][found.payload.clone()]) {
                Heard::Question(answer) => self.say(answer)?,
                Heard::Nothing => {}
                heard => on(self, heard)?,
            }
            consumed += found.end();
        }
        Ok(consumed)
    }
}
