//! `err` and `ret`: what is told of a value that the function returns.

use proc_macro2::{Span, TokenStream};
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token, parenthesized};

/// What is told of a value that the function returns.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) span: Span,
    pub(crate) form: ToldForm,
}

/// How an error or a result is told.
#[derive(Clone)]
pub(crate) enum ToldForm {
    /// As its type suggests: an error by `Display`, a result as a field is.
    ByType,
    /// Its `Display` text.
    Display,
    /// Its `Debug` text.
    Debug,
    /// What this closure makes of it.
    Map(Box<Expr>),
}

/// The option, behind its word.
pub(crate) fn parse(word: &Ident, input: ParseStream) -> syn::Result<Told> {
    let mut told = Told { span: word.span(), form: ToldForm::ByType };
    if !input.peek(syn::token::Paren) {
        return Ok(told);
    }
    let content;
    parenthesized!(content in input);
    let form = form(&content);
    // One mistake, one message: what is left over is no second one.
    content.parse::<TokenStream>()?;
    told.form = form?;
    Ok(told)
}

fn form(content: ParseStream) -> syn::Result<ToldForm> {
    let form: Ident = content.parse()?;
    let form = match form.to_string().as_str() {
        "Display" => ToldForm::Display,
        "Debug" => ToldForm::Debug,
        "map" => {
            content.parse::<Token![=]>()?;
            ToldForm::Map(content.parse()?)
        }
        other => {
            let message = format!("unknown form `{other}`; known are `Display`, `Debug` and `map = |value| ..`");
            return Err(syn::Error::new(form.span(), message));
        }
    };
    content.parse::<Option<Token![,]>>()?;
    if content.is_empty() { Ok(form) } else { Err(content.error("expected one form")) }
}
