use std::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, SqlSafeStr as _, SqlStr, Type};
use uuid::Uuid;

use super::rows::Rows;

/// Where a statement's text says that its [`Rows`] stand.
const ROWS: &str = "{rows}";
/// The weakest lock that keeps other lockers away. It lets others refer to the row by a foreign key.
const LOCK: &str = " FOR NO KEY UPDATE";

/// A statement's text and the values of its `$1`, `$2`, … in order.
pub(crate) struct Statement {
    sqlite: &'static str,
    postgres: &'static str,
    values: Vec<Value>,
    rows: Vec<Rows>,
    is_locking: bool,
    /// Whether it may be done in pieces.
    is_divisible: bool,
}

impl Statement {
    /// A text that both databases understand.
    pub(crate) fn new(text: &'static str) -> Self {
        Self::either(text, text)
    }

    /// A text for each database, with the same values and the same result.
    pub(crate) fn either(sqlite: &'static str, postgres: &'static str) -> Self {
        Self {
            sqlite,
            postgres,
            values: Vec::new(),
            rows: Vec::new(),
            is_locking: false,
            is_divisible: false,
        }
    }

    /// The next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        debug_assert!(self.rows.is_empty(), "rows come after single values");
        self.values.push(value.into());
        self
    }

    /// The rows that stand in place of the next `{rows}`, as in `WITH new (id, seq) AS ({rows}) INSERT INTO …`. They come last.
    pub(crate) fn rows(mut self, rows: Rows) -> Self {
        self.rows.push(rows);
        debug_assert!(self.postgres.matches(ROWS).count() >= self.rows.len());
        self
    }

    /// Rows that have nothing to do with each other: the statement does for all what it would do for one after the other.
    ///
    /// SQLite has to read a text anew for every number of rows. So it gets these in pieces of a few lengths, whose texts it knows.
    pub(crate) fn rows_apart(self, rows: Rows) -> Self {
        Self {
            is_divisible: true,
            ..self.rows(rows)
        }
    }

    /// Locks the rows that are selected, if the transaction writes: nobody else locks or changes them until it ends. For a
    /// `SELECT` from one table.
    pub(crate) fn locking(mut self) -> Self {
        self.is_locking = true;
        self
    }

    /// The statements that SQLite takes in its place, one after the other.
    pub(super) fn into_pieces(mut self) -> Vec<Self> {
        match self.rows.pop() {
            Some(rows) if self.is_divisible && self.rows.is_empty() && rows.len() > 1 => {
                let piece = |rows| Self {
                    values: self.values.clone(),
                    rows: vec![rows],
                    ..self
                };
                rows.into_pieces().into_iter().map(piece).collect()
            }
            last => {
                self.rows.extend(last);
                vec![self]
            }
        }
    }

    /// The statement as SQLite takes it. A unit of work has all locks there already.
    pub(super) fn for_sqlite(self) -> Result<Bound<SqliteArguments>, BoxDynError> {
        let mut bound = Bound::<SqliteArguments>::new(self.sqlite, self.values)?;
        if !self.rows.is_empty() {
            let mut complete = self.sqlite.to_owned();
            for rows in self.rows {
                bound.is_reused &= rows.len() == 1 || self.is_divisible;
                let first = bound.arguments.len() + 1;
                complete = complete.replacen(ROWS, &rows.sqlite_text(first), 1);
                for value in rows.into_values() {
                    value.add_to(&mut bound.arguments)?;
                }
            }
            bound.text = text(complete.into());
        }
        Ok(bound)
    }

    /// The statement as PostgreSQL takes it.
    pub(super) fn for_postgres(self, may_lock: bool) -> Result<Bound<PgArguments>, BoxDynError> {
        let mut bound = Bound::<PgArguments>::new(self.postgres, self.values)?;
        let mut complete = Cow::from(self.postgres);
        for rows in self.rows {
            let first = bound.arguments.len() + 1;
            complete = complete
                .replacen(ROWS, &rows.postgres_text(first), 1)
                .into();
            rows.add_to(&mut bound.arguments)?;
        }
        if self.is_locking && may_lock {
            complete += LOCK;
        }
        bound.text = text(complete);
        Ok(bound)
    }
}

fn text(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => text.into_sql_str(),
        // It is made of literals of this crate and of numbers, never of values.
        Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
    }
}

/// A statement for one database.
pub(super) struct Bound<A> {
    pub(super) text: SqlStr,
    pub(super) arguments: A,
    /// Whether it is worth keeping prepared: its text does not depend on how many rows it has.
    pub(super) is_reused: bool,
}

impl<A> Bound<A>
where
    A: Arguments,
    for<'q> Option<Uuid>: Encode<'q, A::Database> + Type<A::Database>,
    for<'q> Option<i64>: Encode<'q, A::Database> + Type<A::Database>,
    for<'q> Option<String>: Encode<'q, A::Database> + Type<A::Database>,
    for<'q> Option<Vec<u8>>: Encode<'q, A::Database> + Type<A::Database>,
    for<'q> Option<bool>: Encode<'q, A::Database> + Type<A::Database>,
{
    fn new(statement: &'static str, values: Vec<Value>) -> Result<Self, BoxDynError> {
        let mut arguments = A::default();
        for value in values {
            value.add_to(&mut arguments)?;
        }
        Ok(Self {
            text: text(statement.into()),
            arguments,
            is_reused: true,
        })
    }
}

