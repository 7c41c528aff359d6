//! The HTTP requests of a hub, sorted by what they are.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};

use crate::auth::{self, AuthenticationRequest, RequestPurpose};
use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::cors;
use crate::hub::HubInner;
use crate::options::TransportKind;
use crate::refusal::Refusal;
use crate::request::{RequestSnapshot, access_token, query_value};
use crate::session::Session;
use crate::transport::negotiate::negotiate;
use crate::transport::websocket::{self, Upgrade, is_upgrade};
use crate::transport::{http_channel, long_polling, server_sent_events};
use crate::user::User;

type HubState<S> = State<Arc<HubInner<S>>>;

pub(crate) fn router<S: Send + Sync + 'static>(hub: Arc<HubInner<S>>, path: &str) -> Router {
    let base = format!("/{}", path.trim_matches('/'));
    let router = Router::new()
        .route(
            &format!("{}/negotiate", base.trim_end_matches('/')),
            any(handle_negotiate::<S>),
        )
        .route(&base, any(handle_transport::<S>));
    match &hub.core.options.allowed_origins {
        Some(_) => router.layer(axum::middleware::from_fn_with_state(
            Arc::clone(&hub),
            cors::layer::<S>,
        )),
        None => router,
    }
    .with_state(hub)
}

async fn handle_negotiate<S: Send + Sync + 'static>(
    State(hub): HubState<S>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let user = authenticate(&hub, &parts, RequestPurpose::Negotiate).await?;
    refuse_while_draining(&hub)?;
    hub.core.ensure_heartbeat();
    Ok(negotiate(&hub.core, &parts, user))
}

async fn handle_transport<S: Send + Sync + 'static>(
    State(hub): HubState<S>,
    request: Request,
) -> Result<Response, Refusal> {
    hub.core.ensure_heartbeat();
    let (parts, body) = request.into_parts();
    if is_upgrade(&parts) {
        return open_websocket(&hub, parts).await;
    }
    match parts.method {
        Method::GET if accepts_events(&parts) => open_event_stream(&hub, &parts).await,
        Method::GET => poll(&hub, &parts).await,
        Method::POST => send(&hub, &parts, body).await,
        Method::DELETE => delete(&hub, &parts).await,
        _ => Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

fn accepts_events(parts: &Parts) -> bool {
    let mut accepted = parts.headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains("text/event-stream"))
    })
}

/// New connections are refused while the hub is being drained; the requests of open ones are not.
fn refuse_while_draining<S>(hub: &HubInner<S>) -> Result<(), Refusal> {
    if hub.core.is_draining() {
        Err(Refusal::empty(StatusCode::SERVICE_UNAVAILABLE))
    } else {
        Ok(())
    }
}

async fn authenticate<S>(
    hub: &HubInner<S>,
    parts: &Parts,
    purpose: RequestPurpose,
) -> Result<User, Refusal> {
    let Some(authenticate) = &hub.authenticate else {
        return Ok(User::anonymous());
    };
    let from_query = access_token(parts);
    let token = auth::bearer(parts).or(from_query.as_deref());
    Ok(authenticate
        .authenticate(AuthenticationRequest::new(parts, token, purpose))
        .await?)
}

/// A request of a connection that was negotiated.
struct Known {
    connection: Arc<Connection>,
    user: User,
}

/// Authenticates a request and finds the connection that it names.
async fn identify<S>(hub: &HubInner<S>, parts: &Parts) -> Result<Known, Refusal> {
    let token =
        query_value(parts.uri.query().unwrap_or_default(), "id").filter(|token| !token.is_empty());
    let connection = token
        .as_ref()
        .and_then(|token| hub.core.by_token.find(token));
    let is_new = connection
        .as_ref()
        .is_some_and(|connection| connection.phase() == Phase::Negotiated);
    let purpose = if is_new && parts.method == Method::GET {
        RequestPurpose::Connect
    } else {
        RequestPurpose::Continue
    };
    let user = authenticate(hub, parts, purpose).await?;
    if token.is_none() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "Connection ID required",
        ));
    }
    Ok(Known {
        connection: connection.ok_or(Refusal::UNKNOWN_CONNECTION)?,
        user,
    })
}

