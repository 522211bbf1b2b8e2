//! What a span is called, in every form in which a user may say it.

use std::borrow::Cow;

use crate::callsite::Callsite;

/// The name of a span that is about to start: a static text, an owned one, or a [`callsite!`](crate::callsite) which knows
/// the place and the crate as well.
#[derive(Clone, Debug)]
pub struct SpanName(pub(crate) Name);

#[derive(Clone, Debug)]
pub(crate) enum Name {
    Static(&'static str),
    Owned(String),
    Callsite(&'static Callsite),
}

impl From<&'static str> for SpanName {
    #[inline]
    fn from(name: &'static str) -> Self {
        Self(Name::Static(name))
    }
}

impl From<String> for SpanName {
    #[inline]
    fn from(name: String) -> Self {
        Self(Name::Owned(name))
    }
}

impl From<Cow<'static, str>> for SpanName {
    #[inline]
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self(Name::Static(name)),
            Cow::Owned(name) => Self(Name::Owned(name)),
        }
    }
}

impl From<&'static Callsite> for SpanName {
    #[inline]
    fn from(callsite: &'static Callsite) -> Self {
        Self(Name::Callsite(callsite))
    }
}