/// A value of a statement. A NULL has a type too, which PostgreSQL wants to know.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Uuid(Option<Uuid>),
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(Option<bool>),
}

impl Value {
    fn add_to<A>(self, arguments: &mut A) -> Result<(), BoxDynError>
    where
        A: Arguments,
        for<'q> Option<Uuid>: Encode<'q, A::Database> + Type<A::Database>,
        for<'q> Option<i64>: Encode<'q, A::Database> + Type<A::Database>,
        for<'q> Option<String>: Encode<'q, A::Database> + Type<A::Database>,
        for<'q> Option<Vec<u8>>: Encode<'q, A::Database> + Type<A::Database>,
        for<'q> Option<bool>: Encode<'q, A::Database> + Type<A::Database>,
    {
        match self {
            Self::Uuid(value) => arguments.add(value),
            Self::Integer(value) => arguments.add(value),
            Self::Text(value) => arguments.add(value),
            Self::Bytes(value) => arguments.add(value),
            Self::Bool(value) => arguments.add(value),
        }
    }
}

/// `From` a type and from an `Option` of it.
macro_rules! value_from {
    ($($variant:ident: $from:ty as $with:expr),+ $(,)?) => {
        $(
            impl From<$from> for Value {
                fn from(value: $from) -> Self {
                    Self::$variant(Some($with(value)))
                }
            }

            impl From<Option<$from>> for Value {
                fn from(value: Option<$from>) -> Self {
                    Self::$variant(value.map($with))
                }
            }
        )+
    };
}

value_from! {
    Uuid: Uuid as std::convert::identity,
    Integer: i64 as std::convert::identity,
    Text: &str as str::to_owned,
    Text: String as std::convert::identity,
    Bytes: &[u8] as <[u8]>::to_vec,
    Bytes: Vec<u8> as std::convert::identity,
    Bool: bool as std::convert::identity,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Statement {
        let ids = [Uuid::nil(), Uuid::max()];
        Statement::new("WITH p (id, name) AS ({rows}) SELECT id FROM p WHERE id <> $1")
            .bind(Uuid::nil())
            .rows(
                Rows::new()
                    .column(ids)
                    .column([Some("ada".to_owned()), None]),
            )
    }

    #[test]
    fn rows_are_a_list_of_values_for_sqlite_and_arrays_for_postgres() {
        let lite = people().for_sqlite().unwrap();
        assert_eq!(
            lite.text.as_str(),
            "WITH p (id, name) AS (VALUES (?2,?3),(?4,?5)) SELECT id FROM p WHERE id <> $1"
        );
        assert_eq!((lite.arguments.len(), lite.is_reused), (5, false));
        let post = people().for_postgres(true).unwrap();
        assert_eq!(
            post.text.as_str(),
            "WITH p (id, name) AS (SELECT * FROM UNNEST($2::uuid[],$3::text[])) SELECT id FROM p WHERE id <> $1"
        );
        assert_eq!((post.arguments.len(), post.is_reused), (3, true));
    }

    #[test]
    fn rows_that_are_alone_have_values_without_numbers_on_sqlite() {
        let rows = Rows::new()
            .column([Uuid::nil(), Uuid::max()])
            .column([1, 2]);
        let lite = Statement::new("INSERT INTO p {rows}").rows(rows);
        let lite = lite.for_sqlite().unwrap();
        assert_eq!(lite.text.as_str(), "INSERT INTO p VALUES (?,?),(?,?)");
        assert_eq!((lite.arguments.len(), lite.is_reused), (4, false));
    }

    #[test]
    fn several_batches_follow_one_another_on_postgres() {
        let batch = |value: i64| Rows::new().column([value]);
        let both = Statement::new("SELECT * FROM ({rows}) AS a, ({rows}) AS b WHERE $1");
        let both = both.bind(true).rows(batch(1)).rows(batch(2));
        assert_eq!(
            both.for_postgres(true).unwrap().text.as_str(),
            "SELECT * FROM (SELECT * FROM UNNEST($2::int8[])) AS a, \
             (SELECT * FROM UNNEST($3::int8[])) AS b WHERE $1"
        );
    }

    #[test]
    fn no_rows_are_no_error() {
        let none = || {
            let rows = Rows::new()
                .column(Vec::<Uuid>::new())
                .column(Vec::<i64>::new());
            Statement::new("WITH p (id, seq) AS ({rows}) SELECT id FROM p").rows(rows)
        };
        assert_eq!(
            none().for_sqlite().unwrap().text.as_str(),
            "WITH p (id, seq) AS (SELECT NULL,NULL WHERE FALSE) SELECT id FROM p"
        );
        assert_eq!(none().for_postgres(true).unwrap().arguments.len(), 2);
    }

    #[test]
    fn only_a_transaction_that_writes_locks() {
        let found = || Statement::new("SELECT 1").locking();
        let text = |may_lock| found().for_postgres(may_lock).unwrap().text;
        assert_eq!(text(true).as_str(), "SELECT 1 FOR NO KEY UPDATE");
        assert_eq!(text(false).as_str(), "SELECT 1");
        assert_eq!(found().for_sqlite().unwrap().text.as_str(), "SELECT 1");
    }
}
