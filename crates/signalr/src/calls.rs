//! The invocations of one connection that are running.

use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio_util::sync::CancellationToken;

use crate::error::HubError;
use crate::protocol::Payload;
use crate::uploads::UploadSink;

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
    /// The rest, which most connections never need.
    extra: Option<Box<Extra>>,
}

#[derive(Default)]
struct Extra {
    /// Invocations that have streams and no slot.
    streaming: Vec<CallNumber>,
    /// Invocations that have given their slot back, since they wait for their client.
    asking: Vec<CallNumber>,
    cancellable: Vec<Cancellable>,
    uploads: Vec<Upload>,
}

impl Extra {
    fn is_empty(&self) -> bool {
        self.streaming.is_empty()
            && self.asking.is_empty()
            && self.cancellable.is_empty()
            && self.uploads.is_empty()
    }
}

struct Cancellable {
    call: CallNumber,
    invocation_id: Box<str>,
    token: CancellationToken,
    is_stream: bool,
}

struct Upload {
    call: CallNumber,
    stream_id: Box<str>,
    sink: Arc<dyn UploadSink>,
}

/// What became of an item of an upload stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Taken, or nobody wants it.
    Done,
    /// The stream's buffer is full.
    Full,
}

impl Calls {
    /// Whether another invocation may start.
    pub(crate) fn has_free_slot(&self, slots: usize) -> bool {
        self.state.lock().slots.len() < slots.max(1)
    }

    /// How many invocations with streams are running.
    pub(crate) fn streaming(&self) -> usize {
        self.state
            .lock()
            .extra
            .as_ref()
            .map_or(0, |extra| extra.streaming.len())
    }

    /// How many invocations run that have given their slots back.
    pub(crate) fn asking(&self) -> usize {
        let state = self.state.lock();
        state.extra.as_ref().map_or(0, |extra| extra.asking.len())
    }

    /// Begins an invocation, which takes a slot unless streams are part of it.
    pub(crate) fn begin(&self, takes_slot: bool) -> CallNumber {
        let mut state = self.state.lock();
        let call = state.next;
        state.next = state.next.wrapping_add(1);
        if takes_slot {
            state.slots.push(call);
        } else {
            state.extra.get_or_insert_default().streaming.push(call);
        }
        call
    }

    /// Gives back the slot of an invocation that waits for its client.
    pub(crate) fn release_slot(&self, call: CallNumber) {
        let mut state = self.state.lock();
        if let Some(position) = state.slots.iter().position(|running| *running == call) {
            state.slots.remove(position);
            state.extra.get_or_insert_default().asking.push(call);
        }
    }

    /// Ends an invocation. Its upload streams take nothing more.
    pub(crate) fn finish(&self, call: CallNumber) {
        let mut state = self.state.lock();
        state.slots.retain(|running| *running != call);
        let Some(extra) = &mut state.extra else {
            return;
        };
        extra.streaming.retain(|running| *running != call);
        extra.asking.retain(|running| *running != call);
        extra.cancellable.retain(|entry| entry.call != call);
        extra.uploads.retain(|entry| entry.call != call);
        if extra.is_empty() {
            state.extra = None;
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
        let mut state = self.state.lock();
        let extra = state.extra.get_or_insert_default();
        extra.cancellable.push(Cancellable {
            call,
            invocation_id: id.into(),
            token,
            is_stream,
        });
    }

    /// Whether a stream with this id is running.
    pub(crate) fn is_streaming(&self, id: &str) -> bool {
        let state = self.state.lock();
        state.extra.as_ref().is_some_and(|extra| {
            extra
                .cancellable
                .iter()
                .any(|entry| entry.is_stream && &*entry.invocation_id == id)
        })
    }

    /// Cancels what the client wants cancelled; unknown ids are nothing to worry about.
    pub(crate) fn cancel(&self, id: &str) {
        let token = {
            let state = self.state.lock();
            let mut entries = state.extra.iter().flat_map(|extra| &extra.cancellable);
            entries
                .find(|entry| &*entry.invocation_id == id)
                .map(|entry| entry.token.clone())
        };
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Expects a stream from the client. An id that is in use belongs to its first owner.
    pub(crate) fn add_upload(&self, call: CallNumber, stream_id: &str, sink: Arc<dyn UploadSink>) {
        let mut state = self.state.lock();
        let extra = state.extra.get_or_insert_default();
        extra.uploads.push(Upload {
            call,
            stream_id: stream_id.into(),
            sink,
        });
    }

    fn upload(&self, stream_id: &str) -> Option<Arc<dyn UploadSink>> {
        let state = self.state.lock();
        let mut uploads = state.extra.iter().flat_map(|extra| &extra.uploads);
        uploads
            .find(|upload| &*upload.stream_id == stream_id)
            .map(|upload| Arc::clone(&upload.sink))
    }

    /// Whether the client is sending a stream with this id.
    pub(crate) fn has_upload(&self, stream_id: &str) -> bool {
        self.upload(stream_id).is_some()
    }

    /// Hands an item to its stream.
    pub(crate) fn push_item(&self, stream_id: &str, item: Payload<'_>) -> Item {
        match self.upload(stream_id) {
            Some(sink) if !sink.push(item) => Item::Full,
            _ => Item::Done,
        }
    }

    /// Ends a stream; `false` if there is none of this id.
    pub(crate) fn end_upload(&self, stream_id: &str, error: Option<HubError>) -> bool {
        let Some(sink) = self.upload(stream_id) else {
            return false;
        };
        let mut state = self.state.lock();
        if let Some(extra) = &mut state.extra {
            extra
                .uploads
                .retain(|upload| !Arc::ptr_eq(&upload.sink, &sink));
        }
        drop(state);
        sink.end(error);
        true
    }

    /// The connection is lost, and with it everything the client was sending.
    pub(crate) fn end_uploads(&self) {
        let uploads = match &mut self.state.lock().extra {
            Some(extra) => std::mem::take(&mut extra.uploads),
            None => return,
        };
        for upload in uploads {
            let text = "The underlying connection was closed.";
            upload
                .sink
                .end(Some(HubError::internal("OperationCanceledException", text)));
        }
    }
}
