//! What must be true of a server before messages are trusted to it.

use sqlx::{PgConnection, query_as, query_scalar};

use super::store::PgStoreError;

/// The oldest version that is tested for.
const OLDEST: i32 = 140_000;
/// Settings that make a commit durable, with the one value under which it is not.
const UNSAFE: [(&str, &str); 3] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
];

/// Checks the server's version, which it answers, and the database's encoding.
pub(super) async fn check_server(connection: &mut PgConnection) -> Result<String, PgStoreError> {
    let (number, version, encoding) = query_as::<_, (i32, String, String)>(
        "SELECT current_setting('server_version_num')::int4, current_setting('server_version'),
                current_setting('server_encoding')",
    )
    .fetch_one(connection)
    .await
    .map_err(PgStoreError::Connect)?;
    if number < OLDEST {
        return Err(PgStoreError::TooOld(version));
    }
    if encoding != "UTF8" {
        return Err(PgStoreError::Encoding(encoding));
    }
    Ok(version)
}

/// The settings, as they hold for our connections, under which an acknowledged message can be lost.
pub(super) async fn unsafe_settings(
    connection: &mut PgConnection,
) -> Result<Vec<String>, PgStoreError> {
    let mut found = Vec::new();
    for (name, unsafe_value) in UNSAFE {
        let value = query_scalar::<_, String>("SELECT current_setting($1)")
            .bind(name)
            .fetch_one(&mut *connection)
            .await
            .map_err(PgStoreError::Connect)?;
        if value == unsafe_value {
            found.push(format!("{name}={value}"));
        }
    }
    Ok(found)
}
