//! Who is there, in the memory of one process. Several nodes can share it, as tests do; the Redis adapter's scripts do the same steps.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use hubbub_application::ports::{Clock, IdGenerator};
use hubbub_application::presence::store::{
    GRACE, Here, LEASE, Liveness, MAX_BATCH, PresenceLost, PresenceStore, RENEWAL, Report, Result,
    SETTLING, Standing, Tick,
};
use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

/// One node's way to a table of who is there.
pub struct InProcessPresence {
    table: Arc<Mutex<Table>>,
    node: Mutex<Option<Uuid>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

#[derive(Default)]
struct Table {
    /// When the lease of each node runs out.
    leases: HashMap<Uuid, Timestamp>,
    people: HashMap<UserId, Person>,
    /// Who is gone from every node, and until when that is not shown.
    leaving: BTreeMap<UserId, Timestamp>,
    settling_until: Option<Timestamp>,
}

/// Somebody who is there, or whose grace runs.
#[derive(Default)]
struct Person {
    /// Whether somebody is at a device, per node.
    nodes: HashMap<Uuid, bool>,
    is_hidden: bool,
    /// What others were told last: whether somebody is at a device, while the person is there for them.
    shown: Option<bool>,
    version: u64,
    left_at: Option<Timestamp>,
}

impl InProcessPresence {
    /// A node with a table of its own.
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self {
            table: Arc::default(),
            node: Mutex::default(),
            clock,
            ids,
        }
    }

