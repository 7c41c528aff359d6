//! Histories as files: one JSON object a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::event::Entry;

/// Writes a history into a file, in place of what was there.
pub fn write(path: &Path, entries: &[Entry]) -> anyhow::Result<()> {
    let file =
        File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let mut out = BufWriter::new(file);
    for entry in entries {
        serde_json::to_writer(&mut out, entry)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Reads a history, or several that were recorded on one machine, and puts them in the order of time.
///
/// Devices and calls of several files must have different numbers.
pub fn read(paths: &[impl AsRef<Path>]) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let file =
            File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let entry = serde_json::from_str(&line?)
                .with_context(|| format!("line {number} of {} is no event", path.display()))?;
            entries.push(entry);
        }
    }
    entries.sort_by_key(|entry: &Entry| entry.at);
    Ok(entries)
}
