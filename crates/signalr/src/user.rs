//! Who is connected.

use std::sync::Arc;
use std::time::Duration;

use http::Extensions;
use tokio::time::Instant;

/// The user of a connection, as established by [`Authenticate`](crate::Authenticate).
///
/// Besides its id, which [`Clients::user`](crate::Clients::user) addresses, a user carries whatever the application put into it.
///
/// ```
/// # use signalr_hub::User;
/// #[derive(Clone)]
/// struct Role(&'static str);
///
/// let user = User::new("42").with(Role("admin"));
/// assert_eq!(user.id(), Some("42"));
/// assert_eq!(user.get::<Role>().unwrap().0, "admin");
/// ```
#[derive(Debug, Clone, Default)]
pub struct User {
    id: Option<Arc<str>>,
    expires_at: Option<Instant>,
    extensions: Extensions,
}

impl User {
    /// A user with an id.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// A user without an id.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// The moment at which the authentication expires. It has an effect when
    /// [`close_on_authentication_expiration`](crate::HubOptions::close_on_authentication_expiration) is on.
    pub fn expires_at(mut self, at: Instant) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// The same as [`expires_at`](Self::expires_at), from now on. Later changes of the system's clock have no influence.
    pub fn expires_in(self, duration: Duration) -> Self {
        self.expires_at(Instant::now() + duration)
    }

    /// Adds a value of the application; one per type.
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// The id, case-sensitive.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// A value that was added by [`with`](Self::with).
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }

    pub(crate) fn shared_id(&self) -> Option<Arc<str>> {
        self.id.clone()
    }

    pub(crate) fn expiry(&self) -> Option<Instant> {
        self.expires_at
    }
}
