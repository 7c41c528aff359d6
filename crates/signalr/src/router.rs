//! The HTTP requests of a hub, sorted by what they are.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use hyper::upgrade::OnUpgrade;

use crate::auth::{self, AuthenticationError, AuthenticationRequest, RequestPurpose};
use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::cors;
use crate::endpoint::Endpoint;
use crate::error::CloseReason;
use crate::handle::ConnectionHandle;
use crate::options::TransportKind;
use crate::outbox::Origin;
use crate::refresh;
use crate::refusal::Refusal;
use crate::request::{RequestSnapshot, access_token, headers_are_too_large, query_value};
use crate::transport::websocket::{self, Upgrade, is_upgrade};
use crate::transport::{http_channel, long_polling, negotiate, server_sent_events};
use crate::user::User;

type EndpointState<E> = State<Arc<E>>;

pub(crate) fn router<E: Endpoint>(endpoint: Arc<E>, path: &str) -> Router {
    let base = format!("/{}", path.trim_matches('/'));
    let router = Router::new()
        .route(
            &format!("{}/negotiate", base.trim_end_matches('/')),
            any(handle_negotiate::<E>),
        )
        .route(
            &format!("{}/refresh", base.trim_end_matches('/')),
            any(refresh::handle::<E>),
        )
        .route(&base, any(handle_transport::<E>));
    match &endpoint.core().options.allowed_origins {
        Some(_) => router.layer(axum::middleware::from_fn_with_state(
            Arc::clone(&endpoint),
            cors::layer::<E>,
        )),
        None => router,
    }
    .with_state(endpoint)
}

async fn handle_negotiate<E: Endpoint>(
    State(endpoint): EndpointState<E>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let user = authenticate(&endpoint, &parts, RequestPurpose::Negotiate).await?;
    if let Some(elsewhere) = endpoint.redirect(&parts, &user) {
        return Ok(negotiate::redirect(&elsewhere));
    }
    refuse_newcomers(&endpoint)?;
    endpoint.core().ensure_heartbeat();
    Ok(negotiate::negotiate(endpoint.core(), &parts, user))
}

async fn handle_transport<E: Endpoint>(
    State(endpoint): EndpointState<E>,
    request: Request,
) -> Result<Response, Refusal> {
    endpoint.core().ensure_heartbeat();
    let (parts, body) = request.into_parts();
    match parts.method {
        Method::GET if accepts_events(&parts) => open_event_stream(&endpoint, &parts).await,
        _ if is_upgrade(&parts) => open_websocket(&endpoint, parts).await,
        Method::GET => poll(&endpoint, &parts).await,
        Method::POST => send(&endpoint, &parts, body).await,
        Method::DELETE => delete(&endpoint, &parts).await,
        _ => Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

fn accepts_events(parts: &Parts) -> bool {
    let mut accepted = parts.headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.to_ascii_lowercase().contains("text/event-stream"))
    })
}

/// New connections are refused while the hub is being drained; the requests of open ones are not.
fn refuse_while_draining<E: Endpoint>(endpoint: &Arc<E>) -> Result<(), Refusal> {
    if endpoint.core().is_draining() {
        Err(Refusal::empty(StatusCode::SERVICE_UNAVAILABLE))
    } else {
        Ok(())
    }
}

/// Closes a connection that a drain may have missed: it became known when the drain had begun already.
fn close_while_draining(connection: &Arc<Connection>) {
    if connection.core.is_draining() {
        ConnectionHandle::new(Arc::clone(connection), Origin::Anyone)
            .close(CloseReason::normal().allow_reconnect(true));
    }
}

/// Refuses what would be one connection too many.
fn refuse_newcomers<E: Endpoint>(endpoint: &Arc<E>) -> Result<(), Refusal> {
    refuse_while_draining(endpoint)?;
    let core = endpoint.core();
    match core.options.maximum_connections {
        Some(maximum) if core.live() >= maximum => {
            Err(Refusal::empty(StatusCode::SERVICE_UNAVAILABLE))
        }
        _ => Ok(()),
    }
}