fn require_transport<S>(hub: &HubInner<S>, kind: TransportKind) -> Result<(), Refusal> {
    if hub.core.options.transports.contains(kind) {
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
fn attach<S>(
    hub: &HubInner<S>,
    connection: &Connection,
    user: User,
    parts: &Parts,
    kind: TransportKind,
) -> Result<bool, Refusal> {
    if connection.phase() != Phase::Negotiated {
        return Ok(false);
    }
    refuse_while_draining(hub)?;
    if !connection.enter(Phase::Handshake) {
        return Ok(false);
    }
    connection.set_user(user);
    connection.set_request(RequestSnapshot::new(parts, kind));
    Ok(true)
}

async fn open_websocket<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    mut parts: Parts,
) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::WebSockets;
    let origin = parts.headers.get(header::ORIGIN).map(HeaderValue::to_str);
    if let Some(origin) = origin
        && !origin.is_ok_and(|origin| hub.core.options.allows_origin(origin))
    {
        return Err(Refusal::empty(StatusCode::FORBIDDEN));
    }
    let is_negotiated = query_value(parts.uri.query().unwrap_or_default(), "id").is_some();
    let Known { connection, user } = if is_negotiated {
        identify(hub, &parts).await?
    } else {
        let user = authenticate(hub, &parts, RequestPurpose::Connect).await?;
        refuse_while_draining(hub)?;
        let id = ConnectionId::random();
        Known {
            connection: Arc::new(Connection::new(
                Arc::clone(&hub.core),
                id,
                id,
                User::anonymous(),
            )),
            user,
        }
    };
    require_transport(hub, KIND)?;
    require_same_transport(&connection, KIND)?;
    let Upgrade {
        on_upgrade,
        response,
    } = Upgrade::accept(&mut parts).map_err(Refusal::empty)?;
    if !attach(hub, &connection, user, &parts, KIND)? {
        return Err(Refusal::empty(StatusCode::CONFLICT));
    }
    hub.core.track(&connection);
    let session = Session::new(Arc::clone(hub), connection);
    hub.core.tasks.spawn(websocket::run(session, on_upgrade));
    Ok(response)
}

async fn open_event_stream<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    parts: &Parts,
) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::ServerSentEvents;
    let Known { connection, user } = identify(hub, parts).await?;
    require_transport(hub, KIND)?;
    require_same_transport(&connection, KIND)?;
    if !attach(hub, &connection, user, parts, KIND)? {
        return Err(Refusal::empty(StatusCode::CONFLICT));
    }
    hub.core.tasks.spawn(http_channel::run(Session::new(
        Arc::clone(hub),
        Arc::clone(&connection),
    )));
    Ok(server_sent_events::respond(connection))
}

async fn poll<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    parts: &Parts,
) -> Result<Response, Refusal> {
    const KIND: TransportKind = TransportKind::LongPolling;
    let Known { connection, user } = identify(hub, parts).await?;
    require_transport(hub, KIND)?;
    require_same_transport(&connection, KIND)?;
    if attach(hub, &connection, user.clone(), parts, KIND)? {
        let response = long_polling::first_poll(&connection);
        hub.core
            .tasks
            .spawn(http_channel::run(Session::new(Arc::clone(hub), connection)));
        return Ok(response);
    }
    connection.set_user(user);
    long_polling::poll(&connection).await
}

async fn send<S>(hub: &HubInner<S>, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    let Known { connection, .. } = identify(hub, parts).await?;
    if connection.transport() == Some(TransportKind::WebSockets) {
        let text = "POST requests are not allowed for WebSocket connections.";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text));
    }
    http_channel::receive(&connection, body).await
}

async fn delete<S>(hub: &HubInner<S>, parts: &Parts) -> Result<Response, Refusal> {
    let Known { connection, .. } = identify(hub, parts).await?;
    if connection.transport() != Some(TransportKind::LongPolling) {
        let text = "Cannot terminate this connection using the DELETE endpoint.";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    }
    Ok(long_polling::delete(&connection))
}
