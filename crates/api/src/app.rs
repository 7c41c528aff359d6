//! The composition root: everything is made and connected here, started, and stopped in order.

mod background;
mod bus;
#[cfg(test)]
mod cut_connections;
mod realtime;
mod sharing;
mod start_error;
mod stop;
mod storage;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use hubbub_application::auth::AuthService;
use hubbub_application::chat::{ChatService, LogWriter, WriterOptions};
use hubbub_application::groups::GroupService;
use hubbub_application::invitations::InvitationService;
use hubbub_application::ports::{Clock, EventBus, IdGenerator, PasswordHasher, TokenIssuer};
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_application::users::UserService;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::security::{Argon2Hasher, JwtIssuer, RandomIds, SystemClock};
use signalr_hub::{ConnectionId, HubBuilder, HubContext, match_any_case};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_swagger_ui::SwaggerUi;

pub use start_error::StartError;

use crate::config::Config;
use crate::controllers;
use crate::hub::HubState;
use crate::login_throttle::LoginThrottle;
use crate::metrics::{self, Gathered, Instruments};
use crate::middleware::{contained, detached, same_origin, security_headers, trace};
use crate::relay::{Committed, Relay};
use crate::setup_notice::SetupNotice;
use crate::state::{App, Services};
use crate::{server, web_client};
use background::Background;
use bus::NodeBus;
use realtime::{Parts, Realtime};
use sharing::Sharing;
use stop::Stop;
use storage::Storage;

/// Where the hub is.
const HUB_PATH: &str = "/hubs/chat";
/// How many connections the listener for metrics serves at once.
const MAX_SCRAPERS: usize = 16;

/// Runs Hubbub until it is told to stop.
pub fn run(config: Config) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let ended = runtime.block_on(serve(config));
    // What has not ended by now was waited for long enough.
    runtime.shutdown_background();
    ended
}

async fn serve(config: Config) -> Result<(), StartError> {
    let storage = Storage::open(&config.storage, config.redis.url.is_some()).await?;
    let (listener, listening_on) = listen(config.server.listen)
        .await
        .map_err(|source| StartError::Listen(config.server.listen, source))?;
    let metrics_listener = match config.metrics.listen {
        Some(address) => {
            let bound = listen(address).await;
            Some(bound.map_err(|source| StartError::ListenMetrics(address, source))?)
        }
        None => None,
    };
    let stopping = CancellationToken::new();
    let (store, writing) = (storage.store(), storage.writer_options());
    #[cfg(feature = "broken-redis-sequence")]
    let store = sharing::numbered_by_redis(store, config.redis.url.as_ref())?;
    let node = Node::build(config.clone(), store, writing, stopping.clone(), |hub| hub).await?;
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
    let serving = TaskTracker::new();
    serving.spawn(server::serve(
        listener,
        node.router.clone(),
        config.server.max_connections,
        closing.clone(),
    ));
    if let Some((listener, address)) = metrics_listener {
        tracing::info!(%address, "serving metrics");
        let router = node.metrics(&storage);
        serving.spawn(server::serve(
            listener,
            router,
            MAX_SCRAPERS,
            closing.clone(),
        ));
    }
    serving.close();
    let (window, end) = tokio::select! {
        () = stop::requested() => {
            tracing::info!("stopping: clients are sent away");
            (Duration::from_secs(config.server.drain_seconds), Ok(()))
        }
        // Another node may serve from now on: two must not.
        () = storage.lost() => (Duration::ZERO, Err(StartError::NodeLockLost)),
    };
    stopping.cancel();
    let stop = Stop::begin(window);
    stop.calls(node.hub.drain(window)).await;
    closing.cancel();
    stop.requests(serving.wait()).await;
    node.finish(&stop).await;
    stop.database(storage.close()).await;
    tracing::info!("stopped");
    end
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let listening_on = listener.local_addr()?;
    Ok((listener, listening_on))
}

/// A running node: what serves, and what works in the background.
struct Node {
    router: Router,
    hub: HubContext,
    setup_code: Option<String>,
    writer: LogWriter,
    relay: Relay<ConnectionId>,
    bus: NodeBus,
    app: App,
}

