//! `fn`: a guard around the user's block; around a closure where the returned value must be seen.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::params::{self, Moved};
use super::{Site, assemble, block, callsite, outcome, output, record, with_page};
use crate::args::Options;
use crate::check;
use crate::item::Function;

/// Writes a function that does its work before it returns.
pub(crate) fn expand(site: &Site, options: &Options, function: &Function) -> TokenStream {
    let sees_output = options.err.is_some() || output::is_result(&function.sig.output);
    let (params, body) = if sees_output && check::track_caller(function).is_none() {
        through_closure(site, options, function)
    } else {
        under_guard(site, options, function)
    };
    let expanded = assemble(site, function, &params.sig, body);
    if params.renamed { with_page(site, function, expanded) } else { expanded }
}

fn under_guard(site: &Site, options: &Options, function: &Function) -> (params::Params, TokenStream) {
    let params = params::rebind(site, &function.sig, Moved::Droppable);
    let enter = callsite::enter(site, options, &function.sig);
    let record = record::statement(site, options);
    let (rebind, body) = (&params.rebind, block(site, function));
    let body = quote_spanned! {site.span=>
        let _span = #enter;
        #rebind
        #record
        #body
    };
    (params, body)
}

/// The only way to see what `return` and `?` return. The closure takes all arguments along, so that they are dropped
/// before the span ends.
fn through_closure(site: &Site, options: &Options, function: &Function) -> (params::Params, TokenStream) {
    let support = site.support();
    let params = params::rebind(site, &function.sig, Moved::All);
    let enter = callsite::enter(site, options, &function.sig);
    let record = record::statement(site, options);
    let result = output::inside(site, &function.sig.output);
    let judge = outcome::judge(site, options, function);
    let (rebind, body) = (&params.rebind, block(site, function));
    let body = quote_spanned! {site.span=>
        #support::call(#enter, move || -> #result {
            #rebind
            #record
            #body
        }, #judge)
    };
    (params, body)
}
