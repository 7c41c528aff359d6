//! Time, chance, passwords and tokens.

mod clock;
mod ids;
mod jwt;
mod passwords;

pub use clock::SystemClock;
pub use ids::RandomIds;
pub use jwt::JwtIssuer;
pub use passwords::Argon2Hasher;
