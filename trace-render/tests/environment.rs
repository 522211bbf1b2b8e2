//! `TRACE_HTML=.. program`: the file is there when the program has ended, and says what ran.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;
use std::process::Command;

use trace_core::in_scope;
use trace_render::PipelineBuilderExt as _;

/// A program that is traced: the test below starts it as a process of its own, for there is one environment and one pipeline a
/// process.
#[test]
#[ignore = "a program that another test starts"]
fn program() {
    let pipeline = trace_core::builder().service_name("program").pictures_from_environment().init().unwrap();
    in_scope("work of the program", || in_scope("a step", || ()));
    if std::env::var_os("SHUT_DOWN").is_some() {
        pipeline.shutdown(std::time::Duration::from_secs(5)).unwrap();
    } else {
        drop(pipeline);
    }
}

#[test]
fn a_program_that_is_told_so_by_its_environment_writes_its_pictures_at_the_end() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("environment-{}", std::process::id()));
    let (html, svg) = (folder.join("deep/trace.html"), folder.join("trace.svg"));
    for (shuts_down, with_svg) in [(false, true), (true, false)] {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "program", "--ignored"]).env("TRACE_HTML", &html).env_remove("TRACE_SVG");
        if shuts_down {
            program.env("SHUT_DOWN", "1");
        }
        if with_svg {
            program.env("TRACE_SVG", &svg);
        }
        let ended = program.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let page = fs::read_to_string(&html).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("work of the program"));
        assert_eq!(svg.exists(), with_svg);
        let files: Vec<_> =
            fs::read_dir(html.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["trace.html"], "nothing half-written is left");
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_program_that_is_told_nothing_writes_nothing() {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "program", "--ignored"])
        .env("TRACE_HTML", "")
        .env_remove("TRACE_SVG")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
