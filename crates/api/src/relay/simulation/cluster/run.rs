//! What happens in one run.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use hubbub_application::events::Event;
use hubbub_application::ports::{BusHealth, EventBus as _};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::TaskTracker;

use super::bounds::{Fault, Listener};
use super::dice::Dice;
use super::node::{Node, World};
use super::{Defect, Weather};
use crate::relay::counters::Detector;
use crate::relay::simulation::checks::{check_connection, check_up_to_date};
use crate::relay::simulation::database::{Database, ROOMS, USERS, user_id};

const NODES: usize = 3;
const CONNECTIONS: usize = 6;
/// With the bus up and the publisher alive.
const FAIR_BOUND: Duration = Duration::from_secs(2);
/// In every other case.
const FOUL_BOUND: Duration = Duration::from_secs(7);

/// What the detectors did, to show that a search was not in vain.
#[derive(Debug, Default)]
pub(super) struct Found {
    filled: [u64; Detector::ALL.len()],
    duplicates_dropped: u64,
    sweeps: u64,
    failed_sweeps: u64,
    comparisons: u64,
    pauses: u64,
    beacons: u64,
    connections: u64,
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.filled.iter_mut().zip(other.filled) {
            *sum += more;
        }
        self.duplicates_dropped += other.duplicates_dropped;
        self.sweeps += other.sweeps;
        self.failed_sweeps += other.failed_sweeps;
        self.comparisons += other.comparisons;
        self.pauses += other.pauses;
        self.beacons += other.beacons;
        self.connections += other.connections;
    }
}

impl Found {
    pub(super) fn assert_not_vacuous(&self) {
        let all = [
            self.duplicates_dropped,
            self.sweeps,
            self.failed_sweeps,
            self.comparisons,
            self.pauses,
            self.beacons,
            self.connections,
        ];
        let counts = self.filled.iter().chain(&all);
        assert!(counts.into_iter().all(|count| *count > 0), "{self:?}");
    }

    fn add(&mut self, node: &Node) {
        let counters = node.relay.counters();
        for (sum, detector) in self.filled.iter_mut().zip(Detector::ALL) {
            let found = counters.holes_found(detector).get();
            let filled = counters.holes_filled(detector).get();
            assert!(filled <= found);
            *sum += filled;
        }
        self.duplicates_dropped += counters.duplicates_dropped.get();
        self.sweeps += counters.sweeps.get();
        self.failed_sweeps += counters.failed_sweeps.get();
        self.comparisons += counters.comparisons.get();
        self.pauses += counters.pauses.get();
        self.beacons += counters.beacons.get();
    }
}

/// A connection, as long as it lasts.
struct Life {
    key: usize,
    user: usize,
    node: Arc<Node>,
    ended_at: Mutex<Option<Instant>>,
}

impl Life {
    fn is_open(&self) -> bool {
        self.ended_at.lock().is_none()
    }

    fn end(&self) {
        self.ended_at.lock().get_or_insert_with(Instant::now);
    }
}

pub(super) struct Run {
    world: Arc<World>,
    dice: Dice,
    /// Every life of every node; those in `world` are the present ones.
    all_nodes: Vec<Arc<Node>>,
    lives: Vec<Arc<Life>>,
    /// Faults of one node, or of all.
    faults: Vec<(Option<Arc<Node>>, Fault)>,
    healed_at: Instant,
}

impl Run {
    pub(super) fn new(mut dice: Dice, weather: Weather, defect: Defect) -> Self {
        let world = Arc::new(World {
            database: Mutex::new(Database::default()),
            is_database_away: Mutex::new(false),
            nodes: Mutex::default(),
            dice: Mutex::new(dice.split()),
            weather,
            defect,
            tasks: TaskTracker::new(),
        });
        Self {
            world,
            dice,
            all_nodes: Vec::new(),
            lives: Vec::new(),
            faults: Vec::new(),
            healed_at: Instant::now(),
        }
    }

