//! Where nodes keep together who is there: the port, and what every adapter of it must do.
//!
//! A node enters with a lease and says of each of its users whether somebody is at a device, away, or gone. It speaks only at edges
//! of its own: the first and the last connection of a user, and a change between the two states. The store sums up over all nodes.
//!
//! - Who is gone from every node is shown as there for the time of [`GRACE`], then as offline; at once after a sign-out.
//! - A node whose lease has run out for that long has nobody any more; until then its users count as they last did.
//! - A node that finds itself unknown enters again and says everything anew. Then the store *settles* for [`SETTLING`]: nobody is
//!   shown as offline, because others may have to do the same. The same holds after a restart of all nodes.
//! - Each change has a version greater than all before it. Of who is not kept the version is the present time in microseconds, and no
//!   change takes a smaller one: so versions grow although nothing is kept of who is offline, and after a loss of everything.

use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;

/// How long a node counts as alive without a word from it.
pub const LEASE: Duration = Duration::from_secs(15);
/// How old a lease is when it is renewed.
pub const RENEWAL: Duration = Duration::from_secs(5);
/// How long somebody is still shown as there after the last connection, so that a reload or a restart goes unnoticed.
pub const GRACE: Duration = Duration::from_secs(15);
/// How long nobody is shown as offline after a node had to enter again.
pub const SETTLING: Duration = Duration::from_secs(6);
/// How many people one call of a store is about at most.
pub const MAX_BATCH: usize = 500;

/// What a node says of one of its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// At a device.
    Active,
    /// Connected, but not at a device.
    Away,
    /// The last connection broke or was closed; the person may be back in a moment.
    Gone,
    /// The person signed out: there is nobody to wait for, unless another connection remains.
    SignedOut,
}

/// An edge of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose.
    pub user: UserId,
    /// What is the case now.
    pub here: Here,
    /// Whether the person is invisible, as far as the reporter knows. Only holds for who is not kept yet: what
    /// [`PresenceStore::hide`] said wins.
    pub is_hidden: bool,
}

/// Whether somebody is there, over all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// At a device.
    Active,
    /// Connected, but not at a device.
    Away,
    /// Not connected, or not to be seen.
    Offline,
    /// It cannot be told.
    Unknown,
}

/// How somebody stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub user: UserId,
    /// Whether the person is there.
    pub liveness: Liveness,
    /// When the last connection ended, where this is the change to offline.
    pub left_at: Option<Timestamp>,
    /// Greater than that of every earlier standing of this person.
    pub version: u64,
}

/// What a [`PresenceStore::tick`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Whom others must be told about. Each change is answered to one caller, once.
    pub changes: Vec<Standing>,
    /// Whether some node has just entered again, so that absence says nothing yet.
    pub is_settling: bool,
    /// Whether there is more to be found at once.
    pub has_more: bool,
}

/// Why the store did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresenceLost {
    /// It cannot be reached. Nothing is known of anybody.
    #[error("it cannot be told who is there at the moment")]
    Unavailable,
    /// It does not know this node, or not any more: [`PresenceStore::enter`] and report everybody again.
    #[error("this node has to say again who is there")]
    Forgotten,
}

/// What every method answers.
pub type Result<T> = std::result::Result<T, PresenceLost>;

/// Where nodes keep together who is there. Every method is atomic, and takes at most [`MAX_BATCH`] people.
#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Makes this node known, under a name that no node ever had. What it said under an earlier name is left to run out. With
    /// `is_return` people may be on their way back: the store settles if this node was known before or is the only one.
    async fn enter(&self, is_return: bool) -> Result<()>;
    /// Ends this node's lease: the grace of its users begins at once.
    async fn leave(&self) -> Result<()>;
    /// Takes edges of this node, in order. Answers whom others must be told about.
    async fn report(&self, reports: &[Report]) -> Result<Vec<Standing>>;
    /// Says whether a person is to be seen, wherever connected. Answers what others must be told.
    async fn hide(&self, user: UserId, is_hidden: bool) -> Result<Option<Standing>>;
    /// How a person stands, under a version of its own: for telling what the person says, which the store does not keep.
    async fn touch(&self, user: UserId) -> Result<Standing>;
    /// How people stand, in the order asked.
    async fn read(&self, users: &[UserId]) -> Result<Vec<Standing>>;
    /// Renews the lease, ends nodes whose own has run out, and ends times of grace. To be called about once a second.
    async fn tick(&self) -> Result<Tick>;
}
