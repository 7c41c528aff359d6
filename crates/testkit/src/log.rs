//! A child's output: copied to a file as it comes, and readable line by line while it does.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::thread;

use tokio::sync::watch;

/// One output stream of a child, in a file.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
    /// Bytes in the file so far; closed when the child has closed its end.
    written: watch::Receiver<u64>,
}

impl Log {
    /// Starts a thread that copies `output` to a file at `path` until its end, holding `done` as long.
    pub(crate) fn copy(
        output: impl Read + Send + 'static,
        path: PathBuf,
        done: SyncSender<Infallible>,
    ) -> io::Result<Self> {
        let file = File::create(&path)?;
        let (progress, written) = watch::channel(0);
        thread::Builder::new()
            .name("testkit-log".to_owned())
            .spawn(move || {
                let copied = pump(output, file, &progress);
                drop(progress);
                drop(done);
                if let Err(error) = copied {
                    eprintln!("a child's log ends early: {error}");
                }
            })?;
        Ok(Self { path, written })
    }

    /// The file that holds it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything written so far.
    pub fn text(&self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.path)?).into_owned())
    }

    /// Waits until `find` answers something for one of the complete lines, from the first on. `None` means that the
    /// output has ended without such a line.
    pub(crate) async fn find<T>(
        &self,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> io::Result<Option<T>> {
        let mut written = self.written.clone();
        let mut seen = 0;
        loop {
            // Before the reading: what is written during it is seen in the next round.
            let ended = written.has_changed().is_err();
            written.borrow_and_update();
            let text = self.text()?;
            for line in text.split_inclusive('\n').skip(seen) {
                if !line.ends_with('\n') && !ended {
                    break;
                }
                seen += 1;
                if let Some(found) = find(line.trim_end_matches(['\r', '\n'])) {
                    return Ok(Some(found));
                }
            }
            if ended {
                return Ok(None);
            }
            // An error means that the output has ended; the next round reads its last lines.
            let _ = written.changed().await;
        }
    }

    /// Waits until the child, and whoever else holds its output, has closed it, and the file has all of it.
    pub(crate) async fn end(&self) {
        let mut written = self.written.clone();
        while written.changed().await.is_ok() {}
    }
}

fn pump(mut output: impl Read, mut file: File, progress: &watch::Sender<u64>) -> io::Result<()> {
    let mut buffer = [0; 8 * 1024];
    loop {
        let count = match output.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all(&buffer[..count])?;
        progress.send_modify(|written| *written += count as u64);
    }
}

/// The last lines of several logs, each under its name, for the text of an error.
pub(crate) fn tail(logs: [&Log; 2]) -> String {
    const LINES: usize = 30;
    let mut shown = Vec::new();
    for log in logs {
        let text = log.text().unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = text.lines().collect();
        let skipped = lines.len().saturating_sub(LINES);
        shown.push(match (lines.is_empty(), skipped) {
            (true, _) => format!("--- {} is empty", log.path().display()),
            (_, 0) => format!("--- {}", log.path().display()),
            _ => format!("--- {}, its end", log.path().display()),
        });
        shown.extend(lines[skipped..].iter().map(ToString::to_string));
    }
    shown.join("\n")
}
