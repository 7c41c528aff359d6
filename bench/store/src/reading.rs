//! Whether reading takes longer in a long conversation than in a short one.

use std::time::{Duration, Instant};

use hubbub_bench_report::quantile;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;

use crate::bare::BODY;
use crate::database::Database;
use crate::people::{read, readers};
use crate::{Failure, progress};

const SHORT: i64 = 1_000;
/// How many messages are loaded in one transaction.
const PART: i64 = 100_000;
const PAGE: i64 = 50;
const TIMES: i64 = 100;
const TIMES_OF_LISTS: i64 = 15;

/// What one kind of reading takes, in both conversations.
pub(crate) struct Read {
    pub(crate) name: &'static str,
    pub(crate) short: Duration,
    pub(crate) long: Duration,
}

/// Where in a conversation of some messages a range of a page stands, the `n`th time.
type Place = fn(messages: i64, n: i64) -> MessageRange;

const PAGES: &[(&str, Place)] = &[
    ("the newest page", |_, _| MessageRange::Newest),
    ("a page before, near the end", |messages, n| {
        MessageRange::Before(Seq::new(messages - n))
    }),
    ("a page before, in the middle", |messages, n| {
        MessageRange::Before(middle(messages, n))
    }),
    ("a page before, near the beginning", |_, n| {
        MessageRange::Before(Seq::new(2 + PAGE + n))
    }),
    ("a page after, near the beginning", |_, n| {
        MessageRange::After(Seq::new(n))
    }),
    ("a page after, in the middle", |messages, n| {
        MessageRange::After(middle(messages, n))
    }),
    ("a page after, near the end", |messages, n| {
        MessageRange::After(Seq::new(messages - PAGE - n))
    }),
    ("a page around, near the beginning", |_, n| {
        MessageRange::Around(Seq::new(1 + n))
    }),
    ("a page around, in the middle", |messages, n| {
        MessageRange::Around(middle(messages, n))
    }),
    ("a page around, near the end", |messages, n| {
        MessageRange::Around(Seq::new(messages - n))
    }),
];

/// Somewhere in the middle tenth.
fn middle(messages: i64, n: i64) -> Seq {
    Seq::new(messages / 2 + messages / 10 * n / TIMES)
}

/// Fills the conversations that are read, and reads in both by turns.
pub(crate) async fn measure(database: &Database, messages: i64) -> Result<Vec<Read>, Failure> {
    let began = Instant::now();
    fill(database, messages).await?;
    database.tidy().await?;
    progress(&format!("    loaded in {:.0?}", began.elapsed()));
    let readers = readers(database).await?;
    let conversations = read(database).await?;
    let (Some(&[short, long]), Some(&[of_short, of_long])) =
        (conversations.first_chunk(), readers.first_chunk())
    else {
        return Err("the conversations to read are missing".into());
    };
    let short = Reader::new(database, of_short, short, SHORT);
    let long = Reader::new(database, of_long, long, messages);
    let mut reads = Vec::new();
    for &(name, place) in PAGES {
        reads.push(
            compared(name, TIMES, async |n, is_long| {
                if is_long { &long } else { &short }.page(place, n).await
            })
            .await?,
        );
    }
    reads.push(
        compared("its unread messages", TIMES, async |_, is_long| {
            if is_long { &long } else { &short }.summary().await
        })
        .await?,
    );
    reads.push(
        compared(
            "500 conversations with their unread messages",
            TIMES_OF_LISTS,
            async |_, is_long| if is_long { &long } else { &short }.list().await,
        )
        .await?,
    );
    Ok(reads)
}

/// The middle of the times of both, read by turns.
async fn compared(
    name: &'static str,
    times: i64,
    read: impl AsyncFn(i64, bool) -> Result<(), Failure>,
) -> Result<Read, Failure> {
    let mut taken = [Vec::new(), Vec::new()];
    // What is compared is the work, not what the database happens to have in its memory: of the short conversation it always has
    // everything. The first times are for finding the plan and for bringing there what is read.
    for n in 0..times {
        read(n, false).await?;
        read(n, true).await?;
    }
    for n in 0..times {
        for (is_long, taken) in [false, true].into_iter().zip(&mut taken) {
            let began = Instant::now();
            read(n, is_long).await?;
            taken.push(began.elapsed());
        }
    }
    let [mut short, mut long] = taken;
    let read = Read {
        name,
        short: quantile(&mut short, 0.5),
        long: quantile(&mut long, 0.5),
    };
    progress(&format!("    {name}: {:?} / {:?}", read.short, read.long));
    Ok(read)
}

/// Somebody who reads in a conversation.
struct Reader<'a> {
    database: &'a Database,
    user_id: UserId,
    conversation_id: ConversationId,
    messages: i64,
}

impl<'a> Reader<'a> {
    fn new(
        database: &'a Database,
        user_id: UserId,
        conversation_id: ConversationId,
        messages: i64,
    ) -> Self {
        Self {
            database,
            user_id,
            conversation_id,
            messages,
        }
    }

    async fn page(&self, place: Place, n: i64) -> Result<(), Failure> {
        let range = place(self.messages, n);
        let chat = &self.database.chat;
        let page = chat.history(self.user_id, self.conversation_id, range, PAGE);
        whole(page.await?.messages.len(), PAGE)
    }

    async fn summary(&self) -> Result<(), Failure> {
        let chat = &self.database.chat;
        let summary = chat.get(self.user_id, self.conversation_id).await?;
        whole(summary.personal.unread_count, 100)
    }

    async fn list(&self) -> Result<(), Failure> {
        let list = self.database.chat.list(self.user_id).await?;
        for summary in &list.conversations {
            whole(summary.personal.unread_count, 100)?;
        }
        whole(list.conversations.len(), 500)
    }
}

/// What was read must be what was stored, or its time means nothing.
fn whole(found: impl TryInto<i64>, wanted: i64) -> Result<(), Failure> {
    match found.try_into() {
        Ok(found) if found == wanted => Ok(()),
        _ => Err(format!("{wanted} were to be read").into()),
    }
}

/// Stores messages past Hubbub, which would take longer.
async fn fill(database: &Database, messages: i64) -> Result<(), Failure> {
    load(database, "name LIKE 'read%'", 1, 200).await?;
    load(database, "name = 'short'", 1, SHORT).await?;
    for first in (1..=messages).step_by(usize::try_from(PART)?) {
        let last = messages.min(first + PART - 1);
        load(database, "name = 'long'", first, last).await?;
    }
    let moved = format!(
        "UPDATE conversations SET last_seq = {messages}, last_rev = {messages} + 2 WHERE name = 'long'"
    );
    database.run(&moved).await
}

async fn load(database: &Database, which: &str, first: i64, last: i64) -> Result<(), Failure> {
    let sql = format!(
        "WITH RECURSIVE series (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series WHERE n < {last}),
              senders AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM users WHERE username LIKE 'writer%')
         INSERT INTO messages (conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, body, sent_at)
         SELECT c.id, n, {{uuid}}, n + 2, n + 2, s.id, {{uuid}}, {{hash}}, '{BODY}', n
         FROM conversations c, series, senders s WHERE c.{which} AND s.place = n % 64 + 1"
    );
    database.run(&sql).await
}