pub(crate) async fn authenticate<E: Endpoint>(
    endpoint: &Arc<E>,
    parts: &Parts,
    purpose: RequestPurpose,
) -> Result<User, AuthenticationError> {
    let Some(authenticate) = endpoint.authenticator() else {
        return Ok(User::anonymous());
    };
    let from_query = access_token(parts);
    let token = auth::bearer(parts).or(from_query.as_deref());
    authenticate
        .authenticate(AuthenticationRequest::new(parts, token, purpose))
        .await
}

/// The token in a request's query, and the connection that it names.
pub(crate) fn find<E: Endpoint>(
    endpoint: &Arc<E>,
    parts: &Parts,
) -> (Option<String>, Option<Arc<Connection>>) {
    let core = endpoint.core();
    let token =
        query_value(parts.uri.query().unwrap_or_default(), "id").filter(|token| !token.is_empty());
    let connection = token.as_ref().and_then(|token| {
        let stateless = core.options.stateless_negotiation.as_ref();
        match stateless.and_then(|stateless| stateless.read(token)) {
            Some(names) => core.by_token.find(&names.key),
            None => core.by_token.find(token),
        }
    });
    (token, connection)
}

/// A request of a connection that was negotiated.
struct Known {
    connection: Arc<Connection>,
    user: User,
}

/// Authenticates a request and finds the connection that it names.
async fn identify<E: Endpoint>(endpoint: &Arc<E>, parts: &Parts) -> Result<Known, Refusal> {
    let core = endpoint.core();
    let (token, connection) = find(endpoint, parts);
    let stateless = core
        .options
        .stateless_negotiation
        .as_ref()
        .zip(token.as_ref());
    let names = stateless.and_then(|(stateless, token)| stateless.read(token));
    let is_new = connection.as_ref().map_or(names.is_some(), |connection| {
        connection.phase() == Phase::Negotiated
    });
    let purpose = if is_new && parts.method != Method::POST && parts.method != Method::DELETE {
        RequestPurpose::Connect
    } else {
        RequestPurpose::Continue
    };
    let user = authenticate(endpoint, parts, purpose).await?;
    if token.is_none() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "Connection ID required",
        ));
    }
    if let Some(connection) = connection {
        let is_over = connection.phase() == Phase::Gone
            && connection.transport() != Some(TransportKind::LongPolling);
        return if is_over {
            Err(Refusal::UNKNOWN_CONNECTION)
        } else {
            Ok(Known { connection, user })
        };
    }
    let (Some((stateless, token)), Some(names)) = (stateless, names) else {
        return Err(Refusal::UNKNOWN_CONNECTION);
    };
    if purpose != RequestPurpose::Connect || !stateless.is_fresh(token, user.id()) {
        return Err(Refusal::UNKNOWN_CONNECTION);
    }
    refuse_newcomers(endpoint)?;
    let connection = Arc::new(Connection::new(
        Arc::clone(core),
        names.id,
        names.key,
        User::anonymous(),
    ));
    Ok(Known {
        connection: core.track(connection),
        user,
    })
}

fn require_transport<E: Endpoint>(endpoint: &Arc<E>, kind: TransportKind) -> Result<(), Refusal> {
    if endpoint.core().options.transports.contains(kind) {
        return Ok(());
    }
    let text = match kind {
        TransportKind::WebSockets => "WebSockets transport not supported by this end point type",
        TransportKind::ServerSentEvents => {
            "ServerSentEvents transport not supported by this end point type"
        }
        TransportKind::LongPolling => "LongPolling transport not supported by this end point type",
    };
    Err(Refusal::new(StatusCode::NOT_FOUND, text))
}

fn require_same_transport(connection: &Connection, kind: TransportKind) -> Result<(), Refusal> {
    match connection.transport() {
        Some(other) if other != kind => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "Cannot change transports mid-connection",
        )),
        _ => Ok(()),
    }
}

