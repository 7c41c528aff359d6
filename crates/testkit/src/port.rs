//! Ports for programs that cannot choose one themselves.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the system gives to outgoing connections, so that no client of another test can take one
/// between the answer and its use; above those of well-known services.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Finds a TCP port on 127.0.0.1 that nobody listens on.
///
/// Two calls in one process never get the same one; calls in two processes begin at different places. A program that
/// can listen on port 0 and say which one it got needs none of this.
pub fn free_port() -> io::Result<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * 37 % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start + step) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        "every port that tests may use is taken",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_can_be_bound_and_is_not_given_twice() {
        let first = free_port().unwrap();
        let second = free_port().unwrap();

        assert_ne!(first, second);
        TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
    }

    #[test]
    fn a_port_in_use_is_passed_over() {
        let listeners: Vec<_> = (0..20)
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free_port().unwrap())).unwrap())
            .collect();

        let port = free_port().unwrap();
        assert!(
            listeners
                .iter()
                .all(|listener| listener.local_addr().unwrap().port() != port)
        );
    }
}
