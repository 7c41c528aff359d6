//! I8: no frame tells a device anything outside the stays of its user.

use super::Findings;
use super::run::Run;
use super::subject::Subject;
use super::verdict::Invariant;
use crate::history::{Event, Frame, Row};
use crate::ids::{ConversationId, DeviceId, UserId};

const THIS: Invariant = Invariant::Visibility;

pub(super) fn check(run: &Run<'_>, findings: &mut Findings<'_>) {
    for entry in run.entries {
        let (Some(device), Event::Received { frame }) = (entry.device, &entry.event) else {
            continue;
        };
        let (Some(conversation), Some(user)) = (frame.conversation(), run.owners.get(&device))
        else {
            continue;
        };
        // Without the final log nobody can tell who was a member.
        if !run.dumps.contains_key(&conversation) {
            continue;
        }
        for row in frame.rows() {
            findings.checked(THIS, 1);
            if !run.sees(conversation, *user, row) {
                let what = match row {
                    Row::Message(row) => format!("message {} of rev {}", row.seq, row.rev),
                    Row::Member(row) => format!("a member's change of rev {}", row.rev),
                    Row::Settings { rev } => format!("the settings of rev {rev}"),
                };
                report(run, conversation, device, &what, row, findings);
            }
        }
        if let Frame::Range { from, to, rows, .. } = frame
            && rows.is_empty()
        {
            findings.checked(THIS, 1);
            if !touches_a_stay(run, conversation, *user, *from, *to) {
                let room = run.names.conversation(conversation);
                let text = format!(
                    "{} was told that {room} moved from rev {from} to {to}",
                    run.names.device(device)
                );
                findings.broken(
                    THIS,
                    text,
                    Some(Subject::of(conversation).device(device).positions()),
                );
            }
        }
    }
}

fn touches_a_stay(
    run: &Run<'_>,
    conversation: ConversationId,
    user: UserId,
    from: u64,
    to: u64,
) -> bool {
    let touches = |start: u64, end: Option<u64>| to >= start && end.is_none_or(|end| from < end);
    run.stays(conversation, user)
        .any(|stay| touches(stay.from_rev, stay.to_rev))
}

fn report(
    run: &Run<'_>,
    conversation: ConversationId,
    device: DeviceId,
    what: &str,
    row: &Row,
    findings: &mut Findings<'_>,
) {
    let text = format!(
        "{} was told {what} in {}, which its user may not see",
        run.names.device(device),
        run.names.conversation(conversation)
    );
    let subject = Subject::of(conversation).device(device).positions();
    let subject = if let Row::Message(row) = row {
        subject.row(row)
    } else {
        subject
    };
    findings.broken(THIS, text, Some(subject));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::{ROOM, Story};
    use crate::history::Event;

    #[test]
    fn a_member_sees_everything_up_to_the_own_removal() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.leave("carol");
        story.send("alice", "two");
        story.holds(THIS);
    }

    #[test]
    fn a_message_after_the_removal_is_found() {
        let mut story = Story::new();
        story.leave("carol");
        let row = story.send("alice", "secret");
        story.at(
            "carol",
            Event::Received {
                frame: Story::live(&row),
            },
        );
        story.breaks(
            THIS,
            "carol was told message 1 of rev 3 in room, which its user may not see",
        );
    }

    #[test]
    fn an_edit_after_the_removal_is_found_though_the_message_was_seen() {
        let mut story = Story::new();
        let row = story.send("alice", "one");
        story.leave("carol");
        let edit = crate::history::Action::Edit {
            conversation: ROOM,
            message: row.message_id,
            body: crate::digest::Digest::of("uno"),
        };
        let call = story.invoke("alice", edit);
        let row = story.change(1, "uno");
        story.receipt("alice", call, 1, row.rev);
        story.deliver_to_all(&row);
        story.at(
            "carol",
            Event::Received {
                frame: Story::live(&row),
            },
        );
        story.breaks(THIS, "carol was told message 1 of rev 4");
    }

    #[test]
    fn a_message_from_before_the_history_that_a_joiner_may_read_is_found() {
        let mut story = Story::new();
        story.send("alice", "one");
        story.send("alice", "two");
        let stay = story
            .stays
            .iter_mut()
            .find(|stay| stay.user == crate::checker::story::user("carol"))
            .unwrap();
        stay.visible_from_seq = 2;
        story.breaks(THIS, "carol was told message 1");
    }

    #[test]
    fn the_news_that_something_happened_is_found_as_well() {
        let mut story = Story::new();
        story.leave("carol");
        story.send("alice", "two");
        let frame = Frame::Range {
            event: "Advanced".to_owned(),
            conversation: ROOM,
            from: 2,
            to: 3,
            rows: Vec::new(),
        };
        story.at("carol", Event::Received { frame });
        story.breaks(THIS, "carol was told that room moved from rev 2 to 3");
    }
}