    /// Another node with the same table.
    pub fn beside(&self) -> Self {
        Self {
            table: self.table.clone(),
            node: Mutex::default(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    /// Loses everything, as a store does that is restarted empty.
    pub fn wipe(&self) {
        *self.table.lock() = Table::default();
    }

    /// How many nodes and people something is kept of.
    pub fn size(&self) -> (usize, usize) {
        let table = self.table.lock();
        (table.leases.len(), table.people.len())
    }

    /// Does a step of this node, which must be known.
    fn step<T>(&self, step: impl FnOnce(&mut Table, Uuid, Timestamp) -> T) -> Result<T> {
        let now = self.clock.now();
        let node = (*self.node.lock()).ok_or(PresenceLost::Forgotten)?;
        let mut table = self.table.lock();
        if table.leases.get(&node).is_none_or(|end| *end <= now) {
            return Err(PresenceLost::Forgotten);
        }
        Ok(step(&mut table, node, now))
    }
}

#[async_trait]
impl PresenceStore for InProcessPresence {
    async fn enter(&self, is_return: bool) -> Result<()> {
        let now = self.clock.now();
        let fresh = self.ids.uuid();
        let again = self.node.lock().replace(fresh).is_some();
        let mut table = self.table.lock();
        if is_return && (again || table.leases.is_empty()) {
            table.settling_until = Some(now.plus(SETTLING));
        }
        table.leases.insert(fresh, now.plus(LEASE));
        Ok(())
    }

    async fn leave(&self) -> Result<()> {
        self.step(|table, node, now| {
            table.leases.insert(node, now);
        })
    }

    async fn report(&self, reports: &[Report]) -> Result<Vec<Standing>> {
        self.step(|table, node, now| {
            let told = reports
                .iter()
                .filter_map(|report| table.report(node, *report, now));
            told.collect()
        })
    }

    async fn hide(&self, user: UserId, is_hidden: bool) -> Result<Option<Standing>> {
        self.step(|table, _, now| table.hide(user, is_hidden, now))
    }

    async fn touch(&self, user: UserId) -> Result<Standing> {
        self.step(|table, _, now| match table.people.get_mut(&user) {
            Some(person) if person.shown.is_some() => person.turn(user, person.shown, now),
            _ => table.read(user, now),
        })
    }

    async fn read(&self, users: &[UserId]) -> Result<Vec<Standing>> {
        self.step(|table, _, now| users.iter().map(|user| table.read(*user, now)).collect())
    }

    async fn tick(&self) -> Result<Tick> {
        self.step(|table, node, now| {
            let lease = table.leases.entry(node).or_insert(now);
            if lease.since(now) <= LEASE.saturating_sub(RENEWAL) {
                *lease = now.plus(LEASE);
            }
            let mut tick = Tick {
                is_settling: table.is_settling(now),
                ..Tick::default()
            };
            table.end_nodes(now, &mut tick);
            if !tick.is_settling {
                table.end_graces(now, &mut tick);
            }
            tick
        })
    }
}

impl Table {
    fn is_settling(&self, now: Timestamp) -> bool {
        self.settling_until.is_some_and(|until| now < until)
    }

    fn report(&mut self, node: Uuid, report: Report, now: Timestamp) -> Option<Standing> {
        let user = report.user;
        match report.here {
            Here::Active | Here::Away => {
                self.leaving.remove(&user);
                let person = self.people.entry(user).or_insert_with(|| Person {
                    is_hidden: report.is_hidden,
                    ..Person::default()
                });
                person.left_at = None;
                person.nodes.insert(node, report.here == Here::Active);
                person.sum_up(user, now)
            }
            Here::Gone => {
                self.people.get_mut(&user)?.nodes.remove(&node)?;
                self.part(user, now, now)
            }
            Here::SignedOut => {
                self.people.get_mut(&user)?.nodes.remove(&node);
                let told = self.part(user, now, now);
                if self.leaving.contains_key(&user) {
                    self.end(user, now)
                } else {
                    told
                }
            }
        }
    }

    /// A node has lost a user at `left_at`: if it was the last one, the grace begins, unless it has begun before.
    fn part(&mut self, user: UserId, left_at: Timestamp, now: Timestamp) -> Option<Standing> {
        let person = self.people.get_mut(&user)?;
        if !person.nodes.is_empty() {
            return person.sum_up(user, now);
        }
        person.left_at.get_or_insert(left_at);
        self.leaving.entry(user).or_insert(left_at.plus(GRACE));
        None
    }

    /// The grace of a user is over.
    fn end(&mut self, user: UserId, now: Timestamp) -> Option<Standing> {
        self.leaving.remove(&user);
        let person = self.people.remove(&user)?;
        let version = person.next_version(now);
        person.shown.map(|_| Standing {
            user,
            liveness: Liveness::Offline,
            left_at: person.left_at,
            version,
        })
    }

    fn hide(&mut self, user: UserId, is_hidden: bool, now: Timestamp) -> Option<Standing> {
        // Who is not there yet may just be coming, with a reporter who knows better than what is asked for now.
        let person = self.people.entry(user).or_default();
        person.is_hidden = is_hidden;
        if person.nodes.is_empty() && !self.leaving.contains_key(&user) {
            self.leaving.insert(user, now.plus(GRACE));
        }
        if is_hidden {
            person.shown?;
            let mut gone = person.turn(user, None, now);
            gone.left_at = Some(now);
            Some(gone)
        } else {
            person.sum_up(user, now)
        }
    }

    fn read(&self, user: UserId, now: Timestamp) -> Standing {
        let person = self.people.get(&user);
        let is_dead = |node: &Uuid| {
            let end = self.leases.get(node);
            end.is_none_or(|end| end.plus(GRACE) <= now)
        };
        let is_over = person.is_some_and(|person| {
            let is_left = person.left_at.is_none_or(|left| left.plus(GRACE) <= now);
            person.nodes.keys().all(is_dead) && (!person.nodes.is_empty() || is_left)
        });
        let shown = person.filter(|_| !is_over).and_then(|person| person.shown);
        let (liveness, version) = match (shown, person) {
            (Some(is_active), Some(person)) => (alive(is_active), person.version),
            _ if self.is_settling(now) => (Liveness::Unknown, micros(now)),
            _ => (Liveness::Offline, micros(now)),
        };
        Standing {
            user,
            liveness,
            left_at: None,
            version,
        }
    }

    /// Takes users away from a node that has said nothing for longer than its lease.
    fn end_nodes(&mut self, now: Timestamp, tick: &mut Tick) {
        let dead = self.leases.iter().find(|(_, end)| **end <= now);
        let Some((&node, &end)) = dead else { return };
        let lost: Vec<_> = self
            .people
            .iter()
            .filter(|(_, person)| person.nodes.contains_key(&node))
            .map(|(user, _)| *user)
            .take(MAX_BATCH)
            .collect();
        if lost.len() < MAX_BATCH {
            self.leases.remove(&node);
        }
        tick.has_more = true;
        for user in lost {
            if let Some(person) = self.people.get_mut(&user) {
                person.nodes.remove(&node);
            }
            tick.changes.extend(self.part(user, end, now));
        }
    }

    fn end_graces(&mut self, now: Timestamp, tick: &mut Tick) {
        let due: HashSet<_> = self
            .leaving
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(user, _)| *user)
            .take(MAX_BATCH)
            .collect();
        tick.has_more |= due.len() == MAX_BATCH;
        for user in due {
            tick.changes.extend(self.end(user, now));
        }
    }
}

impl Person {
    /// Shows what the nodes say together, if that is something new and is to be seen.
    fn sum_up(&mut self, user: UserId, now: Timestamp) -> Option<Standing> {
        if self.is_hidden || self.nodes.is_empty() {
            return None;
        }
        let is_active = self.nodes.values().any(|is_active| *is_active);
        (self.shown != Some(is_active)).then(|| self.turn(user, Some(is_active), now))
    }

    fn turn(&mut self, user: UserId, shown: Option<bool>, now: Timestamp) -> Standing {
        self.shown = shown;
        self.version = self.next_version(now);
        Standing {
            user,
            liveness: shown.map_or(Liveness::Offline, alive),
            left_at: None,
            version: self.version,
        }
    }

    fn next_version(&self, now: Timestamp) -> u64 {
        micros(now).max(self.version + 1)
    }
}

fn alive(is_active: bool) -> Liveness {
    if is_active {
        Liveness::Active
    } else {
        Liveness::Away
    }
}

fn micros(now: Timestamp) -> u64 {
    u64::try_from(now.unix_micros()).unwrap_or(0)
}
