//! With real clusters: what is proved here is that the kit's promises hold for PostgreSQL as it is.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hubbub_testkit::{Error, PostgresCluster, Process, Stream, TestDir, free_port};
use tokio::time::timeout;

use crate::assert_ends;

/// A limit that a test means to run into.
const BRIEF: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_secs(20);

async fn ask(cluster: &PostgresCluster, sql: &str) -> String {
    let answer = cluster.execute(&cluster.url(), sql).await;
    answer.expect("the database answers")
}

/// The ids of the server's processes, its first one excepted.
fn children(cluster: &PostgresCluster) -> Vec<u32> {
    children_of(cluster.process().pid())
}

fn children_of(pid: u32) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &pid.to_string()])
        .output()
        .expect("ps can be run");
    let text = String::from_utf8(output.stdout).expect("ps prints text");
    let pids = text
        .lines()
        .map(|line| line.trim().parse().expect("a process id"));
    pids.collect()
}

/// The shared memory segment of the running server, by its id.
fn segment(data_dir: &Path) -> String {
    let file = std::fs::read_to_string(data_dir.join("postmaster.pid")).expect("it is running");
    let line = file.lines().nth(6).expect("the line of the segment");
    line.split_whitespace().nth(1).expect("an id").to_owned()
}

fn segment_exists(id: &str) -> bool {
    let output = Command::new("ipcs")
        .arg("-m")
        .output()
        .expect("ipcs can be run");
    let table = String::from_utf8(output.stdout).expect("ipcs prints text");
    table
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(id))
}

#[tokio::test]
async fn it_is_safe_unless_told_otherwise() {
    let cluster = PostgresCluster::start().await.unwrap();
    let sql = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN \
        ('fsync', 'synchronous_commit', 'full_page_writes', 'max_connections', 'listen_addresses')";
    assert_eq!(ask(&cluster, sql).await, "on on 127.0.0.1 200 on");

    let relaxed = PostgresCluster::builder()
        .setting("synchronous_commit", "on")
        .setting("synchronous_commit", "off")
        .start()
        .await
        .unwrap();
    assert_eq!(ask(&relaxed, "SHOW synchronous_commit").await, "off");
    assert_eq!(ask(&relaxed, "SHOW fsync").await, "on");
}

#[tokio::test]
async fn each_database_is_fresh_and_its_owner_owns_nothing_else() {
    let cluster = PostgresCluster::start().await.unwrap();
    let first = cluster.create_database().await.unwrap();
    let second = cluster.create_database().await.unwrap();
    assert_ne!(first, second);

    let made = "CREATE TABLE note (text text); INSERT INTO note VALUES ('hi')";
    cluster.execute(&first, made).await.unwrap();
    let note = cluster.execute(&second, "SELECT * FROM note").await;
    let error = note.unwrap_err().to_string();
    assert!(
        error.contains(r#"relation "note" does not exist"#),
        "{error}"
    );
    let role = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user";
    assert_eq!(cluster.execute(&first, role).await.unwrap(), "hubbub|f");
}

#[tokio::test]
async fn a_database_can_be_like_another() {
    let cluster = PostgresCluster::start().await.unwrap();
    let template = cluster.create_database().await.unwrap();
    let made = "CREATE TABLE note AS SELECT 'hi' AS text";
    cluster.execute(&template, made).await.unwrap();

    let copy = cluster.create_database_like(&template).await.unwrap();
    cluster
        .execute(&copy, "UPDATE note SET text = 'bye'")
        .await
        .unwrap();

    let note = "SELECT text FROM note";
    assert_eq!(cluster.execute(&copy, note).await.unwrap(), "bye");
    assert_eq!(cluster.execute(&template, note).await.unwrap(), "hi");
}

#[tokio::test]
async fn what_was_committed_survives_a_kill_and_the_port_stays() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let port = cluster.port();
    let url = cluster.create_database().await.unwrap();
    let made = "CREATE TABLE note AS SELECT 'hi' AS text";
    cluster.execute(&url, made).await.unwrap();
    let old_segment = segment(cluster.data_dir());
    let old_children = children(&cluster);
    assert!(
        old_children.len() >= 3,
        "writers are there: {old_children:?}"
    );

    cluster.kill().await.unwrap();
    for child in old_children {
        assert_ends(child);
    }
    assert!(
        segment_exists(&old_segment),
        "a killed server leaves it behind"
    );
    cluster.start_again().await.unwrap();

    assert_eq!(cluster.port(), port);
    let note = cluster.execute(&url, "SELECT text FROM note").await;
    assert_eq!(note.unwrap(), "hi");
    let log = cluster.process().log(Stream::Stderr).text().unwrap();
    assert!(log.contains("was not properly shut down"), "{log}");
}

