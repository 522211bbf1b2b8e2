//! One expansion of each kind of function, to be read.
//!
//! Each file of `snapshots/` holds a function, a line of dashes, and what the function becomes. After a change,
//! `BLESS=1 cargo test -p trace-macros` writes the second half anew; the difference is for the reviewer.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{File, Meta};

const LINE: &str = "// ---------------------------------------- becomes ----------------------------------------\n";

#[test]
fn each_kind_of_function_becomes_what_its_snapshot_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder is part of the repository") {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (input, expected) = text.split_once(LINE).unwrap_or((&text, ""));
        let found = expand(input);
        if bless {
            fs::write(&path, format!("{input}{LINE}{found}")).unwrap();
        } else if found != expected {
            wrong.push(format!("{} becomes\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_expansion_of_a_tiny_function_has_at_most_35_lines() {
    for (function, lines) in [
        ("#[traced] fn f(a: u32) -> u32 { a + 1 }", 17),
        ("#[traced] fn f(a: u32) -> Result<u32, E> { Ok(a + 1) }", 24),
        ("#[traced] async fn f(a: u32) -> u32 { a + 1 }", 32),
    ] {
        let found = expand(function);
        assert_eq!(found.lines().count(), lines, "{found}");
    }
}

/// Expands the one item of a file, as rustc would, and formats what comes out.
fn expand(input: &str) -> String {
    let file: File = syn::parse_str(input).expect("a snapshot is a file");
    let [item] = &file.items[..] else { panic!("a snapshot has one item") };
    let (args, item) = without_attribute(item.to_token_stream());
    let expanded = crate::expansion(args, item);
    let file: File = syn::parse2(expanded.clone()).unwrap_or_else(|error| panic!("{error} in {expanded}"));
    // Neither a new version nor the order of reading is news here.
    let text = prettyplease::unparse(&file).replace(env!("CARGO_PKG_VERSION"), "1.2.3");
    let numbered = text.lines().map(|line| if line.trim_start().starts_with("\"<parsed string") { FILE } else { line });
    numbered.map(|line| format!("{line}\n")).collect()
}

const FILE: &str = "                    \"src/lib.rs\",";

/// Takes the first attribute off an item: its arguments, and the rest.
fn without_attribute(item: TokenStream) -> (TokenStream, TokenStream) {
    let mut rest = item.into_iter().skip(1);
    let Some(TokenTree::Group(attribute)) = rest.next() else { panic!("a snapshot starts with #[traced]") };
    let args = match syn::parse2::<Meta>(attribute.stream()).expect("the attribute is one") {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    (args, rest.collect())
}