impl Node {
    /// Builds a node over a store. `wrap` has the last word on the hub, which is where tests stand between it and its methods.
    async fn build(
        config: Config,
        store: Arc<dyn Store>,
        writing: WriterOptions,
        stopping: CancellationToken,
        wrap: impl FnOnce(HubBuilder<HubState>) -> HubBuilder<HubState>,
    ) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hasher: Arc<dyn PasswordHasher> = Arc::new(Argon2Hasher::new(cores));
        let tasks = TaskTracker::new();
        let instruments = Instruments::default();

        let server = ServerService::new(store.clone(), clock.clone(), ids.clone());
        let prepared = server.prepare().await.map_err(StartError::Prepare)?;
        let bus = NodeBus::new(&config.redis, &prepared, ids.as_ref())?;
        let committed = Arc::new(Committed::new(bus.port()));
        let events: Arc<dyn EventBus> = committed.clone();
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
        let (c, e) = (clock.clone(), events.clone());
        let (writer, runners) = LogWriter::new(store.clone(), c, e, writing);
        let (c, i, e, w) = (clock.clone(), ids.clone(), events.clone(), writer.clone());
        let sharing = Sharing::open(
            config.redis.url.as_ref(),
            config.rate_limits(),
            clock.clone(),
            ids.clone(),
        )?;
        let chat = ChatService::new(store.clone(), c, i, e, w);
        let chat = Arc::new(chat.limited_by(sharing.limits.clone()));
        let (c, i, e) = (clock.clone(), ids.clone(), events.clone());
        let groups = Arc::new(GroupService::new(store.clone(), c, i, e));
        let presence = Arc::new(PresenceService::new(
            store.clone(),
            sharing.presence,
            clock.clone(),
            events.clone(),
            sharing.limits,
        ));
        // Before the first account nobody can be on the way back.
        presence.enter(prepared.setup_code.is_none()).await;

        let parts = Parts {
            auth: auth.clone(),
            chat: chat.clone(),
            groups: groups.clone(),
            presence: presence.clone(),
            clock: clock.clone(),
            committed,
            connection_key: prepared.connection_key,
            instruments: instruments.clone(),
            tasks: tasks.clone(),
        };
        let realtime = Realtime::build(parts, wrap);
        realtime.start(&bus, stopping.clone());
        for runner in runners {
            let observer = Arc::new(instruments.clone());
            tasks.spawn(runner.observed_by(observer).run());
        }
        let background = Background {
            server,
            auth: auth.clone(),
            chat: chat.clone(),
            presence: presence.clone(),
            watching: realtime.watching,
            outbound: realtime.outbound,
            rates: sharing.rates,
            interruptions: events.interruptions(),
        };
        background.spawn(&tasks, &stopping);

        let bus_health = events.health();
        let app = App::new(Services {
            config,
            users: UserService::new(store.clone(), events),
            invitations: InvitationService::new(store, clock.clone(), ids.clone()),
            clock,
            ids,
            auth,
            chat,
            groups,
            presence,
            bus_health,
            instruments,
            login_throttle: LoginThrottle::default(),
            tasks,
            stopping,
        });
        Ok(Self {
            router: router(&app, realtime.hub.router(HUB_PATH)),
            hub: realtime.hub.context(),
            setup_code: prepared.setup_code,
            writer,
            relay: realtime.relay,
            bus,
            app,
        })
    }

    /// What it serves to whoever operates it.
    fn metrics(&self, storage: &Storage) -> Router {
        let gathered = Gathered {
            relay: self.relay.counters().clone(),
            bus_health: self.app.bus_health.clone(),
            bus: self.bus.redis(),
            pool: storage.usage(),
        };
        metrics::router(&self.app.instruments, gathered)
    }

    fn warn_about_plain_http(&self) {
        let server = &self.app.config.server;
        if !server.listen.ip().is_loopback() && !server.is_https() {
            tracing::warn!(
                "serving plain HTTP to other machines: put a proxy with TLS in front and set server.public_url"
            );
        }
    }

    /// Waits for what was begun: what was taken in is written, and nothing more is taken in.
    async fn finish(&self, stop: &Stop) {
        self.writer.close();
        self.app.tasks.close();
        stop.work(self.app.tasks.wait()).await;
        stop.bus(self.bus.close()).await;
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
