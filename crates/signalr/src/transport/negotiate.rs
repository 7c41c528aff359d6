//! Negotiation: the client asks for a connection and learns which transports it may use.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header;
use http::request::Parts;
use serde::Serialize;

use crate::connection::Connection;
use crate::connection_id::ConnectionId;
use crate::core::Core;
use crate::options::{TransportKind, Transports};
use crate::refresh::lifetime_seconds;
use crate::request::query_value;
use crate::user::User;

const HIGHEST_VERSION: i64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Negotiated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    use_stateful_reconnect: Option<bool>,
    negotiate_version: i64,
    connection_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_token: Option<&'a str>,
    available_transports: Vec<AvailableTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<u64>,
}

/// Where a client shall negotiate instead.
///
/// Its connection is then made there; the query of the address is kept. With an access token, the client uses that one instead of its own.
///
/// Transport Protocols: *`POST [endpoint-base]/negotiate` request*.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redirect {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
}

impl Redirect {
    /// Sends clients to the hub at this address.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            access_token: None,
        }
    }

    /// Gives clients a token for it.
    pub fn with_access_token(mut self, token: impl Into<String>) -> Self {
        self.access_token = Some(token.into());
        self
    }
}

/// Answers a negotiation with another address.
pub(crate) fn redirect(to: &Redirect) -> Response {
    json(to)
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailableTransport {
    transport: &'static str,
    transfer_formats: &'static [&'static str],
}

fn available(transports: Transports) -> Vec<AvailableTransport> {
    [
        TransportKind::WebSockets,
        TransportKind::ServerSentEvents,
        TransportKind::LongPolling,
    ]
    .into_iter()
    .filter(|kind| transports.contains(*kind))
    .map(|kind| AvailableTransport {
        transport: kind.name(),
        transfer_formats: if kind == TransportKind::ServerSentEvents {
            &["Text"]
        } else {
            &["Text", "Binary"]
        },
    })
    .collect()
}

/// Answers `POST <hub>/negotiate`.
pub(crate) fn negotiate(core: &Arc<Core>, parts: &Parts, user: User) -> Response {
    let version = match version(parts, i64::from(core.options.minimum_negotiate_version)) {
        Ok(version) => version,
        Err(error) => return json(&Refused { error: &error }),
    };
    let query = parts.uri.query().unwrap_or_default();
    let is_asked = query_value(query, "useStatefulReconnect")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let stateless = core.options.stateless_negotiation.as_ref();
    let token_lifetime_seconds = if core.options.authentication_refresh {
        lifetime_seconds(&user)
    } else {
        None
    };
    let reconnects = is_asked && core.options.stateful_reconnect && stateless.is_none();
    let (id, token) = if let Some(stateless) = stateless {
        let ticket = stateless.issue(user.id());
        (ticket.names.id, ticket.text)
    } else {
        let id = ConnectionId::random();
        let token = if version == 0 {
            id
        } else {
            ConnectionId::random()
        };
        let connection = Connection::new(Arc::clone(core), id, token, user);
        if reconnects {
            connection.promise_reconnect();
        }
        core.track(Arc::new(connection));
        (id, token.to_string())
    };
    tracing::debug!(connection.id = %id, version, "negotiated");
    json(&Negotiated {
        use_stateful_reconnect: reconnects.then_some(true),
        negotiate_version: version,
        // A client of version 0 has nothing but the id to name its connection with.
        connection_id: if version == 0 { &token } else { &id },
        connection_token: (version > 0).then_some(&token),
        available_transports: available(core.options.transports),
        token_lifetime_seconds,
    })
}

fn version(parts: &Parts, minimum: i64) -> Result<i64, String> {
    let Some(text) = query_value(parts.uri.query().unwrap_or_default(), "negotiateVersion") else {
        return check(0, minimum);
    };
    match text.parse() {
        Ok(version) => check(version, minimum),
        Err(_) => Err("The client requested a non-integer protocol version.".to_owned()),
    }
}

fn check(version: i64, minimum: i64) -> Result<i64, String> {
    if version < minimum {
        return Err(format!(
            "The client requested version '{version}', but the server does not support this version."
        ));
    }
    Ok(version.min(HIGHEST_VERSION))
}

fn json(body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("strings and numbers are serialisable");
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
