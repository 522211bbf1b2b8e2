//! What a returned value says of the span: a `Result` that is an `Err` is a failure.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::{Site, output};
use crate::args::{Options, Told, ToldForm};
use crate::item::Function;

/// A function from a reference to what was returned to `bool`: whether it is a failure that was not told yet.
pub(crate) fn judge(site: &Site, options: &Options, function: &Function) -> TokenStream {
    let support = site.support();
    if let Some(err) = &options.err {
        return told(site, err);
    }
    if output::is_no_result(&function.sig.output) {
        return quote_spanned!(site.span=> #support::never_fails);
    }
    quote_spanned! {site.span=>
        |value| {
            use #support::Unjudged as _;
            #support::Returned(value).failed()
        }
    }
}

fn told(site: &Site, err: &Told) -> TokenStream {
    let support = site.support();
    // A type that has no error is a mistake at the word `err`.
    let place = site.span.located_at(err.span);
    let tell = match &err.form {
        ToldForm::Display => quote_spanned!(place=> #support::tell_display(error)),
        ToldForm::Debug => quote_spanned!(place=> #support::tell_debug(error)),
        ToldForm::Map(map) => quote_spanned!(place=> #support::tell_mapped(error, #map)),
    };
    quote_spanned! {place=>
        |value| {
            let error = #support::error_of(value);
            #tell
        }
    }
}
