use std::sync::Arc;
use std::time::Duration;

use hubbub_application::ports::{Action, RateLimiter as _};
use hubbub_application::presence::store::{Liveness, PresenceLost, PresenceStore};
use hubbub_infrastructure::in_process::{Rate, RateLimits};
use hubbub_infrastructure::redis::{RedisPresence, RedisRateLimiter, connect_lazily};
use hubbub_infrastructure::security::RandomIds;
use hubbub_testkit::RedisServer;
use redis::aio::ConnectionManager;
use redis::cmd;
use tokio::task::JoinSet;

use crate::clock::FakeClock;
use crate::conformance::presence::{PresenceFixture, active, presence_tests, user};

/// How long a test waits for a Redis to be noticed that is back.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Redis of its own.
pub(crate) struct RedisFixture {
    server: RedisServer,
    connection: ConnectionManager,
    clock: Arc<FakeClock>,
}

impl RedisFixture {
    async fn keys(&self, pattern: &str) -> Vec<String> {
        let mut connection = self.connection.clone();
        let mut keys = cmd("KEYS");
        keys.arg(pattern);
        keys.query_async(&mut connection).await.unwrap()
    }

    /// A node that lives by the server's clock.
    fn real_node(&self) -> RedisPresence {
        let connection = connect_lazily(&self.server.url()).unwrap();
        RedisPresence::new(connection, Arc::new(RandomIds))
    }
}

impl PresenceFixture for RedisFixture {
    async fn new(clock: Arc<FakeClock>) -> Self {
        let server = RedisServer::start().await.unwrap();
        let connection = connect_lazily(&server.url()).unwrap();
        Self {
            server,
            connection,
            clock,
        }
    }

    fn node(&self) -> Arc<dyn PresenceStore> {
        let connection = self.connection.clone();
        let node = RedisPresence::new(connection, Arc::new(RandomIds));
        Arc::new(node.with_clock(self.clock.clone()))
    }

    async fn wipe(&self) {
        let mut connection = self.connection.clone();
        let wiped: String = cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
        assert_eq!(wiped, "OK");
    }

    async fn size(&self) -> (usize, usize) {
        let mut connection = self.connection.clone();
        let mut nodes = cmd("ZCARD");
        nodes.arg("hubbub:presence:nodes");
        let nodes: usize = nodes.query_async(&mut connection).await.unwrap();
        let sets = self.keys("hubbub:presence:node:*").await.len();
        assert!(sets <= nodes, "a node that is gone has left its set");
        (nodes, self.keys("hubbub:presence:user:*").await.len())
    }
}

presence_tests!(RedisFixture);

/// Asks until the answer is something else than that nobody can be asked.
async fn answer_of<T, F: Future<Output = Result<T, PresenceLost>>>(
    ask: impl Fn() -> F,
) -> Result<T, PresenceLost> {
    let asking = async {
        loop {
            match ask().await {
                Err(PresenceLost::Unavailable) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                answer => return answer,
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.expect("Redis is noticed again")
}

#[tokio::test]
async fn while_redis_is_away_nobody_is_known_and_after_it_everybody_is_asked_again() {
    let fixture = RedisFixture::new(Arc::default()).await;
    let node = fixture.real_node();
    let (ada, only_ada) = (user(1), [user(1)]);
    node.enter(false).await.unwrap();
    node.report(&[active(ada)]).await.unwrap();

    let mut server = fixture.server;
    server.kill().await.unwrap();
    assert_eq!(node.read(&[ada]).await, Err(PresenceLost::Unavailable));
    assert_eq!(node.tick().await, Err(PresenceLost::Unavailable));
    server.restart_empty().await.unwrap();
    let read = answer_of(|| node.read(&only_ada)).await;
    assert_eq!(read, Err(PresenceLost::Forgotten), "not: offline");
    node.enter(true).await.unwrap();
    let seen = node.read(&[ada]).await.unwrap()[0];
    assert_eq!(seen.liveness, Liveness::Unknown, "nor now");
}

#[tokio::test]
async fn a_frozen_redis_is_away_and_its_answers_are_good_again_after() {
    let fixture = RedisFixture::new(Arc::default()).await;
    let node = fixture.real_node();
    let (ada, only_ada) = (user(1), [user(1)]);
    node.enter(false).await.unwrap();
    node.report(&[active(ada)]).await.unwrap();
    fixture.server.pause().unwrap();
    assert_eq!(node.read(&[ada]).await, Err(PresenceLost::Unavailable));
    fixture.server.resume().unwrap();
    let seen = answer_of(|| node.read(&only_ada)).await.unwrap()[0];
    assert_eq!(seen.liveness, Liveness::Active);
}

/// What is left of one limit, for a person who sends as fast as possible.
fn burst(limiter: &RedisRateLimiter) -> usize {
    (0..1_000)
        .take_while(|_| limiter.take(Action::Send, user(1)).is_ok())
        .count()
}

/// Limiters of two nodes on this Redis.
fn limiters(url: &str) -> (JoinSet<()>, RedisRateLimiter, RedisRateLimiter) {
    let rate = Rate {
        burst: 30,
        period: Duration::from_secs(1_000),
    };
    let limits = RateLimits {
        send: Some(rate),
        typing: None,
    };
    let mut tasks = JoinSet::new();
    let mut limiter = || {
        let (limiter, sharing) = RedisRateLimiter::new(connect_lazily(url).unwrap(), limits);
        tasks.spawn(sharing.run());
        limiter
    };
    let (one, two) = (limiter(), limiter());
    (tasks, one, two)
}

#[tokio::test]
async fn what_somebody_does_on_one_node_counts_on_the_other() {
    let fixture = RedisFixture::new(Arc::default()).await;
    let (_tasks, one, two) = limiters(&fixture.server.url());
    assert_eq!(burst(&one), 30);
    // One more elsewhere, by which that node learns how many there were.
    assert_eq!(two.take(Action::Send, user(1)), Ok(()));
    let learning = async {
        while two.take(Action::Send, user(1)).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, learning).await.unwrap();
    assert!(
        two.take(Action::Send, user(2)).is_ok(),
        "others are not concerned"
    );
    assert!(
        two.take(Action::Type, user(1)).is_ok(),
        "there is no such limit"
    );
}

#[tokio::test]
async fn without_redis_each_node_counts_by_itself_and_nobody_is_let_through_unseen() {
    let fixture = RedisFixture::new(Arc::default()).await;
    fixture.server.kill().await.unwrap();
    let (_tasks, one, two) = limiters(&fixture.server.url());
    assert_eq!((burst(&one), burst(&two)), (30, 30));
    tokio::task::yield_now().await;
    assert_eq!((burst(&one), burst(&two)), (0, 0));
}