/// Gives a negotiated connection its transport. `false` if it has one already.
fn attach<E: Endpoint>(
    endpoint: &Arc<E>,
    connection: &Connection,
    user: User,
    parts: &Parts,
    kind: TransportKind,
) -> Result<bool, Refusal> {
    if connection.phase() != Phase::Negotiated {
        return Ok(false);
    }
    refuse_while_draining(endpoint)?;
    if headers_are_too_large(parts) {
        return Err(Refusal::empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    if !connection.enter(Phase::Handshake) {
        return Ok(false);
    }
    connection.set_user(user);
    connection.set_request(RequestSnapshot::new(parts, kind));
    connection.report_start(kind);
    Ok(true)
}

async fn open_websocket<E: Endpoint>(
    endpoint: &Arc<E>,
    mut parts: Parts,
) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::WebSockets;
    let origin = parts.headers.get(header::ORIGIN).map(HeaderValue::to_str);
    if let Some(origin) = origin
        && !origin.is_ok_and(|origin| endpoint.core().options.allows_origin(origin))
    {
        return Err(Refusal::empty(StatusCode::FORBIDDEN));
    }
    let is_negotiated = query_value(parts.uri.query().unwrap_or_default(), "id")
        .is_some_and(|token| !token.is_empty());
    let Known { connection, user } = if is_negotiated {
        identify(endpoint, &parts).await?
    } else {
        let user = authenticate(endpoint, &parts, RequestPurpose::Connect).await?;
        refuse_newcomers(endpoint)?;
        let id = ConnectionId::random();
        Known {
            connection: Arc::new(Connection::new(
                Arc::clone(endpoint.core()),
                id,
                id,
                User::anonymous(),
            )),
            user,
        }
    };
    require_transport(endpoint, KIND)?;
    require_same_transport(&connection, KIND)?;
    let Upgrade {
        on_upgrade,
        response,
    } = Upgrade::accept(&mut parts).map_err(Refusal::empty)?;
    if !attach(endpoint, &connection, user, &parts, KIND)? {
        return reattach(&connection, on_upgrade).map(|()| response);
    }
    let connection = endpoint.core().track(connection);
    close_while_draining(&connection);
    let session = endpoint.start(connection);
    endpoint
        .core()
        .tasks
        .spawn(websocket::run(session, on_upgrade));
    Ok(response)
}

/// Gives a connection with stateful reconnect another socket.
fn reattach(connection: &Connection, on_upgrade: OnUpgrade) -> Result<(), Refusal> {
    if connection.phase() >= Phase::Ending {
        return Err(Refusal::UNKNOWN_CONNECTION);
    }
    let reconnect = connection
        .reconnect()
        .ok_or(Refusal::empty(StatusCode::CONFLICT))?;
    reconnect.offer(on_upgrade);
    connection.wake();
    Ok(())
}

async fn open_event_stream<E: Endpoint>(
    endpoint: &Arc<E>,
    parts: &Parts,
) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::ServerSentEvents;
    let Known { connection, user } = identify(endpoint, parts).await?;
    require_transport(endpoint, KIND)?;
    require_same_transport(&connection, KIND)?;
    if !attach(endpoint, &connection, user, parts, KIND)? {
        return Err(Refusal::empty(StatusCode::CONFLICT));
    }
    close_while_draining(&connection);
    endpoint
        .core()
        .tasks
        .spawn(http_channel::run(endpoint.start(Arc::clone(&connection))));
    Ok(server_sent_events::respond(connection))
}

async fn poll<E: Endpoint>(endpoint: &Arc<E>, parts: &Parts) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::LongPolling;
    let Known { connection, user } = identify(endpoint, parts).await?;
    require_transport(endpoint, KIND)?;
    require_same_transport(&connection, KIND)?;
    if attach(endpoint, &connection, user.clone(), parts, KIND)? {
        close_while_draining(&connection);
        let response = long_polling::first_poll(&connection);
        endpoint
            .core()
            .tasks
            .spawn(http_channel::run(endpoint.start(connection)));
        return Ok(response);
    }
    connection.set_user_of_poll(user);
    long_polling::poll(&connection).await
}

async fn send<E: Endpoint>(
    endpoint: &Arc<E>,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let Known { connection, .. } = identify(endpoint, parts).await?;
    if connection.transport() == Some(TransportKind::WebSockets) {
        let text = "POST requests are not allowed for WebSocket connections.";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text));
    }
    http_channel::receive(&connection, body).await
}

async fn delete<E: Endpoint>(endpoint: &Arc<E>, parts: &Parts) -> Result<Response, Refusal> {
    let Known { connection, .. } = identify(endpoint, parts).await?;
    if connection.transport() != Some(TransportKind::LongPolling) {
        let text = "Cannot terminate this connection using the DELETE endpoint.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    }
    Ok(long_polling::delete(&connection))
}
