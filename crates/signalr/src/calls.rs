//! The invocations of one connection that are running.

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio_util::sync::CancellationToken;

/// Names one running invocation of a connection.
pub(crate) type CallNumber = u32;

#[derive(Default)]
pub(crate) struct Calls {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: CallNumber,
    /// Invocations that occupy a slot.
    slots: SmallVec<[CallNumber; 2]>,
    cancellable: Vec<Cancellable>,
}

struct Cancellable {
    call: CallNumber,
    invocation_id: Box<str>,
    token: CancellationToken,
    #[expect(dead_code, reason = "read by streams")]
    is_stream: bool,
}

impl Calls {
    /// Whether another invocation may start.
    pub(crate) fn has_free_slot(&self, slots: usize) -> bool {
        self.state.lock().slots.len() < slots.max(1)
    }

    /// Begins an invocation, which takes a slot unless it is a streaming one.
    pub(crate) fn begin(&self, takes_slot: bool) -> CallNumber {
        let mut state = self.state.lock();
        let call = state.next;
        state.next = state.next.wrapping_add(1);
        if takes_slot {
            state.slots.push(call);
        }
        call
    }

    /// Ends an invocation.
    pub(crate) fn finish(&self, call: CallNumber) {
        let mut state = self.state.lock();
        state.slots.retain(|running| *running != call);
        if !state.cancellable.is_empty() {
            state.cancellable.retain(|entry| entry.call != call);
            if state.cancellable.is_empty() {
                state.cancellable = Vec::new();
            }
        }
    }

    /// Lets the client cancel an invocation by its id.
    pub(crate) fn make_cancellable(
        &self,
        call: CallNumber,
        id: &str,
        token: CancellationToken,
        is_stream: bool,
    ) {
        self.state.lock().cancellable.push(Cancellable {
            call,
            invocation_id: id.into(),
            token,
            is_stream,
        });
    }

    /// Cancels what the client wants cancelled; unknown ids are nothing to worry about.
    pub(crate) fn cancel(&self, id: &str) {
        let token = {
            let state = self.state.lock();
            state
                .cancellable
                .iter()
                .find(|entry| &*entry.invocation_id == id)
                .map(|entry| entry.token.clone())
        };
        if let Some(token) = token {
            token.cancel();
        }
    }
}
