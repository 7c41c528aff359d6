//! The task of a WebSocket connection.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::codec::{Decoder, Event, Opcode, write_frame, write_header};
use crate::clock::Stamp;
use crate::connection::{Connection, Phase};
use crate::endpoint::Session;
use crate::reconnect::Reconnect;

/// How much is read from the network at once, into a buffer that the connections of a thread share.
const READ_SIZE: usize = 32 * 1024;

/// How many queued bytes are put into one WebSocket message, unless a single hub message is larger.
const BATCH_SIZE: usize = 16 * 1024;

/// How many bytes of answers to WebSocket pings may wait. A peer that sends more pings than it reads pongs is cut off from them.
const PONG_LIMIT: usize = 1024;

thread_local! {
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    static WRITE_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Moves hub messages between a socket and a session until both have said goodbye.
pub(crate) struct Driver<'a, S, Io> {
    io: Io,
    session: &'a mut S,
    decoder: Decoder,
    /// What the socket has not taken of the last write.
    unwritten: Bytes,
    pongs: Vec<u8>,
    closing: Closing,
    ended_since: Option<Stamp>,
    peer_closed: bool,
}

/// How far the closing handshake has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    Open,
    /// Our Close frame is written or waits to be.
    Sent,
    /// The output is shut down; only the peer's half is missing.
    Shut,
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketEnd {
    /// The peer sent a Close frame, or answered ours, or did not do so in time.
    Closed,
    /// The socket broke without one.
    Lost,
}

impl<'a, S: Session, Io: AsyncRead + AsyncWrite + Unpin> Driver<'a, S, Io> {
    pub(crate) fn new(io: Io, session: &'a mut S) -> Self {
        Self {
            io,
            session,
            decoder: Decoder::default(),
            unwritten: Bytes::new(),
            pongs: Vec::new(),
            closing: Closing::Open,
            ended_since: None,
            peer_closed: false,
        }
    }

    fn connection(&self) -> &Connection {
        self.session.connection()
    }

