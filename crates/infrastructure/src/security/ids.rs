use hubbub_application::ports::IdGenerator;
use uuid::Uuid;

/// Ids and secrets from the operating system's random numbers.
pub struct RandomIds;

impl IdGenerator for RandomIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where ids are made"
    )]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the operating system has random numbers");
        secret
    }
}
