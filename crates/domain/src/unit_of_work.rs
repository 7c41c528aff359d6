//! Transactions, as the use cases see them.

use async_trait::async_trait;

use crate::error::RepositoryError;
use crate::repository::{
    BanRepository, ConversationRepository, HeadRepository, InvitationRepository, LogRepository,
    MembershipRepository, MessageRepository, OptimisticLog, PersonalStateRepository,
    PresenceRepository, ServerRepository, SessionRepository, UserRepository,
};

/// All repositories, over one view of the data.
pub trait Repositories: Send {
    /// Facts about this installation.
    fn server(&mut self) -> &mut dyn ServerRepository;
    /// People.
    fn users(&mut self) -> &mut dyn UserRepository;
    /// Sign-ins.
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    /// Invitations to register.
    fn invitations(&mut self) -> &mut dyn InvitationRepository;
    /// Conversations.
    fn conversations(&mut self) -> &mut dyn ConversationRepository;
    /// Stays of members.
    fn memberships(&mut self) -> &mut dyn MembershipRepository;
    /// Messages.
    fn messages(&mut self) -> &mut dyn MessageRepository;
    /// Who may not come back where.
    fn bans(&mut self) -> &mut dyn BanRepository;
    /// What is kept of people's presence.
    fn presence(&mut self) -> &mut dyn PresenceRepository;
    /// What is only one user's.
    fn personal_states(&mut self) -> &mut dyn PersonalStateRepository;
    /// Many messages at once.
    fn log(&mut self) -> &mut dyn LogRepository;
    /// Positions of logs.
    fn heads(&mut self) -> &mut dyn HeadRepository;
}

/// One transaction. Nothing of it is stored unless it is committed; dropping it rolls it back.
#[async_trait]
pub trait UnitOfWork: Repositories {
    /// Makes everything durable. When this answers, a crash loses nothing of it.
    async fn commit(self: Box<Self>) -> Result<(), RepositoryError>;
}

/// The database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a transaction that writes.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, RepositoryError>;
    /// Opens one consistent view for reading; writes through it fail.
    async fn read(&self) -> Result<Box<dyn Repositories>, RepositoryError>;
    /// A shorter way to store messages, if there is one, for one writer.
    fn optimistic_log(&self) -> Option<Box<dyn OptimisticLog>> {
        None
    }
}
