//! What the database does at best: rows into a table like that of messages, with the same columns and indexes, and nothing asked, locked,
//! numbered or referred to.

use std::sync::atomic::{AtomicI64, Ordering};

use hubbub_application::ports::IdGenerator as _;
use hubbub_infrastructure::security::RandomIds;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Connection as _, query, query_scalar, raw_sql};
use uuid::Uuid;

use crate::Failure;
use crate::clients::Client;
use crate::database::{Database, Own};

/// How many rows a batch has.
pub(crate) const BATCH: usize = 200;
/// What messages and rows say: 200 bytes.
pub(crate) const BODY: &str = "Shall we meet at the usual place at seven? I bring the maps and the list of what is still \
    missing, and somebody should ask Ada whether the boat is free on Saturday; otherwise we take the train instead, as ever.";

/// A hash of nothing.
const HASH: &[u8] = &[0; 32];

macro_rules! insert {
    ($rows:literal) => {
        concat!(
            "INSERT INTO bare_messages
                (conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, body, sent_at) ",
            $rows
        )
    };
}

/// Makes the table.
pub(crate) async fn prepare(database: &Database) -> Result<(), Failure> {
    match &database.own {
        Own::Postgres { pool, .. } => {
            let table = "CREATE TABLE IF NOT EXISTS bare_messages (LIKE messages INCLUDING ALL)";
            raw_sql(table).execute(pool).await?;
        }
        Own::Sqlite(pool) => {
            let texts =
                "SELECT sql FROM sqlite_schema WHERE tbl_name = 'messages' AND sql IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'bare_messages')";
            let texts = query_scalar::<_, String>(texts).fetch_all(pool).await?;
            for text in texts {
                let text = text
                    .replace("messages", "bare_messages")
                    .replace("REFERENCES conversations (id)", "")
                    .replace("REFERENCES users (id)", "");
                raw_sql(AssertSqlSafe(text)).execute(pool).await?;
            }
        }
    }
    Ok(())
}

/// Inserts rows, as many in each transaction as it is told.
pub(crate) struct Inserter {
    connection: Connection,
    conversations: Vec<Uuid>,
    senders: Vec<Uuid>,
    rows: usize,
}

enum Connection {
    Postgres(PgConnection),
    Sqlite(SqlitePool),
}

struct Row {
    conversation: Uuid,
    seq: i64,
    id: Uuid,
    sender: Uuid,
    client: Uuid,
}

/// The places of all rows, so that none is taken twice.
static NEXT: AtomicI64 = AtomicI64::new(1);

impl Inserter {
    /// Over a connection of its own; SQLite has only one.
    pub(crate) async fn new(
        database: &Database,
        conversations: Vec<Uuid>,
        senders: Vec<Uuid>,
        rows: usize,
    ) -> Result<Self, Failure> {
        let connection = match &database.own {
            Own::Postgres { connect, .. } => {
                Connection::Postgres(PgConnection::connect_with(connect).await?)
            }
            Own::Sqlite(pool) => Connection::Sqlite(pool.clone()),
        };
        Ok(Self {
            connection,
            conversations,
            senders,
            rows,
        })
    }

    fn row(&self) -> Row {
        let seq = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(seq).unwrap_or_default();
        Row {
            conversation: self.conversations[place % self.conversations.len()],
            seq,
            id: RandomIds.uuid(),
            sender: self.senders[place % self.senders.len()],
            client: random_uuid(),
        }
    }
}

/// A key as a client makes it.
pub(crate) fn random_uuid() -> Uuid {
    let secret = u128::from_be_bytes(RandomIds.secret()[..16].try_into().expect("16 bytes"));
    uuid::Builder::from_random_bytes(secret.to_be_bytes()).into_uuid()
}

impl Client for Inserter {
    async fn act(&mut self) -> Result<u32, Failure> {
        let rows: Vec<_> = (0..self.rows).map(|_| self.row()).collect();
        match (&mut self.connection, &rows[..]) {
            (Connection::Postgres(connection), [row]) => {
                let one = query(insert!("VALUES ($1, $2, $3, $2, $2, $4, $5, $6, $7, 1)"))
                    .bind(row.conversation)
                    .bind(row.seq)
                    .bind(row.id)
                    .bind(row.sender)
                    .bind(row.client)
                    .bind(HASH)
                    .bind(BODY);
                one.execute(connection).await?;
            }
            (Connection::Postgres(connection), rows) => {
                insert_into_postgres(connection, rows).await?;
            }
            (Connection::Sqlite(pool), rows) => insert_into_sqlite(pool, rows).await?,
        }
        Ok(u32::try_from(rows.len())?)
    }
}

async fn insert_into_postgres(connection: &mut PgConnection, rows: &[Row]) -> Result<(), Failure> {
    let all = query(insert!(
        "SELECT conversation_id, seq, id, seq, seq, sender_id, client_id, request_hash, body, 1
         FROM UNNEST($1::uuid[], $2::int8[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[], $7::text[])
            AS t (conversation_id, seq, id, sender_id, client_id, request_hash, body)"
    ));
    let column = |of: fn(&Row) -> Uuid| rows.iter().map(of).collect::<Vec<_>>();
    all.bind(column(|row| row.conversation))
        .bind(rows.iter().map(|row| row.seq).collect::<Vec<_>>())
        .bind(column(|row| row.id))
        .bind(column(|row| row.sender))
        .bind(column(|row| row.client))
        .bind(vec![HASH; rows.len()])
        .bind(vec![BODY; rows.len()])
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_into_sqlite(pool: &SqlitePool, rows: &[Row]) -> Result<(), Failure> {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"; rows.len()].join(", ");
    let text = insert!("VALUES {rows}").replace("{rows}", &values);
    let mut all = query(AssertSqlSafe(text));
    for row in rows {
        all = all
            .bind(row.conversation)
            .bind(row.seq)
            .bind(row.id)
            .bind(row.seq)
            .bind(row.seq)
            .bind(row.sender)
            .bind(row.client)
            .bind(HASH)
            .bind(BODY);
    }
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    all.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
