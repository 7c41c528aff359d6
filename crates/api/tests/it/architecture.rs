//! The house keeps to its plan: no crate depends on one that the table in ARCHITECTURE.md does not allow it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format as _, Toml};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the table allows: the package of each row, with the crates it may depend on. `all` is everything.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows: Vec<Vec<String>> = text
        .lines()
        .filter(|line| line.starts_with("| `crates/") || line.starts_with("| `bench"))
        .map(|line| {
            line.split('|')
                .map(|cell| cell.trim().replace('`', ""))
                .collect()
        })
        .collect();
    let package_of: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            (
                row[1].trim_start_matches("crates/").to_owned(),
                row[2].clone(),
            )
        })
        .collect();
    rows.iter()
        .map(|row| {
            let may = match row[4].as_str() {
                "all" => package_of.values().cloned().collect(),
                "nothing" => BTreeSet::new(),
                list => list
                    .split(',')
                    .map(|name| package_of[name.trim()].clone())
                    .collect(),
            };
            (row[2].clone(), may)
        })
        .collect()
}

fn manifest(folder: &Path) -> Value {
    Figment::from(Toml::file_exact(folder.join("Cargo.toml")))
        .extract()
        .unwrap()
}

fn dependencies(manifest: &Value, table: &str) -> BTreeSet<String> {
    manifest[table]
        .as_object()
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn crates() -> Vec<Value> {
    let folder = root().join("crates");
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| manifest(&entry.unwrap().path()))
        .collect()
}

/// The crates, and the benchmarks, of which nothing is shipped.
fn packages() -> Vec<Value> {
    let benchmarks = ["bench", "bench/store", "bench/report"];
    let benchmarks = benchmarks.map(|folder| manifest(&root().join(folder)));
    crates().into_iter().chain(benchmarks).collect()
}

#[test]
fn every_dependency_between_crates_is_in_the_table() {
    let allowed = allowed();
    assert!(allowed.len() >= 8, "the table was read: {allowed:?}");
    let mut seen = BTreeSet::new();
    for manifest in packages() {
        let package = manifest["package"]["name"].as_str().unwrap().to_owned();
        let may = allowed
            .get(&package)
            .unwrap_or_else(|| panic!("{package} is not in the table"));
        for table in ["dependencies", "build-dependencies"] {
            for dependency in dependencies(&manifest, table) {
                assert!(
                    !allowed.contains_key(&dependency) || may.contains(&dependency),
                    "{package} must not depend on {dependency}"
                );
            }
        }
        seen.insert(package);
    }
    assert_eq!(
        seen,
        allowed.keys().cloned().collect(),
        "each row has its package"
    );
}

#[test]
fn what_only_tests_use_is_never_shipped() {
    const TESTS: [&str; 2] = ["hubbub-faults", "hubbub-testkit"];
    for manifest in crates() {
        let package = manifest["package"]["name"].as_str().unwrap();
        let shipped = dependencies(&manifest, "dependencies");
        assert!(
            TESTS.contains(&package) || TESTS.iter().all(|test| !shipped.contains(*test)),
            "{package}"
        );
    }
}

#[test]
fn versions_are_declared_once_for_all() {
    for manifest in packages() {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(entries) = manifest[table].as_object() else {
                continue;
            };
            for (name, entry) in entries {
                assert_eq!(
                    entry["workspace"],
                    Value::Bool(true),
                    "{}: {name}",
                    manifest["package"]["name"]
                );
            }
        }
        assert_eq!(
            manifest["lints"]["workspace"],
            Value::Bool(true),
            "{}",
            manifest["package"]["name"]
        );
    }
}
