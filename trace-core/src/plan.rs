//! What is said of a span before it begins, and what it is when it has begun.

use std::borrow::Cow;
use std::panic::Location;

use crate::attribute_list::AttributeList;
use crate::callsite::{self, Callsite, NO_PLACE};
use crate::cargo::SharedCargo;
use crate::context;
use crate::hot::Hot;
use crate::id::SpanId;
use crate::kind::SpanKind;
use crate::name::{Name, SpanName};
use crate::span_context::SpanContext;
use crate::span_data::Link;

/// Everything a user may say of a span before it starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) callsite: &'static Callsite,
    /// A name that only this span has.
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) kind: SpanKind,
    pub(crate) parent: PlannedParent,
    pub(crate) attributes: AttributeList,
    /// Apart, because a builder is moved at every word that is said of the span.
    pub(crate) seldom: Option<Box<Seldom>>,
}

/// What is seldom said of a span before it starts.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    pub(crate) start_unix_nanos: Option<u64>,
    pub(crate) links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum PlannedParent {
    /// The span that is current when this one starts.
    Current,
    /// None: a new trace begins.
    None,
    /// A span of this process.
    Span(Hot),
    /// A span that is known by its identity alone.
    Context(SpanContext),
}

/// What travels with a span.
#[derive(Clone, Debug)]
pub(crate) enum PlannedCargo {
    /// What travels with the present context.
    Here,
    /// This, or nothing.
    Own(SharedCargo),
}

impl PlannedCargo {
    /// Itself, out of its scope.
    #[inline]
    pub(crate) fn resolved(self) -> SharedCargo {
        match self {
            Self::Here => context::cargo(),
            Self::Own(cargo) => cargo,
        }
    }
}

impl Plan {
    #[inline]
    pub(crate) fn new(name: SpanName, location: &'static Location<'static>) -> Self {
        let (callsite, name) = match name.0 {
            Name::Callsite(callsite) => (callsite, None),
            Name::Static(name) => match callsite::interned(name, location) {
                Some(callsite) => (callsite, None),
                None => (&NO_PLACE, Some(Cow::Borrowed(name))),
            },
            Name::Owned(name) => (callsite::interned("", location).unwrap_or(&NO_PLACE), Some(Cow::Owned(name))),
        };
        Self {
            callsite,
            name,
            kind: callsite.span_kind(),
            parent: PlannedParent::Current,
            attributes: AttributeList::new(),
            seldom: None,
        }
    }
}

/// Whether a start is written down before the span's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announce {
    /// Always: the span may leave its scope or its thread.
    Always,
    /// Only where its trace begins, or where its parent may end before it.
    IfNeeded,
}

/// A span that has begun, or what there is instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// The context inside of it.
    pub(crate) own: Hot,
    pub(crate) role: Role,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: u64,
    pub(crate) kind: SpanKind,
}

/// A span that has begun, and what travels with it.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) begun: Begun,
    pub(crate) cargo: PlannedCargo,
}

impl From<Begun> for Started {
    /// With the cargo of the scope it begins in.
    #[inline]
    fn from(begun: Begun) -> Self {
        Self { begun, cargo: PlannedCargo::Here }
    }
}

/// What has to be written when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing, and it has no context of its own to install.
    Nothing,
    /// Nothing, but there is a context to install: it is not recorded, or it was left out by the filter.
    Context,
    /// All of it.
    Closed,
    /// What its opened record did not say.
    Ended,
}

impl Begun {
    pub(crate) const NOTHING: Self = Self::context(Hot::NONE, Role::Nothing);

    /// A span that began elsewhere, and whose end is written by its role.
    pub(crate) const fn resumed(own: Hot, role: Role) -> Self {
        Self::context(own, role)
    }

    /// In a context that is not recorded.
    pub(crate) const fn unrecorded(hot: Hot) -> Self {
        Self::context(hot.to_keep(), Role::Context)
    }

    /// No span of its own, in this context: what is said of it is not kept.
    pub(crate) fn beside(hot: Hot) -> Self {
        Self::context(hot.to_keep().muted(), Role::Context)
    }

    const fn context(own: Hot, role: Role) -> Self {
        Self { own, role, parent: None, start: 0, kind: SpanKind::Internal }
    }
}