    /// Reads once and acts on it; ready with `false` at the end of input.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<bool>> {
        let mut scratch = READ_BUFFER
            .take()
            .unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice());
        let mut buffer = ReadBuf::new(&mut scratch);
        let outcome = Pin::new(&mut self.io).poll_read(cx, &mut buffer);
        let outcome = match outcome {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(Ok(false)),
            Poll::Ready(Ok(())) => {
                Poll::Ready(self.receive(buffer.filled_mut(), cx).map(|()| true))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        };
        READ_BUFFER.set(Some(scratch));
        outcome
    }

    fn receive(&mut self, bytes: &mut [u8], cx: &mut Context<'_>) -> std::io::Result<()> {
        let Self {
            decoder,
            session,
            pongs,
            peer_closed,
            ..
        } = self;
        let decoded = decoder.decode(bytes, |event| {
            match event {
                Event::Data(data) => session.receive(data, cx),
                Event::Ping(payload) if pongs.len() < PONG_LIMIT => {
                    write_frame(pongs, Opcode::Pong, payload);
                }
                Event::Ping(_) => {}
                Event::Close => *peer_closed = true,
            }
            !*peer_closed
        });
        decoded.map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidData))
    }

    /// Writes everything that waits, coalesced. Ready when nothing is left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        loop {
            while !self.unwritten.is_empty() {
                let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.unwritten))?;
                if written == 0 {
                    return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
                }
                self.unwritten = self.unwritten.split_off(written);
                self.connection().stalled_since.set(Stamp::NEVER);
            }
            let mut out = WRITE_BUFFER.take();
            self.fill(&mut out);
            if out.is_empty() {
                WRITE_BUFFER.set(out);
                self.unwritten = Bytes::new();
                return Pin::new(&mut self.io).poll_flush(cx);
            }
            let outcome = Pin::new(&mut self.io).poll_write(cx, &out);
            let written = match &outcome {
                Poll::Ready(Ok(written)) => *written,
                _ => 0,
            };
            if written < out.len() {
                self.unwritten = Bytes::copy_from_slice(&out[written..]);
            }
            let connection = self.connection();
            let now = connection.core.clock.stamp();
            connection.written_at.set(now);
            connection.stalled_since.set(if written < out.len() {
                now
            } else {
                Stamp::NEVER
            });
            out.clear();
            WRITE_BUFFER.set(out);
            ready!(outcome)?;
        }
    }

    /// Gathers what waits: pongs, queued hub messages as one WebSocket message, and the Close frame after the last of them.
    fn fill(&mut self, out: &mut Vec<u8>) {
        if self.closing != Closing::Open {
            return;
        }
        out.append(&mut self.pongs);
        if self.pongs.capacity() > 0 {
            self.pongs = Vec::new();
        }
        let connection = self.session.connection();
        let opcode = if connection
            .protocol()
            .is_some_and(crate::protocol::HubProtocol::is_binary)
        {
            Opcode::Binary
        } else {
            Opcode::Text
        };
        let start = out.len();
        // Room for the longest header; the real one is put in front of the payload when its length is known.
        out.resize(start + HEADER_ROOM, 0);
        let first = out.len();
        resume(connection, out);
        connection.outbox.drain(|frame| {
            let fits = out.len() == first || out.len() - first + frame.bytes.len() <= BATCH_SIZE;
            if fits {
                out.extend_from_slice(&frame.bytes);
            }
            fits
        });
        let length = out.len() - first;
        if length == 0 {
            out.truncate(start);
        } else {
            let mut header = Vec::with_capacity(HEADER_ROOM);
            write_header(&mut header, opcode, length);
            let unused = HEADER_ROOM - header.len();
            out[start + unused..first].copy_from_slice(&header);
            out.drain(start..start + unused);
        }
        if (connection.outbox.is_closed() && connection.outbox.is_empty()) || self.peer_closed {
            write_frame(out, Opcode::Close, &NORMAL_CLOSURE.to_be_bytes());
            self.closing = Closing::Sent;
        }
    }

    /// Whether the closing handshake has taken too long. Asked on every tick of the heartbeat once the connection ends.
    fn is_overdue(&mut self) -> bool {
        let connection = self.session.connection();
        let clock = &connection.core.clock;
        let since = *self.ended_since.get_or_insert_with(|| clock.stamp());
        since.elapsed(clock.stamp()) > connection.core.options.websocket_close_timeout
    }

    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        loop {
            self.connection().outbox.register(cx.waker());
            if self
                .connection()
                .reconnect()
                .is_some_and(Reconnect::has_offer)
            {
                return Poll::Ready(Err(std::io::ErrorKind::ConnectionAborted.into()));
            }
            self.session.resume(cx);
            let mut progress = false;
            if !self.peer_closed
                && self.session.wants_input()
                && let Poll::Ready(open) = self.poll_read(cx)?
            {
                if !open {
                    return Poll::Ready(Err(std::io::ErrorKind::UnexpectedEof.into()));
                }
                progress = true;
            }
            let flushed = self.poll_write(cx)?.is_ready();
            if flushed && self.closing == Closing::Sent {
                if self.peer_closed {
                    return Pin::new(&mut self.io).poll_shutdown(cx);
                }
                if Pin::new(&mut self.io).poll_shutdown(cx)?.is_ready() {
                    self.closing = Closing::Shut;
                }
            }
            if self.peer_closed && self.closing == Closing::Shut {
                return Poll::Ready(Ok(()));
            }
            if self.connection().phase() >= Phase::Ending && self.is_overdue() {
                return Poll::Ready(Ok(()));
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }
}

/// What stateful reconnect has to say before the queued messages.
fn resume(connection: &Connection, out: &mut Vec<u8>) {
    let (Some(reconnect), Some(protocol)) = (connection.reconnect(), connection.protocol()) else {
        return;
    };
    if reconnect.take_resume() {
        protocol.encode_sequence(out, connection.outbox.rewind());
    }
    if let Some(latest) = reconnect.take_ack() {
        protocol.encode_ack(out, latest);
    }
}

/// The longest header of a frame that a server sends.
const HEADER_ROOM: usize = 10;

/// The status code of an orderly end.
const NORMAL_CLOSURE: u16 = 1000;

impl<S: Session, Io: AsyncRead + AsyncWrite + Unpin> Future for Driver<'_, S, Io> {
    type Output = SocketEnd;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SocketEnd> {
        let outcome = ready!(self.poll_run(cx));
        tracing::trace!(connection.id = %self.connection().id, error = ?outcome.as_ref().err(), "socket ended");
        let was_closed = outcome.is_ok() || self.peer_closed || self.closing != Closing::Open;
        Poll::Ready(if was_closed {
            SocketEnd::Closed
        } else {
            SocketEnd::Lost
        })
    }
}
