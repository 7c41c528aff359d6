//! Slows down guessing of passwords.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::StatusCode;

use crate::problem::Problem;

/// How many tries in a row are let through before each further one has to wait.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// How long each further try has to wait.
const PERIOD: Duration = Duration::from_secs(6);
/// Above how many keys those are forgotten that have recovered.
const MANY_KEYS: usize = 10_000;

/// Counts tries per address and username together, so that nobody can lock another person out from elsewhere.
pub(crate) struct LoginThrottle {
    limiter: DefaultKeyedRateLimiter<(IpAddr, String)>,
    clock: DefaultClock,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        let quota = Quota::with_period(PERIOD)
            .expect("the period is not zero")
            .allow_burst(BURST);
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }
}

impl LoginThrottle {
    /// Lets a try through, or says when the next one will be.
    pub(crate) fn check(&self, address: IpAddr, username: &str) -> Result<(), Problem> {
        if self.limiter.len() > MANY_KEYS {
            self.limiter.retain_recent();
        }
        let key = (address, username.trim().to_ascii_lowercase());
        self.limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            Problem {
                retry_after_ms: Some(milliseconds.max(1)),
                ..Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    "there were too many tries to sign in; please wait a moment",
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_slowed_down_for_one_address_and_name_only() {
        let throttle = LoginThrottle::default();
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        for _ in 0..10 {
            assert!(throttle.check(here, "ada").is_ok());
        }
        let problem = throttle.check(here, " ADA ").unwrap_err();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (429, "rate_limited")
        );
        assert!(
            problem
                .retry_after_ms
                .is_some_and(|wait| wait > 0 && wait <= 6_000)
        );
        assert!(
            throttle.check(there, "ada").is_ok(),
            "the person herself, elsewhere"
        );
        assert!(throttle.check(here, "bob").is_ok());
    }
}
