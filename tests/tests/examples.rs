//! Every example runs, ends, and prints what it is there to show.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use tests::programs::{example, root};

/// An example that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs an example and returns what it printed to the standard output.
fn run(name: &str, arguments: &[&Path]) -> String {
    finish(name, Command::new(example(name)).args(arguments))
}

/// Runs a program to its end and returns what it printed to the standard output.
fn finish(name: &str, command: &mut Command) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).env("CARGO_MANIFEST_DIR", root().join("examples"));
    // What the tester's shell says must not change what the examples print.
    for (variable, _) in env::vars_os() {
        let is_ours = variable.to_str().is_some_and(|name| name.starts_with("OTEL_") || name == "TRACE_FILTER");
        if is_ours || variable == "COLUMNS" || variable == "CLICOLOR_FORCE" {
            command.env_remove(variable);
        }
    }
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{name} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = reader.join().unwrap().unwrap();
    assert!(status.success(), "{name}: {status}\n{text}");
    text
}

/// In a pseudo-terminal of `script`, which is part of util-linux.
#[test]
fn a_tree_is_as_wide_as_the_terminal() {
    if cfg!(not(target_os = "linux")) || Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no script(1) to make a terminal with");
        return;
    }
    for columns in [75_usize, 120] {
        let program = format!("stty cols {columns} rows 20; exec '{}'", example("concurrent").display());
        let text =
            finish("concurrent", Command::new("script").args(["-qec", &program, "/dev/null"]).env("NO_COLOR", "1"));
        // Two fifths of a line may be the bar, and that of the root is full.
        let root = text.lines().find(|line| line.starts_with("gather")).unwrap();
        assert_eq!(root.matches('█').count(), columns * 2 / 5, "{columns} columns:\n{text}");
    }
}

/// A trace as the console prints it, line by line: what draws the tree, durations and bars are gone.
fn rows(text: &str) -> Vec<String> {
    let words = |line: &str| {
        let line = line.replace(['│', '├', '└', '─'], " ");
        let mut words: Vec<&str> = line.split_whitespace().collect();
        while let Some(unit) = words.iter().position(|word| ["ns", "µs", "ms", "s"].contains(word)) {
            let bar = words.get(unit + 1).is_some_and(|word| word.chars().all(|c| "█▌▐▓░/·╌◇◌".contains(c)));
            words.drain(unit - 1..=unit + usize::from(bar));
        }
        words.join(" ")
    };
    text.lines().map(words).collect()
}

