//! The static facts of the function, and the span's start at the call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, GenericParam, LitStr, Signature};

use super::Site;
use crate::args::{Name, Options, Parent};

/// `&CALLSITE`, with the `static` it refers to in a block of its own, where no user code can see it.
fn callsite(site: &Site, options: &Options, sig: &Signature, name: &TokenStream) -> TokenStream {
    let Site { span, core } = site;
    let support = site.support();
    // `line!()` would give the line of the attribute, and after `macro_rules!` another file's.
    let (file, line) = place(sig);
    let kind = options.kind.as_ref().map(|kind| quote_spanned!(*span=> .kind(#core::SpanKind::#kind)));
    let level = options.level.as_ref().map(|level| quote_spanned!(*span=> .level(#core::Level::#level)));
    let (crate_name, crate_version) = (variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"));
    quote_spanned! {*span=> {
        static CALLSITE: #core::Callsite =
            #core::Callsite::here(#name, #support::std::module_path!(), #file, #line, #crate_name, #crate_version)
            #kind #level;
        &CALLSITE
    }}
}

/// The callsite of the function.
fn own(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    let name = match &options.name {
        Some(Name::Constant(expr)) if !is_late(expr, sig) => quote_spanned!(site.span=> #expr),
        Some(Name::Template(text)) => quote_spanned!(site.span=> #text),
        _ => {
            let name = LitStr::new(&sig.ident.unraw().to_string(), site.span);
            quote_spanned!(site.span=> #name)
        }
    };
    callsite(site, options, sig, &name)
}

/// The callsite of the spans that `per_poll` makes.
pub(crate) fn of_polls(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    let plain = Options { level: options.level.clone(), ..Options::default() };
    callsite(site, &plain, sig, &quote_spanned!(site.span=> "poll"))
}

/// A span, made current for the thread.
pub(crate) fn enter(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    begin(site, options, sig, "enter")
}

/// A span that is not current yet.
pub(crate) fn start(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    begin(site, options, sig, "start")
}

/// The callsite, if nothing else is said of where and whether the span begins.
pub(crate) fn alone(site: &Site, options: &Options, sig: &Signature) -> Option<TokenStream> {
    let is_alone = options.parent.is_none() && options.links.is_empty() && options.when.is_none();
    is_alone.then(|| own(site, options, sig))
}

fn begin(site: &Site, options: &Options, sig: &Signature, verb: &str) -> TokenStream {
    let support = site.support();
    let callsite = own(site, options, sig);
    let way = Ident::new(verb, site.span);
    let links = &options.links;
    let parent = match &options.parent {
        Some(Parent::Root) => quote_spanned!(site.span=> .root()),
        Some(Parent::Given(parent)) => quote_spanned!(site.span=> .parent(#parent)),
        None => TokenStream::new(),
    };
    let span = if parent.is_empty() && links.is_empty() {
        quote_spanned!(site.span=> #support::#way(#callsite))
    } else {
        quote_spanned!(site.span=> #support::span(#callsite) #parent #(.links(#links))* .#way())
    };
    let Some(when) = &options.when else { return span };
    let nothing = format_ident!("not_{verb}ed", span = site.span);
    quote_spanned!(site.span=> if #when { #span } else { #support::#nothing() })
}

/// A `static` knows neither `Self` nor the function's type parameters; a name with one of them is set when the span has
/// started.
pub(crate) fn is_late(name: &Expr, sig: &Signature) -> bool {
    let Expr::Path(path) = name else { return false };
    let Some(first) = path.path.segments.first() else { return false };
    let is_parameter = |parameter: &GenericParam| match parameter {
        GenericParam::Type(parameter) => parameter.ident == first.ident,
        GenericParam::Const(parameter) => parameter.ident == first.ident,
        GenericParam::Lifetime(_) => false,
    };
    path.qself.is_some() || first.ident == "Self" || sig.generics.params.iter().any(is_parameter)
}

/// The file and the line of the function's name.
fn place(sig: &Signature) -> (String, u32) {
    let span: Span = sig.ident.span();
    (span.file(), u32::try_from(span.start().line).unwrap_or(0))
}

/// What cargo tells the compiler of the crate; empty where something else runs it.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
