//! What storage must be able to do, one trait per kind of thing.
//!
//! `find_*` answers `None` for what is not there; `list_*` is bounded by its `limit`. Every method runs inside the unit
//! of work (or the read) that handed out the repository.

mod heads;
mod log;
mod messages;
mod personal;
mod presence;

use async_trait::async_trait;

use crate::change::{ChangesAfter, UserChange};
use crate::conversation::{Conversation, ConversationOverview, DirectPair};
use crate::error::RepositoryError;
use crate::ids::{ConversationId, Epoch, InvitationId, SessionId, UserId};
use crate::invitation::Invitation;
use crate::member::{Ban, Membership};
use crate::numbers::{Rev, Seq, UserRev};
use crate::session::Session;
use crate::timestamp::Timestamp;
use crate::user::{DisplayName, PasswordHash, User, Username};

pub use heads::{ChangeCursor, ChangedSince, HeadRepository, LogHeads};
pub use log::{
    Append, Circumstances, LockedConversations, LogRepository, OptimisticLog, PostKey, Sighting,
    Stored,
};
pub use messages::{MessageRange, MessageRepository};
pub use personal::{FollowedThread, PersonalStateRepository};
pub use presence::{KeptPresence, PresenceRepository};

/// What every repository method answers.
pub type Result<T> = std::result::Result<T, RepositoryError>;

/// A secret key of the server, kept in the database so that every node has it.
#[derive(Clone)]
pub struct ServerKey {
    /// What tokens name it by.
    pub id: String,
    /// The key itself: 32 random bytes.
    pub secret: [u8; 32],
}

/// Facts about this installation.
#[async_trait]
pub trait ServerRepository: Send {
    /// Stores the identity of a new database and its setup code, unless that has been done.
    async fn initialise(&mut self, epoch: Epoch, setup_code: &str, now: Timestamp) -> Result<()>;
    /// The identity of this database's history.
    async fn epoch(&mut self) -> Result<Epoch>;
    /// The code that makes the first account, until it was used.
    async fn find_setup_code(&mut self) -> Result<Option<String>>;
    /// Uses the setup code up. Answers whether there was one.
    async fn remove_setup_code(&mut self) -> Result<bool>;
    /// Stores the key unless there is one under that purpose already, and answers the one that is stored: first starts of
    /// two nodes agree.
    async fn key_or_insert(&mut self, purpose: &str, key: ServerKey) -> Result<ServerKey>;
}

