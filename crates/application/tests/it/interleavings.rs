//! Whatever several people do at once: the log keeps its promises, and who follows the steps has what a fresh look shows.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use hubbub_application::chat::dto::MessageDto;
use hubbub_application::chat::{ChatError, SendMessage};
use hubbub_application::events::{ConversationEventChange, Event};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::numbers::{Rev, Seq};
use proptest::prelude::*;

use crate::sending::{group, message, page};
use crate::world::World;

/// Something that one of two people does.
#[derive(Clone, Debug)]
struct Deed {
    is_first: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Few keys and few texts, so that there are retries, and keys with another message.
    Send {
        key: u8,
        text: u8,
    },
    Reply {
        key: u8,
        root: u8,
    },
    Edit {
        target: u8,
        text: u8,
    },
    Delete {
        target: u8,
    },
    Restore {
        target: u8,
    },
    React {
        target: u8,
        is_added: bool,
    },
    Pin {
        target: u8,
        is_added: bool,
    },
    Purge,
}

fn deeds() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    let target = 0..12_u8;
    let what = prop_oneof![
        4 => (0..12_u8, 0..2_u8).prop_map(|(key, text)| What::Send { key, text }),
        3 => (20..30_u8, target.clone()).prop_map(|(key, root)| What::Reply { key, root }),
        2 => (target.clone(), 0..3_u8).prop_map(|(target, text)| What::Edit { target, text }),
        2 => target.clone().prop_map(|target| What::Delete { target }),
        2 => target.clone().prop_map(|target| What::Restore { target }),
        2 => (target.clone(), any::<bool>()).prop_map(|(target, is_added)| What::React { target, is_added }),
        1 => (target, any::<bool>()).prop_map(|(target, is_added)| What::Pin { target, is_added }),
        1 => Just(What::Purge),
    ];
    let deed = (any::<bool>(), what).prop_map(|(is_first, what)| Deed { is_first, what });
    proptest::collection::vec(proptest::collection::vec(deed, 1..8), 1..10)
}

/// Who has followed the conversation from its beginning.
#[derive(Default)]
struct Device {
    position: Rev,
    messages: BTreeMap<Seq, MessageDto>,
}

impl Device {
    fn follow(&mut self, world: &World) {
        for event in world.events.take() {
            let Event::Conversation(step) = event else {
                continue;
            };
            assert_eq!(step.from_rev, self.position);
            self.position = step.to_rev;
            match &step.change {
                ConversationEventChange::MessagePosted(message) => {
                    let before = self.messages.insert(message.seq, message.clone());
                    assert_eq!(before, None, "it is new");
                }
                ConversationEventChange::MessageChanged(message) => {
                    let before = self.messages.insert(message.seq, message.clone());
                    assert!(before.is_some_and(|before| before.rev < message.rev));
                }
                other => panic!("a message, not {other:?}"),
            }
        }
    }
}

/// Does it, and answers the place that was acknowledged if it was a send.
async fn done(
    world: &World,
    people: [UserId; 2],
    id: ConversationId,
    there: &[MessageId],
    deed: Deed,
) -> Option<(UserId, ClientId, Seq)> {
    let (chat, who) = (&world.chat, people[usize::from(deed.is_first)]);
    let at = |number: u8| there[usize::from(number) % there.len()];
    let send = |send: SendMessage| async move {
        let client_id = send.client_id?;
        match chat.send(who, send).await {
            Ok(receipt) => Some((who, client_id, receipt.seq)),
            Err(
                ChatError::IdempotencyMismatch | ChatError::MessageNotFound | ChatError::NoThread,
            ) => None,
            Err(error) => panic!("{error}"),
        }
    };
    match deed.what {
        What::Send { key, text } => return send(message(id, key.into(), &text.to_string())).await,
        What::Reply { key, root } => {
            let reply = SendMessage {
                thread_of: Some(at(root)),
                ..message(id, key.into(), "reply")
            };
            return send(reply).await;
        }
        // What is refused must change nothing, which is looked at in the end.
        What::Edit { target, text } => {
            let _ = chat.edit(who, id, at(target), text.to_string()).await;
        }
        What::Delete { target } => {
            let _ = chat.delete(who, id, at(target)).await;
        }
        What::Restore { target } => {
            let _ = chat.restore(who, id, at(target)).await;
        }
        What::React {
            target,
            is_added: true,
        } => {
            let _ = chat.add_reaction(who, id, at(target), "👍").await;
        }
        What::React { target, .. } => {
            let _ = chat.remove_reaction(who, id, at(target), "👍").await;
        }
        What::Pin {
            target,
            is_added: true,
        } => {
            let _ = chat.pin(who, id, at(target)).await;
        }
        What::Pin { target, .. } => {
            let _ = chat.unpin(who, id, at(target)).await;
        }
        What::Purge => {
            world.clock.advance(Duration::from_secs(6));
            chat.purge_deleted().await.unwrap();
        }
    }
    None
}

async fn check(rounds: Vec<Vec<Deed>>) {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let id = group(&world, ada, &[bob]).await;
    let founded = page(&world, ada, id).await;
    let mut device = Device {
        position: world.chat.get(ada, id).await.unwrap().rev,
        messages: founded.into_iter().map(|one| (one.seq, one)).collect(),
    };
    let mut acknowledged = BTreeMap::new();
    for round in rounds {
        let there: Vec<_> = device.messages.values().map(|one| one.message_id).collect();
        let all = round
            .into_iter()
            .map(|deed| done(&world, [ada, bob], id, &there, deed));
        for (who, client_id, seq) in join_all(all).await.into_iter().flatten() {
            let first = acknowledged
                .entry((who, client_id.as_uuid()))
                .or_insert(seq);
            assert_eq!(*first, seq, "every answer to a key is the same");
        }
        device.follow(&world);
    }

    let summary = world.chat.get(bob, id).await.unwrap();
    assert_eq!(
        (device.position, summary.last_seq),
        (summary.rev, last_seq(&device))
    );
    let fresh = page(&world, bob, id).await;
    assert!(
        fresh.iter().eq(device.messages.values()),
        "{fresh:#?} {:#?}",
        device.messages
    );
    let places = fresh.iter().map(|one| one.seq.get());
    assert!(places.eq(1..=summary.last_seq.get()));
    let stored: BTreeMap<_, _> = fresh[1..]
        .iter()
        .map(|one| ((one.sender_id, one.client_id.as_uuid()), one.seq))
        .collect();
    assert_eq!(
        stored, acknowledged,
        "what was acknowledged, and nothing else, each once"
    );
    assert_eq!(stored.len(), fresh.len() - 1);
    for root in &fresh {
        let of_root = |one: &&MessageDto| one.thread_of == Some(root.message_id);
        let replies = fresh.iter().filter(of_root);
        let alive = replies.clone().filter(|reply| reply.deleted_at.is_none());
        let newest = replies.map(|reply| reply.seq).max();
        let thread = root
            .thread
            .map(|thread| (thread.reply_count, thread.last_reply_seq));
        let expected = newest.map(|seq| (i64::try_from(alive.count()).unwrap(), seq));
        assert_eq!(thread, expected);
    }
}

fn last_seq(device: &Device) -> Seq {
    device.messages.keys().copied().last().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn who_follows_the_steps_has_what_a_fresh_look_shows(rounds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(rounds));
    }
}
