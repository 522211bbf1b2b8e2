//! What a function that is not `async` hands out: a value, or a future or stream that does its work later.

use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, PathSegment, ReturnType, Token, Type,
    TypeInfer, TypeParamBound,
};

/// A future or stream.
pub(crate) struct Later {
    pub(crate) what: Polled,
    pub(crate) holder: Holder,
    /// What it yields, if that is written.
    pub(crate) yields: Option<Type>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Future,
    Stream,
}

/// How it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// `impl Future`.
    Opaque,
    /// `Pin<Box<dyn Future>>`.
    PinBox,
    /// `Box<dyn Future + Unpin>`.
    Box,
}

impl Later {
    /// What it yields, for a place where a type is written.
    pub(crate) fn yields(&self) -> ReturnType {
        let unwritten = || Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token: Default::default() });
        ReturnType::Type(Default::default(), Box::new(self.yields.clone().unwrap_or_else(unwritten)))
    }
}

/// What the written return type says is done later; `None` for a value, whose work is done when the function returns.
pub(crate) fn classify(output: &ReturnType) -> Option<Later> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, output) => later(bare(output)),
    }
}

fn later(ty: &Type) -> Option<Later> {
    match ty {
        Type::ImplTrait(opaque) => of_bounds(&opaque.bounds, Holder::Opaque),
        Type::Path(path) => of_path(&path.path),
        _ => None,
    }
}

fn of_path(path: &Path) -> Option<Later> {
    let last = path.segments.last()?;
    let types = types_of(last);
    match last.ident.to_string().as_str() {
        "Pin" => match later(types.first()?)? {
            later if later.holder == Holder::Box => Some(Later { holder: Holder::PinBox, ..later }),
            _ => None,
        },
        "Box" => match types.first()? {
            Type::TraitObject(object) => of_bounds(&object.bounds, Holder::Box),
            _ => None,
        },
        "BoxFuture" | "LocalBoxFuture" => {
            Some(Later { what: Polled::Future, holder: Holder::PinBox, yields: types.first().map(|ty| (*ty).clone()) })
        }
        "BoxStream" | "LocalBoxStream" => {
            Some(Later { what: Polled::Stream, holder: Holder::PinBox, yields: types.first().map(|ty| (*ty).clone()) })
        }
        _ => None,
    }
}

fn of_bounds(bounds: &Punctuated<TypeParamBound, Token![+]>, holder: Holder) -> Option<Later> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last()?;
        let (what, word) = match last.ident.to_string().as_str() {
            "Future" => (Polled::Future, "Output"),
            "Stream" => (Polled::Stream, "Item"),
            _ => return None,
        };
        Some(Later { what, holder, yields: associated(last, word) })
    })
}

fn arguments(segment: &PathSegment) -> Option<&AngleBracketedGenericArguments> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        _ => None,
    }
}

fn types_of(segment: &PathSegment) -> Vec<&Type> {
    let arguments = arguments(segment).into_iter().flat_map(|arguments| &arguments.args);
    let types = arguments.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    });
    types.collect()
}

fn associated(segment: &PathSegment, word: &str) -> Option<Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == word => Some(assoc.ty.clone()),
        _ => None,
    })
}

/// The type without parentheses around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}
