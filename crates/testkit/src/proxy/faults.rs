//! What a connection through the proxy suffers.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client, which connected to the proxy, to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// The two directions of a connection. The default has no faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// What is on its way to the server suffers this.
    pub up: Link,
    /// What is on its way to the client suffers this.
    pub down: Link,
}

impl Faults {
    /// No faults: bytes pass as they come.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same in both directions.
    pub fn both(link: Link) -> Self {
        Self {
            up: link,
            down: link,
        }
    }

    /// To the server alone.
    pub fn up(link: Link) -> Self {
        Self {
            up: link,
            ..Self::default()
        }
    }

    /// To the client alone.
    pub fn down(link: Link) -> Self {
        Self {
            down: link,
            ..Self::default()
        }
    }

    pub(super) fn of(&self, direction: Direction) -> Link {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
        }
    }

    /// Whether a connection can be made: its handshake needs both directions.
    pub(super) fn let_connect(&self) -> bool {
        !self.up.black_hole && !self.down.black_hole
    }
}

/// One direction of a connection. Faults add up: `Link::new().delay(..).rate(..)` is slow in both senses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) rate: Option<NonZeroU64>,
    pub(super) slice: Option<Slice>,
    pub(super) cut_after: Option<u64>,
    pub(super) black_hole: bool,
}

/// Small writes of chance length, with a pause after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) most: NonZeroUsize,
    pub(super) pause: Duration,
}

impl Link {
    /// One without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that swallows everything while the connection stays open: [`Link::black_hole`] and nothing else.
    pub fn cut_off() -> Self {
        Self::new().black_hole()
    }

    /// Bytes arrive `delay` later, give or take up to `jitter`, in order and without making the link any narrower.
    pub fn delay(mut self, delay: Duration, jitter: Duration) -> Self {
        (self.delay, self.jitter) = (delay, jitter);
        self
    }

    /// At most this many bytes a second; 0 counts as 1.
    pub fn rate(mut self, bytes_per_second: u64) -> Self {
        self.rate = Some(NonZeroU64::new(bytes_per_second).unwrap_or(NonZeroU64::MIN));
        self
    }

    /// Nothing arrives, the end of the stream included, and nobody is told. As in a network that loses packets, bytes
    /// are not lost for good: TCP would send them again, so they arrive when the black hole is taken away.
    pub fn black_hole(mut self) -> Self {
        self.black_hole = true;
        self
    }

    /// The next `bytes` bytes of each connection pass, counted from now or from its start, then it is reset. The last
    /// of them arrive unless the receiver reads too slowly for them to be in its system's hands by then.
    pub fn cut_after(mut self, bytes: u64) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Bytes arrive in pieces of 1 to `most` bytes, by chance, each `pause` after the one before. Without a pause the
    /// receiver's system may put pieces together again. 0 counts as 1.
    pub fn slice(mut self, most: usize, pause: Duration) -> Self {
        let most = NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN);
        self.slice = Some(Slice { most, pause });
        self
    }
}