#[tokio::test]
async fn a_session_in_the_middle_of_a_statement_is_killed_too() {
    let cluster = PostgresCluster::start().await.unwrap();
    // It asks for nothing that would tell it of the first process's end.
    let busy = "DO $$ BEGIN RAISE LOG 'busy'; LOOP END LOOP; END $$";
    let url = cluster.url();

    let (session, ()) = tokio::join!(cluster.execute(&url, busy), async {
        let log = cluster.process();
        let began = log.wait_for_line(Stream::Stderr, "was busy", SOON, |line| {
            line.ends_with("busy").then_some(())
        });
        began.await.unwrap();
        let children = children(&cluster);
        cluster.kill().await.unwrap();
        for child in children {
            assert_ends(child);
        }
    });

    assert!(matches!(session, Err(Error::Failed { .. })), "{session:?}");
}

#[tokio::test]
async fn a_stop_ends_sessions_and_leaves_nothing_to_recover() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    let url = cluster.url();
    let (session, ()) = tokio::join!(cluster.execute(&url, "SELECT pg_sleep(600)"), async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        while ask(&cluster, waiting).await != "1" {}
        assert_eq!(cluster.stop().await.unwrap().code(), Some(0));
    });
    assert!(matches!(session, Err(Error::Failed { .. })), "{session:?}");

    cluster.start_again().await.unwrap();
    let log = cluster.process().log(Stream::Stderr).text().unwrap();
    assert!(!log.contains("was not properly shut down"), "{log}");
    cluster.restart().await.unwrap();
    assert_eq!(ask(&cluster, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_frozen_server_answers_when_it_is_thawed() {
    let cluster = PostgresCluster::start().await.unwrap();
    cluster.freeze().unwrap();
    cluster.freeze().unwrap();

    let url = cluster.url();
    let mut answer = Box::pin(cluster.execute(&url, "SELECT 1"));
    assert!(timeout(BRIEF, &mut answer).await.is_err(), "it answered");
    cluster.thaw().unwrap();

    assert_eq!(answer.await.unwrap(), "1");
}

#[tokio::test]
async fn a_frozen_server_can_be_killed_and_dropped() {
    let mut cluster = PostgresCluster::start().await.unwrap();
    cluster.freeze().unwrap();
    cluster.kill().await.unwrap();
    cluster.start_again().await.unwrap();
    cluster.freeze().unwrap();
    let children = children(&cluster);

    drop(cluster);

    for child in children {
        assert_ends(child);
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_dropped_cluster() {
    let dir = TestDir::new("dropped").unwrap();
    let builder = PostgresCluster::builder().name("first");
    let cluster = builder.start_in(&dir).await.unwrap();
    let segment = segment(cluster.data_dir());
    assert!(segment_exists(&segment));
    let children = children(&cluster);

    drop(cluster);

    for child in children {
        assert_ends(child);
    }
    assert!(!segment_exists(&segment));
}

#[tokio::test]
async fn nothing_but_its_folder_is_left_when_the_test_process_is_killed() {
    let dir = TestDir::new("abandoned").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_testkit-abandon"));
    command.arg(dir.path()).arg("postgres");
    let test_process = Process::spawn("test-process", command, dir.path()).unwrap();
    let mut lines = Vec::new();
    let told = test_process.wait_for_line(Stream::Stdout, "told all", SOON, |line| {
        lines.push(line.to_owned());
        (lines.len() == 2).then_some(())
    });
    told.await.unwrap();
    let first: u32 = lines[0].parse().unwrap();
    let data_dir = Path::new(&lines[1]);
    let segment = segment(data_dir);
    let children = children_of(first);
    assert!(children.len() >= 3, "writers are there: {children:?}");

    test_process.kill().await.unwrap();

    assert_ends(first);
    for child in children {
        assert_ends(child);
    }
    let deadline = Instant::now() + SOON;
    while segment_exists(&segment) {
        assert!(
            Instant::now() < deadline,
            "segment {segment} is still there"
        );
    }
    std::fs::remove_dir_all(data_dir.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_data_folder_is_used_again_by_another_cluster() {
    let dir = TestDir::new("again").unwrap();
    std::fs::set_permissions(
        dir.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o711),
    )
    .unwrap();
    let data_dir = dir.path().join("disk");
    let port = free_port().unwrap();
    let on_it = || PostgresCluster::builder().data_dir(&data_dir).port(port);

    let cluster = on_it().start().await.unwrap();
    let url = cluster.create_database().await.unwrap();
    let made = "CREATE TABLE note AS SELECT 'hi' AS text";
    cluster.execute(&url, made).await.unwrap();
    drop(cluster);
    let cluster = on_it().setting("fsync", "off").start().await.unwrap();

    assert_eq!(cluster.data_dir(), data_dir);
    assert_eq!(ask(&cluster, "SHOW fsync").await, "off");
    let note = cluster.execute(&url, "SELECT text FROM note").await;
    assert_eq!(note.unwrap(), "hi");
    assert_ne!(cluster.create_database().await.unwrap(), url);
}

#[tokio::test]
async fn a_setting_that_it_refuses_is_quoted() {
    let builder = PostgresCluster::builder().setting("max_connections", "many");
    let error = builder.start().await.unwrap_err();

    assert!(matches!(error, Error::Ended { .. }), "{error}");
    assert!(error.to_string().contains("max_connections"), "{error}");
}
