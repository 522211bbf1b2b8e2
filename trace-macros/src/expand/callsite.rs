//! The static facts of the function, and the span's start at the call.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::{Expr, LitStr, Signature};

use super::Site;
use crate::args::{Name, Options};

/// `&CALLSITE`, with the `static` it refers to in a block of its own, where no user code can see it.
fn callsite(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    let Site { span, core } = site;
    let support = site.support();
    let name = match &options.name {
        Some(Name::Constant(expr)) if !needs_self(expr) => quote_spanned!(*span=> #expr),
        Some(Name::Template(text)) => quote_spanned!(*span=> #text),
        _ => {
            let name = LitStr::new(&sig.ident.unraw().to_string(), *span);
            quote_spanned!(*span=> #name)
        }
    };
    // `line!()` would give the line of the attribute, and after `macro_rules!` another file's.
    let (file, line) = place(sig);
    let kind = options.kind.as_ref().map(|kind| quote_spanned!(*span=> .kind(#core::SpanKind::#kind)));
    let level = options.level.as_ref().map(|level| quote_spanned!(*span=> .level(#core::Level::#level)));
    let (crate_name, crate_version) = (variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"));
    quote_spanned! {*span=> {
        static CALLSITE: #core::Callsite = #core::Callsite::new(#name, #support::std::module_path!(), #file, #line)
            .scope(#crate_name, #crate_version) #kind #level;
        &CALLSITE
    }}
}

/// A span, made current for the thread.
pub(crate) fn enter(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    let support = site.support();
    let callsite = callsite(site, options, sig);
    quote_spanned!(site.span=> #support::enter(#callsite))
}

/// A span that is not current yet.
pub(crate) fn start(site: &Site, options: &Options, sig: &Signature) -> TokenStream {
    let support = site.support();
    let callsite = callsite(site, options, sig);
    quote_spanned!(site.span=> #support::start(#callsite))
}

/// `Self::NAME` is not allowed in a `static`; such a name is set when the span has started.
pub(crate) fn needs_self(name: &Expr) -> bool {
    matches!(name, Expr::Path(path) if path.qself.is_some() || path.path.segments.first().is_some_and(|first| first.ident == "Self"))
}

/// The file and the line of the function's name.
fn place(sig: &Signature) -> (String, u32) {
    let span = sig.ident.span();
    (span.file(), u32::try_from(span.start().line).unwrap_or(0))
}

/// What cargo tells the compiler of the crate; empty where something else runs it.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
