//! The composition root: everything is made and connected here, started, and stopped in order.

mod background;
#[cfg(test)]
mod cut_connections;
mod sharing;
mod start_error;
mod stop;
mod storage;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use hubbub_application::auth::AuthService;
use hubbub_application::chat::{ChatService, LogWriter, WriterOptions};
use hubbub_application::groups::GroupService;
use hubbub_application::invitations::InvitationService;
use hubbub_application::ports::{
    BusHealth, Clock, EventBus, IdGenerator, PasswordHasher, TokenIssuer,
};
use hubbub_application::presence::PresenceService;
use hubbub_application::server::ServerService;
use hubbub_application::users::UserService;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::in_process::InProcessEventBus;
use hubbub_infrastructure::security::{Argon2Hasher, JwtIssuer, RandomIds, SystemClock};
use signalr_hub::{HubBuilder, HubContext, match_any_case};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_swagger_ui::SwaggerUi;

pub use start_error::StartError;

use crate::config::Config;
use crate::controllers;
use crate::hub::{self, HubOutbound, HubState, Watching};
use crate::login_throttle::LoginThrottle;
use crate::middleware::{contained, detached, same_origin, security_headers, trace};
use crate::relay::{Committed, Relay, Surroundings};
use crate::setup_notice::SetupNotice;
use crate::state::{App, Services};
use crate::{server, web_client};
use sharing::Sharing;
use storage::Storage;

/// Where the hub is.
const HUB_PATH: &str = "/hubs/chat";
/// The Redis that several nodes share. None yet: this is one node.
const REDIS_URL: Option<&str> = None;
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
    let (store, writing) = (storage.store(), storage.writer_options());
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
    writer: LogWriter,
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
        let bus = Arc::new(InProcessEventBus::new());
        let committed = Arc::new(Committed::new(bus.clone()));
        let events: Arc<dyn EventBus> = committed.clone();
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
        let (c, e) = (clock.clone(), events.clone());
        let (writer, runners) = LogWriter::new(store.clone(), c, e, writing);
        let (c, i, e, w) = (clock.clone(), ids.clone(), events.clone(), writer.clone());
        let sharing = Sharing::open(REDIS_URL, config.rate_limits(), clock.clone(), ids.clone())?;
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

        let watching = Watching::new(presence.clone(), clock.clone(), tasks.clone());
        let watching = Arc::new(watching);
        let outbound = Arc::new(HubOutbound::new(presence.clone(), watching.clone()));
        let relay = Relay::new(chat.clone(), outbound.clone(), tasks.clone());
        let hub = wrap(hub::builder(HubState {
            auth: auth.clone(),
            chat: chat.clone(),
            groups: groups.clone(),
            presence: presence.clone(),
            watching: watching.clone(),
            clock: clock.clone(),
            relay: relay.clone(),
        }))
        .build();
        outbound.connect(hub.context());
        let watching_relay = relay.clone();
        bus.subscribe(move |event| relay.receive(event));
        tasks.spawn(watching_relay.watch(Surroundings {
            committed,
            // What is handed over in the same process is not lost.
            health: watch::channel(BusHealth::Healthy).1,
            interruptions: watch::channel(0).1,
            stopping: stopping.clone(),
        }));
        for runner in runners {
            tasks.spawn(runner.run());
        }
        let stop = stopping.clone();
        tasks.spawn(background::keep_presence(presence.clone(), stop));
        tasks.spawn(background::announce_presence(watching, stopping.clone()));
        if let Some(rates) = sharing.rates {
            tasks.spawn(background::until(stopping.clone(), rates.run()));
        }
        tasks.spawn(background::close_ended(
            auth.clone(),
            outbound.clone(),
            stopping.clone(),
        ));
        tasks.spawn(background::purge_ended(server, stopping.clone()));
        tasks.spawn(background::purge_deleted(chat.clone(), stopping.clone()));
        tasks.spawn(background::forget_changes(chat.clone(), stopping.clone()));

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
            login_throttle: LoginThrottle::default(),
            tasks,
            stopping,
        });
        Ok(Self {
            router: router(&app, hub.router(HUB_PATH)),
            hub: hub.context(),
            setup_code: prepared.setup_code,
            writer,
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

    /// Waits for what was begun: what was taken in is written, and nothing more is taken in.
    async fn finish(&self) {
        self.writer.close();
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
