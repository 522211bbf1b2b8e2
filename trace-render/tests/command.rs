//! The `trace` command and the exporters: files in, files out.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use common::{checkout, ending, id, polls, span};
use trace_core::{Batch, Cancellation, Dropped, Outcome, SpanExporter as _, Status, Trace};
use trace_render::{HtmlExporter, SvgExporter, TraceExt as _};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trace")).args(arguments).output().unwrap()
}

#[test]
fn the_command_draws_what_it_is_asked_for() {
    let folder = Folder::new("draws");
    let spans = folder.path("spans.jsonl");
    fs::write(&spans, checkout().to_json_lines()).unwrap();
    let outputs = ["html", "svg", "perfetto", "mermaid"].map(|kind| (format!("--{kind}"), folder.path(kind)));
    let mut arguments = vec!["render", &*spans];
    for (option, path) in &outputs {
        arguments.extend([&**option, &**path]);
    }
    let output = run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for ((_, path), beginning) in outputs.iter().zip(["<!DOCTYPE html>", "<svg ", "{\"displayTimeUnit\"", "gantt\n"]) {
        assert!(fs::read_to_string(path).unwrap().starts_with(beginning), "{path}");
    }
    let output = run(&["render", &spans]);
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("├─ reserve stock"),
        "the tree where nothing is asked for"
    );
}

#[test]
fn a_trace_is_the_tree_that_it_displays() {
    assert_eq!(checkout().to_tree().trim_end(), checkout().to_string());
}

#[test]
fn the_command_tells_of_polls_who_blocked_whom_and_how_a_span_was_given_up() {
    let folder = Folder::new("polls");
    let mut gone = ending(span(4, 1, "gone", 52, 8), Outcome::Cancelled, Status::Unset);
    gone.cancellation = Some(Cancellation::new(Dropped::InParentsPoll));
    let trace = Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "root", 0, 100), polls(&[(0, 5, 1, 0), (58, 5, 1, 0), (95, 5, 1, 0)])),
            (span(2, 1, "noisy", 0, 52), polls(&[(5, 46, 1, 0)])),
            (span(3, 1, "db", 2, 60), polls(&[(2, 1, 1, 0), (51, 1, 1, 10)])),
            (gone, polls(&[(52, 1, 1, 0)])),
        ],
    );
    let (spans, page, small) = (folder.path("spans.jsonl"), folder.path("page.html"), folder.path("small.html"));
    fs::write(&spans, trace.to_json_lines()).unwrap();
    let output = run(&["render", &spans, "--text", "--html", &page]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("busy 15 %") && text.contains("41.0 ms behind noisy"), "{text}");
    assert!(text.contains("cancelled") && text.contains("in its parent's poll"), "{text}");
    let read = fs::read_to_string(&page).unwrap();
    for member in ["\"polls\":[[0,[", "\"blocked\":[[", "\"given_up\":[[3,1,-1]]", "\"critical\":[["] {
        assert!(read.contains(member), "{member}");
    }
    if cfg!(feature = "compress") {
        assert!(run(&["render", &spans, "--html", &small, "--compress"]).status.success());
        assert!(!fs::read_to_string(&small).unwrap().contains("noisy\","));
    }
}

#[test]
fn the_command_says_where_a_file_is_broken_and_leaves_with_a_number() {
    let folder = Folder::new("broken");
    let spans = folder.path("spans.jsonl");
    fs::write(&spans, checkout().to_json_lines() + "{\"trace_id\": 7}\n").unwrap();
    for (arguments, code, message) in [
        (vec!["render", &spans], 1, "spans.jsonl: line 8, column 14: invalid type: integer `7`"),
        (vec!["render", "/no/such/file"], 1, "cannot read /no/such/file"),
        (vec!["render"], 2, "no file is named"),
        (vec!["render", &spans, "--html"], 2, "--html needs a value"),
        (vec!["render", &spans, "--pdf", "x"], 2, "there is no option --pdf"),
        (vec!["draw"], 2, "there is no command \"draw\""),
    ] {
        let output = run(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(message), "{text}");
    }
}

#[test]
fn an_exporter_writes_its_file_at_the_end_and_makes_the_folder() {
    let folder = Folder::new("exporter");
    let path = folder.path("deep/trace.html");
    let mut exporter = HtmlExporter::new(&path);
    exporter.export(&Batch::new(vec![checkout()])).unwrap();
    assert!(!Path::new(&path).exists(), "not before it is asked for");
    exporter.shutdown(Duration::from_secs(1)).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("reserve stock"));

    let mut full = HtmlExporter::new(&path).max_spans(3);
    assert!(full.export(&Batch::new(vec![checkout()])).unwrap_err().to_string().contains("is full"));

    let path = folder.path("trace.svg");
    let mut exporter = SvgExporter::new(&path);
    exporter.export(&Batch::new(vec![checkout()])).unwrap();
    exporter.flush(Duration::from_secs(1)).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("<svg "));
}

#[test]
fn a_test_that_fails_leaves_its_trace_and_one_that_does_not_leaves_none() {
    let folder = Folder::new("failure");
    let test = |fails: bool, path: PathBuf| {
        let thread = std::thread::Builder::new().name(format!("my::test_{fails}"));
        thread
            .spawn(move || {
                let trace = checkout();
                let _page = trace.page_if_test_fails().folder(path);
                assert!(!fails, "on purpose");
            })
            .unwrap()
            .join()
            .is_err()
    };
    assert!(test(true, folder.0.clone()) && !test(false, folder.0.clone()));
    assert!(fs::read_to_string(folder.path("my--test_true.html")).unwrap().contains("reserve stock"));
    assert!(!Path::new(&folder.path("my--test_false.html")).exists());
}
