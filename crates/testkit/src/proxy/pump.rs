//! One direction of a connection: reads, keeps for a while, writes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Counts;
use super::dice::Dice;
use super::faults::{Direction, Faults, Link};

/// The most that is read at once.
const READ: usize = 16 * 1024;
/// How many bytes may be on their way. With more, reading waits: a delayed link is no narrower until then.
const IN_FLIGHT: usize = 1024 * 1024;
/// The same in pieces, so that tiny ones cannot take more memory than their bytes do.
const PIECES: usize = 4 * 1024;
/// How many bytes may have arrived where the receiver, or the rate, does not take them. With more, reading waits, and
/// so in the end does the sender.
const ARRIVED: usize = 64 * 1024;
/// A slow link takes its bytes in this many writes a second.
const WRITES_PER_SECOND: u64 = 20;

/// Why a direction carries no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The sender has closed its side, and everything has been written.
    Closed,
    /// The sender's side broke.
    Reset,
    /// The receiver's side broke.
    Gone,
    /// The bytes after which it was to be cut have been written.
    Cut,
}

/// What carries one direction.
#[derive(Debug)]
pub(super) struct Pump {
    direction: Direction,
    faults: watch::Receiver<Faults>,
    counts: watch::Sender<Counts>,
    dice: Dice,
    link: Link,
    /// What was read and when it arrives, unless an earlier piece holds it up.
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// Bytes in `pieces`.
    bytes: usize,
    /// How much of the first piece has been written.
    written: usize,
    /// Not to be written before.
    next_write: Instant,
    /// The length of the next slice, drawn once however often the wait for its turn is interrupted.
    next_slice: Option<usize>,
    /// Bytes until the cut.
    left: Option<u64>,
    /// The end of the input, which arrives after everything else.
    end: Option<(Instant, End)>,
}

impl Pump {
    pub(super) fn new(
        direction: Direction,
        faults: watch::Receiver<Faults>,
        counts: watch::Sender<Counts>,
        dice: Dice,
    ) -> Self {
        let mut pump = Self {
            direction,
            faults,
            counts,
            dice,
            link: Link::new(),
            pieces: VecDeque::new(),
            bytes: 0,
            written: 0,
            next_write: Instant::now(),
            next_slice: None,
            left: None,
            end: None,
        };
        pump.follow_faults();
        pump
    }

    /// Carries from `reader` to `writer` until there is an end.
    pub(super) async fn carry(
        &mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> End {
        loop {
            if self.left == Some(0) {
                return End::Cut;
            }
            let flowing = !self.link.black_hole;
            let (write_at, length) = self.next();
            let front = self.pieces.front();
            let piece = front.map_or(&[][..], |(_, piece)| &piece[self.written..][..length]);
            let end = self.end;
            tokio::select! {
                biased;
                changed = self.faults.changed() => match changed {
                    Ok(()) => self.follow_faults(),
                    Err(_) => return End::Cut,
                },
                written = write(&mut writer, write_at, piece), if flowing && length > 0 => match written {
                    Ok(count) if count > 0 => self.wrote(count),
                    _ => return End::Gone,
                },
                ended = arrival(end), if flowing && length == 0 && end.is_some() => return ended,
                read = read(&mut reader), if flowing && self.has_room() => self.read(read),
            }
        }
    }

    /// Takes on the faults as they are now. What is on its way does not take longer than it would have from now on.
    fn follow_faults(&mut self) {
        let link = self.faults.borrow_and_update().of(self.direction);
        if link == self.link {
            return;
        }
        let now = Instant::now();
        let latest = now + link.delay + link.jitter;
        let times = self.pieces.iter_mut().map(|(due, _)| due);
        for due in times.chain(self.end.as_mut().map(|(due, _)| due)) {
            *due = latest.min(*due);
        }
        self.left = link.cut_after;
        self.next_write = now;
        self.next_slice = None;
        self.link = link;
    }

    /// When to write next and how much; nothing if nothing is on its way.
    fn next(&mut self) -> (Instant, usize) {
        let Some((due, piece)) = self.pieces.front() else {
            return (self.next_write, 0);
        };
        let mut length = piece.len() - self.written;
        if let Some(rate) = self.link.rate {
            let share = usize::try_from(rate.get() / WRITES_PER_SECOND).unwrap_or(usize::MAX);
            length = length.min(share.max(1));
        }
        if let Some(slice) = self.link.slice {
            let dice = &mut self.dice;
            let drawn = self
                .next_slice
                .get_or_insert_with(|| 1 + dice.below(slice.most.get()));
            length = length.min(*drawn);
        }
        if let Some(left) = self.left {
            length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        ((*due).max(self.next_write), length)
    }

    fn wrote(&mut self, count: usize) {
        let bytes = u64::try_from(count).expect("no more than 64 bits");
        self.counts.send_modify(|counts| match self.direction {
            Direction::Up => counts.bytes_up += bytes,
            Direction::Down => counts.bytes_down += bytes,
        });
        if let Some(left) = &mut self.left {
            *left -= bytes;
        }
        let takes = self.link.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / rate)
        });
        let pause = self.link.slice.map_or(Duration::ZERO, |slice| slice.pause);
        self.next_write = self.next_write.max(Instant::now()) + takes + pause;
        self.next_slice = None;
        self.bytes -= count;
        self.written += count;
        let all = self
            .pieces
            .front()
            .is_some_and(|(_, piece)| piece.len() == self.written);
        if all {
            self.pieces.pop_front();
            self.written = 0;
        }
    }

    fn has_room(&self) -> bool {
        let has_arrived = self
            .pieces
            .front()
            .is_some_and(|(due, _)| *due <= Instant::now());
        let most = if has_arrived { ARRIVED } else { IN_FLIGHT };
        self.end.is_none() && self.bytes < most && self.pieces.len() < PIECES
    }

    fn read(&mut self, read: io::Result<Vec<u8>>) {
        let due = Instant::now() + self.dice.around(self.link.delay, self.link.jitter);
        match read {
            Ok(piece) if piece.is_empty() => self.end = Some((due, End::Closed)),
            Ok(piece) => {
                self.bytes += piece.len();
                self.pieces.push_back((due, piece));
            }
            Err(_) => self.end = Some((due, End::Reset)),
        }
    }
}

/// Reads what there is, without a buffer that would be there while nothing is.
async fn read(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    poll_fn(|context| {
        let mut space = [const { MaybeUninit::uninit() }; READ];
        let mut buffer = ReadBuf::uninit(&mut space);
        let polled = Pin::new(&mut *reader).poll_read(context, &mut buffer);
        polled.map_ok(|()| buffer.filled().to_vec())
    })
    .await
}

/// Writes some of the piece when its time has come. Nothing has been written if this is dropped before.
async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    at: Instant,
    piece: &[u8],
) -> io::Result<usize> {
    if at > Instant::now() {
        sleep_until(at).await;
    }
    writer.write(piece).await
}

async fn arrival(end: Option<(Instant, End)>) -> End {
    match end {
        Some((due, end)) => {
            sleep_until(due).await;
            end
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
