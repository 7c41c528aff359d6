//! Who may connect.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use axum::extract::ConnectInfo;
use http::request::Parts;

use crate::user::User;

/// Decides who may use a hub. It is asked on every request to the hub's routes, negotiation included.
///
/// ```
/// use signalr_hub::{Authenticate, AuthenticationError, AuthenticationRequest, User};
///
/// struct Secret(&'static str);
///
/// impl Authenticate for Secret {
///     async fn authenticate(&self, request: AuthenticationRequest<'_>) -> Result<User, AuthenticationError> {
///         match request.token() {
///             Some(token) if token == self.0 => Ok(User::new("somebody")),
///             _ => Err(AuthenticationError::Unauthenticated),
///         }
///     }
/// }
/// ```
///
/// Transport Protocols: every request.
pub trait Authenticate: Send + Sync + 'static {
    /// Establishes the user of a request, or refuses it.
    fn authenticate(
        &self,
        request: AuthenticationRequest<'_>,
    ) -> impl Future<Output = Result<User, AuthenticationError>> + Send;
}

/// What a request is refused with. The answer's body is empty in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// There is no token, or it is not valid: 401 with `WWW-Authenticate: Bearer`.
    #[error("the request is not authenticated")]
    Unauthenticated,
    /// The user is known and may not use this hub: 403.
    #[error("the user may not use this hub")]
    Forbidden,
    /// It cannot be decided now: 503.
    #[error("authentication is unavailable")]
    Unavailable,
}

/// Which of a connection's requests is being authenticated.
///
/// Transport Protocols: one request or several for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPurpose {
    /// `POST <hub>/negotiate`: no connection is opened by it.
    Negotiate,
    /// The request that opens a connection: the WebSocket, the event stream, or the first poll.
    Connect,
    /// A later request of an open connection: a send, a poll, an end, a reconnected WebSocket, or, with
    /// [`authentication_refresh`](crate::HubOptions::authentication_refresh), `POST <hub>/refresh`.
    Continue,
}

/// A request to be authenticated.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationRequest<'a> {
    parts: &'a Parts,
    token: Option<&'a str>,
    purpose: RequestPurpose,
}

impl<'a> AuthenticationRequest<'a> {
    pub(crate) fn new(parts: &'a Parts, token: Option<&'a str>, purpose: RequestPurpose) -> Self {
        Self {
            parts,
            token,
            purpose,
        }
    }

    /// The bearer token: from the `Authorization` header, or else from the `access_token` of the query, decoded.
    pub fn token(&self) -> Option<&'a str> {
        self.token
    }

    /// Whether the token came in the query, where browsers put it and logs may see it.
    pub fn token_is_from_query(&self) -> bool {
        self.token.is_some() && bearer(self.parts).is_none()
    }

    /// Which request this is.
    pub fn purpose(&self) -> RequestPurpose {
        self.purpose
    }

    /// The request without its body.
    pub fn parts(&self) -> &'a Parts {
        self.parts
    }

    /// The other end of the TCP connection, if the server was told to note it
    /// ([`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info)).
    pub fn remote_address(&self) -> Option<SocketAddr> {
        remote_address(self.parts)
    }
}

pub(crate) fn remote_address(parts: &Parts) -> Option<SocketAddr> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0)
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts
        .headers
        .get(http::header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

type AuthenticationFuture<'a> =
    Pin<Box<dyn Future<Output = Result<User, AuthenticationError>> + Send + 'a>>;

/// [`Authenticate`] in the form that a hub can keep.
pub(crate) trait ErasedAuthenticate: Send + Sync {
    fn authenticate<'a>(&'a self, request: AuthenticationRequest<'a>) -> AuthenticationFuture<'a>;
}

impl<A: Authenticate> ErasedAuthenticate for A {
    fn authenticate<'a>(&'a self, request: AuthenticationRequest<'a>) -> AuthenticationFuture<'a> {
        Box::pin(Authenticate::authenticate(self, request))
    }
}
