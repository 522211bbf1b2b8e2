//! The attribute macro of `trace-core`. Depend on `trace-core`, which re-exports it.
//!
//! A pipeline of three steps: `args` and `item` parse, `check` refuses, `expand` writes. A refused item is
//! emitted as it came, beside the errors, so that one mistake gives one message and editors keep working.

mod args;
mod check;
mod expand;
mod item;
mod nearest;
#[cfg(test)]
mod snapshots;

use proc_macro2::TokenStream;

/// Traces a function: one span per call, from the call to its end, with the caller's span as parent.
#[proc_macro_attribute]
pub fn traced(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expansion(args.into(), item.into()).into()
}

/// The whole of the macro, over a token stream that tests can make.
fn expansion(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = check::Errors::default();
    let options = args::parse(args, &mut errors);
    let function = item::parse(item.clone(), &mut errors);
    if let Some(function) = &function {
        check::function(&options, function, &mut errors);
    }
    match (errors.finish(), function) {
        (None, Some(function)) => expand::function(&options, &function),
        (errors, _) => [item, errors.unwrap_or_default()].into_iter().collect(),
    }
}
