//! What the runs of a test did, so that none of them passes because nothing happened.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// How often each thing happened.
#[derive(Debug, Default)]
pub(crate) struct Tally(RefCell<BTreeMap<&'static str, usize>>);

impl Tally {
    pub(crate) fn count(&self, what: &'static str) {
        *self.0.borrow_mut().entry(what).or_default() += 1;
    }

    /// Insists that each of these has happened.
    pub(crate) fn has(&self, wanted: &[&'static str]) {
        let counts = self.0.borrow();
        let missing: Vec<_> = wanted
            .iter()
            .filter(|what| !counts.contains_key(*what))
            .collect();
        assert!(
            missing.is_empty(),
            "never happened: {missing:?}; {counts:?}"
        );
    }
}
