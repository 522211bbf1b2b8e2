//! What a returned value says of the span: a `Result` that is an `Err` is a failure.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ReturnType;

use super::{Site, output, record};
use crate::args::{Form, Options, Told, ToldForm};

/// The method that judges what was returned, on a value that waits for its judge.
pub(crate) struct Judge {
    /// What must be in scope for it.
    pub(crate) scope: TokenStream,
    /// `.judged()` or its kin.
    pub(crate) method: TokenStream,
}

impl Judge {
    /// Nobody looks at it.
    pub(crate) fn none(site: &Site) -> Self {
        Self { scope: TokenStream::new(), method: quote_spanned!(site.span=> .unjudged()) }
    }
}

/// Who says whether what is returned is a failure, and tells of it what the options ask for. It is only called while the
/// span is current and recording.
pub(crate) fn judge(site: &Site, options: &Options, output: &ReturnType) -> Judge {
    written(site, options, output, &TokenStream::new())
}

/// The same where the compiler cannot know the type from the body.
pub(crate) fn judge_of(site: &Site, options: &Options, output: &ReturnType) -> Judge {
    let ty = output::inside(site, output);
    written(site, options, output, &quote_spanned!(site.span=> : &#ty))
}

fn written(site: &Site, options: &Options, output: &ReturnType, ty: &TokenStream) -> Judge {
    let support = site.support();
    let ret = options.ret.as_ref().map(|ret| result(site, ret));
    let (scope, method) = match &options.err {
        Some(err) => {
            let err = error(site, err);
            (None, quote_spanned!(site.span=> .judged_by(|value #ty| { #ret #err })))
        }
        None if ret.is_some() => {
            let told = quote_spanned!(site.span=> { #ret #support::told(value).failed() });
            (None, quote_spanned!(site.span=> .judged_by(|value #ty| #told)))
        }
        None if output::is_no_result(output) => return Judge::none(site),
        None => (Some(quote_spanned!(site.span=> use #support::Unjudged as _;)), quote_spanned!(site.span=> .judged())),
    };
    Judge { scope: scope.unwrap_or_default(), method }
}

/// Tells the error and says whether there is one. A type that has no error is a mistake at the word `err`.
fn error(site: &Site, err: &Told) -> TokenStream {
    let support = site.support();
    let place = site.span.located_at(err.span);
    let tell = match &err.form {
        ToldForm::ByType => quote_spanned!(place=> |error| #support::probe(error).tell()),
        ToldForm::Display => quote_spanned!(place=> |error| #support::tell_display(error)),
        ToldForm::Debug => quote_spanned!(place=> |error| #support::tell_debug(error)),
        ToldForm::Map(map) => quote_spanned!(place=> |error| #support::tell_display(&#support::mapped(error, #map))),
    };
    quote_spanned!(place=> #support::tell_error(value, #tell))
}

/// Tells the value; of a `Result` the one in `Ok`.
fn result(site: &Site, ret: &Told) -> TokenStream {
    let support = site.support();
    let place = Site { span: site.span.located_at(ret.span), core: site.core.clone() };
    let value = quote_spanned!(place.span=> value);
    let told = match &ret.form {
        ToldForm::ByType => record::of_reference(&place, &value, Form::Value),
        ToldForm::Display => record::of_reference(&place, &value, Form::Display),
        ToldForm::Debug => record::of_reference(&place, &value, Form::Debug),
        ToldForm::Map(map) => {
            let mapped = quote_spanned!(place.span=> &#support::mapped(value, #map));
            record::of_reference(&place, &mapped, Form::Value)
        }
    };
    quote_spanned!(place.span=> #support::tell_value(#support::told(value).success(), |value| #told);)
}
