//! The composition root: everything is made and connected here, started, and stopped in order.

mod start_error;
mod stop;
mod storage;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use hubbub_application::auth::AuthService;
use hubbub_application::chat::ChatService;
use hubbub_application::groups::GroupService;
use hubbub_application::invitations::InvitationService;
use hubbub_application::ports::{Clock, EventBus, IdGenerator, PasswordHasher, TokenIssuer};
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_application::users::UserService;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::in_process::InProcessEventBus;
use hubbub_infrastructure::security::{Argon2Hasher, JwtIssuer, RandomIds, SystemClock};
use hubbub_shared::Causes;
use signalr_hub::{HubContext, match_any_case};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_swagger_ui::SwaggerUi;

pub use start_error::StartError;

use crate::config::Config;
use crate::controllers;
use crate::hub::{self, HubOutbound, HubState, Watching};
use crate::login_throttle::LoginThrottle;
use crate::middleware::{contained, detached, same_origin, security_headers, trace};
use crate::relay::Relay;
use crate::setup_notice::SetupNotice;
use crate::state::{App, Services};
use crate::{server, web_client};
use storage::Storage;

/// Where the hub is.
const HUB_PATH: &str = "/hubs/chat";
/// How often it is looked who has been away for longer than the time of grace.
const PRESENCE_SWEEP: Duration = Duration::from_secs(1);
/// How often what ended long ago is removed; the first time right after the start.
const PURGE: Duration = Duration::from_hours(24);
/// How long running requests may take to end when the program stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs Hubbub until it is told to stop.
pub fn run(config: Config) -> Result<(), StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?
        .block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), StartError> {
    let storage = Storage::open(&config.storage).await?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|source| StartError::Listen(config.server.listen, source))?;
    let listening_on = listener
        .local_addr()
        .map_err(|source| StartError::Listen(config.server.listen, source))?;
    let stopping = CancellationToken::new();
    let node = Node::build(config.clone(), storage.store(), stopping.clone()).await?;
    node.warn_about_plain_http();

    SetupNotice {
        server: &config.server,
        listening_on,
        data: &storage.place(),
        setup_code: node.setup_code.as_deref(),
    }
    .print();
    tracing::info!(address = %listening_on, "serving");

    let closing = CancellationToken::new();
    let serving = server::serve(
        listener,
        node.router.clone(),
        config.server.max_connections,
        closing.clone(),
    );
    let lost = CancellationToken::new();
    let draining = async {
        let window = tokio::select! {
            () = stop::requested() => {
                tracing::info!("stopping: clients are sent away");
                Duration::from_secs(config.server.drain_seconds)
            }
            // Another node may serve from now on: two must not.
            () = storage.lost() => {
                lost.cancel();
                Duration::ZERO
            }
        };
        stopping.cancel();
        node.hub.drain(window).await;
        closing.cancel();
    };
    let in_time = async {
        closing.cancelled().await;
        tokio::time::sleep(STOP_TIMEOUT).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(serving, draining) } => {}
        () = in_time => tracing::warn!("some requests did not end in time"),
    }
    node.finish().await;
    storage.close().await;
    tracing::info!("stopped");
    if lost.is_cancelled() {
        return Err(StartError::NodeLockLost);
    }
    Ok(())
}

/// A running node: what serves, and what works in the background.
struct Node {
    router: Router,
    hub: HubContext,
    setup_code: Option<String>,
    app: App,
}

impl Node {
    async fn build(
        config: Config,
        store: Arc<dyn Store>,
        stopping: CancellationToken,
    ) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hasher: Arc<dyn PasswordHasher> = Arc::new(Argon2Hasher::new(cores));
        let bus = Arc::new(InProcessEventBus::new());
        let events: Arc<dyn EventBus> = bus.clone();
        let tasks = TaskTracker::new();

        let server = ServerService::new(store.clone(), clock.clone(), ids.clone());
        let prepared = server.prepare().await.map_err(StartError::Prepare)?;
        let tokens: Arc<dyn TokenIssuer> = Arc::new(JwtIssuer::new(&prepared.token_key));
        let auth = AuthService::new(
            store.clone(),
            clock.clone(),
            ids.clone(),
            hasher,
            tokens,
            events.clone(),
            config.auth_options(),
        );
        let auth = Arc::new(auth.await.map_err(StartError::Auth)?);
        let (c, i, e) = (clock.clone(), ids.clone(), events.clone());
        let chat = Arc::new(ChatService::new(store.clone(), c, i, e));
        let (c, i, e) = (clock.clone(), ids.clone(), events.clone());
        let groups = Arc::new(GroupService::new(store.clone(), c, i, e));
        let presence = Arc::new(PresenceService::new(store.clone(), clock.clone(), events));

        let watching = Arc::new(Watching::new(presence.clone(), tasks.clone()));
        let outbound = Arc::new(HubOutbound::new(presence.clone(), watching.clone()));
        let relay = Relay::new(chat.clone(), outbound.clone(), tasks.clone());
        let hub = hub::build(HubState {
            auth: auth.clone(),
            chat: chat.clone(),
            groups: groups.clone(),
            presence: presence.clone(),
            watching,
            clock: clock.clone(),
            relay: relay.clone(),
        });
        outbound.connect(hub.context());
        bus.subscribe(move |event| relay.receive(event));
        tasks.spawn(sweep_presence(presence, stopping.clone()));
        tasks.spawn(purge(server, stopping.clone()));

        let app = App::new(Services {
            config,
            users: UserService::new(store.clone()),
            invitations: InvitationService::new(store, clock.clone(), ids.clone()),
            clock,
            ids,
            auth,
            chat,
            groups,
            login_throttle: LoginThrottle::default(),
            tasks,
            stopping,
        });
        Ok(Self {
            router: router(&app, hub.router(HUB_PATH)),
            hub: hub.context(),
            setup_code: prepared.setup_code,
            app,
        })
    }

    fn warn_about_plain_http(&self) {
        let server = &self.app.config.server;
        if !server.listen.ip().is_loopback() && !server.is_https() {
            tracing::warn!(
                "serving plain HTTP to other machines: put a proxy with TLS in front and set server.public_url"
            );
        }
    }

    /// Waits for what was begun.
    async fn finish(&self) {
        self.app.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.app.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some work did not end in time");
        }
    }
}

fn router(app: &App, hub: Router) -> Router {
    let (api, document) = controllers::routes().split_for_parts();
    let api = controllers::bounded(api).route_layer(from_fn_with_state(app.clone(), detached));
    let routes = Router::new()
        .merge(api)
        .merge(controllers::health::routes())
        .with_state(app.clone())
        .merge(hub)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(web_client::serve)
        .layer(from_fn_with_state(app.clone(), same_origin))
        .layer(from_fn(contained))
        .layer(from_fn_with_state(app.clone(), security_headers))
        .layer(from_fn_with_state(app.clone(), trace));
    // As with ASP.NET Core, which clients rely on.
    match_any_case(routes, &[HUB_PATH])
}

async fn sweep_presence(presence: Arc<PresenceService>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(PRESENCE_SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => presence.sweep(),
        }
    }
}

async fn purge(server: ServerService, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(PURGE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match server.purge().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old sign-ins and invitations were removed"),
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "old sign-ins and invitations cannot be removed yet");
            }
        }
    }
}
