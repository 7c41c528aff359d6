//! A disk whose power can be cut: a file with a file system in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hubbub_testkit::TestDir;

const SIZE: u64 = 512 << 20;
/// How long a process that was killed may take to let go of its files: the system closes them after it has closed the
/// outputs by which the end of a cluster is known.
const RELEASE_LIMIT: Duration = Duration::from_secs(10);
const RELEASE_PAUSE: Duration = Duration::from_millis(20);

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: from now on the file system reads and writes nothing, and what
/// is in memory alone, its own journal included, never gets to the disk. Perl, because the call needs unsafe code in
/// Rust, and each Debian has Perl.
const SHUT_DOWN: &str = r#"
    my ($request, $no_log_flush) = (0x8004587D, pack("L", 2));
    open(my $folder, "<", $ARGV[0]) or die "open: $!\n";
    ioctl($folder, $request, $no_log_flush) or die "ioctl: $!\n";
"#;

/// A mounted ext4 file system in a file of the test's folder. Dropping it takes the mount, the loop device and the file away.
#[derive(Debug)]
pub struct Image {
    file: PathBuf,
    mountpoint: PathBuf,
    is_mounted: bool,
}

impl Image {
    /// Says in a sentence what is missing, if a file system cannot be mounted here.
    pub fn check_rights() -> Result<()> {
        ensure!(
            rustix::process::geteuid().is_root(),
            "Cutting the power of a disk needs root, to mount a file system of its own: run it as root."
        );
        Ok(())
    }

    /// Makes one, and mounts it.
    pub fn make(dir: &TestDir) -> Result<Self> {
        let file = dir.path().join("disk.img");
        File::create(&file)?.set_len(SIZE)?;
        let mut image = Self {
            mountpoint: dir.subfolder("disk")?,
            file,
            is_mounted: false,
        };
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F"])
            .arg(&image.file))?;
        image.mount()?;
        Ok(image)
    }

    /// Where its files are.
    pub fn path(&self) -> &Path {
        &self.mountpoint
    }

    /// Ends the file system without writing anything. Whoever still uses it gets errors.
    pub fn cut_power(&self) -> Result<()> {
        run(Command::new("perl")
            .args(["-e", SHUT_DOWN])
            .arg(&self.mountpoint))
    }

    /// Mounts it again, which replays its journal. Nobody may use it any more.
    pub fn restore_power(&mut self) -> Result<()> {
        self.unmount()?;
        self.mount()
    }

    /// Writes everything in memory to the disk.
    pub fn flush(&self) -> Result<()> {
        run(Command::new("sync")
            .arg("--file-system")
            .arg(&self.mountpoint))
    }

    fn mount(&mut self) -> Result<()> {
        // The loop device goes away with the mount.
        run(Command::new("mount")
            .args(["-t", "ext4", "-o", "loop"])
            .args([&self.file, &self.mountpoint]))?;
        self.is_mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<()> {
        if !self.is_mounted {
            return Ok(());
        }
        let give_up = Instant::now() + RELEASE_LIMIT;
        while let Err(error) = run(Command::new("umount").arg(&self.mountpoint)) {
            if Instant::now() > give_up {
                return Err(error);
            }
            thread::sleep(RELEASE_PAUSE);
        }
        self.is_mounted = false;
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            eprintln!("{} stays mounted: {error:#}", self.mountpoint.display());
        }
        let _ = fs::remove_file(&self.file);
    }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!(
            "{program} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
