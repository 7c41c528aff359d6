use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc};
use async_trait::async_trait;
use hubbub_application::ports::{HasherBusy, PasswordHasher};
use hubbub_domain::user::{Password, PasswordHash};
use tokio::sync::Semaphore;

/// How many people may wait for their password to be hashed. One hash takes about 60 ms of a core, so the last of them waits
/// some seconds; who comes later is told to try again.
const MAX_WAITING: usize = 100;

/// Argon2id (19 MiB, 2 passes, 1 lane), off the async threads and on a bounded number of cores.
pub struct Argon2Hasher {
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Argon2Hasher {
    /// Hashes up to `parallel` passwords at a time.
    pub fn new(parallel: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(parallel.max(1))),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let _waiting = Waiting::enter(&self.waiting)?;
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| HasherBusy)?;
        tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&Argon2::default())
        })
        .await
        .map_err(|_| HasherBusy)
    }
}

/// A place in the queue, given up when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Result<Self, HasherBusy> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let place = Self(count);
        if before >= MAX_WAITING {
            return Err(HasherBusy);
        }
        Ok(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherBusy> {
        let hash = self
            .run(move |argon2| argon2.hash_password(password.expose().as_bytes()))
            .await?;
        let hash = hash.expect("the parameters are valid and the salt comes from the system");
        Ok(PasswordHash::from_phc(hash.to_string()))
    }

    async fn verify(&self, password: Password, hash: PasswordHash) -> Result<bool, HasherBusy> {
        self.run(move |argon2| {
            phc::PasswordHash::new(hash.as_phc()).is_ok_and(|hash| {
                argon2
                    .verify_password(password.expose().as_bytes(), &hash)
                    .is_ok()
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_matches_and_another_does_not() {
        let hasher = Argon2Hasher::new(1);
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            hasher
                .verify(password("correct horse"), hash.clone())
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(password("battery staple"), hash)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn two_hashes_of_one_password_differ() {
        let hasher = Argon2Hasher::new(2);
        let first = hasher.hash(password("correct horse")).await.unwrap();
        let second = hasher.hash(password("correct horse")).await.unwrap();
        assert_ne!(first.as_phc(), second.as_phc());
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_and_leaves_no_trace() {
        let hasher = Argon2Hasher::new(1);
        hasher.waiting.store(MAX_WAITING, Ordering::Relaxed);
        assert!(hasher.hash(password("correct horse")).await.is_err());
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), MAX_WAITING);
    }
}
