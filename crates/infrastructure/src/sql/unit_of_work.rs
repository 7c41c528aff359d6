use async_trait::async_trait;
use hubbub_domain::repository::{
    BanRepository, ConversationRepository, HeadRepository, InvitationRepository, LogRepository,
    MembershipRepository, MessageRepository, PersonalStateRepository, PresenceRepository, Result,
    ServerRepository, SessionRepository, UserRepository,
};
use hubbub_domain::unit_of_work::{Repositories, UnitOfWork};

use sqlx::Postgres;
use sqlx::pool::PoolConnection;

use super::moves::Moves;
use super::session::Session;

/// One transaction; implements every repository.
pub(crate) struct SqlUnitOfWork {
    pub(super) session: Session,
    /// The logs that it has moved on.
    pub(super) moves: Moves,
}

impl SqlUnitOfWork {
    /// Over a transaction that was just begun.
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            moves: Moves::default(),
        }
    }

    /// The connection, unless it has a transaction.
    pub(crate) fn into_connection(self) -> Option<PoolConnection<Postgres>> {
        match self.session {
            Session::Postgres(session) => session.into_connection(),
            Session::Sqlite(_) => None,
        }
    }
}

impl Repositories for SqlUnitOfWork {
    fn server(&mut self) -> &mut dyn ServerRepository {
        self
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepository {
        self
    }

    fn conversations(&mut self) -> &mut dyn ConversationRepository {
        self
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepository {
        self
    }

    fn messages(&mut self) -> &mut dyn MessageRepository {
        self
    }

    fn bans(&mut self) -> &mut dyn BanRepository {
        self
    }

    fn presence(&mut self) -> &mut dyn PresenceRepository {
        self
    }

    fn personal_states(&mut self) -> &mut dyn PersonalStateRepository {
        self
    }

    fn log(&mut self) -> &mut dyn LogRepository {
        self
    }

    fn heads(&mut self) -> &mut dyn HeadRepository {
        self
    }
}

#[async_trait]
impl UnitOfWork for SqlUnitOfWork {
    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.write_moves().await?;
        self.session.commit().await
    }
}
