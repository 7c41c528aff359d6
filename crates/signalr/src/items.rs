//! Values that belong to one connection.

use http::Extensions;
use parking_lot::Mutex;

/// The values of a connection, one per type. Values are handed out as clones; put an `Arc` in to share.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    values: &'a Mutex<Extensions>,
}

impl<'a> Items<'a> {
    pub(crate) fn new(values: &'a Mutex<Extensions>) -> Self {
        Self { values }
    }

    /// Stores a value and returns the one it replaces.
    pub fn insert<T: Clone + Send + Sync + 'static>(self, value: T) -> Option<T> {
        self.values.lock().insert(value)
    }

    /// A value that was stored.
    pub fn get<T: Clone + Send + Sync + 'static>(self) -> Option<T> {
        self.values.lock().get().cloned()
    }

    /// Takes a value out.
    pub fn remove<T: Clone + Send + Sync + 'static>(self) -> Option<T> {
        self.values.lock().remove()
    }
}