    pub(super) async fn play(mut self) -> Found {
        for place in 0..NODES {
            self.start(place);
        }
        for room in 0..ROOMS {
            for user in 0..USERS {
                if self.dice.happens(70) {
                    let _ = self.world.database.lock().toggle(room, user);
                }
            }
        }
        for place in 0..CONNECTIONS {
            self.attach(place % USERS);
        }
        for _ in 0..self.dice.below(60) + 60 {
            let pause = self.dice.millis(0, 600);
            sleep(pause).await;
            self.act();
        }
        let bound = match self.world.weather {
            Weather::Fair => FAIR_BOUND,
            Weather::Foul => FOUL_BOUND,
        };
        // The last commit may be as young as the last fault. From then on nothing happens any more.
        sleep_until(self.healed_at.max(Instant::now()) + bound + Duration::from_millis(1)).await;
        self.check(bound);
        let mut found = Found::default();
        for node in &self.all_nodes {
            found.add(node);
            node.crash();
        }
        found.connections = u64::try_from(self.lives.len()).unwrap();
        found
    }

    fn start(&mut self, place: usize) {
        let node = Node::start(&self.world);
        *node.loss.lock() = self.usual_loss();
        self.all_nodes.push(node.clone());
        let mut nodes = self.world.nodes.lock();
        if place < nodes.len() {
            nodes[place] = node;
        } else {
            nodes.push(node);
        }
    }

    fn usual_loss(&mut self) -> usize {
        match self.world.weather {
            Weather::Fair => 30,
            Weather::Foul => self.dice.below(40),
        }
    }

    fn act(&mut self) {
        let room = self.dice.below(ROOMS);
        match (self.dice.below(100), self.world.weather) {
            (0..30, _) => self.commit(|database, _| vec![database.say(room)]),
            (30..45, _) => self.commit(|database, dice| {
                let which = dice.below(4);
                database.edit(room, which).into_iter().collect()
            }),
            (45..65, _) => self.commit(|database, dice| {
                let user = dice.below(USERS);
                database.toggle(room, user).to_vec()
            }),
            (65..75, _) => {
                let user = self.dice.below(USERS);
                self.attach(user);
            }
            (75..80, _) | (80.., Weather::Fair) => self.detach(),
            (80..86, Weather::Foul) => self.freeze(),
            (86..90, Weather::Foul) => self.crash(),
            (90..97, Weather::Foul) => self.cut(),
            (97.., Weather::Foul) => self.lose_database(),
        }
    }

    /// A node at a random place that lives.
    fn some_node(&mut self) -> (usize, Option<Arc<Node>>) {
        let place = self.dice.below(NODES);
        let node = self.world.nodes.lock()[place].clone();
        (place, Some(node).filter(|node| !node.is_dead()))
    }

    /// A node commits something and publishes it a little later, unless it dies in between.
    fn commit(&mut self, act: impl FnOnce(&mut Database, &mut Dice) -> Vec<Event>) {
        let (place, node) = self.some_node();
        let Some(node) = node.filter(|node| !node.is_frozen()) else {
            return;
        };
        if *self.world.is_database_away.lock() {
            return;
        }
        let hints = act(&mut self.world.database.lock(), &mut self.dice);
        if self.world.weather == Weather::Foul && self.dice.happens(4) {
            self.crash_node(place, &node);
            return;
        }
        let delay = self.dice.millis(0, 20);
        self.world.tasks.spawn(async move {
            sleep(delay).await;
            let mut is_frozen = node.is_frozen.subscribe();
            let thawed = is_frozen.wait_for(|is_frozen| !is_frozen).await;
            if thawed.is_ok() && !node.is_dead() {
                for hint in hints {
                    node.committed.publish(hint);
                }
            }
        });
    }

    fn attach(&mut self, user: usize) {
        let open = self.lives.iter().filter(|life| life.is_open()).count();
        let (_, Some(node)) = self.some_node() else {
            return;
        };
        if open >= CONNECTIONS {
            return;
        }
        let life = Arc::new(Life {
            key: self.lives.len(),
            user,
            node,
            ended_at: Mutex::new(None),
        });
        self.lives.push(life.clone());
        self.world.tasks.spawn(async move {
            let attached = life.node.relay.attach(life.key, user_id(life.user)).await;
            if attached.is_err() {
                life.end();
            }
        });
    }

