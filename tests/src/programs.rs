//! The workspace's own programs, for tests that run them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository.
///
/// # Panics
///
/// If it is gone.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the tests stand in it")
}

/// The program of this example, built. `cargo test` has built them all already, then this only looks.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    programs().join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let this = env::current_exe().expect("a test has a binary");
        let profile = this.parent().and_then(Path::parent).expect("target/PROFILE/deps/this_test");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--examples", "--target-dir"]).arg(profile.parent().expect("target/PROFILE"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(root()).status().expect("a test was built by cargo");
        assert!(status.success(), "the examples do not build");
        profile.join("examples")
    })
}
