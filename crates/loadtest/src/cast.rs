//! The people of a run and the conversations that they meet in.

use anyhow::Context as _;
use serde_json::json;

use crate::history::{Event, Recorder, field};
use crate::ids::ConversationId;
use crate::person::Person;
use crate::seed::Seed;

/// Makes the accounts of the simulated people, and names them in the history.
pub async fn invite(
    base: &str,
    admin: &Person,
    people: u32,
    recorder: &Recorder,
) -> anyhow::Result<Vec<Person>> {
    let wish = json!({ "maxUses": people, "expiresInHours": 1 });
    let invitation = admin.post("/api/invitations", &wish).await?;
    // Names must differ from those of every run before.
    let run = Seed::new(crate::history::now()).next_u64() >> 32;
    let mut joined = Vec::new();
    for number in 0..people {
        let username = format!("load-{run:08x}-{number}");
        let person = Person::join(base, &username, &invitation["code"]).await?;
        recorder.note_outside(Event::Person {
            user: person.id,
            name: format!("person-{number}").into(),
        });
        joined.push(person);
    }
    Ok(joined)
}

/// Founds a group or a channel, and names it in the history.
pub async fn found(
    founder: &Person,
    members: &[&Person],
    kind: &str,
    name: &str,
    recorder: &Recorder,
) -> anyhow::Result<ConversationId> {
    let ids: Vec<_> = members.iter().map(|person| person.id).collect();
    let wish = json!({ "name": name, "kind": kind, "memberIds": ids });
    let summary = founder.post("/api/groups", &wish).await?;
    let conversation = field(&summary, "id").context("a group has an id")?;
    recorder.note_outside(Event::Conversation {
        conversation,
        name: name.into(),
    });
    Ok(conversation)
}
