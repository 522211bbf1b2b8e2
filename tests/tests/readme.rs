//! What the README says beside its code, which is a doc test.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use trace_core::{DEFAULT_BATCH_DELAY, DEFAULT_BATCH_SPANS, DEFAULT_BUDGET_BYTES, DEFAULT_EVENTS};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The first block of code in this language.
fn block<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, after) = text.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0
}

#[test]
fn its_links_lead_somewhere() {
    let text = readme();
    let targets: Vec<&str> =
        text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|to| !to.contains("://")).collect();
    assert!(targets.len() > 5, "{targets:?}");
    for target in targets {
        assert!(root().join(target).exists(), "{target}");
    }
}

#[test]
fn it_says_the_defaults_that_are() {
    let text = readme();
    assert_eq!(DEFAULT_BATCH_DELAY.as_millis(), 1000);
    assert!(text.contains("`OTEL_BSP_SCHEDULE_DELAY` | 1000 |"));
    assert!(text.contains(&format!("`OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | {DEFAULT_BATCH_SPANS} |")));
    assert!(text.contains(&format!("`OTEL_SPAN_LINK_COUNT_LIMIT` | {DEFAULT_EVENTS} |")));
    assert!(text.contains(&format!("{} MiB", DEFAULT_BUDGET_BYTES >> 20)));
}

/// Clippy, with the README's `clippy.toml`, refuses each of the calls that it names.
#[test]
fn its_clippy_configuration_finds_what_loses_the_context() {
    const CALLS: &str = "
        pub fn calls(runtime: tokio::runtime::Handle) {
            let mut set = tokio::task::JoinSet::new();
            drop(tokio::spawn(async {}));
            drop(tokio::task::spawn(async {}));
            drop(tokio::task::spawn_blocking(|| ()));
            drop(tokio::task::spawn_local(async {}));
            set.spawn(async {});
            set.spawn_blocking(|| ());
            drop(runtime.spawn(async {}));
            drop(std::thread::spawn(|| ()));
            std::thread::scope(|scope| drop(scope.spawn(|| ())));
        }
    ";
    let folder = env::temp_dir().join(format!("trace-clippy-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), CALLS).unwrap();
    fs::write(folder.join("clippy.toml"), block(&readme(), "toml")).unwrap();
    // The versions of our own lock file, so that nothing is looked up.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let manifest = "[package]\nname = \"calls\"\nedition = \"2024\"\n\n[dependencies]\n\
                    tokio = { version = \"1\", features = [\"rt\"] }\n\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();

    let clippy = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["clippy", "--quiet", "--offline", "--color", "never", "--target-dir"])
        .arg(folder.join("target"))
        .current_dir(&folder)
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let told = String::from_utf8_lossy(&clippy.stderr);
    assert_eq!(told.matches("use of a disallowed method").count(), 9, "{told}");
    assert_eq!(told.matches("does not refer to").count(), 0, "{told}");
}
