use std::fmt::Write as _;

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

use super::statement::Value;

/// How many rows a piece of [`Rows::into_pieces`] has at most.
const LONGEST_PIECE: usize = 64;

/// Many rows for one statement, given column by column: a list to search for, or a batch to store.
///
/// SQLite gets them as `VALUES` and takes up to 32,766 single values in one statement, PostgreSQL as one array per column.
#[derive(Default)]
pub(crate) struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    /// Rows without columns, which are added next.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The next column. Every column has as many values as the first.
    pub(crate) fn column<T: Element>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.columns.push(T::column(values.into_iter().collect()));
        debug_assert_eq!(
            self.columns.first().map(Column::len),
            self.columns.last().map(Column::len),
            "every row has a value in every column"
        );
        self
    }

    pub(super) fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// The same rows in pieces of 64, 32, 16, 8, 4, 2 and 1, as few as will do.
    pub(super) fn into_pieces(mut self) -> Vec<Self> {
        let mut pieces = Vec::new();
        while self.len() > 0 {
            let at = LONGEST_PIECE.min(1 << self.len().ilog2());
            let split = |column: &mut Column| {
                let rest = column.split_off(at);
                std::mem::replace(column, rest)
            };
            let columns = self.columns.iter_mut().map(split).collect();
            pieces.push(Self { columns });
        }
        pieces
    }

    /// What stands for the rows in SQLite's text, where `first` is the number of the first of [`Rows::into_values`].
    ///
    /// Rows that are alone in their statement have values without numbers: a numbered one has a name, and SQLite and the driver look
    /// through the names of all others for each, which takes 80 ms instead of 4 ms for 200 rows of 29 columns.
    pub(super) fn sqlite_text(&self, first: usize) -> String {
        let width = self.columns.len();
        if self.len() == 0 {
            return format!("SELECT {} WHERE FALSE", vec!["NULL"; width].join(","));
        }
        let mut text = String::from("VALUES ");
        for number in 0..self.len() * width {
            let before = match (number, number % width) {
                (0, _) => "(?",
                (_, 0) => "),(?",
                _ => ",?",
            };
            text.push_str(before);
            if first > 1 {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}", first + number);
            }
        }
        text.push(')');
        text
    }

    /// What stands for the rows in PostgreSQL's text, where `first` is the number of the first array.
    pub(super) fn postgres_text(&self, first: usize) -> String {
        let arrays: Vec<_> = (first..)
            .zip(&self.columns)
            .map(|(number, column)| format!("${number}::{}[]", column.postgres_type()))
            .collect();
        format!("SELECT * FROM UNNEST({})", arrays.join(","))
    }

    /// Every value, row by row.
    pub(super) fn into_values(self) -> impl Iterator<Item = Value> {
        let rows = self.len();
        let mut columns: Vec<_> = self.columns.into_iter().map(Column::into_values).collect();
        (0..rows * columns.len()).filter_map(move |place| {
            let column = place % columns.len();
            columns[column].next()
        })
    }

    pub(super) fn add_to(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        for column in self.columns {
            match column {
                Column::Uuids(values) => arguments.add(values),
                Column::Integers(values) => arguments.add(values),
                Column::Texts(values) => arguments.add(values),
                Column::Bytes(values) => arguments.add(values),
                Column::Bools(values) => arguments.add(values),
            }?;
        }
        Ok(())
    }
}

/// The values of one column.
pub(crate) enum Column {
    Uuids(Vec<Option<Uuid>>),
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Bools(Vec<Option<bool>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Uuids(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Bools(values) => values.len(),
        }
    }

    fn split_off(&mut self, at: usize) -> Self {
        match self {
            Self::Uuids(values) => Self::Uuids(values.split_off(at)),
            Self::Integers(values) => Self::Integers(values.split_off(at)),
            Self::Texts(values) => Self::Texts(values.split_off(at)),
            Self::Bytes(values) => Self::Bytes(values.split_off(at)),
            Self::Bools(values) => Self::Bools(values.split_off(at)),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Uuids(_) => "uuid",
            Self::Integers(_) => "int8",
            Self::Texts(_) => "text",
            Self::Bytes(_) => "bytea",
            Self::Bools(_) => "bool",
        }
    }

    fn into_values(self) -> Box<dyn Iterator<Item = Value> + Send> {
        match self {
            Self::Uuids(values) => Box::new(values.into_iter().map(Value::Uuid)),
            Self::Integers(values) => Box::new(values.into_iter().map(Value::Integer)),
            Self::Texts(values) => Box::new(values.into_iter().map(Value::Text)),
            Self::Bytes(values) => Box::new(values.into_iter().map(Value::Bytes)),
            Self::Bools(values) => Box::new(values.into_iter().map(Value::Bool)),
        }
    }
}

/// What a column may hold.
pub(crate) trait Element: Sized {
    /// A column of such values.
    fn column(values: Vec<Self>) -> Column;
}

/// Each type by itself, and as an `Option`.
macro_rules! elements {
    ($($variant:ident: $element:ty),+ $(,)?) => {
        $(
            impl Element for Option<$element> {
                fn column(values: Vec<Self>) -> Column {
                    Column::$variant(values)
                }
            }

            impl Element for $element {
                fn column(values: Vec<Self>) -> Column {
                    Column::$variant(values.into_iter().map(Some).collect())
                }
            }
        )+
    };
}

elements! {
    Uuids: Uuid,
    Integers: i64,
    Texts: String,
    Bytes: Vec<u8>,
    Bools: bool,
}
