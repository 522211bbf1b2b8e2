//! The return type, where our code must name it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::token::Underscore;
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeInfer};

use super::Site;
use crate::returns::bare;

/// The type, fit for a place inside the body: `impl Trait` is left to inference.
pub(crate) fn inside(site: &Site, output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote_spanned!(site.span=> ()),
        ReturnType::Type(_, output) => {
            let mut output = output.clone();
            infer_opaque(&mut output);
            nameable(site, &output)
        }
    }
}

/// The type, fit for the signature.
pub(crate) fn outside(site: &Site, output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote_spanned!(site.span=> ()),
        ReturnType::Type(_, output) => nameable(site, output),
    }
}

/// `!` may only be written as a function's return type; a trait names it through one.
fn nameable(site: &Site, output: &Type) -> TokenStream {
    match output {
        Type::Never(never) => {
            let support = site.support();
            quote_spanned!(site.span=> <fn() -> #never as #support::Returns>::Output)
        }
        output => output.to_token_stream(),
    }
}

/// Replaces each `impl Trait` by `_`.
fn infer_opaque(ty: &mut Type) {
    match ty {
        Type::ImplTrait(opaque) => {
            let underscore_token = Underscore { spans: [opaque.impl_token.span] };
            *ty = Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token });
        }
        Type::Array(array) => infer_opaque(&mut array.elem),
        Type::Group(group) => infer_opaque(&mut group.elem),
        Type::Paren(paren) => infer_opaque(&mut paren.elem),
        Type::Ptr(pointer) => infer_opaque(&mut pointer.elem),
        Type::Reference(reference) => infer_opaque(&mut reference.elem),
        Type::Slice(slice) => infer_opaque(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer_opaque),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
                for argument in &mut arguments.args {
                    match argument {
                        GenericArgument::Type(ty) => infer_opaque(ty),
                        GenericArgument::AssocType(assoc) => infer_opaque(&mut assoc.ty),
                        _ => {}
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether it is written as `!`.
pub(crate) fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, output) if matches!(bare(output), Type::Never(_)))
}

/// Whether the written type's last word ends in `Result`.
pub(crate) fn is_result(output: &ReturnType) -> bool {
    matches!(last_word(output), Some(word) if word.ends_with("Result"))
}

/// Whether the written type can be no `Result`, whatever its names mean.
pub(crate) fn is_no_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, output) = output else { return true };
    match bare(output) {
        Type::Path(_) => is_primitive(bare(output)),
        Type::ImplTrait(_) | Type::Infer(_) | Type::Macro(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Whether the type is written as one of the language's own, such as `u32`.
pub(crate) fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVE: &[&str] = &[
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
        "usize",
    ];
    let Type::Path(path) = ty else { return false };
    path.path.get_ident().is_some_and(|ident| PRIMITIVE.contains(&ident.to_string().as_str()))
}

fn last_word(output: &ReturnType) -> Option<String> {
    let ReturnType::Type(_, output) = output else { return None };
    let Type::Path(path) = bare(output) else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}
