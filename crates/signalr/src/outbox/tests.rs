use proptest::prelude::*;

use super::*;
use crate::clock::Stamp;
use crate::reconnect::Receiving;

const LIMITS: OutboxLimits = OutboxLimits {
    frames: 8,
    bytes: 100,
    age: std::time::Duration::from_secs(10),
};

fn frame(number: u8) -> Frame {
    Frame::sequenced(vec![number; 10])
}

fn push(outbox: &Outbox, number: u8, origin: Origin) -> Pushed {
    outbox.push(frame(number), origin, &LIMITS, Stamp::default())
}

fn drained(outbox: &Outbox) -> Vec<u8> {
    let mut numbers = Vec::new();
    outbox.drain(|frame| {
        numbers.push(frame.bytes[0]);
        true
    });
    numbers
}

#[test]
fn frames_leave_in_the_order_in_which_they_came_and_declined_ones_stay() {
    let outbox = Outbox::default();
    for number in 1..=3 {
        assert_eq!(push(&outbox, number, Origin::Anyone), Pushed::Queued);
    }
    let mut budget = 2;
    outbox.drain(|_| {
        budget -= 1;
        budget >= 0
    });
    assert_eq!(drained(&outbox), [3]);
    assert!(outbox.is_empty());
}

#[test]
fn frames_of_others_wait_for_the_first_words() {
    let outbox = Outbox::default();
    outbox.hold();
    push(&outbox, 2, Origin::Anyone);
    push(&outbox, 1, Origin::Connecting);
    assert_eq!(drained(&outbox), [1]);
    assert!(
        outbox.waiting_since().is_none(),
        "what is held waits for nobody's reading"
    );
    outbox.release(Stamp::default());
    assert_eq!(drained(&outbox), [2]);
}

#[test]
fn what_does_not_fit_is_refused_and_a_single_large_frame_fits() {
    let outbox = Outbox::default();
    let large = Frame::sequenced(vec![0; 1000]);
    assert_eq!(
        outbox.push(large, Origin::Anyone, &LIMITS, Stamp::default()),
        Pushed::Queued
    );
    assert_eq!(
        push(&outbox, 1, Origin::Anyone),
        Pushed::Overflow,
        "more bytes than allowed"
    );
    drained(&outbox);
    outbox.hold();
    for number in 0..8 {
        assert_eq!(push(&outbox, number, Origin::Anyone), Pushed::Queued);
    }
    assert_eq!(
        push(&outbox, 9, Origin::Connecting),
        Pushed::Overflow,
        "more frames than allowed"
    );
}

#[test]
fn the_last_words_are_the_last_and_may_be_the_only_ones() {
    for discard in [false, true] {
        let outbox = Outbox::default();
        push(&outbox, 1, Origin::Anyone);
        outbox.close(Some(frame(9)), discard);
        outbox.close(Some(frame(10)), discard);
        assert_eq!(push(&outbox, 2, Origin::Anyone), Pushed::Closed);
        assert_eq!(drained(&outbox), if discard { vec![9] } else { vec![1, 9] });
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// The server sends another message.
    Send,
    /// The socket takes this many frames.
    Write(usize),
    /// This many written frames reach the client.
    Arrive(usize),
    /// The client acknowledges what it has.
    Acknowledge,
    /// The socket breaks, with everything on its way, and another takes over.
    Break,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        4 => (1usize..4).prop_map(Step::Write),
        4 => (1usize..4).prop_map(Step::Arrive),
        2 => Just(Step::Acknowledge),
        1 => Just(Step::Break),
    ];
    prop::collection::vec(step, 0..200)
}

/// The two ends of a connection with stateful reconnect, and what is on its way between them.
struct Line {
    outbox: Outbox,
    sent: u64,
    on_its_way: VecDeque<u64>,
    receiving: Receiving,
    received: Vec<u64>,
}

impl Line {
    fn new() -> Self {
        let outbox = Outbox::default();
        outbox.enable_replay(50);
        Self {
            outbox,
            sent: 0,
            on_its_way: VecDeque::new(),
            receiving: Receiving::default(),
            received: Vec::new(),
        }
    }

    fn run(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let unlimited = OutboxLimits {
            frames: usize::MAX,
            bytes: usize::MAX,
            ..LIMITS
        };
        match *step {
            Step::Send => {
                self.sent += 1;
                let frame = Frame::sequenced(self.sent.to_be_bytes().to_vec());
                self.outbox
                    .push(frame, Origin::Anyone, &unlimited, Stamp::default());
            }
            Step::Write(count) => {
                let mut left = count;
                let on_its_way = &mut self.on_its_way;
                self.outbox.drain(|frame| {
                    let takes = left > 0;
                    if takes {
                        left -= 1;
                        on_its_way.push_back(u64::from_be_bytes(
                            frame.bytes[..].try_into().expect("eight bytes"),
                        ));
                    }
                    takes
                });
            }
            Step::Arrive(count) => {
                for number in self.on_its_way.drain(..count.min(self.on_its_way.len())) {
                    if !self.receiving.is_duplicate() {
                        self.received.push(number);
                    }
                    self.receiving.count();
                }
            }
            Step::Acknowledge => self.outbox.acknowledge(self.received.len() as u64),
            Step::Break => {
                self.on_its_way.clear();
                self.receiving.reattach();
                prop_assert!(
                    self.receiving.resume_at(self.outbox.rewind()),
                    "nothing is missing"
                );
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_message_arrives_once_and_in_order_however_often_sockets_break(steps in steps()) {
        let mut line = Line::new();
        for step in &steps {
            line.run(step)?;
        }
        // As many rounds as could ever be needed.
        for _ in 0..=line.sent {
            for step in [Step::Write(100), Step::Arrive(100), Step::Acknowledge] {
                line.run(&step)?;
            }
        }
        prop_assert_eq!(line.received, (1..=line.sent).collect::<Vec<_>>());
    }
}
