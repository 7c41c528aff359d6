//! A negative control: messages numbered by a counter in Redis, which knows nothing of what becomes of their transaction.

use std::sync::Arc;

use async_trait::async_trait;
use hubbub_domain::conversation::Conversation;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::{
    Append, BanRepository, Circumstances, ConversationRepository, HeadRepository,
    InvitationRepository, LockedConversations, LogRepository, MembershipRepository,
    MessageRepository, PersonalStateRepository, PostKey, PresenceRepository, Result,
    ServerRepository, SessionRepository, UserRepository,
};
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};
use redis::RedisError;
use redis::aio::ConnectionManager;

/// A store whose messages are numbered in Redis.
pub struct NumberedByRedis {
    store: Arc<dyn Store>,
    redis: ConnectionManager,
}

impl NumberedByRedis {
    /// Numbers the messages of a store.
    pub fn new(store: Arc<dyn Store>, redis: ConnectionManager) -> Self {
        Self { store, redis }
    }
}

#[async_trait]
impl Store for NumberedByRedis {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>> {
        Ok(Box::new(Numbered {
            unit: self.store.begin().await?,
            redis: self.redis.clone(),
        }))
    }

    async fn read(&self) -> Result<Box<dyn Repositories>> {
        self.store.read().await
    }
}

struct Numbered {
    unit: Box<dyn UnitOfWork>,
    redis: ConnectionManager,
}

fn key(id: ConversationId) -> String {
    format!("hubbub:broken:sequence:{id}")
}

fn away(error: RedisError) -> RepositoryError {
    RepositoryError::new(RepositoryErrorKind::Unavailable, error)
}

impl Numbered {
    /// The number that the counter gave last, if it has ever counted.
    async fn count(&mut self, conversation: &mut Conversation) -> Result<()> {
        let count = redis::cmd("GET").arg(key(conversation.id)).to_owned();
        let count = count.query_async::<Option<i64>>(&mut self.redis).await;
        if let Some(count) = count.map_err(away)? {
            conversation.last_seq = Seq::new(count);
        }
        Ok(())
    }

    async fn spend(&mut self, conversation: &Conversation) -> Result<()> {
        redis::cmd("SET")
            .arg(key(conversation.id))
            .arg(conversation.last_seq.get())
            .exec_async(&mut self.redis)
            .await
            .map_err(away)
    }
}

#[async_trait]
impl LogRepository for Numbered {
    async fn lock(&mut self, ids: &[ConversationId]) -> Result<LockedConversations> {
        let mut locked = self.unit.log().lock(ids).await?;
        for conversation in &mut locked.conversations {
            self.count(conversation).await?;
        }
        Ok(locked)
    }

    async fn find_circumstances(&mut self, posts: &[PostKey]) -> Result<Vec<Circumstances>> {
        self.unit.log().find_circumstances(posts).await
    }

    /// The numbers are spent, whether they are stored or not.
    async fn append(&mut self, append: &Append) -> Result<()> {
        for conversation in &append.conversations {
            self.spend(conversation).await?;
        }
        self.unit.log().append(append).await
    }
}

impl Repositories for Numbered {
    fn server(&mut self) -> &mut dyn ServerRepository {
        self.unit.server()
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self.unit.users()
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self.unit.sessions()
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepository {
        self.unit.invitations()
    }

    fn conversations(&mut self) -> &mut dyn ConversationRepository {
        self.unit.conversations()
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        self.unit.memberships()
    }

    fn messages(&mut self) -> &mut dyn MessageRepository {
        self.unit.messages()
    }

    fn bans(&mut self) -> &mut dyn BanRepository {
        self.unit.bans()
    }

    fn presence(&mut self) -> &mut dyn PresenceRepository {
        self.unit.presence()
    }

    fn personal_states(&mut self) -> &mut dyn PersonalStateRepository {
        self.unit.personal_states()
    }

    fn log(&mut self) -> &mut dyn LogRepository {
        self
    }

    fn heads(&mut self) -> &mut dyn HeadRepository {
        self.unit.heads()
    }
}

#[async_trait]
impl UnitOfWork for Numbered {
    async fn commit(self: Box<Self>) -> Result<()> {
        self.unit.commit().await
    }
}
