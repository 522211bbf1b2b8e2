//! An annotated function behaves as its un-annotated twin.
//!
//! Each file of `shapes/` is compiled and run twice in each edition: as it is, and with every `#[traced..]` replaced by
//! spaces. Both must give the same warnings at the same places and print the same; the annotated one also makes exactly the
//! spans that the file's `//! span:` lines list. Each file of `errors/` must fail to compile with the same error codes at
//! the same places. Each file of `refusals/` has mistakes in the use of the attribute itself; the text beside it is all that
//! the compiler says, so that a function that is gone would show.
//!
//! A new shape is a new file: a comment that says what it is, the functions, and `pub fn run()`. `BLESS=1` writes the
//! `//! span:` lines as they were found, for the reviewer to read.

#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

mod clippy;
mod compiler;
mod shape;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use compiler::{Compiled, Compiler};
use shape::{EDITIONS, Shape, Variant};

#[test]
fn shapes_compile_warn_and_run_as_their_twins() {
    let compiler = Compiler::new();
    let shapes = shape::all("shapes");
    let mut differences = String::new();
    for edition in EDITIONS {
        let shapes: Vec<&Shape> = shapes.iter().filter(|shape| shape.editions.contains(&edition)).collect();
        let plain = program(&compiler, &shapes, edition, Variant::Plain);
        let traced = program(&compiler, &shapes, edition, Variant::Traced);
        for shape in shapes {
            let (plain, traced) = (section(&plain, shape), section(&traced, shape));
            let expected = shape.with_known_differences(&plain.diagnostics);
            compare(&mut differences, edition, shape, "warnings", &expected, &traced.diagnostics);
            compare(&mut differences, edition, shape, "output", &plain.output, &traced.output);
            if std::env::var_os("BLESS").is_some() {
                shape.bless(&traced.spans);
            } else {
                compare(&mut differences, edition, shape, "spans", &shape.spans, &traced.spans);
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn errors_stand_where_their_twins_errors_stand() {
    let compiler = Compiler::new();
    let mut differences = String::new();
    for shape in shape::all("errors") {
        for &edition in &shape.editions {
            let compile = |variant| compiler.check(&shape, edition, variant);
            let (plain, traced) = (compile(Variant::Plain), compile(Variant::Traced));
            assert!(plain.contains("error"), "{} compiles without the attribute", shape.name);
            compare(&mut differences, edition, &shape, "errors", &shape.with_known_differences(&plain), &traced);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn refusals_say_what_is_wrong_at_its_place_and_keep_the_function() {
    let compiler = Compiler::new();
    let mut differences = String::new();
    for shape in shape::all("refusals") {
        let path = shape::source("refusals").join(format!("{}.txt", shape.name));
        let found = compiler.refusals(&shape);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, found).expect("the repository can be written");
        } else {
            let expected = std::fs::read_to_string(path).unwrap_or_default();
            compare(&mut differences, "2024", &shape, "refusals", &expected, &found);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn so_many_nested_levels_fit_into_the_default_recursion_limit() {
    /// Without the attribute there are 39.
    const LEVELS: u32 = 28;

    let mut text = String::from("#[traced]\nasync fn level_0() {}\n");
    for level in 1..LEVELS {
        writeln!(text, "#[traced]\nasync fn level_{level}() {{ level_{}().await }}", level - 1).unwrap();
    }
    writeln!(text, "fn is_send<T: Send>(_: T) {{}}\npub fn run() {{ is_send(level_{}()) }}", LEVELS - 1).unwrap();
    let said = Compiler::new().check(&Shape::made("nested", text), "2021", Variant::Traced);
    assert!(said.is_empty(), "{said}");
}

/// What one shape said and did.
#[derive(Default, Clone)]
struct Section {
    diagnostics: String,
    output: String,
    spans: String,
}

/// Compiles all shapes into one program, runs it and takes apart what it printed.
fn program(compiler: &Compiler, shapes: &[&Shape], edition: &str, variant: Variant) -> BTreeMap<String, Section> {
    let Compiled { mut sections, program } = compiler.build(shapes, edition, variant);
    let output = std::process::Command::new(&program).output().expect("it was just compiled");
    let text = String::from_utf8(output.stdout).expect("shapes print text");
    assert!(output.status.success(), "{}\n{text}\n{}", program.display(), String::from_utf8_lossy(&output.stderr));
    let mut name = String::new();
    for line in text.lines() {
        if let Some(next) = line.strip_prefix("== ") {
            name = next.to_owned();
            continue;
        }
        let section = sections.entry(name.clone()).or_default();
        match line.strip_prefix("~~ ") {
            Some(span) => writeln!(section.spans, "{span}").unwrap(),
            None => writeln!(section.output, "{line}").unwrap(),
        }
    }
    sections
}

fn section(sections: &BTreeMap<String, Section>, shape: &Shape) -> Section {
    sections.get(&shape.name).cloned().unwrap_or_default()
}

fn compare(differences: &mut String, edition: &str, shape: &Shape, what: &str, expected: &str, found: &str) {
    if expected == found {
        return;
    }
    writeln!(differences, "\n## {} ({edition}): {what}", shape.name).unwrap();
    for (side, lines, others) in [("expected", expected, found), ("found", found, expected)] {
        let only: Vec<&str> = lines.lines().filter(|line| !others.lines().any(|other| other == *line)).collect();
        // What differs in its order or number alone is shown whole.
        let shown = if only.is_empty() { lines.to_owned() } else { only.join("\n") };
        writeln!(differences, "-- {side}\n{}", shown.trim_end()).unwrap();
    }
}
