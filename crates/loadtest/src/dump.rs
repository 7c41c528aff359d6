//! Reads the final log of a conversation, and who could see what of it.

use std::collections::BTreeMap;

use crate::history::{Dump, Entry, Event, MemberRow, MessageRow, Row, Stay, field};
use crate::ids::{ConversationId, UserId};
use crate::person::Person;

/// What the reader knows of a conversation from its founding.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Which.
    pub conversation: ConversationId,
    /// Its first members, the reader among them.
    pub members: Vec<UserId>,
    /// Whether those who join may read what was said before.
    pub whole_history: bool,
}

/// Reads a conversation as one who was a member from the first to the last change.
///
/// Memberships come from everything that was said of them: to any device during the run, and in the log's own messages.
pub async fn read(reader: &Person, founding: &Founding, entries: &[Entry]) -> anyhow::Result<Dump> {
    let conversation = founding.conversation;
    let summary = reader
        .get(&format!("/api/conversations/{conversation}"))
        .await?;
    let rows = reader.read_all(conversation).await?;
    let messages: Vec<_> = rows
        .iter()
        .map(MessageRow::parse)
        .collect::<Result<_, _>>()?;
    let changes = told(entries, conversation).chain(noted(&messages));
    let stays = stays(founding, changes, &messages);
    Ok(Dump {
        conversation,
        last_seq: field(&summary, "lastSeq")?,
        rev: field(&summary, "rev")?,
        messages,
        stays,
    })
}

/// Changes of membership that any device was told of.
fn told(entries: &[Entry], conversation: ConversationId) -> impl Iterator<Item = MemberRow> {
    entries.iter().flat_map(move |entry| {
        let rows = match &entry.event {
            Event::Received { frame } if frame.conversation() == Some(conversation) => frame.rows(),
            _ => &[],
        };
        rows.iter().filter_map(|row| match row {
            Row::Member(member) => Some(member.clone()),
            _ => None,
        })
    })
}

/// Changes of membership that the log's own messages tell of: each stands one change before its message.
fn noted(messages: &[MessageRow]) -> impl Iterator<Item = MemberRow> {
    messages.iter().filter_map(|row| {
        let note = row.system.as_ref()?;
        let joined = match &*note.kind {
            "joined" => true,
            "left" => false,
            _ => return None,
        };
        let user = note.user_id.unwrap_or(row.sender_id);
        Some(MemberRow {
            user,
            joined,
            rev: row.created_rev - 1,
        })
    })
}

/// The stretches of membership that changes amount to. A change of role within a stretch is told like a join and means nothing.
fn stays(
    founding: &Founding,
    changes: impl Iterator<Item = MemberRow>,
    messages: &[MessageRow],
) -> Vec<Stay> {
    let mut timeline: BTreeMap<(u64, UserId), bool> = BTreeMap::new();
    timeline.extend(changes.map(|change| ((change.rev, change.user), change.joined)));
    let first = |user: &UserId| Stay {
        user: *user,
        from_rev: 0,
        to_rev: None,
        visible_from_seq: 1,
    };
    let mut stays: Vec<Stay> = founding.members.iter().map(first).collect();
    for ((rev, user), joined) in timeline {
        let open = stays
            .iter_mut()
            .find(|stay| stay.user == user && stay.to_rev.is_none());
        match (open, joined) {
            (Some(stay), false) => stay.to_rev = Some(rev),
            (None, true) => {
                let before = messages.partition_point(|row| row.created_rev < rev) as u64;
                let visible_from_seq = if founding.whole_history {
                    1
                } else {
                    before + 1
                };
                stays.push(Stay {
                    user,
                    from_rev: rev,
                    to_rev: None,
                    visible_from_seq,
                });
            }
            _ => {}
        }
    }
    stays
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::digest::Digest;
    use crate::history::SystemNote;
    use crate::ids::{ClientId, MessageId};

    fn note(seq: u64, rev: u64, kind: &str, user: UserId) -> MessageRow {
        MessageRow {
            seq,
            created_rev: rev,
            rev,
            message_id: MessageId::from_number(u128::from(seq)),
            client_id: ClientId::from_number(u128::from(seq)),
            sender_id: UserId::from_number(1),
            sent_at: Arc::from(""),
            body: Digest::of(""),
            state: Digest::of(""),
            system: Some(SystemNote {
                kind: Arc::from(kind),
                user_id: Some(user),
            }),
            edited: false,
            deleted: false,
        }
    }

    #[test]
    fn stays_follow_from_what_devices_heard_and_from_what_the_log_tells() {
        let [founder, guest] = [1, 2].map(UserId::from_number);
        let mut founding = Founding {
            conversation: ConversationId::from_number(1),
            members: vec![founder],
            whole_history: false,
        };
        let messages = [
            note(1, 2, "founded", founder),
            note(2, 4, "joined", guest),
            note(3, 6, "left", guest),
        ];
        let heard = [
            MemberRow {
                user: guest,
                joined: true,
                rev: 3,
            },
            MemberRow {
                user: guest,
                joined: true,
                rev: 9,
            },
            MemberRow {
                user: guest,
                joined: true,
                rev: 10,
            },
        ];
        let all = |founding: &Founding| {
            stays(
                founding,
                heard.iter().cloned().chain(noted(&messages)),
                &messages,
            )
        };
        let first = Stay {
            user: founder,
            from_rev: 0,
            to_rev: None,
            visible_from_seq: 1,
        };
        let stay = |from_rev, to_rev, visible_from_seq| Stay {
            user: guest,
            from_rev,
            to_rev,
            visible_from_seq,
        };
        assert_eq!(
            all(&founding),
            [first, stay(3, Some(5), 2), stay(9, None, 4)]
        );
        founding.whole_history = true;
        assert_eq!(
            all(&founding),
            [first, stay(3, Some(5), 1), stay(9, None, 1)]
        );
    }
}
