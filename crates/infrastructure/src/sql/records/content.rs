use hubbub_domain::conversation::{ConversationName, Topic};
use hubbub_domain::ids::UserId;
use hubbub_domain::message::{
    Content, Deletion, Emoji, Mentions, MessageBody, Pin, Reaction, Reactions, SystemNote, Text,
};
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Result, corrupt};

/// What a message says, in columns.
///
/// The words of a deleted message stay in their columns until they are purged. They leave this type only through
/// [`ContentColumns::with_what_is_kept`].
#[derive(Default, FromRow)]
pub(crate) struct ContentColumns {
    pub(crate) body: String,
    pub(crate) system: Option<String>,
    pub(crate) mentions: Option<String>,
    pub(crate) mentions_all: bool,
    pub(crate) reactions: Option<String>,
    pub(crate) edited_at: Option<i64>,
    pub(crate) pinned_at: Option<i64>,
    pub(crate) pinned_by: Option<Uuid>,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) deleted_by: Option<Uuid>,
    pub(crate) purged: bool,
}

impl ContentColumns {
    /// The columns of a content. Those of a deletion that keeps nothing are purged.
    pub(crate) fn of(content: &Content) -> Result<Self> {
        match content {
            Content::Text(text) => Self::of_text(text),
            Content::System(note) => Ok(Self {
                system: Some(json(&NoteRecord::from(note))?),
                ..Self::default()
            }),
            Content::Deleted(deletion) => {
                let kept = deletion.kept.as_deref().map(Self::of_text).transpose()?;
                Ok(Self {
                    pinned_at: None,
                    pinned_by: None,
                    deleted_at: Some(deletion.at.unix_micros()),
                    deleted_by: Some(deletion.by.as_uuid()),
                    purged: deletion.kept.is_none(),
                    ..kept.unwrap_or_default()
                })
            }
        }
    }

    fn of_text(text: &Text) -> Result<Self> {
        let called: Vec<_> = text
            .mentions
            .user_ids
            .iter()
            .map(|id| id.as_uuid())
            .collect();
        let reactions: Vec<_> = text
            .reactions
            .as_slice()
            .iter()
            .map(ReactionRecord::from)
            .collect();
        Ok(Self {
            body: text.body.as_str().to_owned(),
            system: None,
            mentions: json_unless_empty(&called)?,
            mentions_all: text.mentions.all,
            reactions: json_unless_empty(&reactions)?,
            edited_at: text.edited_at.map(Timestamp::unix_micros),
            pinned_at: text.pin.map(|pin| pin.at.unix_micros()),
            pinned_by: text.pin.map(|pin| pin.by.as_uuid()),
            ..Self::default()
        })
    }

    /// The content, without the words of what was deleted.
    pub(crate) fn content(self) -> Result<Content> {
        match self.deletion() {
            Some(deletion) => Ok(Content::Deleted(deletion)),
            None => self.present_content(),
        }
    }

    /// The content with the words of what was deleted, unless they are purged: for who takes the deletion back.
    pub(crate) fn with_what_is_kept(self) -> Result<Content> {
        match self.deletion() {
            Some(deletion) if self.purged => Ok(Content::Deleted(deletion)),
            Some(deletion) => Ok(Content::Deleted(Deletion {
                kept: Some(Box::new(self.text()?)),
                ..deletion
            })),
            None => self.present_content(),
        }
    }

    fn deletion(&self) -> Option<Deletion> {
        let (at, by) = self.deleted_at.zip(self.deleted_by)?;
        Some(Deletion {
            by: UserId::from_uuid(by),
            at: Timestamp::from_unix_micros(at),
            kept: None,
        })
    }

    fn present_content(self) -> Result<Content> {
        match &self.system {
            Some(note) => {
                let note: NoteRecord = read(note, "note of the system")?;
                Ok(Content::System(note.try_into()?))
            }
            None => self.text().map(Content::Text),
        }
    }

    fn text(self) -> Result<Text> {
        let called: Vec<Uuid> = read_list(self.mentions.as_deref(), "mentions")?;
        let reactions: Vec<ReactionRecord> = read_list(self.reactions.as_deref(), "reactions")?;
        let reactions = reactions.into_iter().map(Reaction::try_from);
        let pin = self.pinned_at.zip(self.pinned_by);
        Ok(Text {
            body: MessageBody::parse(self.body).map_err(|_| corrupt("message"))?,
            mentions: Mentions {
                user_ids: called.into_iter().map(UserId::from_uuid).collect(),
                all: self.mentions_all,
            },
            edited_at: self.edited_at.map(Timestamp::from_unix_micros),
            reactions: Reactions::from_stored(reactions.collect::<Result<_>>()?),
            pin: pin.map(|(at, by)| Pin {
                by: UserId::from_uuid(by),
                at: Timestamp::from_unix_micros(at),
            }),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ReactionRecord {
    emoji: String,
    users: Vec<Uuid>,
}

impl From<&Reaction> for ReactionRecord {
    fn from(reaction: &Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str().to_owned(),
            users: reaction.user_ids.iter().map(|id| id.as_uuid()).collect(),
        }
    }
}

impl TryFrom<ReactionRecord> for Reaction {
    type Error = hubbub_domain::error::RepositoryError;

    fn try_from(record: ReactionRecord) -> Result<Self> {
        Ok(Self {
            emoji: Emoji::parse(&record.emoji).map_err(|_| corrupt("reaction"))?,
            user_ids: record.users.into_iter().map(UserId::from_uuid).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum NoteRecord {
    Founded,
    Joined { user: Uuid },
    Left { user: Uuid },
    Renamed { name: String },
    TopicChanged { topic: Option<String> },
}

impl From<&SystemNote> for NoteRecord {
    fn from(note: &SystemNote) -> Self {
        match note {
            SystemNote::Founded => Self::Founded,
            SystemNote::Joined { user_id } => Self::Joined {
                user: user_id.as_uuid(),
            },
            SystemNote::Left { user_id } => Self::Left {
                user: user_id.as_uuid(),
            },
            SystemNote::Renamed { name } => Self::Renamed {
                name: name.as_str().to_owned(),
            },
            SystemNote::TopicChanged { topic } => Self::TopicChanged {
                topic: topic.as_ref().map(|topic| topic.as_str().to_owned()),
            },
        }
    }
}

impl TryFrom<NoteRecord> for SystemNote {
    type Error = hubbub_domain::error::RepositoryError;

    fn try_from(record: NoteRecord) -> Result<Self> {
        Ok(match record {
            NoteRecord::Founded => Self::Founded,
            NoteRecord::Joined { user } => Self::Joined {
                user_id: UserId::from_uuid(user),
            },
            NoteRecord::Left { user } => Self::Left {
                user_id: UserId::from_uuid(user),
            },
            NoteRecord::Renamed { name } => Self::Renamed {
                name: ConversationName::parse(&name).map_err(|_| corrupt("name in a note"))?,
            },
            NoteRecord::TopicChanged { topic } => Self::TopicChanged {
                topic: Topic::parse(&topic.unwrap_or_default())
                    .map_err(|_| corrupt("topic in a note"))?,
            },
        })
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| corrupt("value"))
}

fn json_unless_empty<T: Serialize>(list: &[T]) -> Result<Option<String>> {
    (!list.is_empty()).then(|| json(&list)).transpose()
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| corrupt(what))
}

fn read_list<'a, T: Deserialize<'a>>(text: Option<&'a str>, what: &str) -> Result<Vec<T>> {
    text.map_or_else(|| Ok(Vec::new()), |text| read(text, what))
}
