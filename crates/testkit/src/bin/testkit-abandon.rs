//! A test process in miniature, for the test that kills one: starts a child, prints the child's process id and
//! waits until it is killed itself. Its argument is the folder for the child's logs.
#![expect(clippy::print_stdout, reason = "the process id is what it is for")]

use std::error::Error;
use std::process::Command;

use hubbub_testkit::Process;

fn main() -> Result<(), Box<dyn Error>> {
    let logs = std::env::args_os()
        .nth(1)
        .ok_or("a folder for logs is missing")?;
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 600 & wait"]);
    let child = Process::spawn("abandoned", command, logs.as_ref())?;
    println!("{}", child.pid());
    loop {
        std::thread::park();
    }
}
