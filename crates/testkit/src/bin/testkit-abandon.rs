//! A test process in miniature, for the tests that kill one: starts a child, says what it started and waits until it is
//! killed itself. Its argument is the folder for the child's logs; with another one the child is a frozen PostgreSQL cluster.
#![expect(
    clippy::print_stdout,
    reason = "to say what it started is what it is for"
)]

use std::error::Error;
use std::process::Command;

use hubbub_testkit::{PostgresCluster, Process};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let logs = arguments.next().ok_or("a folder for logs is missing")?;
    if arguments.next().is_some() {
        let runtime = tokio::runtime::Runtime::new()?;
        let cluster = runtime.block_on(PostgresCluster::start())?;
        cluster.freeze()?;
        println!("{}", cluster.process().pid());
        println!("{}", cluster.data_dir().display());
        wait();
    }
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 600 & wait"]);
    let child = Process::spawn("abandoned", command, logs.as_ref())?;
    println!("{}", child.pid());
    wait();
}

fn wait() -> ! {
    loop {
        std::thread::park();
    }
}
