//! Sending to connections.

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::calls::CallNumber;
use crate::connection::Connection;
use crate::core::Core;
use crate::outbox::Origin;
use crate::target::{Call, Names, Selection, SingleTarget, Target};

fn names<T: AsRef<str>>(list: &[T]) -> Names<'_> {
    list.iter().map(AsRef::as_ref).collect()
}

/// The same without repetitions: whoever is named twice is still one receiver.
fn distinct<T: AsRef<str>>(list: &[T]) -> Names<'_> {
    let mut seen = HashSet::new();
    let all = list.iter().map(AsRef::as_ref);
    all.filter(|name| seen.insert(*name)).collect()
}

/// The connections of a hub, for sending.
///
/// Every method selects receivers; [`Target::send`] then calls a method of theirs. Ids and names that nobody has select nobody,
/// which is not an error.
#[derive(Clone, Copy)]
pub struct Clients<'a> {
    core: &'a Arc<Core>,
}

impl<'a> Clients<'a> {
    pub(crate) fn new(core: &'a Arc<Core>) -> Self {
        Self { core }
    }

    fn target(self, selection: Selection<'a>) -> Target<'a> {
        Target {
            core: self.core,
            selection,
            origin: Origin::Anyone,
        }
    }

    /// Every connection.
    pub fn all(self) -> Target<'a> {
        self.target(Selection::AllExcept(Names::new()))
    }

    /// Every connection but these.
    pub fn all_except<T: AsRef<str>>(self, connection_ids: &'a [T]) -> Target<'a> {
        self.target(Selection::AllExcept(names(connection_ids)))
    }

    /// One connection, which can be asked for results.
    pub fn client(self, connection_id: &'a str) -> SingleTarget<'a> {
        let target = self.target(Selection::Connections(SmallVec::from_slice(&[
            connection_id,
        ])));
        SingleTarget { target, call: None }
    }

    /// Several connections.
    pub fn clients<T: AsRef<str>>(self, connection_ids: &'a [T]) -> Target<'a> {
        self.target(Selection::Connections(distinct(connection_ids)))
    }

    /// The members of a group.
    pub fn group(self, name: &'a str) -> Target<'a> {
        self.target(Selection::GroupExcept(name, Names::new()))
    }

    /// The members of several groups; a connection in more than one of them receives the call once for each, as with ASP.NET Core. To send to an
    /// empty name is an error.
    pub fn groups<T: AsRef<str>>(self, group_names: &'a [T]) -> Target<'a> {
        self.target(Selection::Groups(names(group_names)))
    }

    /// The members of a group but these.
    pub fn group_except<T: AsRef<str>>(self, name: &'a str, connection_ids: &'a [T]) -> Target<'a> {
        self.target(Selection::GroupExcept(name, names(connection_ids)))
    }

    /// Every connection of a user.
    pub fn user(self, user_id: &'a str) -> Target<'a> {
        self.target(Selection::Users(SmallVec::from_slice(&[user_id])))
    }

    /// Every connection of several users.
    pub fn users<T: AsRef<str>>(self, user_ids: &'a [T]) -> Target<'a> {
        self.target(Selection::Users(distinct(user_ids)))
    }
}

/// The connections of a hub as a hub method sees them: with a caller.
#[derive(Clone, Copy)]
pub struct CallerClients<'a> {
    clients: Clients<'a>,
    caller: &'a Arc<Connection>,
    call: Option<CallNumber>,
    origin: Origin,
}

impl<'a> std::ops::Deref for CallerClients<'a> {
    type Target = Clients<'a>;

    fn deref(&self) -> &Clients<'a> {
        &self.clients
    }
}

impl<'a> CallerClients<'a> {
    pub(crate) fn new(
        caller: &'a Arc<Connection>,
        call: Option<CallNumber>,
        origin: Origin,
    ) -> Self {
        Self {
            clients: Clients::new(&caller.core),
            caller,
            call,
            origin,
        }
    }

    /// The connection whose invocation this is.
    pub fn caller(self) -> SingleTarget<'a> {
        let target = Target {
            origin: self.origin,
            ..self.clients.target(Selection::Caller(self.caller))
        };
        SingleTarget {
            target,
            call: Some(self.call()),
        }
    }

    /// One connection, which can be asked for results.
    pub fn client(self, connection_id: &'a str) -> SingleTarget<'a> {
        SingleTarget {
            call: Some(self.call()),
            ..self.clients.client(connection_id)
        }
    }

    fn call(self) -> Call<'a> {
        Call {
            connection: self.caller,
            number: self.call,
            // A context that is kept for later is no longer that of the beginning.
            is_connecting: self.origin == Origin::Connecting && self.caller.outbox.is_held(),
        }
    }

    /// Every connection but the caller.
    pub fn others(self) -> Target<'a> {
        self.clients
            .target(Selection::AllExcept(SmallVec::from_slice(&[self
                .caller
                .id
                .as_str()])))
    }

    /// The members of a group but the caller.
    pub fn others_in_group(self, name: &'a str) -> Target<'a> {
        self.clients.target(Selection::GroupExcept(
            name,
            SmallVec::from_slice(&[self.caller.id.as_str()]),
        ))
    }
}
