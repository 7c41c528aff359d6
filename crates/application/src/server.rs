//! The installation itself: what the first start prepares.

use std::sync::Arc;
use std::time::Duration;

use hubbub_domain::conversation::{Conversation, ConversationName, GENERAL, Subject, Title, Topic};
use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::Epoch;
use hubbub_domain::repository::ServerKey;
use hubbub_domain::unit_of_work::Store;

use crate::ports::{Clock, IdGenerator};

/// How long sign-ins and invitations are kept after their end, for who asks what happened.
const KEEP_ENDED: Duration = Duration::from_hours(30 * 24);
/// How many rows one unit of work removes, so that nobody waits long for their turn.
const PURGE_BATCH: i64 = 500;

/// Prepares the installation at every start, leaving what is there already as it is, and keeps it tidy.
pub struct ServerService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// What a start needs to know of the installation.
pub struct Prepared {
    /// The identity of the database's history.
    pub epoch: Epoch,
    /// The key that signs tokens.
    pub token_key: ServerKey,
    /// The key by which nodes know what comes from their own.
    pub bus_key: ServerKey,
    /// The key that signs the tokens by which connections of the hub are negotiated.
    pub connection_key: ServerKey,
    /// The code that makes the first account, while there is none.
    pub setup_code: Option<String>,
}

impl ServerService {
    /// A service over the given ports.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { store, clock, ids }
    }

    /// Sees to it that the installation has its identity, its keys, its setup code and the channel "General". Two nodes
    /// that start at once agree on all of it.
    pub async fn prepare(&self) -> Result<Prepared, RepositoryError> {
        let now = self.clock.now();
        let mut unit = self.store.begin().await?;
        unit.server()
            .initialise(
                Epoch::from_uuid(self.ids.uuid()),
                &setup_code(self.ids.secret()),
                now,
            )
            .await?;
        let epoch = unit.server().epoch().await?;
        let setup_code = unit.server().find_setup_code().await?;
        let token_key = unit.server().key_or_insert("tokens", self.fresh_key());
        let token_key = token_key.await?;
        let bus_key = unit.server().key_or_insert("bus", self.fresh_key()).await?;
        let connection_key = unit
            .server()
            .key_or_insert("connections", self.fresh_key())
            .await?;
        if unit.conversations().find(GENERAL).await?.is_none() {
            let general = Conversation::found(GENERAL, Subject::Channel(general_title()), now);
            unit.conversations().add(&general).await?;
        }
        unit.commit().await?;
        Ok(Prepared {
            epoch,
            token_key,
            bus_key,
            connection_key,
            setup_code,
        })
    }

    fn fresh_key(&self) -> ServerKey {
        ServerKey {
            id: self.ids.uuid().simple().to_string(),
            secret: self.ids.secret(),
        }
    }

    /// Removes the sign-ins and invitations that ended more than 30 days ago. Answers how many. To be called about once a day.
    pub async fn purge(&self) -> Result<u64, RepositoryError> {
        let before = self.clock.now().minus(KEEP_ENDED);
        let mut removed = 0;
        loop {
            let mut unit = self.store.begin().await?;
            let sessions = unit.sessions().remove_ended(before, PURGE_BATCH).await?;
            let invitations = unit.invitations().remove_ended(before, PURGE_BATCH).await?;
            unit.commit().await?;
            removed += sessions + invitations;
            if sessions + invitations == 0 {
                return Ok(removed);
            }
        }
    }
}

fn general_title() -> Title {
    Title {
        name: ConversationName::parse("General").expect("a valid name"),
        topic: Topic::parse("Everyone is here").expect("a valid topic"),
    }
}

/// A code that is easy to read aloud and type: three groups of four from an alphabet without look-alikes (60 bits).
fn setup_code(secret: [u8; 32]) -> String {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let symbols: Vec<char> = secret
        .iter()
        .take(12)
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    symbols
        .chunks(4)
        .map(String::from_iter)
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_code_has_three_groups_of_four() {
        let code = setup_code([7; 32]);
        assert_eq!(code, "9999-9999-9999");
    }
}
