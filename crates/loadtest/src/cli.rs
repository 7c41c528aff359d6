use clap::Parser;

/// Simulated people chat through a running Hubbub; everything that they were told is checked.
#[derive(Debug, Parser)]
#[command(name = "hubbub-load", version)]
pub(crate) struct Cli {
    /// Where Hubbub is
    #[arg(long, default_value = "http://localhost:8080")]
    pub(crate) url: String,
    /// An administrator, who invites the simulated people
    #[arg(long)]
    pub(crate) username: String,
    /// The administrator's password
    #[arg(long)]
    pub(crate) password: String,
    /// How many people chat
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) people: u32,
    /// How many messages are sent each second, by all of them together
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// For how many seconds they chat
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
}
