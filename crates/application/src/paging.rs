//! Pages by keyset: one row more than wanted is read, and tells whether there are more.

/// Cuts rows that were read with a limit of `limit + 1` to `limit`. Answers whether there was one more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    has_more
}
