//! The shared memory by which a cluster knows that it runs once. The system keeps it when the server is killed.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::guardian;

/// A System V shared memory segment, removed when dropped if the server has not done so, or by the guardian.
#[derive(Debug)]
pub(super) struct Segment {
    /// Nothing where the server uses none.
    id: Option<u32>,
}

impl Segment {
    /// That of the server that runs on this data folder.
    pub(super) fn of(data_dir: &Path) -> Self {
        // The seventh line is the segment's key and id; PostgreSQL itself finds it so after a crash.
        let file = std::fs::read_to_string(data_dir.join("postmaster.pid")).unwrap_or_default();
        let id = file.lines().nth(6).and_then(|line| {
            let id = line.split_whitespace().nth(1)?;
            id.parse().ok()
        });
        if let Some(id) = id {
            // Without the guardian there is no server either.
            let _ = guardian::keep_segment(id);
        }
        Self { id }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        // It fails if the server has removed it, as it does when it is stopped and when it is started after a crash.
        let _ = Command::new("ipcrm")
            .args(["-m", &id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = guardian::release_segment(id);
    }
}
