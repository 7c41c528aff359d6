//! Slows down guessing of passwords and codes.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use http::StatusCode;
use hubbub_domain::user::Username;
use hubbub_infrastructure::in_process::{Buckets, Rate};
use tokio::time::Instant;

use crate::problem::Problem;

/// How often one address may err about one name: nobody can lock another person out from elsewhere.
const PER_NAME: Rate = Rate {
    burst: 10,
    period: Duration::from_secs(6),
};
/// How often one address may err about any name, or try to register: a whole office may share it.
const PER_ADDRESS: Rate = Rate {
    burst: 100,
    period: Duration::from_secs(1),
};

/// Counts failed tries to sign in per address and per address and name, and wishes to register per address.
pub(crate) struct LoginThrottle {
    /// `None` stands for all texts that nobody can be called.
    names: Buckets<(IpAddr, Option<Username>)>,
    addresses: Buckets<IpAddr>,
    registrations: Buckets<IpAddr>,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self {
            names: Buckets::new(PER_NAME),
            addresses: Buckets::new(PER_ADDRESS),
            registrations: Buckets::new(PER_ADDRESS),
        }
    }
}

/// A try to sign in, which counts unless it is forgiven.
pub(crate) struct Attempt<'a> {
    throttle: &'a LoginThrottle,
    address: IpAddr,
    username: Option<Username>,
}

impl Attempt<'_> {
    /// The try was no guess that went wrong: it does not count.
    pub(crate) fn forgive(self) {
        self.throttle.addresses.give_back(&self.address);
        let key = (self.address, self.username);
        self.throttle.names.give_back(&key);
    }
}

impl LoginThrottle {
    /// Lets a try to sign in through, or says when the next one will be.
    pub(crate) fn sign_in(&self, address: IpAddr, username: &str) -> Result<Attempt<'_>, Problem> {
        let address = counted(address);
        let username = Username::parse(username).ok();
        let now = Instant::now();
        let taken = self.addresses.take(address, now).and_then(|()| {
            let key = (address, username.clone());
            self.names
                .take(key, now)
                .inspect_err(|_| self.addresses.give_back(&address))
        });
        taken.map_err(|wait| too_many("there were too many tries to sign in", wait))?;
        Ok(Attempt {
            throttle: self,
            address,
            username,
        })
    }

    /// Lets a wish to register through, or says when the next one will be.
    pub(crate) fn register(&self, address: IpAddr) -> Result<(), Problem> {
        self.registrations
            .take(counted(address), Instant::now())
            .map_err(|wait| too_many("there were too many tries to register", wait))
    }
}

/// What counts as one address. Whoever has one of IPv6 has all that share its first half.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn too_many(what: &str, wait: Duration) -> Problem {
    let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Problem {
        retry_after_ms: Some(milliseconds.max(1)),
        ..Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            format!("{what}; please wait a moment"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[tokio::test(start_paused = true)]
    async fn guessing_is_slowed_down_for_one_address_and_name_only() {
        let throttle = LoginThrottle::default();
        for _ in 0..10 {
            assert!(throttle.sign_in(HERE, "ada").is_ok());
        }
        let problem = throttle.sign_in(HERE, " ADA ").err().unwrap();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (429, "rate_limited")
        );
        assert_eq!(problem.retry_after_ms, Some(6_000));
        assert!(
            throttle.sign_in(THERE, "ada").is_ok(),
            "the person herself, elsewhere"
        );
        assert!(throttle.sign_in(HERE, "bob").is_ok());
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(throttle.sign_in(HERE, "ada").is_ok());
        assert!(throttle.sign_in(HERE, "ada").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_knows_the_password_may_sign_in_as_often_as_they_like() {
        let throttle = LoginThrottle::default();
        for _ in 0..1_000 {
            throttle.sign_in(HERE, "ada").ok().unwrap().forgive();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn guessing_many_names_from_one_address_is_slowed_down_too() {
        let throttle = LoginThrottle::default();
        for number in 0..100 {
            assert!(throttle.sign_in(HERE, &format!("user{number}")).is_ok());
        }
        assert!(throttle.sign_in(HERE, "ada").is_err());
        assert!(throttle.sign_in(THERE, "ada").is_ok());
        let neighbours = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse().unwrap());
        for number in 0..100 {
            assert!(throttle.register(neighbours[number % 2]).is_ok());
        }
        assert!(throttle.register(neighbours[0]).is_err());
        assert!(throttle.register(HERE).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn texts_that_are_no_names_are_counted_together_and_not_kept() {
        let throttle = LoginThrottle::default();
        for length in 0..10 {
            let text = "x".repeat(10_000 + length);
            assert!(throttle.sign_in(HERE, &text).is_ok());
        }
        assert!(throttle.sign_in(HERE, &"y".repeat(10_000)).is_err());
        assert_eq!(throttle.names.len(), 1);
    }
}
