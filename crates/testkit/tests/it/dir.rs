use std::panic::AssertUnwindSafe;

use hubbub_testkit::TestDir;

#[test]
fn a_folder_is_gone_after_a_test_that_passes() {
    let dir = TestDir::new("passes").unwrap();
    std::fs::write(dir.path().join("log"), "line").unwrap();
    let path = dir.path().to_owned();

    drop(dir);
    assert!(!path.exists());
}

#[test]
fn a_folder_and_its_logs_stay_after_a_test_that_panics() {
    let dir = TestDir::new("panics").unwrap();
    let log = dir.subfolder("logs").unwrap().join("server.out");
    let path = dir.path().to_owned();

    let failed = std::panic::catch_unwind(AssertUnwindSafe(move || {
        std::fs::write(dir.path().join("logs/server.out"), "the reason").unwrap();
        panic!("as a failed assertion would");
    }));

    assert!(failed.is_err());
    assert_eq!(std::fs::read_to_string(log).unwrap(), "the reason");
    std::fs::remove_dir_all(path).unwrap();
}
