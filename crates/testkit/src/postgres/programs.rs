//! PostgreSQL's programs, and the user that may run them.

use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, io};

use crate::error::Error;

const HOW_TO_GET_IT: &str = "PostgreSQL is not installed: run scripts/install-test-tools, or put the folder that has \
    initdb, postgres and psql on the PATH";

/// Where Debian and its relatives keep one folder per version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// An installation of PostgreSQL and the user that its server runs as.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
    /// Set if this process is root, as which the server refuses to run.
    user: Option<User>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

impl Programs {
    /// The newest installation, the one on the PATH last.
    pub(super) fn find() -> Result<Self, Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folder = newest(Path::new(VERSIONS))
            .into_iter()
            .chain(std::env::split_paths(&path))
            .find(|folder| {
                ["initdb", "postgres", "psql"]
                    .iter()
                    .all(|program| folder.join(program).is_file())
            })
            .ok_or(Error::Missing(HOW_TO_GET_IT))?;
        let user = if rustix::process::geteuid().is_root() {
            let users = fs::read_to_string("/etc/passwd");
            let users = users.map_err(Error::io("reading the list of users"))?;
            let user = ["postgres", "nobody"].iter();
            let user = user.copied().find_map(|name| User::find(&users, name));
            Some(user.ok_or(Error::Missing(
                "PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as",
            ))?)
        } else {
            None
        };
        Ok(Self { folder, user })
    }

    /// A command for one of the programs, as the server's user and with nothing of the test's own settings.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        for (key, _) in std::env::vars_os() {
            if key.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(key);
            }
        }
        // The test's folder may be closed to the user.
        command.current_dir("/").stdin(Stdio::null());
        if let Some(User { uid, gid }) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// The version, as in `15.18`.
    pub(super) fn version(&self) -> Result<String, Error> {
        let output = self.command("postgres").arg("--version").output();
        let output = output.map_err(Error::io("asking for the version of PostgreSQL"))?;
        let answer = checked("postgres", "telling its version", &output)?;
        // "postgres (PostgreSQL) 15.18", and who packaged it.
        let version = answer.split_whitespace().nth(2).unwrap_or("unknown");
        Ok(version.to_owned())
    }

    /// Lets the server's user through a folder of root's, but not look around in it.
    pub(super) fn let_through(&self, path: &Path) -> io::Result<()> {
        match self.user {
            Some(_) => fs::set_permissions(path, fs::Permissions::from_mode(0o711)),
            None => Ok(()),
        }
    }

    /// Gives a folder and everything in it to the server's user.
    pub(super) fn own(&self, path: &Path) -> io::Result<()> {
        let Some(User { uid, gid }) = self.user else {
            return Ok(());
        };
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.own(&entry?.path())?;
            }
        }
        lchown(path, Some(uid), Some(gid))
    }
}

impl User {
    /// In the text of a password file.
    fn find(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let known = fields.next()?;
            let mut ids = fields.skip(1).map(str::parse);
            let (uid, gid) = (ids.next()?.ok()?, ids.next()?.ok()?);
            (known == name).then_some(Self { uid, gid })
        })
    }
}

/// What a program wrote, or an error with everything that it wrote.
pub(super) fn checked(program: &str, doing: &str, output: &Output) -> Result<String, Error> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(Error::Failed {
        program: program.to_owned(),
        doing: doing.to_owned(),
        output: format!("{}{}", text(&output.stdout), text(&output.stderr)),
    })
}

/// The folders of programs of all versions, newest first.
fn newest(versions: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestDir;

    #[test]
    fn the_newest_version_comes_first() {
        let dir = TestDir::new("versions").unwrap();
        for version in ["9", "15", "17", "common"] {
            dir.subfolder(version).unwrap();
        }

        let found = newest(dir.path());

        let expected = ["17/bin", "15/bin", "9/bin"].map(|folder| dir.path().join(folder));
        assert_eq!(found, expected);
        assert!(newest(&dir.path().join("nothing")).is_empty());
    }

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8:::\npostgres:x:101:104:::\nbroken";
        let postgres = User { uid: 101, gid: 104 };
        assert_eq!(User::find(users, "postgres"), Some(postgres));
        assert_eq!(User::find(users, "nobody"), None);
    }
}
