//! The attribute macro of `trace-core`. Depend on `trace-core`, which re-exports it.
//!
//! A pipeline of three steps: `args` and `item` parse, `check` refuses, `expand` writes. A refused item is
//! emitted as it came, beside the errors, so that one mistake gives one message and editors keep working.

mod args;
mod arguments;
mod body;
mod bulk;
mod check;
mod expand;
mod item;
mod nearest;
mod returns;
#[cfg(test)]
mod snapshots;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::args::Options;
use crate::check::Errors;
use crate::item::{Function, Item};

/// The attribute; its page is that of `trace_core::traced`.
#[proc_macro_attribute]
pub fn traced(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expansion(args.into(), item.into()).into()
}

/// The whole of the macro, over a token stream that tests can make.
fn expansion(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = args::parse(args, &mut errors);
    match item::parse(item.clone(), &mut errors) {
        Some(Item::Function(traced)) => function(options, *traced, errors),
        Some(Item::Block(block)) => bulk::block(&options, block, errors),
        None => [item, errors.finish()].into_iter().collect(),
    }
}

/// One function, traced if nothing is wrong.
fn function(mut options: Options, mut function: Function, mut errors: Errors) -> TokenStream {
    arguments::resolve(&mut options, &mut function.sig, &mut errors);
    check::function(&options, &function, &mut errors);
    if errors.is_empty() {
        return expand::function(&options, &function);
    }
    [function.to_token_stream(), errors.finish()].into_iter().collect()
}
