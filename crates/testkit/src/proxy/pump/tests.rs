//! In memory and in paused time: every duration here is exact and costs nothing.

use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const WIDE: usize = 4 * IN_FLIGHT;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A pump between two ends that the test holds.
struct Line {
    input: DuplexStream,
    output: DuplexStream,
    faults: watch::Sender<Faults>,
    counts: watch::Receiver<Counts>,
    pump: JoinSet<End>,
    began: Instant,
}

impl Line {
    fn new(link: Link) -> Self {
        Self::with(link, 7, WIDE)
    }

    /// `room` is what the receiver's system would buffer.
    fn with(link: Link, seed: u64, room: usize) -> Self {
        let (input, reader) = duplex(64 * 1024);
        let (writer, output) = duplex(room);
        let (faults, suffered) = watch::channel(Faults::up(link));
        let (counter, counts) = watch::channel(Counts::default());
        let mut pump = JoinSet::new();
        let mut carrier = Pump::new(Direction::Up, suffered, counter, Dice::new(seed, 0));
        pump.spawn(async move { carrier.carry(reader, writer).await });
        Self {
            input,
            output,
            faults,
            counts,
            pump,
            began: Instant::now(),
        }
    }

    fn apply(&self, link: Link) {
        self.faults.send_replace(Faults::up(link));
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).await.unwrap();
    }

    /// The next piece as it comes, and when it came.
    async fn receive(&mut self) -> (Duration, Vec<u8>) {
        let mut buffer = vec![0; WIDE];
        let count = self.output.read(&mut buffer).await.unwrap();
        buffer.truncate(count);
        (self.began.elapsed(), buffer)
    }

    async fn end(&mut self) -> End {
        self.pump.join_next().await.unwrap().unwrap()
    }

    /// How many bytes it takes from a sender until it takes no more.
    async fn fill(&mut self) -> usize {
        let mut taken = 0;
        while let Ok(written) = timeout(ms(1), self.input.write(&[1; 1024])).await {
            taken += written.unwrap();
        }
        taken
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_makes_bytes_late_and_the_link_no_narrower() {
    let mut line = Line::new(Link::new().delay(ms(200), ms(0)));
    for _ in 0..10 {
        line.send(&[1; 10_000]).await;
        tokio::time::advance(ms(10)).await;
    }
    let mut received = 0;
    while received < 100_000 {
        let (_, piece) = line.receive().await;
        received += piece.len();
    }
    let last = line.began.elapsed();
    assert!((ms(290)..=ms(310)).contains(&last), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_comes_from_the_seed_and_never_changes_the_order() {
    async fn arrivals(seed: u64) -> Vec<Duration> {
        let mut line = Line::with(Link::new().delay(ms(200), ms(100)), seed, WIDE);
        let mut received = Vec::new();
        let mut times = Vec::new();
        for number in 0..50_u8 {
            line.send(&[number]).await;
            let sent = line.began.elapsed();
            while let Ok((at, piece)) = timeout(ms(20), line.receive()).await {
                received.extend(piece);
                times.push(at);
            }
            assert!(line.began.elapsed() >= sent);
        }
        while received.len() < 50 {
            let (at, piece) = line.receive().await;
            received.extend(piece);
            times.push(at);
        }
        assert!(received.is_sorted(), "{received:?}");
        assert!(times[0] >= ms(100) && times[0] <= ms(301), "{times:?}");
        times
    }
    let times = arrivals(7).await;
    assert_eq!(times, arrivals(7).await);
    assert_ne!(times, arrivals(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept_whatever_the_sender_does() {
    let mut line = Line::new(Link::new().rate(100));
    line.send(&[1; 1000]).await;
    let mut received = 0;
    while received < 1000 {
        let (at, piece) = line.receive().await;
        received += piece.len();
        let allowed = 5 + at.as_millis() / 10;
        assert!(received as u128 <= allowed, "{received} bytes after {at:?}");
    }
    let took = line.began.elapsed();
    assert!((ms(9900)..ms(10_300)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_keeps_everything_from_the_receiver_until_it_is_taken_away() {
    let mut line = Line::new(Link::cut_off());
    line.send(b"hello").await;
    line.input.shutdown().await.unwrap();
    assert!(
        timeout(HOUR, line.receive()).await.is_err(),
        "something arrived"
    );
    assert!(line.pump.try_join_next().is_none(), "somebody noticed");

    line.apply(Link::new());

    assert_eq!(line.receive().await.1, b"hello");
    assert_eq!(line.end().await, End::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_falls_into_a_black_hole_too() {
    let mut line = Line::new(Link::new().delay(ms(200), ms(0)));
    line.send(b"hello").await;
    assert!(timeout(ms(100), line.receive()).await.is_err());
    line.apply(Link::new().delay(ms(200), ms(0)).black_hole());
    assert!(timeout(HOUR, line.receive()).await.is_err(), "it arrived");
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_comes_at_once_when_the_delay_is_taken_away() {
    let mut line = Line::new(Link::new().delay(HOUR, ms(0)));
    line.send(b"hello").await;
    assert!(timeout(ms(100), line.receive()).await.is_err());

    line.apply(Link::new());

    let (at, piece) = line.receive().await;
    assert_eq!(piece, b"hello");
    assert!(at < ms(110), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_arrives_as_late_as_the_last_byte() {
    let mut line = Line::new(Link::new().delay(ms(200), ms(0)));
    line.send(b"hello").await;
    tokio::time::advance(ms(50)).await;
    line.input.shutdown().await.unwrap();

    assert_eq!(line.receive().await.1, b"hello");
    assert_eq!(line.end().await, End::Closed);
    let at = line.began.elapsed();
    assert!((ms(250)..ms(260)).contains(&at), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_lets_exactly_so_many_bytes_through_counted_from_when_it_was_asked_for() {
    let mut line = Line::new(Link::new());
    line.send(b"before").await;
    assert_eq!(line.receive().await.1, b"before");
    line.apply(Link::new().cut_after(3));
    line.send(b"ab").await;
    assert_eq!(line.receive().await.1, b"ab");
    line.send(b"cd").await;

    assert_eq!(line.end().await, End::Cut);
    assert_eq!(line.receive().await.1, b"c");
    assert_eq!(line.counts.borrow().bytes_up, 9);
}

#[tokio::test(start_paused = true)]
async fn a_cut_that_was_taken_back_does_not_come() {
    let mut line = Line::new(Link::new().cut_after(3));
    line.send(b"ab").await;
    assert_eq!(line.receive().await.1, b"ab");
    line.apply(Link::new());
    line.send(b"cdef").await;
    assert_eq!(line.receive().await.1, b"cdef");
}

#[tokio::test(start_paused = true)]
async fn a_cut_after_nothing_needs_no_byte() {
    let mut line = Line::new(Link::new());
    line.apply(Link::new().cut_after(0));
    assert_eq!(line.end().await, End::Cut);
}

#[tokio::test(start_paused = true)]
async fn slices_are_small_of_every_length_and_from_the_seed() {
    async fn lengths(seed: u64) -> Vec<usize> {
        let mut line = Line::with(Link::new().slice(4, ms(10)), seed, WIDE);
        line.send(&[1; 100]).await;
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < 100 {
            lengths.push(line.receive().await.1.len());
        }
        lengths
    }
    let drawn = lengths(7).await;
    for length in 1..=4 {
        assert!(drawn.contains(&length), "{drawn:?}");
    }
    assert!(drawn.iter().all(|length| *length <= 4), "{drawn:?}");
    assert_eq!(drawn, lengths(7).await);
    assert_ne!(drawn, lengths(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_when_enough_is_on_its_way_or_nobody_takes_it() {
    let input = 64 * 1024;
    let mut delayed = Line::new(Link::new().delay(HOUR, ms(0)));
    let taken = delayed.fill().await;
    assert!(
        (IN_FLIGHT..=IN_FLIGHT + READ + input).contains(&taken),
        "{taken}"
    );

    let mut unread = Line::with(Link::new(), 7, 1);
    let taken = unread.fill().await;
    assert!(
        (input..=ARRIVED + READ + input + 1).contains(&taken),
        "{taken}"
    );

    let mut swallowed = Line::new(Link::cut_off());
    assert_eq!(swallowed.fill().await, input);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_has_gone_is_told_from_a_sender_that_has() {
    let mut line = Line::new(Link::new());
    line.output = duplex(1).0;
    line.send(b"hello").await;
    assert_eq!(line.end().await, End::Gone);
}
