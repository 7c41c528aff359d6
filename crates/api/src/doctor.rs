//! `hubbub doctor`: looks at everything that the configuration names, without changing anything, and says what is wrong.

mod finding;
mod http;
mod places;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::runtime::Builder;

use crate::config::Config;
use finding::Finding;

/// Looks at everything and prints what was found. Exit code 1: something is wrong.
pub fn examine(config: &Config) -> ExitCode {
    let findings = run(async {
        let mut findings = vec![Finding::well("configuration", "every setting is valid")];
        findings.extend(places::storage(&config.storage).await);
        findings.extend(places::redis(&config.redis).await);
        findings.extend(http::collector(&config.traces).await);
        findings.push(http::node(own_address(config)).await);
        findings.extend(http::proxy(&config.server).await);
        findings
    });
    let page: String = findings.iter().map(Finding::to_string).collect();
    let printed = write!(std::io::stdout(), "{page}");
    if printed.is_ok() && !findings.iter().any(Finding::is_wrong) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Asks the node on this machine whether it lives, and says nothing. For what starts and stops containers.
pub fn is_alive(config: &Config) -> ExitCode {
    if run(http::is_alive(own_address(config))) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run<T>(examination: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .expect("one thread with timers and sockets can always be had")
        .block_on(examination)
}

/// Where the node of this configuration is reached from this machine.
fn own_address(config: &Config) -> SocketAddr {
    let mut address = config.server.listen;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}
