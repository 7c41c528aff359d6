//! With a stand-in for the server that prints, ends and ignores as the real one might.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use hubbub_testkit::{Error, Hubbub, HubbubBuilder, Stream, TestDir};

/// A program that behaves like the server towards its starter: it keeps a count of its starts in the data folder.
fn stand_in(dir: &TestDir, at_start: &str) -> PathBuf {
    let program = dir.path().join("stand-in");
    let script = format!(
        r#"#!/bin/sh
{at_start}
echo start >> "$HUBBUB_STORAGE__DATA_DIR/starts"
port=${{HUBBUB_SERVER__LISTEN##*:}}
[ "$port" = 0 ] && port=23456
trap 'exit 0' TERM
echo "  Hubbub {{version}} is running"
echo "  Address     http://localhost:$port"
[ "$(wc -l < "$HUBBUB_STORAGE__DATA_DIR/starts")" = 1 ] && echo "  Setup code  ABCD-EFGH-JKLM"
sleep 600 & wait
"#
    );
    std::fs::write(&program, script).expect("the stand-in can be written");
    std::fs::set_permissions(&program, Permissions::from_mode(0o755))
        .expect("the stand-in can be made a program");
    program
}

async fn started(dir: &TestDir) -> Hubbub {
    let builder = HubbubBuilder::new(stand_in(dir, ""));
    builder.start_in(dir).await.expect("the stand-in starts")
}

#[tokio::test]
async fn it_is_ready_when_it_has_printed_its_address() {
    let dir = TestDir::new("ready").unwrap();
    let hubbub = started(&dir).await;

    assert_eq!(
        hubbub.url("/health/ready"),
        "http://127.0.0.1:23456/health/ready"
    );
    assert_eq!(hubbub.setup_code().await.unwrap(), "ABCD-EFGH-JKLM");
    assert_eq!(hubbub.stop().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn it_starts_again_on_its_data_and_its_port() {
    let dir = TestDir::new("again").unwrap();
    let mut hubbub = started(&dir).await;
    let address = hubbub.address();

    hubbub.restart().await.unwrap();
    hubbub.kill().await.unwrap();
    hubbub.start_again().await.unwrap();

    assert_eq!(hubbub.address(), address);
    let starts = std::fs::read_to_string(hubbub.data_dir().join("starts")).unwrap();
    assert_eq!(starts.lines().count(), 3);
    let log = hubbub.process().log(Stream::Stdout).path();
    assert!(log.ends_with("logs/hubbub-3.out"), "{}", log.display());
}

#[tokio::test]
async fn a_server_that_refuses_its_configuration_is_quoted() {
    let dir = TestDir::new("refused").unwrap();
    let program = stand_in(&dir, "echo 'unknown key: colour' >&2; exit 2");
    let error = HubbubBuilder::new(program)
        .start_in(&dir)
        .await
        .unwrap_err();

    assert!(matches!(&error, Error::Ended { status, .. } if status.code() == Some(2)));
    assert!(error.to_string().contains("unknown key: colour"), "{error}");
}

#[tokio::test]
async fn its_environment_and_arguments_reach_it() {
    let dir = TestDir::new("environment").unwrap();
    let at_start = r#"echo "$HUBBUB_REGISTRATION__MODE $HUBBUB_DATABASE_URL $*" > "$HUBBUB_STORAGE__DATA_DIR/asked""#;
    let hubbub = HubbubBuilder::new(stand_in(&dir, at_start))
        .env("HUBBUB_REGISTRATION__MODE", "open")
        .database_url("postgres://hubbub@127.0.0.1:5432/chat")
        .arg("--verbose")
        .start_in(&dir)
        .await
        .unwrap();

    let asked = std::fs::read_to_string(hubbub.data_dir().join("asked")).unwrap();
    assert_eq!(
        asked,
        "open postgres://hubbub@127.0.0.1:5432/chat --verbose\n"
    );
}

#[tokio::test]
async fn a_running_server_is_not_started_twice() {
    let dir = TestDir::new("twice").unwrap();
    let mut hubbub = started(&dir).await;

    assert!(matches!(
        hubbub.start_again().await,
        Err(Error::TimedOut { .. })
    ));
    assert_eq!(hubbub.process().status(), None);
}
