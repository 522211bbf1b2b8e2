//! The arguments: moved into the body in order, so that they are dropped where the un-annotated function drops them.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{FnArg, Pat, PatIdent, PatType, ReceiverKind, Signature, Type};

use super::{Site, is_cfg, output};
use crate::args::Options;
use crate::arguments;
use crate::body;

/// Which arguments are moved into the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Into a closure or a future: all.
    All,
    /// Into a block of the function itself: those that may do something when dropped.
    Droppable,
}

/// The arguments of a traced function.
pub(crate) struct Params {
    /// The signature with patterns replaced by names.
    pub(crate) sig: Signature,
    /// The statements that bind them again inside the body.
    pub(crate) rebind: TokenStream,
    /// Whether a pattern was replaced, which a page of documentation should not show.
    pub(crate) renamed: bool,
    /// Whether `mut self` goes into a closure or a future, which cannot bind it again.
    pub(crate) takes_mut_self: bool,
}

impl Params {
    /// The arguments as they are, where the body does not look at them after the call.
    pub(crate) fn untouched(sig: &Signature) -> Self {
        Self { sig: sig.clone(), rebind: TokenStream::new(), renamed: false, takes_mut_self: false }
    }
}

/// Takes the arguments apart. What the options have looked at before counts as used.
pub(crate) fn rebind(site: &Site, options: &Options, sig: &Signature, moved: Moved) -> Params {
    let mut params = rebind_all(site, sig, moved);
    for name in arguments::names(sig) {
        if options.at_the_call().any(|tokens| body::mentions(tokens, &name.to_string())) {
            params.rebind.extend(quote_spanned!(site.span=> let _ = &#name;));
        }
    }
    params
}

fn rebind_all(site: &Site, sig: &Signature, moved: Moved) -> Params {
    let mut params = Params { sig: sig.clone(), rebind: TokenStream::new(), renamed: false, takes_mut_self: false };
    for (index, input) in params.sig.inputs.iter_mut().enumerate() {
        let statements = match input {
            FnArg::Receiver(receiver) => {
                let by_reference = matches!(receiver.kind, ReceiverKind::Reference(..));
                let this = &receiver.self_token;
                params.takes_mut_self = moved == Moved::All && receiver.mutability.is_some();
                // A body that uses a part of `self`, or nothing of it, would take that part alone along.
                (moved == Moved::All).then(|| {
                    if by_reference && sig.asyncness.is_none() {
                        TokenStream::new()
                    } else {
                        quote_spanned!(site.span=> let _ = &#this;)
                    }
                })
            }
            FnArg::Typed(typed) if moved == Moved::Droppable && is_inert(typed) => None,
            FnArg::Typed(typed) => Some(match plain_name(&typed.pat) {
                Some(name) => rebind_name(site, typed, name),
                None => {
                    params.renamed = true;
                    rebind_pattern(site, typed, format_ident!("__arg{index}", span = site.span))
                }
            }),
        };
        params.rebind.extend(statements);
    }
    params
}

/// `x` or `mut x`.
fn plain_name(pat: &Pat) -> Option<PatIdent> {
    match pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat.clone()),
        _ => None,
    }
}

fn rebind_name(site: &Site, typed: &mut PatType, name: PatIdent) -> TokenStream {
    let PatIdent { mutability, ident, .. } = &name;
    let attrs = std::mem::take(&mut typed.attrs);
    typed.attrs = attrs.iter().filter(|attr| is_cfg(attr)).cloned().collect();
    *typed.pat = Pat::Ident(PatIdent { mutability: None, ..name.clone() });
    let allow = ident.to_string().starts_with('_').then(
        || quote_spanned!(site.span=> #[allow(clippy::no_effect_underscore_binding, clippy::used_underscore_binding)]),
    );
    quote_spanned!(site.span=> #(#attrs)* #allow let #mutability #ident = #ident;)
}

fn rebind_pattern(site: &Site, typed: &mut PatType, name: Ident) -> TokenStream {
    let attrs = std::mem::take(&mut typed.attrs);
    let cfgs: Vec<_> = attrs.iter().filter(|attr| is_cfg(attr)).cloned().collect();
    let ident =
        Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name.clone(), subpat: None });
    let pat = std::mem::replace(&mut *typed.pat, ident);
    // What the pattern leaves behind is dropped after what it binds.
    let rebound = quote_spanned!(site.span=> #(#cfgs)* let #name = #name; #(#attrs)* let #pat = #name;);
    typed.attrs = cfgs;
    rebound
}

/// Whether the type shows that dropping the argument does nothing.
fn is_inert(typed: &PatType) -> bool {
    match &*typed.ty {
        Type::Reference(_) | Type::Ptr(_) | Type::FnPtr(_) => true,
        other => output::is_primitive(other),
    }
}
