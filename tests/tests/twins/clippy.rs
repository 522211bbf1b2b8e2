//! Clippy says of an annotated function nothing that it does not say of its twin, also by its strictest lints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::compiler::Compiler;
use crate::section;
use crate::shape::{self, Shape, Variant};

const EDITION: &str = "2024";

/// What it says in another place or by another name, and why.
const MOVED: &[(&str, &str)] = &[
    ("clippy::allow_attributes", "`#![allow(..)]` at the top of a body moves to the function"),
    ("clippy::default_numeric_fallback", "it does not ask what a literal at the end of a closure is turned into"),
    ("clippy::missing_const_for_fn", "a function inside of one that is said of no more, because it holds a span"),
    (
        "clippy::shadow_unrelated",
        "an argument is bound again, so what shadows it is called unrelated instead of a reuse",
    ),
    ("clippy::shadow_reuse", "the same the other way round"),
];

/// What it does not say any more that is no fault, and why.
const SILENT: &[(&str, &str)] = &[
    ("clippy::allow_attributes", "see above"),
    ("clippy::allow_attributes_without_reason", "see above"),
    ("clippy::boxed_local", "the argument moves on"),
    ("clippy::default_numeric_fallback", "the body is typed by the edge that is never taken"),
    ("clippy::elidable_lifetime_names", "it does not look into `impl Future` for them"),
    ("clippy::empty_drop", "it is not empty with a span in it"),
    ("clippy::empty_line_after_outer_attr", "there is no attribute before the line"),
    ("clippy::future_not_send", "on the same line, of the function instead of its arrow"),
    ("clippy::implicit_return", "off, because it would ask for a `return` at the attribute"),
    ("clippy::manual_async_fn", "the function does more than to make a future"),
    ("clippy::missing_const_for_fn", "a function that makes a span cannot be `const`"),
    ("clippy::mixed_attributes_style", "see `allow_attributes`"),
    ("clippy::needless_pass_by_value", "the argument moves into the body"),
    ("clippy::needless_return", "the user's block is the inside of a block"),
    ("clippy::only_used_in_recursion", "the argument moves into the body"),
    ("clippy::ptr_arg", "the argument moves into the body"),
    ("clippy::shadow_reuse", "see above"),
    ("clippy::single_call_fn", "on the same line, without `async`"),
    ("clippy::unnecessary_wraps", "the body is a closure"),
    ("clippy::unused_async", "the function is not `async` any more"),
    ("clippy::unused_self", "the argument moves into the body"),
];

#[test]
fn clippy_finds_in_shapes_what_it_finds_in_their_twins() {
    let compiler = Compiler::new();
    let shapes = shape::all("shapes");
    let shapes: Vec<&Shape> = shapes.iter().filter(|shape| shape.editions.contains(&EDITION)).collect();
    let lint = |variant| compiler.clippy(&shapes, EDITION, variant);
    let (plain, traced) = (lint(Variant::Plain), lint(Variant::Traced));
    let mut differences = String::new();
    let mut seen = 0;
    for shape in shapes {
        let found = |sections| lints(&section(sections, shape).diagnostics);
        let (plain, traced) = (found(&plain), found(&traced));
        seen += plain.len();
        for added in traced.difference(&plain).filter(|(lint, _)| !is_in(MOVED, lint)) {
            if !shape.is_in_attribute(added.1) {
                writeln!(differences, "{}: added {} at {:?}", shape.name, added.0, added.1).unwrap();
            }
        }
        for swallowed in plain.difference(&traced).filter(|(lint, _)| !is_in(SILENT, lint)) {
            writeln!(differences, "{}: swallowed {} at {:?}", shape.name, swallowed.0, swallowed.1).unwrap();
        }
    }
    assert!(seen > 500, "clippy said only {seen} things");
    assert!(differences.is_empty(), "{differences}");
}

fn is_in(table: &[(&str, &str)], lint: &str) -> bool {
    table.iter().any(|(known, _)| *known == lint)
}

/// Each lint with its place: the line and, where it can differ, the column.
fn lints(diagnostics: &str) -> BTreeSet<(String, (usize, usize))> {
    let read = |line: &str| {
        let (_, rest) = line.split_once(' ')?;
        let (lint, place) = rest.split_once(" at ")?;
        let (line, rest) = place.split_once(':')?;
        let column = rest.split_once('-')?.0.parse().ok()?;
        // The first token of an async function is another.
        let is_of_function = matches!(lint, "clippy::future_not_send" | "clippy::single_call_fn");
        Some((lint.to_owned(), (line.parse().ok()?, if is_of_function { 1 } else { column })))
    };
    let all = diagnostics.lines().filter_map(read);
    // What the compiler itself says is compared elsewhere.
    all.filter(|(lint, _)| lint.starts_with("clippy::")).collect()
}
