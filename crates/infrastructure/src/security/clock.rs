use hubbub_application::ports::Clock;
use hubbub_domain::timestamp::Timestamp;
use time::OffsetDateTime;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clock is read"
    )]
    fn now(&self) -> Timestamp {
        OffsetDateTime::now_utc().into()
    }
}
