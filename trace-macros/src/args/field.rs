//! One attribute of the span: `key = value`.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprPath, Ident, LitStr, Token};

use super::dotted;

/// One attribute of the span.
#[derive(Clone)]
pub(crate) struct Field {
    /// Known text, written as a literal or as dotted words.
    pub(crate) key: LitStr,
    pub(crate) value: Recorded,
}

/// An expression, and how it becomes a value.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) form: Form,
    pub(crate) expr: Expr,
}

/// How an expression becomes the value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By its type; `Debug` where it has no typed value.
    Value,
    /// `?x`: its `Debug` text.
    Debug,
    /// `%x`: its `Display` text.
    Display,
}

impl Field {
    /// An argument under its own name.
    pub(crate) fn of_argument(argument: &Ident, form: Form) -> Self {
        let key = LitStr::new(&argument.unraw().to_string(), argument.span());
        Self { key, value: Recorded { form, expr: variable(argument) } }
    }
}

/// An expression that names a variable.
pub(crate) fn variable(name: &Ident) -> Expr {
    Expr::Path(ExprPath { attrs: Vec::new(), qself: None, path: name.clone().into() })
}

impl Parse for Field {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let key = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: input.parse()? });
        }
        let form = Form::parse(input)?;
        let words = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
        let key = LitStr::new(&dotted(words.iter()), syn::spanned::Spanned::span(&words));
        if form == Form::Value && input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: input.parse()? });
        }
        // `x` and `self.x` are their own keys.
        let expr = syn::parse2(words.into_token_stream())?;
        Ok(Self { key, value: Recorded { form, expr } })
    }
}

/// One of `args(..)`: a field whose value is an argument.
pub(crate) fn argument(input: ParseStream) -> syn::Result<Field> {
    let field: Field = input.parse()?;
    match &field.value.expr {
        Expr::Path(path) if path.path.get_ident().is_some() => Ok(field),
        other => Err(syn::Error::new_spanned(other, "`args` takes arguments; `fields(..)` takes any expression")),
    }
}

impl Parse for Recorded {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        Ok(Self { form: Form::parse(input)?, expr: input.parse()? })
    }
}

impl Parse for Form {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.parse::<Option<Token![?]>>()?.is_some() {
            return Ok(Self::Debug);
        }
        if input.parse::<Option<Token![%]>>()?.is_some() {
            return Ok(Self::Display);
        }
        Ok(Self::Value)
    }
}
