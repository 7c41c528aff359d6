//! A database that fails as it is told to, over one that works.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::ConversationId;
use hubbub_domain::message::Message;
use hubbub_domain::repository::{
    Append, BanRepository, Circumstances, ConversationRepository, HeadRepository,
    InvitationRepository, LockedConversations, LogRepository, MembershipRepository,
    MessageRepository, PersonalStateRepository, PostKey, PresenceRepository, Result,
    ServerRepository, SessionRepository, UserRepository,
};
use hubbub_domain::unit_of_work::{Repositories, Store, UnitOfWork};

/// How one unit of work fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not.
    None,
    /// It cannot be begun: the database is away.
    Begin,
    /// Appending fails in that way.
    Append(RepositoryErrorKind),
    /// Appending panics.
    AppendPanics,
    /// The commit fails, and nothing is stored.
    Commit,
    /// The commit happens, and its answer is lost.
    CommitAnswer,
}

/// Fails as planned, and remembers what was stored together.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    faults: Mutex<VecDeque<Fault>>,
    poison: Mutex<Option<String>>,
    begun: Mutex<usize>,
    groups: Mutex<Vec<usize>>,
}

impl FaultyStore {
    /// A database of which one unit of work after the other meets these faults, and all later ones none.
    pub(crate) fn new(inner: &Arc<dyn Store>, faults: &[Fault]) -> Arc<Self> {
        let plan = Plan {
            faults: Mutex::new(faults.iter().copied().collect()),
            ..Plan::default()
        };
        Arc::new(Self {
            inner: inner.clone(),
            plan: Arc::new(plan),
        })
    }

    /// From now on no unit of work can store a message that says this.
    pub(crate) fn poison(&self, body: &str) {
        *self.plan.poison.lock().unwrap() = Some(body.to_owned());
    }

    /// How many units of work were begun, or could not be.
    pub(crate) fn begun(&self) -> usize {
        *self.plan.begun.lock().unwrap()
    }

    /// How many messages each append had that did not fail.
    pub(crate) fn groups(&self) -> Vec<usize> {
        self.plan.groups.lock().unwrap().clone()
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>> {
        *self.plan.begun.lock().unwrap() += 1;
        let fault = self.plan.faults.lock().unwrap().pop_front();
        let fault = fault.unwrap_or(Fault::None);
        if fault == Fault::Begin {
            return Err(failure(RepositoryErrorKind::Unavailable));
        }
        Ok(Box::new(FaultyUnit {
            inner: self.inner.begin().await?,
            fault,
            plan: self.plan.clone(),
        }))
    }

    async fn read(&self) -> Result<Box<dyn Repositories>> {
        self.inner.read().await
    }
}

struct FaultyUnit {
    inner: Box<dyn UnitOfWork>,
    fault: Fault,
    plan: Arc<Plan>,
}

impl Repositories for FaultyUnit {
    fn server(&mut self) -> &mut dyn ServerRepository {
        self.inner.server()
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self.inner.users()
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self.inner.sessions()
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepository {
        self.inner.invitations()
    }

    fn conversations(&mut self) -> &mut dyn ConversationRepository {
        self.inner.conversations()
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        self.inner.memberships()
    }

    fn messages(&mut self) -> &mut dyn MessageRepository {
        self.inner.messages()
    }

    fn presence(&mut self) -> &mut dyn PresenceRepository {
        self.inner.presence()
    }

    fn bans(&mut self) -> &mut dyn BanRepository {
        self.inner.bans()
    }

    fn personal_states(&mut self) -> &mut dyn PersonalStateRepository {
        self.inner.personal_states()
    }

    fn log(&mut self) -> &mut dyn LogRepository {
        self
    }

    fn heads(&mut self) -> &mut dyn HeadRepository {
        self.inner.heads()
    }
}

#[async_trait]
impl UnitOfWork for FaultyUnit {
    async fn commit(self: Box<Self>) -> Result<()> {
        match self.fault {
            Fault::Commit => Err(failure(RepositoryErrorKind::Unavailable)),
            Fault::CommitAnswer => {
                self.inner.commit().await?;
                Err(failure(RepositoryErrorKind::Unavailable))
            }
            _ => self.inner.commit().await,
        }
    }
}

#[async_trait]
impl LogRepository for FaultyUnit {
    async fn lock(&mut self, ids: &[ConversationId]) -> Result<LockedConversations> {
        self.inner.log().lock(ids).await
    }

    async fn find_circumstances(&mut self, posts: &[PostKey]) -> Result<Vec<Circumstances>> {
        self.inner.log().find_circumstances(posts).await
    }

    async fn append(&mut self, append: &Append) -> Result<()> {
        match self.fault {
            Fault::Append(kind) => return Err(failure(kind)),
            Fault::AppendPanics => panic!("as planned"),
            _ => {}
        }
        let poison = self.plan.poison.lock().unwrap().clone();
        let says = |message: &Message| message.text().map(|text| text.body.as_str().to_owned());
        if poison.is_some()
            && append
                .messages
                .iter()
                .any(|message| says(message) == poison)
        {
            return Err(failure(RepositoryErrorKind::Corrupt));
        }
        self.inner.log().append(append).await?;
        let count = append.messages.len();
        self.plan.groups.lock().unwrap().push(count);
        Ok(())
    }
}

fn failure(kind: RepositoryErrorKind) -> RepositoryError {
    RepositoryError::new(kind, "as planned")
}
