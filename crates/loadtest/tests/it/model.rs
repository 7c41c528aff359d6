//! A server's log as simple as it can be: everything in memory, every change under one lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hubbub_load::ids::{ClientId, ConversationId, Epoch, MessageId, UserId};
use serde_json::{Value, json};

/// How many rows a page of changes has at most.
const PAGE: usize = 3;
/// How many changes a device may be behind before it gets the newest page instead.
const FAR: u64 = 40;
/// How many messages the newest page has.
const NEWEST: usize = 4;

/// One conversation.
#[derive(Clone, Default)]
pub(crate) struct Room {
    pub(crate) rev: u64,
    pub(crate) messages: Vec<Value>,
    /// The latest change of everybody's membership.
    members: BTreeMap<UserId, (bool, u64)>,
}

/// An event and who is told of it.
pub(crate) struct Told {
    pub(crate) users: BTreeSet<UserId>,
    pub(crate) target: &'static str,
    pub(crate) event: Value,
}

/// The whole server.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) epoch: Epoch,
    pub(crate) rooms: BTreeMap<ConversationId, Room>,
    user_logs: BTreeMap<UserId, Vec<Value>>,
    keys: HashMap<(UserId, ClientId), (String, Value)>,
    /// Whether it forgets to look for keys.
    pub(crate) no_unique_key: bool,
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap()
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Epoch::from_number(1),
            rooms: BTreeMap::new(),
            user_logs: BTreeMap::new(),
            keys: HashMap::new(),
            no_unique_key: false,
        }
    }

    pub(crate) fn found(&mut self, id: ConversationId, members: &[UserId]) {
        let members = members.iter().map(|user| (*user, (true, 1))).collect();
        self.rooms.insert(
            id,
            Room {
                rev: 1,
                messages: Vec::new(),
                members,
            },
        );
    }

    pub(crate) fn is_member(&self, id: ConversationId, user: UserId) -> bool {
        self.rooms
            .get(&id)
            .and_then(|room| room.members.get(&user))
            .is_some_and(|(joined, _)| *joined)
    }

    fn present(&self, id: ConversationId) -> BTreeSet<UserId> {
        let members = self.rooms[&id].members.iter();
        members
            .filter(|(_, (joined, _))| *joined)
            .map(|(user, _)| *user)
            .collect()
    }

    pub(crate) fn send(
        &mut self,
        user: UserId,
        id: ConversationId,
        key: ClientId,
        body: &str,
    ) -> Result<(Value, Option<Told>), &'static str> {
        let request = format!("{id} {body}");
        if let Some((before, receipt)) = self.keys.get(&(user, key))
            && !self.no_unique_key
        {
            return if *before == request {
                Ok((receipt.clone(), None))
            } else {
                Err("idempotency_mismatch")
            };
        }
        if !self.is_member(id, user) {
            return Err("not_found");
        }
        let room = self.rooms.get_mut(&id).unwrap();
        room.rev += 1;
        let seq = room.messages.len() as u64 + 1;
        let message_id = MessageId::from_number(
            (u128::from(seq) << 64) ^ id.to_string().bytes().map(u128::from).sum::<u128>(),
        );
        let message = json!({
            "conversationId": id, "seq": seq, "createdRev": room.rev, "rev": room.rev, "messageId": message_id,
            "clientId": key, "senderId": user, "body": body, "sentAt": format!("second {seq}"),
        });
        let receipt = json!({
            "conversationId": id, "messageId": message_id, "clientId": key, "seq": seq, "rev": room.rev, "sentAt": message["sentAt"],
        });
        room.messages.push(message.clone());
        self.keys.insert((user, key), (request, receipt.clone()));
        let told = self.tell(id, "ReceiveMessage", message);
        Ok((receipt, Some(told)))
    }

    /// Changes a message: `editedAt` with a text, `deletedAt` without one, or only its reactions.
    pub(crate) fn change(
        &mut self,
        id: ConversationId,
        seq: u64,
        change: &Change,
    ) -> Option<(u64, Told)> {
        let room = self.rooms.get_mut(&id)?;
        let row = room
            .messages
            .get_mut(usize::try_from(seq.checked_sub(1)?).unwrap())?;
        room.rev += 1;
        row["rev"] = json!(room.rev);
        match change {
            Change::Edit(body) => {
                row["body"] = json!(body);
                row["editedAt"] = json!("later");
            }
            Change::Delete => {
                row["body"] = json!("");
                row["deletedAt"] = json!("later");
            }
            Change::React => row["reactions"] = json!([{ "emoji": "👍", "userIds": [] }]),
        }
        let (rev, row) = (room.rev, row.clone());
        Some((rev, self.tell(id, "MessageChanged", row)))
    }

    pub(crate) fn set_member(
        &mut self,
        id: ConversationId,
        user: UserId,
        joined: bool,
    ) -> Vec<Told> {
        if self.is_member(id, user) == joined {
            return Vec::new();
        }
        let mut audience = self.present(id);
        let room = self.rooms.get_mut(&id).unwrap();
        room.rev += 1;
        room.members.insert(user, (joined, room.rev));
        audience.insert(user);
        let event = member_row(id, user, joined, room.rev);
        let change = if joined {
            json!({ "type": "conversationGained", "conversation": { "id": id } })
        } else {
            json!({ "type": "conversationLost", "conversationId": id })
        };
        let log = self.user_logs.entry(user).or_default();
        log.push(change.clone());
        let own = json!({ "fromRev": log.len() - 1, "toRev": log.len(), "change": change });
        vec![
            Told {
                users: audience,
                target: "MemberChanged",
                event: with_range(event),
            },
            Told {
                users: [user].into(),
                target: "UserChanged",
                event: own,
            },
        ]
    }

    fn tell(&self, id: ConversationId, target: &'static str, row: Value) -> Told {
        Told {
            users: self.present(id),
            target,
            event: with_range(row),
        }
    }

    pub(crate) fn heads(&self, user: UserId) -> Value {
        let rooms = self
            .rooms
            .iter()
            .filter(|(id, _)| self.is_member(**id, user));
        let heads: Vec<_> = rooms
            .map(|(id, room)| json!({ "conversationId": id, "rev": room.rev }))
            .collect();
        json!({ "epoch": self.epoch, "userRev": self.user_rev(user), "conversations": heads })
    }

    fn user_rev(&self, user: UserId) -> usize {
        self.user_logs.get(&user).map_or(0, Vec::len)
    }

    /// The newest messages before a seq.
    pub(crate) fn page(&self, id: ConversationId, before: Option<u64>) -> Value {
        let room = &self.rooms[&id];
        let end = before.map_or(room.messages.len(), |seq| usize::try_from(seq).unwrap() - 1);
        let start = end.saturating_sub(NEWEST);
        json!({
            "conversationId": id, "rev": room.rev, "lastSeq": room.messages.len(), "hasBefore": start > 0,
            "hasAfter": end < room.messages.len(), "messages": room.messages[start..end],
        })
    }

    /// The answer to a `Sync`.
    pub(crate) fn sync(&self, user: UserId, request: &Value) -> Vec<Value> {
        let known = request["epoch"] == json!(self.epoch);
        let mut pages = Vec::new();
        if !known {
            pages.push(json!({ "type": "epoch", "epoch": self.epoch }));
        }
        let position = |id: &ConversationId| {
            let positions = request["positions"].as_array().filter(|_| known)?;
            positions
                .iter()
                .find(|head| head["conversationId"] == json!(id))
                .map(|head| number(head, "rev"))
        };
        for (id, room) in &self.rooms {
            let (joined, changed) = room.members.get(&user).copied().unwrap_or_default();
            let end = if joined { room.rev } else { changed };
            match position(id) {
                Some(rev) if end == 0 || (rev == end && rev > 0) => {}
                Some(rev)
                    if rev > 0 && rev < end && end - rev <= FAR && (!joined || rev >= changed) =>
                {
                    pages.extend(self.changes(*id, rev, end));
                }
                None if !joined => {}
                _ if !joined => pages.push(json!({ "type": "lost", "conversationId": id })),
                _ => pages.push(json!({ "type": "reset", "page": self.page(*id, None) })),
            }
        }
        let user_rev = self.user_rev(user);
        match request["userRev"].as_u64().filter(|_| known) {
            Some(rev) if rev == user_rev as u64 => {}
            Some(rev) => pages.push(json!({
                "type": "user", "fromRev": rev, "toRev": user_rev, "asOfRev": user_rev,
                "changes": self.user_logs[&user][usize::try_from(rev).unwrap()..],
            })),
            None => {
                let mine = self.rooms.keys().filter(|id| self.is_member(**id, user));
                let list: Vec<_> = mine.map(|id| json!({ "id": id })).collect();
                pages.push(
                    json!({ "type": "conversations", "userRev": user_rev, "conversations": list }),
                );
            }
        }
        let heads = self.heads(user);
        pages.push(json!({ "type": "done", "epoch": self.epoch, "userRev": user_rev, "heads": heads["conversations"] }));
        pages
    }

    /// The changes of a range in emission order, as pages.
    fn changes(&self, id: ConversationId, from: u64, to: u64) -> Vec<Value> {
        let room = &self.rooms[&id];
        let mut rows = BTreeMap::new();
        for message in &room.messages {
            let (created, rev) = (number(message, "createdRev"), number(message, "rev"));
            if rev > from && rev <= to {
                rows.insert(
                    if created > from { created } else { rev },
                    json!({ "type": "message", "message": message }),
                );
            }
        }
        for (user, (joined, rev)) in &room.members {
            if *rev > from && *rev <= to {
                let mut row = member_row(id, *user, *joined, *rev);
                row["type"] = json!("member");
                rows.insert(*rev, row);
            }
        }
        let rows: Vec<_> = rows.into_iter().collect();
        let count = rows.chunks(PAGE).count().max(1);
        let mut start = from;
        let page = |number: usize| {
            let chunk = rows.chunks(PAGE).nth(number).unwrap_or(&[]);
            let end = if number + 1 == count {
                to
            } else {
                chunk.last().map_or(to, |(rev, _)| *rev)
            };
            let list: Vec<_> = chunk.iter().map(|(_, row)| row).collect();
            let page = json!({ "type": "changes", "conversationId": id, "fromRev": start, "toRev": end, "asOfRev": to, "rows": list });
            start = end;
            page
        };
        (0..count).map(page).collect()
    }
}

/// What can become of a message.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Edit(String),
    Delete,
    React,
}

fn member_row(id: ConversationId, user: UserId, joined: bool, rev: u64) -> Value {
    json!({ "conversationId": id, "user": { "id": user }, "joined": joined, "rev": rev })
}

fn with_range(mut row: Value) -> Value {
    row["fromRev"] = json!(number(&row, "rev") - 1);
    row["toRev"] = row["rev"].clone();
    row
}
