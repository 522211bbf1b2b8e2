//! `async fn`: a function that starts the span when called and returns the traced future, of one `async` block.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{ReturnType, Token, Type};

use super::outcome::Judge;
use super::params::{self, Moved, Params};
use super::{Site, assemble, block, callsite, outcome, output, record, with_page};
use crate::args::Options;
use crate::item::Function;

/// Writes `fn f(..) -> impl Future<Output = T>`: the parent is the caller's span, also when the future goes to a task.
pub(crate) fn expand(site: &Site, options: &Options, function: &Function) -> TokenStream {
    let support = site.support();
    let (mut params, future) = future(site, options, function);
    let output = output::outside(site, &function.sig.output);
    params.sig.asyncness = None;
    let future_type = quote_spanned!(site.span=> impl #support::Future<Output = #output>);
    params.sig.output = ReturnType::Type(Token![->](site.span), Box::new(Type::Verbatim(future_type)));
    with_page(site, function, assemble(site, function, &params, future))
}

/// Writes the `async fn` with the traced future inside: the parent is the span that is current at the first poll.
pub(crate) fn keep(site: &Site, options: &Options, function: &Function) -> TokenStream {
    let (params, future) = future(site, options, function);
    let expanded = assemble(site, function, &params, quote_spanned!(site.span=> #future .await));
    if params.renamed { with_page(site, function, expanded) } else { expanded }
}

/// The traced future as an expression. The edge that never returns tells the compiler the type of every other exit.
fn future(site: &Site, options: &Options, function: &Function) -> (Params, TokenStream) {
    let support = site.support();
    let params = params::rebind(site, options, &function.sig, Moved::All);
    let start = callsite::start(site, options, &function.sig);
    let handle = handle(site, options, function);
    let record = record::statements(site, options, &function.sig, &handle);
    let output = output::inside(site, &function.sig.output);
    let Judge { scope, method } = outcome::judge(site, options, &function.sig.output);
    let allow = output::is_never(&function.sig.output)
        .then(|| quote_spanned!(site.span=> #[allow(unreachable_code, clippy::diverging_sub_expression)]));
    let (rebind, body) = (&params.rebind, block(site, function));
    let future = quote_spanned! {site.span=>
        async move {
            #allow
            if false {
                let value: #output = #support::edge();
                return value;
            }
            #rebind
            #record
            #body
        }
    };
    let future = polls(site, options, function, future);
    let traced = if keeps_handle(options, function) {
        quote_spanned! {site.span=>
            #scope
            let span = #start;
            let handle = span.handle();
            #support::call(span, #future) #method
        }
    } else if let Some(callsite) = callsite::alone(site, options, &function.sig) {
        quote_spanned!(site.span=> #scope #support::call_at(#callsite, #future) #method)
    } else {
        quote_spanned!(site.span=> #scope #support::call(#start, #future) #method)
    };
    (params, traced)
}

/// The span inside of the future. It is the current one, unless there may be none: then the current one is another's.
fn handle(site: &Site, options: &Options, function: &Function) -> TokenStream {
    if keeps_handle(options, function) {
        return quote_spanned!(site.span=> handle);
    }
    let core = &site.core;
    quote_spanned!(site.span=> #core::current_span())
}

fn keeps_handle(options: &Options, function: &Function) -> bool {
    options.when.is_some() && record::is_needed(options, &function.sig)
}

/// The future, with a span around each poll if `per_poll` asks for it.
pub(crate) fn polls(site: &Site, options: &Options, function: &Function, future: TokenStream) -> TokenStream {
    if options.per_poll.is_none() {
        return future;
    }
    let support = site.support();
    let callsite = callsite::of_polls(site, options, &function.sig);
    quote_spanned!(site.span=> #support::per_poll(#callsite, #future))
}