/// The lines that do not depend on the time or on ids.
#[track_caller]
fn assert_has(text: &str, expected: &[&str]) {
    let rows = rows(text);
    for line in expected {
        assert!(rows.iter().any(|row| row == line), "no line {line:?} in\n{}\n\n{text}", rows.join("\n"));
    }
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn quickstart_hashes_a_directory_and_shows_how() {
    let directory = temporary("quickstart");
    fs::create_dir_all(directory.join("deep/er")).unwrap();
    fs::create_dir_all(directory.join(".git")).unwrap();
    fs::create_dir_all(directory.join("target")).unwrap();
    fs::write(directory.join("empty"), "").unwrap();
    fs::write(directory.join("deep/er/abc"), "abc").unwrap();
    fs::write(directory.join(".git/secret"), "git").unwrap();
    fs::write(directory.join("target/built"), "built").unwrap();

    let text = run("quickstart", &[&directory]);
    fs::remove_dir_all(&directory).unwrap();
    assert_has(
        &text,
        &[
            &format!("{}: 2 files hashed, 3 bytes, 1 failed", directory.display()),
            "largest_files directories=3 files=2",
            "hash_file path=deep/er/abc",
            "read bytes=3",
            "sha256 bytes=3 digest=ba7816bf",
            "hash_file path=empty",
            "sha256 bytes=0 digest=e3b0c442",
            "hash_file ✖ error path=no-such-file.txt",
            "read ✖ No such file or directory (os error 2)",
            "10 spans recorded, 10 exported, 0 dropped",
        ],
    );
    assert!(text.contains(" · quickstart · 10 spans · 2 failed · "), "{text}");
    assert_eq!(count(&text, "trace "), 1, "one trace: {text}");
    assert_eq!(count(&text, "linked"), 0, "{text}");
}

#[test]
fn quickstart_without_arguments_takes_this_repository() {
    let text = run("quickstart", &[]);
    assert_has(&text, &["40 spans recorded, 40 exported, 0 dropped"]);
    assert_eq!(count(&text, "─ hash_file "), 13, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn quickstart_takes_as_many_files_as_it_is_told() {
    let text = run("quickstart", &["--files".as_ref(), "3".as_ref(), &root().join("trace-core")]);
    assert_eq!(count(&text, "─ hash_file "), 4, "{text}");
}

#[test]
fn sync_prints_the_lines_of_the_original() {
    let text = run("sync", &[]);
    let lines: Vec<&str> = text.lines().collect();
    let [title, id, main, child, manual] = lines[..] else { panic!("{text}") };
    assert_eq!(title, "=== Exporting Trace ===");
    assert!(id.strip_prefix("Trace ID: ").is_some_and(|id| id.len() == 32), "{text}");
    let seconds = |line: &str, name: &str| -> f64 {
        let line = line.strip_prefix(&format!("Span: {name} (")).unwrap();
        line.strip_suffix("s), Status: OK").unwrap().parse().unwrap()
    };
    let (main, child, manual) =
        (seconds(main, "main_operation"), seconds(child, "child_operation"), seconds(manual, "manual_span"));
    assert!(child >= 0.1 && manual >= 0.05 && main >= child + manual - 0.001, "{text}");
}

#[test]
fn concurrent_finds_its_span_three_times_in_one_trace() {
    let text = run("concurrent", &[]);
    assert_eq!(count(&text, "Current span: async_operation\n"), 3, "{text}");
    assert!(text.contains(" · concurrent · 4 spans · "), "{text}");
    assert_has(&text, &["gather", "async_operation number=1", "async_operation number=2", "async_operation number=3"]);
}

#[test]
fn capture_gives_the_trace_as_a_value() {
    let text = run("capture", &[]);
    assert!(text.starts_with("order(3) = Err(\"no money left\")\norder (error)\n  reserve (ok)\n  charge (error)\n"));
    assert_has(&text, &["order ✖ error items=3", "reserve", "charge ✖ no money left"]);
}

#[test]
fn testing_prints_the_same_in_every_run() {
    let text = run("testing", &[]);
    assert_eq!(text, run("testing", &[]));
    assert!(text.starts_with("trace 00000000000000000000000000000001 · 4 spans · 2 failed · 70.0 ms\n"), "{text}");
    assert!(text.ends_with("2 tests passed\n"), "{text}");
}

#[test]
fn json_lines_reads_back_what_it_wrote() {
    let file = temporary("json_lines");
    let text = run("json_lines", &[&file]);
    let lines = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_has(
        &text,
        &["\"checkout\" \"ok\" 0 events", "\"reserve\" \"ok\" 1 events", "\"charge\" \"error\" 1 events"],
    );
    let spans: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().any(|span| span["attributes"]["user.id"] == 42), "{lines}");
}

#[test]
fn custom_exporter_adds_up_what_it_saw() {
    let text = run("custom_exporter", &[]);
    let cells: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    let expected =
        [["name", "spans", "failed"], ["answer", "1000", "0"], ["parse", "1000", "100"], ["request", "1000", "0"]];
    assert_eq!(cells, expected, "{text}");
}

#[test]
fn sampling_keeps_every_failure() {
    let text = run("sampling", &[]);
    assert_has(&text, &["2000 traces began", "1000 spans recorded", "10 of 10 failures kept"]);
}

#[test]
fn threads_keep_their_parents() {
    let text = run("threads", &[]);
    let mut scope = "";
    let mut found = Vec::new();
    for line in text.lines() {
        match line.split_once("what=") {
            Some((_, what)) => found.push((scope, what.trim_matches('"'))),
            None => scope = line.trim_start_matches(['├', '└', '─', ' ']).split("  ").next().unwrap(),
        }
    }
    found.sort_unstable();
    let expected = [
        ("a pool of one's own", "a closure, called once"),
        ("blocking", "on tokio's blocking pool"),
        ("called often", "first call"),
        ("called often", "second call"),
        ("clean up", "afterwards"),
        ("scoped threads", "left half"),
        ("scoped threads", "right half"),
        ("std thread", "on a thread"),
    ];
    assert_eq!(found, expected, "{text}");
    assert!(text.contains(" · threads · 13 spans · ") && text.contains(" · threads · 2 spans · "), "{text}");
    // The linked trace names the one that caused it.
    let cause = text.lines().find(|line| line.contains(" 13 spans ")).and_then(|line| line.split(' ').nth(1)).unwrap();
    assert_has(&text, &[&format!("clean up linked to trace {cause}")]);
}

#[test]
fn anatomy_tells_who_waits_and_who_blocks() {
    let text = run("anatomy", &[]);
    let row = |name: &str| -> Vec<u64> {
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{name} "))).unwrap();
        line.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    // Polls, busy, waiting on children, waiting without a span, the longest poll.
    let [page, query, render] = ["page", "query", "render"].map(row);
    assert!(page[0] >= 2 && page[1] >= 20 && page[2] >= 39 && page[4] >= 20, "{text}");
    assert!(query[0] >= 2 && query[2] == 0 && query[3] >= 39, "{text}");
    assert!(render[0] == 1 && render[1] >= 20 && render[3] == 0 && render[4] >= 20, "{text}");
}

#[test]
fn blocking_names_the_request_that_kept_the_thread_and_what_it_cost_the_others() {
    let text = run("blocking", &[]);
    assert!(text.contains(" · shop · 9 spans · "), "{text}");
    // The head may take two lines.
    let head = text.lines().take_while(|line| !line.starts_with("serve ")).collect::<Vec<_>>().join(" ");
    assert!(head.contains("⚠ render_report held up 3 spans, up to "), "{text}");
    // Each is blocked where it waits: for its request, or for the database.
    let victims: Vec<&str> = text.lines().filter(|line| line.contains(" behind render_report")).collect();
    assert_eq!(victims.len(), 3, "{text}");
    let ours = |line: &&str| line.contains("─ query ") || line.contains("─ request ");
    assert!(victims.iter().all(ours), "{text}");
    // On a machine that is busy another poll may have been long as well.
    let mut culprits = text.lines().filter(|line| line.contains("longest poll "));
    assert!(culprits.any(|line| line.contains("─ render_report ") && line.contains("held up 3 spans")), "{text}");
}

/// The guide shows what the example prints: the same rows, whatever the times and the order of the requests.
#[test]
fn the_guide_to_what_blocks_shows_what_the_example_prints() {
    let guide = fs::read_to_string(root().join("trace-core/docs/find_what_blocks.md")).unwrap();
    let shown = guide.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let words = |text: &str| {
        let head = text.lines().take_while(|line| !line.starts_with("serve ")).collect::<Vec<_>>().join(" · ");
        let (_, head) = head.split_once(" · ").unwrap();
        let is_fixed = |part: &&str| !part.chars().any(|digit| digit.is_ascii_digit()) || part.contains("spans");
        let up_to = |part: &str| part.split(", up to").next().unwrap().to_owned();
        let head: Vec<String> = head.split(" · ").filter(is_fixed).map(up_to).collect();
        let tree = rows(&text.lines().skip_while(|line| !line.starts_with("serve ")).collect::<Vec<_>>().join("\n"));
        let mut names: Vec<String> =
            tree.iter().filter_map(|row| row.split_whitespace().next()).map(str::to_owned).collect();
        names.sort_unstable();
        let count = |what: &str| text.matches(what).count();
        (head, names, count(" behind render_report"), count("longest poll"), count("url.path=/report"))
    };
    assert_eq!(words(shown), words(&run("blocking", &[])));
}

#[test]
fn log_lines_carry_the_ids_of_their_span() {
    let text = run("log_lines", &[]);
    let lines: Vec<&str> = text.lines().collect();
    let trace = lines.iter().find_map(|line| line.strip_prefix("trace ")).and_then(|line| line.split(' ').next());
    let trace = trace.unwrap();
    assert_eq!(lines[0], "INFO starting trace_id=none");
    assert!(lines[1].starts_with(&format!("INFO request received trace_id={trace} span_id=")), "{text}");
    assert!(lines[2].starts_with(&format!("INFO asking the database trace_id={trace} span_id=")), "{text}");
    let json: serde_json::Value = serde_json::from_str(lines[3]).unwrap();
    assert_eq!(json["trace_id"], trace);
    let span = lines[1].rsplit('=').next().unwrap();
    assert_eq!(json["span_id"], span);
    assert_ne!(lines[2].rsplit('=').next().unwrap(), span);
}

/// The trace that `distributed` shows last: how deep each span stands, and its name.
fn tree(text: &str) -> Vec<(usize, &str)> {
    let is_branch = |c: char| "│├└─ ".contains(c);
    let rows = text.lines().filter(|line| line.contains(": "));
    rows.map(|line| {
        let depth = line.chars().take_while(|&c| is_branch(c)).count() / 3;
        (depth, line.trim_start_matches(is_branch).split("  ").next().unwrap())
    })
    .collect()
}

#[test]
fn distributed_is_one_trace_through_four_processes() {
    let text = run("distributed", &[]);
    let (parts, whole) = text.split_once("--- all parts together\n").unwrap();
    for (part, spans) in [("visitor", 2), ("gateway", 3), ("prices", 3), ("stock", 2)] {
        assert!(parts.contains(&format!("--- {part}, process ")), "{text}");
        assert!(parts.contains(&format!(" · {part} · {spans} spans · ")), "{text}");
        assert!(parts.contains(&format!("{part}: {spans} spans ended, 0 lost")), "{text}");
    }
    assert_eq!(count(whole, "trace "), 1, "{whole}");
    let found = tree(whole);
    let head = [(0, "visitor: visit"), (1, "visitor: GET"), (2, "gateway: GET /cart/{item}")];
    let stock = [(3, "gateway: GET"), (4, "stock: GET /stock/{item}"), (5, "stock: count")];
    let prices =
        [(3, "gateway: GET"), (4, "prices: GET /price/{item}"), (5, "prices: look_up"), (5, "prices: discount")];
    // Both are asked at the same time, so either may have begun first.
    let either = [[&head[..], &stock, &prices].concat(), [&head[..], &prices, &stock].concat()];
    assert!(either.contains(&found), "{found:#?}\n{text}");
}

#[test]
fn the_script_of_distributed_starts_asks_and_stops() {
    let mut script = Command::new(root().join("examples/distributed/run"));
    let text = finish("distributed/run", script.arg("3").env("DISTRIBUTED", example("distributed")));
    assert_eq!((count(&text, "trace "), count(&text, "visit ")), (12, 3), "{text}");
    for (part, spans) in [("visitor", 6), ("gateway", 9), ("prices", 9), ("stock", 6)] {
        assert!(text.contains(&format!("{part}: {spans} spans ended, 0 lost")), "{text}");
    }
}

/// A path of this test run's own, at which nothing is.
fn temporary(name: &str) -> PathBuf {
    env::temp_dir().join(format!("trace-examples-{name}-{}", std::process::id()))
}
