//! A data folder made once and copied for every cluster: making one takes a second, a copy takes some milliseconds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::programs::{Programs, checked};
use super::{OWNER, SUPERUSER};
use crate::dir::TestDir;
use crate::error::Error;

/// Part of the template's name; raised when what [`make`] does changes.
const EDITION: u32 = 1;

/// Makes a cluster's data folder at `to`, which must not exist or be empty, and gives it to the server's user.
pub(super) fn copy_to(programs: &Programs, to: &Path) -> Result<(), Error> {
    let template = template(programs)?;
    copy(&template, to)
        .and_then(|()| programs.own(to))
        .map_err(Error::io(format!(
            "making the data folder {}",
            to.display()
        )))
}

/// The template of this version, made if no test of this build has made it before.
fn template(programs: &Programs) -> Result<PathBuf, Error> {
    let home = home();
    let name = format!("postgres-{}-{EDITION}", programs.version()?);
    let doing = || Error::io("making a template of a PostgreSQL data folder");
    fs::create_dir_all(&home).map_err(doing())?;

    let finished = home.join(&name);
    // Tests run in processes of their own: one of them makes it while the others wait.
    let lock = File::create(home.join(format!("{name}.lock"))).map_err(doing())?;
    lock.lock().map_err(doing())?;
    if !finished.exists() {
        let unfinished = home.join(format!("{name}.unfinished"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(doing())?;
        }
        make(programs, &unfinished)?;
        fs::rename(&unfinished, &finished).map_err(doing())?;
    }
    Ok(finished)
}

/// The build's folder for temporary things, so that cleaning the build cleans it too; else the system's.
fn home() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let build = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    build.map_or_else(std::env::temp_dir, |build| build.join("tmp"))
}

/// Makes a data folder in a place that the server's user can reach, and copies it to `to`, where it may not.
fn make(programs: &Programs, to: &Path) -> Result<(), Error> {
    let doing = || Error::io("making a PostgreSQL data folder");
    let dir = TestDir::new("initdb").map_err(doing())?;
    programs.own(dir.path()).map_err(doing())?;
    let data = dir.path().join("data");

    let made = programs
        .command("initdb")
        .args(["--no-sync", "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C.UTF-8", "--lc-messages=C"])
        .arg(format!("--username={SUPERUSER}"))
        .arg("--pgdata")
        .arg(&data)
        .output();
    checked("initdb", "making a data folder", &made.map_err(doing())?)?;

    // Like initdb above without waiting for the disk, which what belongs to a build need not do.
    let mut server = programs
        .command("postgres")
        .args(["--single", "-F", "-D"])
        .arg(&data)
        .arg("postgres")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(doing())?;
    let mut input = server.stdin.take().expect("stdin was asked to be a pipe");
    writeln!(input, "CREATE ROLE {OWNER} LOGIN").map_err(doing())?;
    drop(input);
    let output = server.wait_with_output().map_err(doing())?;
    // It goes on after an error, as a session does, and ends well.
    if String::from_utf8_lossy(&output.stderr).contains("ERROR") {
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Failed {
            program: "postgres".to_owned(),
            doing: "creating a role".to_owned(),
            output,
        });
    }
    checked("postgres", "creating a role", &output)?;
    copy(&data, to).map_err(doing())
}

/// Copies a folder of folders and files, with the permissions of the files.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    // The server refuses a data folder that others may look into.
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
