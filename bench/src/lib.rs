//! What the servers under test and the load program have in common.
//!
//! Start reading at `load/main.rs`. The servers are `bin/hub.rs`, which is what this is about, `bin/axum.rs`, `bin/floor` and those in `peers/`.
//! All of them answer an echo and a broadcast; what the requests look like is in `load/dialect.rs`.

pub mod frame;
pub mod ticket;

/// Says where a server listens, as its first line. The load program waits for it.
pub fn announce(port: u16) {
    #[expect(clippy::print_stdout, reason = "the load program waits for this line")]
    {
        println!("{port}");
    }
}
