//! What the benchmarks share: quantiles, the machine in words, and the page that their tables are written into.

mod machine;
mod numbers;
mod page;

pub use machine::describe;
pub use numbers::{median, quantile, thousands, verdict};
pub use page::write_into;
