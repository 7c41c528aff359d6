//! Starting and stopping, and what is said when it cannot start.

use std::fs;
use std::process::Output;

use hubbub_testkit::TestDir;
use reqwest::StatusCode;

use crate::app::{TestApp, run};

/// One readable sentence on standard error, nothing on standard output, and exit code 2.
fn assert_refused(output: &Output, about: &str) {
    let (said, printed) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("hubbub: ") && said.contains(about),
        "{said}"
    );
    assert_eq!(printed, "");
}

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let folder = TestDir::new("start").unwrap();
    let output = run(&folder, &[], &[("HUBBUB_SERVER__COLOUR", "blue")]);
    assert_refused(&output, "there is no setting server.colour");
    fs::write(
        folder.path().join("hubbub.toml"),
        "[server]\ncolour = \"blue\"\n",
    )
    .unwrap();
    let output = run(&folder, &["--config", "hubbub.toml"], &[]);
    assert_refused(&output, "there is no setting server.colour");
    fs::write(folder.path().join("hubbub.toml"), "server = {").unwrap();
    let output = run(&folder, &["--config", "hubbub.toml"], &[]);
    assert_refused(&output, "hubbub.toml");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let app = TestApp::start().await;
    let folder = TestDir::new("start").unwrap();
    let address = app.server.address().to_string();
    assert_refused(
        &run(&folder, &["--listen", &address], &[]),
        &format!("cannot listen on {address}: another program"),
    );
}

#[tokio::test]
async fn a_data_folder_that_is_in_use_is_named() {
    let app = TestApp::start().await;
    let folder = TestDir::new("start").unwrap();
    let data = app.server.data_dir().to_str().unwrap();
    let output = run(
        &folder,
        &["--data-dir", data, "--listen", "127.0.0.1:0"],
        &[],
    );
    assert_refused(&output, "used by another Hubbub");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = TestDir::new("start").unwrap();
    fs::write(folder.path().join("data"), "a file, not a folder").unwrap();
    assert_refused(
        &run(&folder, &["--listen", "127.0.0.1:0"], &[]),
        "./data cannot be written",
    );
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = TestDir::new("start").unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(
        folder.path().join("data/hubbub.db"),
        "this is not a database, however long it is",
    )
    .unwrap();
    assert_refused(
        &run(&folder, &["--listen", "127.0.0.1:0"], &[]),
        "hubbub.db cannot be used",
    );
}

#[test]
fn help_explains_every_setting() {
    let folder = TestDir::new("start").unwrap();
    let output = run(&folder, &["--help"], &[]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in hubbub::config::SETTINGS {
        for text in [setting.key, &setting.variable(), setting.about] {
            assert!(help.contains(text), "{text} is missing in\n{help}");
        }
    }
}

#[tokio::test]
async fn it_stops_when_asked_and_finds_everything_again() {
    let mut app = TestApp::start().await;
    let ada = app.owner("ada").await;
    ada.posts(crate::app::GENERAL, "before").await;
    assert!(app.server.stop().await.unwrap().success(), "exit code 0");
    app.server.start_again().await.unwrap();
    assert!(
        app.server.setup_code().await.is_err(),
        "the code was used up"
    );
    assert_eq!(
        ada.get("/api/users/me").await.status,
        StatusCode::OK,
        "still signed in"
    );
    assert_eq!(ada.reads_posts(crate::app::GENERAL).await.len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_data_folder() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TestDir::new("start").unwrap();
    let data = folder.path().join("made by the program");
    let builder = crate::app::binary()
        .arg("--data-dir")
        .arg(data.to_str().unwrap());
    let _server = builder.start_in(&folder).await.unwrap();
    let mode = fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
