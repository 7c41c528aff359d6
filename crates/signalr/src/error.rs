//! What can go wrong, and how much of it a client may see.

use std::borrow::Cow;
use std::fmt;

use crate::backplane::BackplaneError;

/// What a client is told when its connection ends for an internal reason.
pub(crate) const CLOSED_WITH_ERROR: &str = "Connection closed with an error.";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The error of a hub method.
///
/// A [message](HubError::message) is meant for the client, which reads
/// `An unexpected error occurred invoking '<method>' on the server. HubException: <message>`. Anything else is internal: the client
/// learns that the call failed and nothing more, unless [`detailed_errors`](crate::HubOptions::detailed_errors) is on.
///
/// Implement `From<YourError> for HubError` to decide, in one place, what clients see of your errors; `?` then works in hub methods.
///
/// ```
/// use signalr_hub::HubError;
///
/// fn parse(text: &str) -> Result<u32, HubError> {
///     if text.is_empty() {
///         return Err(HubError::message("a number is required"));
///     }
///     text.parse::<u32>().map_err(HubError::from_error)
/// }
/// # assert!(parse("").unwrap_err().is_message() && !parse("x").unwrap_err().is_message());
/// ```
///
/// SignalR Hub Protocol: *Errors*.
#[derive(Debug)]
pub struct HubError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Message(Cow<'static, str>),
    Internal {
        type_name: Cow<'static, str>,
        message: String,
    },
    Unauthorized,
    Misfit(String),
}

impl HubError {
    /// An error whose text the client may see.
    pub fn message(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Message(text.into()),
        }
    }

    /// An error that the client is only told about when detailed errors are on, as `<type name>: <message>`.
    pub fn internal(type_name: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Internal {
                type_name: type_name.into(),
                message: message.into(),
            },
        }
    }

    /// Wraps an error as an internal one, under the name of its type.
    pub fn from_error<E: std::error::Error>(error: E) -> Self {
        let full = std::any::type_name::<E>();
        let name = full
            .split('<')
            .next()
            .and_then(|path| path.rsplit("::").next())
            .unwrap_or(full);
        Self::internal(name.to_owned(), error.to_string())
    }

    /// The user may not call this method: `Failed to invoke '<method>' because user is unauthorized`.
    pub fn unauthorized() -> Self {
        Self {
            kind: Kind::Unauthorized,
        }
    }

    /// The call does not fit its method. The text is the whole answer.
    pub(crate) fn misfit(text: String) -> Self {
        Self {
            kind: Kind::Misfit(text),
        }
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self.kind, Kind::Unauthorized)
    }

    pub(crate) fn is_misfit(&self) -> bool {
        matches!(self.kind, Kind::Misfit(_))
    }

    /// Whether the client may see this error whatever the options say.
    pub fn is_message(&self) -> bool {
        matches!(self.kind, Kind::Message(_))
    }

    /// The text of the error without its type.
    pub fn text(&self) -> &str {
        match &self.kind {
            Kind::Message(text) => text,
            Kind::Internal { message, .. } => message,
            Kind::Misfit(text) => text,
            Kind::Unauthorized => "The user is unauthorized.",
        }
    }

    /// The name of the error's type, as clients with detailed errors see it.
    pub(crate) fn type_name(&self) -> &str {
        match &self.kind {
            Kind::Message(_) | Kind::Misfit(_) => "HubException",
            Kind::Internal { type_name, .. } => type_name,
            Kind::Unauthorized => "Unauthorized",
        }
    }

    /// Appends ` <type>: <message>` to a fixed prefix where the rule of detailed errors allows it.
    pub(crate) fn describe(&self, prefix: &str, detailed: bool) -> String {
        match &self.kind {
            Kind::Message(text) => format!("{prefix} HubException: {text}"),
            Kind::Internal { type_name, message } if detailed => {
                format!("{prefix} {type_name}: {message}")
            }
            Kind::Internal { .. } | Kind::Unauthorized => prefix.to_owned(),
            Kind::Misfit(text) => text.clone(),
        }
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl From<&'static str> for HubError {
    fn from(text: &'static str) -> Self {
        Self::message(text)
    }
}

impl From<SendError> for HubError {
    fn from(error: SendError) -> Self {
        match error.failure {
            SendFailure::Payload { .. } => Self::from_error(error),
            SendFailure::Backplane(error) => error.into(),
            SendFailure::EmptyGroupName => {
                Self::internal("InvalidOperationException", error.to_string())
            }
        }
    }
}

impl From<String> for HubError {
    fn from(text: String) -> Self {
        Self::message(text)
    }
}

/// The arguments of a call, or the result of a method, could not be serialised, a group without a name was selected, or other nodes were not reached.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SendError {
    failure: SendFailure,
}

#[derive(Debug, thiserror::Error)]
enum SendFailure {
    #[error("the payload could not be serialised: {source}")]
    Payload { source: BoxError },
    #[error("Cannot send to an empty group name.")]
    EmptyGroupName,
    #[error(transparent)]
    Backplane(BackplaneError),
}

impl SendError {
    pub(crate) fn new(source: impl Into<BoxError>) -> Self {
        Self {
            failure: SendFailure::Payload {
                source: source.into(),
            },
        }
    }

    pub(crate) fn unpublished(error: BackplaneError) -> Self {
        Self {
            failure: SendFailure::Backplane(error),
        }
    }

    /// Why the [backplane](crate::backplane) did not take the message, if that is what failed. The connections of this node have been
    /// sent it, those of other nodes have not.
    pub fn backplane(&self) -> Option<&BackplaneError> {
        match &self.failure {
            SendFailure::Backplane(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn empty_group_name() -> Self {
        Self {
            failure: SendFailure::EmptyGroupName,
        }
    }
}

/// Why the server ends a connection, as the client learns it from the Close message.
///
/// SignalR Hub Protocol: *Close Message Encoding*.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloseReason {
    pub(crate) error: Option<Cow<'static, str>>,
    pub(crate) allow_reconnect: bool,
}

impl CloseReason {
    /// An end without an error, after which the client does not reconnect by itself.
    pub fn normal() -> Self {
        Self::default()
    }

    /// An end with an error, after which the client does not reconnect by itself.
    pub fn error(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error: Some(text.into()),
            allow_reconnect: false,
        }
    }

    /// Whether a client with automatic reconnect should come back.
    pub fn allow_reconnect(mut self, allow: bool) -> Self {
        self.allow_reconnect = allow;
        self
    }
}