/// People and their passwords.
#[async_trait]
pub trait UserRepository: Send {
    /// Stores a new user. A taken username is a conflict.
    async fn add(&mut self, user: &User, password: &PasswordHash) -> Result<()>;
    /// The user with that id.
    async fn find(&mut self, id: UserId) -> Result<Option<User>>;
    /// The user who signs in with that name, and the password's hash.
    async fn find_credentials(
        &mut self,
        username: &Username,
    ) -> Result<Option<(User, PasswordHash)>>;
    /// Users whose username or display name contains `query`, by username, after the one given.
    async fn list(
        &mut self,
        query: &str,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<User>>;
    /// Changes what others see.
    async fn rename(&mut self, id: UserId, name: &DisplayName) -> Result<()>;
    /// How far the user's own log has come.
    async fn find_rev(&mut self, id: UserId) -> Result<Option<UserRev>>;
    /// Takes the next number of the user's own log, under the lock of the user's row.
    async fn next_rev(&mut self, id: UserId) -> Result<UserRev>;
    /// Current rows of what changed in the user's own log after `rev`, by their latest change.
    async fn list_changes(
        &mut self,
        id: UserId,
        after: UserRev,
        limit: i64,
    ) -> Result<Vec<UserChange>>;
    /// Whether others are kept from seeing how far the user has read.
    async fn has_private_receipts(&mut self, id: UserId) -> Result<bool>;
    /// Changes that, at its place in the user's own log.
    async fn set_private_receipts(
        &mut self,
        id: UserId,
        is_private: bool,
        user_rev: UserRev,
    ) -> Result<()>;
    /// Those of `others` with whom the user shares a conversation now.
    async fn list_sharing(&mut self, id: UserId, others: &[UserId]) -> Result<Vec<UserId>>;
    /// The others of the user's direct conversations, the latest activity first.
    async fn list_partners(&mut self, id: UserId, limit: i64) -> Result<Vec<UserId>>;
}

/// Sign-ins.
#[async_trait]
pub trait SessionRepository: Send {
    /// Stores a new session.
    async fn add(&mut self, session: &Session) -> Result<()>;
    /// The session with that id, ended ones included; inside a unit of work its row is locked.
    async fn find(&mut self, id: SessionId) -> Result<Option<Session>>;
    /// Stores what changed.
    async fn update(&mut self, session: &Session) -> Result<()>;
    /// A user's live sessions, the last used first.
    async fn list_live(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;
    /// Removes up to `limit` sessions that ended before `before`. Answers how many.
    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64>;
    /// Up to `limit` sessions that were ended after `after`, the first one first.
    async fn list_revoked(&mut self, after: Timestamp, limit: i64) -> Result<Vec<Session>>;
}

/// Invitations to register, and to groups.
#[async_trait]
pub trait InvitationRepository: Send {
    /// Stores a new invitation.
    async fn add(&mut self, invitation: &Invitation) -> Result<()>;
    /// The invitation whose code has that hash; inside a unit of work its row is locked.
    async fn find_by_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<Invitation>>;
    /// The invitation with that id.
    async fn find(&mut self, id: InvitationId) -> Result<Option<Invitation>>;
    /// Stores what changed.
    async fn update(&mut self, invitation: &Invitation) -> Result<()>;
    /// Invitations to that group, or to register, that can still be used, the newest first.
    async fn list_usable(
        &mut self,
        conversation: Option<ConversationId>,
        now: Timestamp,
    ) -> Result<Vec<Invitation>>;
    /// Removes up to `limit` invitations that expired or were withdrawn before `before`, or were made before it and are used up.
    /// Answers how many.
    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64>;
}

/// Conversations and their counters.
#[async_trait]
pub trait ConversationRepository: Send {
    /// Stores a new conversation. A second one for the same pair is a conflict.
    async fn add(&mut self, conversation: &Conversation) -> Result<()>;
    /// Takes the row lock and answers the conversation as it stands under it. Everything that depends on it is read after.
    async fn lock(&mut self, id: ConversationId) -> Result<Option<Conversation>>;
    /// The conversation as it stands, without a lock.
    async fn find(&mut self, id: ConversationId) -> Result<Option<Conversation>>;
    /// The one conversation of a pair.
    async fn find_direct(&mut self, pair: DirectPair) -> Result<Option<ConversationId>>;
    /// Stores the counters and settings of a conversation that this unit of work has locked or added.
    async fn update(&mut self, conversation: &Conversation) -> Result<()>;
    /// One conversation as a user sees it, whether a member or not.
    async fn find_overview(
        &mut self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationOverview>>;
    /// The conversations of a member, the latest activity first.
    async fn list_overviews(&mut self, member: UserId) -> Result<Vec<ConversationOverview>>;
    /// All channels as a user sees them, by name.
    async fn list_channels(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<ConversationOverview>>;
    /// How far everything has come that the user can see, in one statement.
    async fn find_heads(&mut self, user: UserId) -> Result<UserHeads>;
    /// The first `limit` changes after `after`, in the order in which they are told.
    async fn list_changes(
        &mut self,
        id: ConversationId,
        after: Rev,
        limit: i64,
    ) -> Result<ChangesAfter>;
}

/// How far everything has come that one user can see.
#[derive(Clone, Debug)]
pub struct UserHeads {
    /// The identity of the database's history.
    pub epoch: Epoch,
    /// The user's own log.
    pub user_rev: UserRev,
    /// Whether the user keeps from others how far conversations were read.
    pub has_private_receipts: bool,
    /// The conversations of the user.
    pub conversations: Vec<ConversationHead>,
}

/// How far a conversation has come of which one is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationHead {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its newest change.
    pub rev: Rev,
    /// The change that began one's stay.
    pub from_rev: Rev,
    /// The first message one may see.
    pub visible_from_seq: Seq,
}

/// Stays of members.
#[async_trait]
pub trait MembershipRepository: Send {
    /// Stores a new stay, at its place in the member's own log. A second open stay of the same user is a conflict.
    async fn add(&mut self, membership: &Membership, user_rev: UserRev) -> Result<()>;
    /// Stores what changed about a stay, at its place in the member's own log if it has one there.
    async fn update(&mut self, membership: &Membership, user_rev: Option<UserRev>) -> Result<()>;
    /// The member who would inherit the conversation: the highest role, then the longest stay.
    async fn find_most_senior(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Option<Membership>>;
    /// A user's present stay.
    async fn find_open(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<Membership>>;
    /// The present members, by username, after the one given.
    async fn list_open(
        &mut self,
        conversation: ConversationId,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<(User, Membership)>>;
    /// All of a user's stays, the first one first.
    async fn list_stays(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Vec<Membership>>;
    /// Who left after `after`, and by which change.
    async fn list_departures(
        &mut self,
        conversation: ConversationId,
        after: Rev,
    ) -> Result<Vec<(UserId, Rev)>>;
    /// Those of the names that belong to present members.
    async fn list_named(
        &mut self,
        conversation: ConversationId,
        names: &[Username],
    ) -> Result<Vec<(Username, UserId)>>;
}

/// Who may not come back where.
#[async_trait]
pub trait BanRepository: Send {
    /// Stores a ban. One that is there already stays as it is.
    async fn add(&mut self, ban: &Ban) -> Result<()>;
    /// The ban of that user, if there is one.
    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<Option<Ban>>;
    /// Lifts a ban. Answers whether there was one.
    async fn remove(&mut self, conversation: ConversationId, user: UserId) -> Result<bool>;
    /// The bans of a conversation with the banned, by username, after the one given.
    async fn list(
        &mut self,
        conversation: ConversationId,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<(User, Ban)>>;
}
