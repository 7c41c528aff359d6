//! A socket after the opening handshake.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::codec::{Decoder, Event, Opcode, write_frame, write_header};
use crate::clock::Stamp;
use crate::connection::{Connection, Phase};
use crate::endpoint::Session;
use crate::protocol::HubProtocol;
use crate::reconnect::Reconnect;

/// How much is read from the network at once, into a buffer that the connections of a thread share.
const READ_SIZE: usize = 32 * 1024;

/// How many queued bytes are put into one WebSocket message, unless a single hub message is larger.
const BATCH_SIZE: usize = 16 * 1024;

/// How many bytes of answers to WebSocket pings may wait. A peer that sends pings faster than it reads pongs misses some.
const PONG_LIMIT: usize = 1024;

/// The longest header of a frame that a server sends.
const HEADER_ROOM: usize = 10;

/// The status code of an orderly end. Browsers expect it even from peers that gave none.
const NORMAL_CLOSURE: u16 = 1000;

/// The status code of the end of a connection for which the server could not go on.
const INTERNAL_ERROR: u16 = 1011;

thread_local! {
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    static WRITE_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Moves bytes between the network and a connection.
pub(crate) struct Socket<Io> {
    io: Io,
    connection: Arc<Connection>,
    decoder: Decoder,
    /// What the network has not taken of the last write.
    unwritten: Bytes,
    pongs: Vec<u8>,
    peer_closed: bool,
    close_is_written: bool,
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketEnd {
    /// The connection ends, or the peer said goodbye: the closing handshake is due.
    Closed,
    /// The socket broke, or another one takes over.
    Lost,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Socket<Io> {
    pub(crate) fn new(io: Io, connection: Arc<Connection>) -> Self {
        Self {
            io,
            connection,
            decoder: Decoder::default(),
            unwritten: Bytes::new(),
            pongs: Vec::new(),
            peer_closed: false,
            close_is_written: false,
        }
    }

    /// Moves hub messages in both directions until the connection or the socket ends.
    pub(crate) fn poll_run<S: Session>(
        &mut self,
        session: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<SocketEnd> {
        match self.poll_messages(session, cx) {
            Poll::Ready(Ok(())) => Poll::Ready(SocketEnd::Closed),
            Poll::Ready(Err(error)) => {
                tracing::trace!(connection.id = %self.connection.id, %error, "socket lost");
                Poll::Ready(SocketEnd::Lost)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_messages<S: Session>(
        &mut self,
        session: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        loop {
            self.connection.outbox.register(cx.waker());
            if self
                .connection
                .reconnect()
                .is_some_and(Reconnect::has_offer)
            {
                return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
            }
            session.resume(cx);
            let mut progress = false;
            if session.wants_input() {
                let received = self.poll_read(cx, |data, cx| session.receive(data, cx))?;
                progress = received.is_ready();
            }
            if self.peer_closed || self.connection.phase() >= Phase::Ending {
                return Poll::Ready(Ok(()));
            }
            let _ = self.poll_write(cx)?;
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Sends what is still queued and says goodbye, then waits for the peer to do so. What else it says is not heard.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            self.connection.outbox.register(cx.waker());
            let received = if self.peer_closed {
                Poll::Pending
            } else {
                self.poll_read(cx, |_, _| {})?
            };
            let is_written = self.poll_write(cx)?.is_ready();
            if is_written && self.close_is_written && self.peer_closed {
                return Pin::new(&mut self.io).poll_shutdown(cx);
            }
            if received.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Reads once and hands the payload on. The end of input without a goodbye is an error.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        mut receive: impl FnMut(&[u8], &mut Context<'_>),
    ) -> Poll<Result<()>> {
        let mut scratch = READ_BUFFER
            .take()
            .unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice());
        let mut buffer = ReadBuf::new(&mut scratch);
        let read = Pin::new(&mut self.io).poll_read(cx, &mut buffer);
        let outcome = match read {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                Poll::Ready(Err(ErrorKind::UnexpectedEof.into()))
            }
            Poll::Ready(Ok(())) => {
                let Self {
                    decoder,
                    pongs,
                    peer_closed,
                    ..
                } = self;
                let decoded = decoder.decode(buffer.filled_mut(), |event| {
                    match event {
                        Event::Data(data) => receive(data, cx),
                        Event::Ping(payload) if pongs.len() < PONG_LIMIT => {
                            write_frame(pongs, Opcode::Pong, payload);
                        }
                        Event::Ping(_) => {}
                        Event::Close => *peer_closed = true,
                    }
                    !*peer_closed
                });
                Poll::Ready(decoded.map_err(|_| Error::from(ErrorKind::InvalidData)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        };
        READ_BUFFER.set(Some(scratch));
        outcome
    }

    /// Writes everything that waits, coalesced. Ready when nothing is left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            while !self.unwritten.is_empty() {
                let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.unwritten))?;
                if written == 0 {
                    return Poll::Ready(Err(ErrorKind::WriteZero.into()));
                }
                self.unwritten = self.unwritten.split_off(written);
                self.connection.stalled_since.set(Stamp::NEVER);
            }
            self.unwritten = Bytes::new();
            let mut out = WRITE_BUFFER.take();
            let speaks = self.fill(&mut out);
            if out.is_empty() {
                WRITE_BUFFER.set(out);
                return Pin::new(&mut self.io).poll_flush(cx);
            }
            let outcome = Pin::new(&mut self.io).poll_write(cx, &out);
            let written = match &outcome {
                Poll::Ready(Ok(written)) => *written,
                _ => 0,
            };
            let now = self.connection.core.clock.stamp();
            // Clients count hub messages as signs of life, and never see a pong.
            if speaks {
                self.connection.written_at.set(now);
            }
            if written < out.len() {
                self.unwritten = Bytes::copy_from_slice(&out[written..]);
                self.connection.stalled_since.set(now);
            }
            // One large message must not keep its size for ever.
            out.clear();
            out.shrink_to(2 * BATCH_SIZE);
            WRITE_BUFFER.set(out);
            ready!(outcome)?;
        }
    }

    /// Gathers what waits: pongs, queued hub messages as one WebSocket message, and the Close frame after the last of them. Says whether
    /// there were hub messages.
    fn fill(&mut self, out: &mut Vec<u8>) -> bool {
        if self.close_is_written {
            return false;
        }
        out.append(&mut self.pongs);
        if self.pongs.capacity() > 0 {
            self.pongs = Vec::new();
        }
        let pongs = out.len();
        self.fill_messages(out);
        let speaks = out.len() > pongs;
        let outbox = &self.connection.outbox;
        if (outbox.is_closed() && outbox.is_empty()) || self.peer_closed {
            let status = if self.connection.has_failed() {
                INTERNAL_ERROR
            } else {
                NORMAL_CLOSURE
            };
            write_frame(out, Opcode::Close, &status.to_be_bytes());
            self.close_is_written = true;
        }
        speaks
    }

    fn fill_messages(&self, out: &mut Vec<u8>) {
        let start = out.len();
        // Room for the longest header; the real one is put before the payload when its length is known.
        out.resize(start + HEADER_ROOM, 0);
        let first = out.len();
        self.resume(out);
        self.connection.outbox.drain(|frame| {
            let fits = out.len() == first || out.len() - first + frame.bytes.len() <= BATCH_SIZE;
            if fits {
                out.extend_from_slice(&frame.bytes);
            }
            fits
        });
        let length = out.len() - first;
        if length == 0 {
            out.truncate(start);
            return;
        }
        let is_binary = self
            .connection
            .protocol()
            .is_some_and(HubProtocol::is_binary);
        let opcode = if is_binary {
            Opcode::Binary
        } else {
            Opcode::Text
        };
        let mut header = [0; HEADER_ROOM];
        let header = write_header(&mut header, opcode, length);
        let unused = HEADER_ROOM - header.len();
        out[start + unused..first].copy_from_slice(header);
        out.drain(start..start + unused);
    }

    /// What stateful reconnect has to say before the queued messages.
    fn resume(&self, out: &mut Vec<u8>) {
        let (Some(reconnect), Some(protocol)) =
            (self.connection.reconnect(), self.connection.protocol())
        else {
            return;
        };
        if reconnect.take_resume() {
            protocol.encode_sequence(out, self.connection.outbox.rewind());
        }
        if let Some(latest) = reconnect.take_ack() {
            protocol.encode_ack(out, latest);
        }
    }
}