    fn detach(&mut self) {
        let open: Vec<_> = self.lives.iter().filter(|life| life.is_open()).collect();
        if open.is_empty() {
            return;
        }
        let life = open[self.dice.below(open.len())];
        life.end();
        life.node.wires.hang_up(life.key);
        life.node.relay.detach(&life.key);
    }

    fn freeze(&mut self) {
        let (_, Some(node)) = self.some_node() else {
            return;
        };
        if node.is_frozen() {
            return;
        }
        let time = self.dice.millis(300, 12_000);
        node.is_frozen.send_replace(true);
        let to = self.fault(Some(node.clone()), time);
        self.world.tasks.spawn(async move {
            sleep_until(to).await;
            node.is_frozen.send_replace(false);
        });
    }

    fn crash(&mut self) {
        if let (place, Some(node)) = self.some_node() {
            self.crash_node(place, &node);
        }
    }

    /// Ends a node with everything it has, and starts it anew: it knows nothing.
    fn crash_node(&mut self, place: usize, node: &Arc<Node>) {
        node.crash();
        for life in &self.lives {
            if Arc::ptr_eq(&life.node, node) {
                life.end();
            }
        }
        self.start(place);
    }

    /// A node hears nothing and is not heard, which is noticed after a while or never.
    fn cut(&mut self) {
        let (_, Some(node)) = self.some_node() else {
            return;
        };
        if *node.loss.lock() == 100 {
            return;
        }
        let time = self.dice.millis(500, 15_000);
        let noticed = self.dice.millis(200, 3_000);
        let is_noticed = self.dice.happens(60);
        let loss = self.usual_loss();
        *node.loss.lock() = 100;
        self.healed_at = self.healed_at.max(Instant::now() + time);
        self.world.tasks.spawn(async move {
            sleep(noticed.min(time)).await;
            if is_noticed {
                node.health.send_replace(BusHealth::Degraded);
            }
            sleep(time.saturating_sub(noticed)).await;
            *node.loss.lock() = loss;
            if is_noticed {
                node.health.send_replace(BusHealth::Healthy);
                node.interruptions.send_modify(|count| *count += 1);
            }
        });
    }

    fn lose_database(&mut self) {
        if std::mem::replace(&mut *self.world.is_database_away.lock(), true) {
            return;
        }
        let time = self.dice.millis(300, 3_000);
        let to = self.fault(None, time);
        let world = self.world.clone();
        self.world.tasks.spawn(async move {
            sleep_until(to).await;
            *world.is_database_away.lock() = false;
        });
    }

    fn fault(&mut self, of: Option<Arc<Node>>, time: Duration) -> Instant {
        let from = Instant::now();
        let to = from + time;
        self.healed_at = self.healed_at.max(to);
        self.faults.push((of, Fault { from, to }));
        to
    }

    fn check(&self, bound: Duration) {
        let database = self.world.database.lock();
        for life in &self.lives {
            let heard = life.node.wires.all_heard().remove(&life.key);
            let Some(heard) = heard else {
                assert!(!life.is_open(), "{} never became live", life.key);
                continue;
            };
            let what = check_connection(&database, life.user, &heard);
            if life.is_open() {
                for (room, now) in database.rooms.iter().enumerate() {
                    if now.members[life.user] {
                        check_up_to_date(now, room, life.user, &what);
                    }
                }
            }
            let faults = self
                .faults
                .iter()
                .filter(|(of, _)| of.as_ref().is_none_or(|node| Arc::ptr_eq(node, &life.node)));
            let listener = Listener {
                user: life.user,
                ended_at: *life.ended_at.lock(),
                heard,
                faults: faults.map(|(_, fault)| *fault).collect(),
                bound,
            };
            listener.check(&database);
        }
    }
}
