//! What a returned value says of the span: a `Result` that is an `Err` is a failure.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ReturnType;

use super::{Site, output, record};
use crate::args::{Form, Options, Told, ToldForm};

/// A function from a reference to what was returned to `bool`, which says whether it is a failure, and tells of it what the
/// options ask for. It is only called while the span is current and recording.
pub(crate) fn judge(site: &Site, options: &Options, output: &ReturnType) -> TokenStream {
    written(site, options, output, &TokenStream::new())
}

/// The same where the compiler cannot know the type from the body.
pub(crate) fn judge_of(site: &Site, options: &Options, output: &ReturnType) -> TokenStream {
    let ty = output::inside(site, output);
    written(site, options, output, &quote_spanned!(site.span=> : &#ty))
}

fn written(site: &Site, options: &Options, output: &ReturnType, ty: &TokenStream) -> TokenStream {
    let support = site.support();
    let ret = options.ret.as_ref().map(|ret| result(site, ret));
    if let Some(err) = &options.err {
        let err = error(site, err);
        return quote_spanned!(site.span=> |value #ty| { #ret #err });
    }
    let is_no_result = output::is_no_result(output);
    match ret {
        None if is_no_result => quote_spanned!(site.span=> #support::never_fails),
        ret => quote_spanned! {site.span=>
            |value #ty| {
                use #support::Unjudged as _;
                #ret
                #support::Returned(value).failed()
            }
        },
    }
}

/// Tells the error and says whether there is one. A type that has no error is a mistake at the word `err`.
fn error(site: &Site, err: &Told) -> TokenStream {
    let support = site.support();
    let place = site.span.located_at(err.span);
    let tell = match &err.form {
        ToldForm::ByType => quote_spanned! {place=>
            |error| {
                use #support::{AsError as _, AsText as _};
                (&#support::Probe(error)).error_way().tell(error)
            }
        },
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
    quote_spanned! {place.span=> {
        use #support::Unjudged as _;
        #support::tell_value(#support::Returned(value).success(), |value| #told);
    }}
}
