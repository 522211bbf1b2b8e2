//! `fn -> impl Future` and its kin: the statements run at the call and inside the span, and what they return is traced at
//! every exit.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote_spanned;

use super::outcome::Judge;
use super::params::{self, Moved, Params};
use super::{Site, assemble, asynchronous, block, callsite, outcome, output, record, with_page};
use crate::args::Options;
use crate::body;
use crate::item::Function;
use crate::returns::{Holder, Later, Polled};

/// Writes a function that returns a future or a stream.
pub(crate) fn expand(site: &Site, options: &Options, function: &Function, later: &Later) -> TokenStream {
    let (params, body) = if later.what == Polled::Future && is_one_block(function, later) {
        around_block(site, options, function, later)
    } else {
        through_closure(site, options, function, later)
    };
    let expanded = assemble(site, function, &params, body);
    if params.renamed { with_page(site, function, expanded) } else { expanded }
}

/// Whether the body is nothing but the future.
fn is_one_block(function: &Function, later: &Later) -> bool {
    match later.holder {
        Holder::Opaque => body::is_async_block(&function.inside()),
        Holder::PinBox => body::boxed_async_block(&function.inside()).is_some(),
        Holder::Box => false,
    }
}

/// The body is an `async` block, or `Box::pin` of one, as `#[async_trait]` writes it: it is traced where it stands, in the
/// same box.
fn around_block(site: &Site, options: &Options, function: &Function, later: &Later) -> (Params, TokenStream) {
    let params = params::Params::untouched(&function.sig);
    let start = callsite::start(site, options, &function.sig);
    let record = record::statements(site, options, &function.sig, &quote_spanned!(site.span=> span.handle()));
    let Judge { scope, method } = outcome::judge_of(site, options, &later.yields());
    let traced = |block: TokenStream| {
        let future = asynchronous::polls(site, options, function, block);
        traced(site, later, &future, &method)
    };
    let body = match body::boxed_async_block(&function.inside()) {
        Some((path, parentheses)) => {
            let traced = traced(parentheses.stream());
            let mut boxed = Group::new(Delimiter::Parenthesis, traced);
            boxed.set_span(parentheses.span());
            quote_spanned!(site.span=> #path #boxed)
        }
        None => traced(function.inside()),
    };
    let body = quote_spanned! {site.span=>
        #scope
        let span = #start;
        #record
        #body
    };
    (params, body)
}

fn through_closure(site: &Site, options: &Options, function: &Function, later: &Later) -> (Params, TokenStream) {
    let support = site.support();
    let params = params::rebind(site, options, &function.sig, Moved::All);
    let start = callsite::start(site, options, &function.sig);
    let handle = quote_spanned!(site.span=> handle);
    let record = record::statements(site, options, &function.sig, &handle);
    let handle = (!record.is_empty()).then(|| quote_spanned!(site.span=> let handle = span.handle();));
    let result = output::inside(site, &function.sig.output);
    let yields = output::inside(site, &later.yields());
    let eager = match (later.what, later.holder) {
        (Polled::Future, Holder::Opaque) => quote_spanned!(site.span=> #support::future_of::<#yields, _>),
        _ => quote_spanned!(site.span=> #support::scope),
    };
    let (rebind, body) = (&params.rebind, block(site, function));
    let later_value = asynchronous::polls(site, options, function, quote_spanned!(site.span=> value));
    let Judge { scope, method } = outcome::judge_of(site, options, &later.yields());
    let traced = traced(site, later, &later_value, &method);
    let boxed = match later.holder {
        Holder::Opaque => traced,
        Holder::PinBox => quote_spanned!(site.span=> #support::std::boxed::Box::pin(#traced)),
        Holder::Box => quote_spanned!(site.span=> #support::std::boxed::Box::new(#traced)),
    };
    let body = quote_spanned! {site.span=>
        #scope
        let span = #start;
        #handle
        let value = #eager(&span, move || -> #result {
            #rebind
            #record
            #body
        });
        #boxed
    };
    (params, body)
}

/// The future or stream in its span.
fn traced(site: &Site, later: &Later, value: &TokenStream, method: &TokenStream) -> TokenStream {
    let support = site.support();
    let yields = output::inside(site, &later.yields());
    match later.what {
        Polled::Future => quote_spanned!(site.span=> #support::call_as::<#yields, _>(span, #value) #method),
        Polled::Stream => quote_spanned!(site.span=> #support::call_of_stream(span, #value) #method),
    }
}
