use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use hubbub_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::error::AuthError;

/// How many tickets that were used can be remembered. Within a ticket's minute that is more than a node can open connections;
/// beyond it connections are refused, so that no ticket ever works twice.
const MAX_SPENT: usize = 100_000;

/// The hub tickets that were used on this node, for as long as they would still be accepted.
#[derive(Default)]
pub(super) struct SpentTickets {
    /// By when they expire.
    tickets: Mutex<BTreeSet<(Timestamp, Uuid)>>,
}

impl SpentTickets {
    /// Uses a ticket up. It cannot have been used before.
    pub(super) fn spend(
        &self,
        id: Uuid,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        while tickets.first().is_some_and(|(expired, _)| *expired <= now) {
            tickets.pop_first();
        }
        if tickets.len() >= MAX_SPENT {
            return Err(AuthError::TooManyTickets);
        }
        if tickets.insert((expires_at, id)) {
            Ok(())
        } else {
            Err(AuthError::Unauthenticated)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_micros(second * 1_000_000)
    }

    #[test]
    fn a_ticket_is_spent_once_and_forgotten_when_it_has_expired() {
        let spent = SpentTickets::default();
        for number in 0..10 {
            let id = Uuid::from_u128(number);
            assert!(spent.spend(id, at(60), at(0)).is_ok());
            assert!(matches!(
                spent.spend(id, at(60), at(1)),
                Err(AuthError::Unauthenticated)
            ));
        }
        assert!(spent.spend(Uuid::from_u128(99), at(120), at(60)).is_ok());
        assert_eq!(spent.tickets.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_full_memory_lets_nothing_through_until_something_has_expired() {
        let spent = SpentTickets::default();
        for number in 0..MAX_SPENT {
            let id = Uuid::from_u128(number as u128);
            assert!(spent.spend(id, at(60), at(0)).is_ok());
        }
        let one_more = Uuid::from_u128(u128::MAX);
        assert!(matches!(
            spent.spend(one_more, at(60), at(59)),
            Err(AuthError::TooManyTickets)
        ));
        assert!(spent.spend(one_more, at(120), at(60)).is_ok());
    }
}
