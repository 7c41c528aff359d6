//! The connections of this node, and what is to be said of their users. Time is given to it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;

use super::store::{Here, MAX_BATCH};

/// After how long without input somebody is away.
pub(super) const AWAY_AFTER: Duration = Duration::from_mins(5);

/// Why a connection ended, as far as presence is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It broke or was closed; the person may be back in a moment.
    Lost,
    /// The person signed out.
    SignedOut,
}

/// Who is connected to this node. What was said of whom is remembered, so that only edges are said, and said again where it is not
/// certain that they were heard.
#[derive(Default)]
pub(super) struct Local {
    people: HashMap<UserId, Person>,
    connections: HashMap<String, Connection>,
    /// Those of whom there may be something to say.
    open: BTreeSet<UserId>,
    /// When to look whether somebody is still at a device. Entries may be too early, and of connections that have ended.
    idle_at: BTreeSet<(Timestamp, String)>,
}

#[derive(Default)]
struct Person {
    connections: HashSet<String>,
    said: Said,
    signed_out: bool,
}

struct Connection {
    user: UserId,
    /// The latest input; none if the person said to be away.
    input_at: Option<Timestamp>,
    is_active: bool,
}

/// What the store was told last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    This(Here),
    /// It may have heard it or not.
    Unsure,
}

impl Local {
    /// A connection has opened, which counts as input.
    pub(super) fn connect(&mut self, user: UserId, connection: &str, now: Timestamp) {
        let person = self.people.entry(user).or_default();
        person.connections.insert(connection.to_owned());
        person.signed_out = false;
        let fresh = Connection {
            user,
            input_at: Some(now),
            is_active: true,
        };
        self.connections.insert(connection.to_owned(), fresh);
        self.idle_at
            .insert((now.plus(AWAY_AFTER), connection.to_owned()));
        self.open.insert(user);
    }

    /// A connection has ended. One that is not known, or has ended before, changes nothing.
    pub(super) fn disconnect(&mut self, connection: &str, why: Departure) {
        let Some(Connection { user, .. }) = self.connections.remove(connection) else {
            return;
        };
        if let Some(person) = self.people.get_mut(&user) {
            person.connections.remove(connection);
            person.signed_out = person.connections.is_empty() && why == Departure::SignedOut;
            self.open.insert(user);
        }
    }

    /// The person has signed out somewhere. Unless there is a connection here, nobody is to be waited for.
    pub(super) fn sign_out(&mut self, user: UserId) {
        let person = self.people.entry(user).or_default();
        if person.connections.is_empty() {
            person.signed_out = true;
            self.open.insert(user);
        }
    }

    /// Somebody did something at a device, or said to be away. Answers whether that is news.
    pub(super) fn input(&mut self, connection: &str, is_active: bool, now: Timestamp) -> bool {
        let Some(known) = self.connections.get_mut(connection) else {
            return false;
        };
        known.input_at = is_active.then_some(now);
        if known.is_active == is_active {
            return false;
        }
        known.is_active = is_active;
        self.open.insert(known.user);
        if is_active {
            let at = now.plus(AWAY_AFTER);
            self.idle_at.insert((at, connection.to_owned()));
        }
        true
    }

    /// Looks who has given no input for too long.
    pub(super) fn look_for_idle(&mut self, now: Timestamp) {
        while let Some((at, connection)) = self.idle_at.pop_first() {
            if at > now {
                self.idle_at.insert((at, connection));
                return;
            }
            let Some(known) = self.connections.get_mut(&connection) else {
                continue;
            };
            let idle_at = known.input_at.map(|input| input.plus(AWAY_AFTER));
            match idle_at {
                Some(later) if later > now => {
                    self.idle_at.insert((later, connection));
                }
                _ if known.is_active => {
                    known.is_active = false;
                    self.open.insert(known.user);
                }
                _ => {}
            }
        }
    }

    /// Some of what is to be said now, which is taken for said. What was taken before has been [`heard`](Self::heard) or is
    /// [`unsure`](Self::unsure).
    pub(super) fn take(&mut self) -> Vec<(UserId, Here)> {
        let mut edges = Vec::new();
        while edges.len() < MAX_BATCH
            && let Some(user) = self.open.pop_first()
        {
            let Some(person) = self.people.get_mut(&user) else {
                continue;
            };
            let here = person.here(&self.connections);
            let is_known = person.said == Said::This(here)
                || here == Here::Gone && person.said == Said::Nothing;
            if !is_known {
                person.said = Said::This(here);
                edges.push((user, here));
            } else if person.connections.is_empty() {
                self.people.remove(&user);
            }
        }
        edges
    }

    /// What was taken has been heard.
    pub(super) fn heard(&mut self, edges: &[(UserId, Here)]) {
        for (user, here) in edges {
            let is_gone = self.people.get(user).is_some_and(|person| {
                person.connections.is_empty() && person.said == Said::This(*here)
            });
            if is_gone && !self.open.contains(user) {
                self.people.remove(user);
            }
        }
    }

    /// It is not certain that what was taken has been heard.
    pub(super) fn unsure(&mut self, edges: &[(UserId, Here)]) {
        for (user, _) in edges {
            if let Some(person) = self.people.get_mut(user) {
                person.said = Said::Unsure;
                self.open.insert(*user);
            }
        }
    }

    /// The store knows nothing of this node any more: everybody who is here is to be said again.
    pub(super) fn say_all(&mut self) {
        self.people
            .retain(|_, person| !person.connections.is_empty() || person.signed_out);
        for (user, person) in &mut self.people {
            person.said = Said::Nothing;
            self.open.insert(*user);
        }
    }

    /// Those who are connected to this node.
    pub(super) fn connected(&self) -> Vec<UserId> {
        let connected = self.people.iter();
        connected
            .filter(|(_, person)| !person.connections.is_empty())
            .map(|(user, _)| *user)
            .collect()
    }
}

impl Person {
    fn here(&self, connections: &HashMap<String, Connection>) -> Here {
        let mut own = self.connections.iter().filter_map(|id| connections.get(id));
        if self.connections.is_empty() {
            if self.signed_out {
                Here::SignedOut
            } else {
                Here::Gone
            }
        } else if own.any(|connection| connection.is_active) {
            Here::Active
        } else {
            Here::Away
        }
    }
}

#[cfg(test)]
mod tests;
