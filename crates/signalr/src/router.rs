//! The HTTP requests of a hub, sorted by what they are.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use hyper_util::rt::TokioIo;

use crate::auth::{self, AuthenticationRequest, RequestPurpose};
use crate::connection::{Connection, Phase};
use crate::connection_id::ConnectionId;
use crate::hub::HubInner;
use crate::options::TransportKind;
use crate::refusal::Refusal;
use crate::request::{RequestSnapshot, access_token, query_value};
use crate::session::Session;
use crate::transport::negotiate::negotiate;
use crate::transport::websocket::{Driver, Upgrade, is_upgrade};
use crate::user::User;

type HubState<S> = State<Arc<HubInner<S>>>;

pub(crate) fn router<S: Send + Sync + 'static>(hub: Arc<HubInner<S>>, path: &str) -> Router {
    let base = format!("/{}", path.trim_matches('/'));
    Router::new()
        .route(
            &format!("{}/negotiate", base.trim_end_matches('/')),
            any(handle_negotiate::<S>),
        )
        .route(&base, any(handle_transport::<S>))
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
    admit(&hub)?;
    let user = authenticate(&hub, &parts, RequestPurpose::Negotiate).await?;
    Ok(negotiate(&hub.core, &parts, user))
}

async fn handle_transport<S: Send + Sync + 'static>(
    State(hub): HubState<S>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    admit(&hub)?;
    if is_upgrade(&parts) {
        return open_websocket(&hub, parts).await;
    }
    Err(Refusal::empty(StatusCode::METHOD_NOT_ALLOWED))
}

/// Refuses everybody while the hub is being drained.
fn admit<S>(hub: &HubInner<S>) -> Result<(), Refusal> {
    hub.core.ensure_heartbeat();
    if hub.core.is_draining() {
        return Err(Refusal::empty(StatusCode::SERVICE_UNAVAILABLE));
    }
    Ok(())
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

async fn open_websocket<S: Send + Sync + 'static>(
    hub: &Arc<HubInner<S>>,
    mut parts: Parts,
) -> Result<Response, Refusal> {
    let options = &hub.core.options;
    let origin = parts.headers.get(header::ORIGIN).map(HeaderValue::to_str);
    if let Some(origin) = origin
        && !origin.is_ok_and(|origin| options.allows_origin(origin))
    {
        return Err(Refusal::empty(StatusCode::FORBIDDEN));
    }
    let user = authenticate(hub, &parts, RequestPurpose::Connect).await?;
    if !options.transports.contains(TransportKind::WebSockets) {
        let text = "WebSockets transport not supported by this end point type";
        return Err(Refusal::new(StatusCode::NOT_FOUND, text));
    }
    let connection = if let Some(token) = query_value(parts.uri.query().unwrap_or_default(), "id") {
        let unknown = Refusal::new(StatusCode::NOT_FOUND, "No Connection with that ID");
        hub.core.by_token.find(&token).ok_or(unknown)?
    } else {
        let id = ConnectionId::random();
        Arc::new(Connection::new(
            Arc::clone(&hub.core),
            id,
            id,
            User::anonymous(),
        ))
    };
    let upgrade = Upgrade::accept(&mut parts).map_err(Refusal::empty)?;
    if connection.phase() != Phase::Negotiated || !connection.enter(Phase::Handshake) {
        return Err(Refusal::empty(StatusCode::CONFLICT));
    }
    connection.set_user(user);
    connection.set_request(RequestSnapshot::new(&parts, TransportKind::WebSockets));
    hub.core.track(&connection);
    let session = Session::new(Arc::clone(hub), connection);
    hub.core
        .tasks
        .spawn(run_websocket(session, upgrade.on_upgrade));
    Ok(upgrade.response)
}

async fn run_websocket<S: Send + Sync + 'static>(
    mut session: Session<S>,
    on_upgrade: hyper::upgrade::OnUpgrade,
) {
    if let Ok(socket) = on_upgrade.await {
        Driver::new(TokioIo::new(socket), &mut session).await;
    }
    session.finish().await;
}
