//! What the fuzz targets share: a limit on what a parser may allocate, and a way to read all of a message.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use signalr_hub::protocol::{CompletionResult, HubProtocol, Message, Payload};

/// Counts what the current thread has allocated.
pub struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get().saturating_add(layout.size()));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs a parser and panics if it allocates, all in all, more than a small multiple of its input.
pub fn within_bounds<T>(input: &[u8], parse: impl FnOnce() -> T) -> T {
    let before = ALLOCATED.get();
    let outcome = parse();
    let allocated = ALLOCATED.get() - before;
    let limit = 4096 + 256 * input.len();
    assert!(
        allocated <= limit,
        "{allocated} bytes allocated for {} bytes of input",
        input.len()
    );
    outcome
}

/// Decodes one record and reads every payload in it.
pub fn read_message(protocol: HubProtocol, record: &[u8]) {
    let Ok(message) = within_bounds(record, || protocol.decode(record, 32)) else {
        return;
    };
    let read = |payload: Payload<'_>| {
        let _ = within_bounds(record, || payload.read::<serde_json::Value>());
        let _ = payload.read::<Vec<String>>();
        let _ = payload.is_null();
    };
    match message {
        Message::Invocation { arguments, .. } => {
            (0..arguments.len())
                .filter_map(|index| arguments.get(index))
                .for_each(read);
        }
        Message::StreamItem { item, .. } => read(item),
        Message::Completion {
            result: CompletionResult::Value(value),
            ..
        } => read(value),
        _ => {}
    }
}
