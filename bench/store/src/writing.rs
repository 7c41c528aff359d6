//! How fast messages get to disk, beside bare rows.

use std::sync::Arc;

use hubbub_application::chat::{ChatService, SendMessage};
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use uuid::Uuid;

use crate::bare::{BATCH, BODY, Inserter, prepare, random_uuid};
use crate::clients::{Client, Observed, observe};
use crate::database::{Database, Kind};
use crate::people::{WRITERS, writers, written};
use crate::{Failure, progress};

/// What is measured in each round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// One client inserts one bare row in each transaction.
    RowsOfOne,
    /// 64 do so at the same time.
    RowsOfMany,
    /// Bare rows in batches, on four connections.
    Batches,
    /// 64 clients send messages to so many conversations.
    Sends(usize),
    /// One client sends messages, while nobody else does anything.
    Lonely,
}

impl Step {
    pub(crate) const ALL: [Self; 7] = [
        Self::RowsOfOne,
        Self::RowsOfMany,
        Self::Batches,
        Self::Sends(1),
        Self::Sends(10),
        Self::Sends(1_000),
        Self::Lonely,
    ];
}

/// What each step has shown, in the order of [`Step::ALL`].
pub(crate) struct Round(Vec<Observed>);

impl Round {
    pub(crate) fn of(&self, step: Step) -> Observed {
        let place = Step::ALL.iter().position(|other| *other == step);
        self.0[place.expect("every step is among them")]
    }
}

/// Everything once.
pub(crate) async fn round(database: &Database) -> Result<Round, Failure> {
    prepare(database).await?;
    let people = writers(database).await?;
    let conversations: Arc<[_]> = written(database).await?.into();
    let mut all = Vec::new();
    for step in Step::ALL {
        database.tidy().await?;
        let observed = match step {
            Step::RowsOfOne => rows(database, &people, &conversations, 1, 1).await?,
            Step::RowsOfMany => rows(database, &people, &conversations, WRITERS, 1).await?,
            Step::Batches => {
                let clients = match database.kind {
                    Kind::Postgres => 4,
                    Kind::Sqlite => 1,
                };
                rows(database, &people, &conversations, clients, BATCH).await?
            }
            Step::Sends(count) => {
                sends(database, &people, &conversations[..count], WRITERS).await?
            }
            Step::Lonely => sends(database, &people, &conversations[..1], 1).await?,
        };
        progress(&format!(
            "    {step:?}: {:.0}/s, {:?} / {:?}",
            observed.rows_per_second, observed.p50, observed.p99
        ));
        all.push(observed);
    }
    Ok(Round(all))
}

async fn rows(
    database: &Database,
    people: &[UserId],
    conversations: &[ConversationId],
    clients: usize,
    rows: usize,
) -> Result<Observed, Failure> {
    let conversations: Vec<_> = conversations.iter().map(|id| id.as_uuid()).collect();
    let people: Vec<Uuid> = people.iter().map(|id| id.as_uuid()).collect();
    let mut inserters = Vec::new();
    for _ in 0..clients {
        let inserter = Inserter::new(database, conversations.clone(), people.clone(), rows);
        inserters.push(inserter.await?);
    }
    observe(inserters).await
}

async fn sends(
    database: &Database,
    people: &[UserId],
    conversations: &[ConversationId],
    clients: usize,
) -> Result<Observed, Failure> {
    let sender = |(place, user_id): (usize, &UserId)| Sender {
        chat: database.chat.clone(),
        user_id: *user_id,
        conversations: conversations.into(),
        place: place * 31,
    };
    observe(people.iter().enumerate().take(clients).map(sender)).await
}

/// Sends one message after the other, each to another conversation.
struct Sender {
    chat: Arc<ChatService>,
    user_id: UserId,
    conversations: Arc<[ConversationId]>,
    place: usize,
}

impl Client for Sender {
    async fn act(&mut self) -> Result<u32, Failure> {
        // Prime to the number of conversations: each has its turn, and those who write at the same time are spread.
        self.place += 7_919;
        let conversation = self.conversations[self.place % self.conversations.len()];
        let client_id = ClientId::from_uuid(random_uuid());
        let message = SendMessage::new(conversation, Some(client_id), BODY.to_owned());
        self.chat.send(self.user_id, message).await?;
        Ok(1)
    }
}
