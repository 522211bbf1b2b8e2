//! The static facts of a span's source: what the macros know at compile time costs nothing at run time.
//!
//! Every span has a callsite. The macros make it as a `static`; for [`start_span`](crate::start_span) and its kin it is
//! made once per (name, place) from the caller's location and kept for the life of the process. A thread finds it again in
//! a small table of its own in 1 to 2 ns.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kind::{Level, SpanKind};

/// How many different (name, place) pairs are kept for spans that no macro made. Beyond it a span still has its name,
/// but not its place: a program that leaks names to make them `'static` must not leak callsites as well.
pub const MAX_INTERNED: usize = 16_384;

/// Where a span comes from: its name, its place in the source, its kind and its crate.
///
/// Made by [`#[traced]`](crate::traced) and [`callsite!`](crate::callsite); read through
/// [`SpanView::callsite`](crate::SpanView::callsite).
pub struct Callsite {
    name: &'static str,
    module: &'static str,
    file: &'static str,
    line: u32,
    kind: SpanKind,
    level: Level,
    crate_name: &'static str,
    crate_version: &'static str,
    interest: AtomicU8,
}

/// Of spans of which nothing is known.
pub(crate) static NO_PLACE: Callsite = Callsite::new("", "", "", 0);

/// What the filter said of a callsite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Nobody asked yet.
    Unknown,
    /// Its spans are made.
    Enabled,
    /// Its spans are left out.
    Disabled,
}

impl Callsite {
    /// A callsite; [`callsite!`](crate::callsite) fills in the place and the crate.
    #[must_use]
    pub const fn new(name: &'static str, module: &'static str, file: &'static str, line: u32) -> Self {
        Self {
            name,
            module,
            file,
            line,
            kind: SpanKind::Internal,
            level: Level::Info,
            crate_name: "",
            crate_version: "",
            interest: AtomicU8::new(Interest::Unknown as u8),
        }
    }

    /// [`new`](Self::new) with [`scope`](Self::scope), as the expansion of `#[traced]` calls it: the compiler evaluates one
    /// call for each function.
    #[doc(hidden)]
    #[must_use]
    pub const fn here(
        name: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
        crate_name: &'static str,
        crate_version: &'static str,
    ) -> Self {
        Self::new(name, module, file, line).scope(crate_name, crate_version)
    }

    /// Sets the kind of its spans.
    #[must_use]
    pub const fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets how much detail its spans are.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the instrumentation scope: the crate the span was written in, and its version.
    #[must_use]
    pub const fn scope(mut self, crate_name: &'static str, crate_version: &'static str) -> Self {
        self.crate_name = crate_name;
        self.crate_version = crate_version;
        self
    }

    /// The name of its spans, unless they are given another.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The module path, as `module_path!()` gives it; empty for a span that no macro made.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// The source file, as `file!()` gives it.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// The line in the file, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The kind of its spans, unless they are given another.
    #[must_use]
    pub const fn span_kind(&self) -> SpanKind {
        self.kind
    }

    /// How much detail its spans are.
    #[must_use]
    pub const fn detail(&self) -> Level {
        self.level
    }

    /// The crate it stands in: the instrumentation scope's name. Empty for a span that no macro made.
    #[must_use]
    pub const fn crate_name(&self) -> &'static str {
        self.crate_name
    }

    /// The version of that crate: the instrumentation scope's version.
    #[must_use]
    pub const fn crate_version(&self) -> &'static str {
        self.crate_version
    }

    #[inline]
    pub(crate) fn interest(&self) -> Interest {
        match self.interest.load(Ordering::Relaxed) {
            1 => Interest::Enabled,
            2 => Interest::Disabled,
            _ => Interest::Unknown,
        }
    }

    /// Asks `judge` of this callsite and of every other one it meets from now on, each once.
    #[cold]
    pub(crate) fn register(&'static self, judge: impl FnOnce(&Self) -> bool) -> Interest {
        alone(|| {
            let mut known = lock(&KNOWN);
            if self.interest() == Interest::Unknown {
                known.push(self);
                self.decide(judge(self));
            }
        });
        self.interest()
    }

    fn decide(&self, enabled: bool) {
        let interest = if enabled { Interest::Enabled } else { Interest::Disabled };
        self.interest.store(interest as u8, Ordering::Relaxed);
    }
}

/// Two callsites are the same if they are the same `static`.
impl PartialEq for Callsite {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Callsite {}

impl fmt::Debug for Callsite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callsite({:?} at {}:{})", self.name, self.file, self.line)
    }
}

/// Every callsite that was asked of.
static KNOWN: Mutex<Vec<&'static Callsite>> = Mutex::new(Vec::new());

/// Judges every known callsite anew, after a filter has changed.
pub(crate) fn judge_all(judge: impl Fn(&Callsite) -> bool) {
    for callsite in lock(&KNOWN).iter() {
        callsite.decide(judge(callsite));
    }
}

/// A callsite's identity where no macro made it: the name and the place.
type Place = (&'static str, &'static Location<'static>);

/// A place that this thread asked for lately.
type Recent = (Place, &'static Callsite);

/// Seats in all.
const TABLE: usize = 64;

thread_local! {
    /// A place has two seats, side by side, and the newest sits in the first: two places that take turns never drive each other out.
    static RECENT: [Cell<Option<Recent>>; TABLE] = const { [const { Cell::new(None) }; TABLE] };
}

/// The callsite of a span that no macro made; always the same for the same name and place. `None` if there are too many, or
/// if an allocator that traces asks from within this very function.
#[inline]
pub(crate) fn interned(name: &'static str, location: &'static Location<'static>) -> Option<&'static Callsite> {
    let seat = seat(name, location);
    RECENT.with(|recent| match recent[seat].get() {
        Some(((known, place), callsite)) if std::ptr::eq(known, name) && std::ptr::eq(place, location) => {
            Some(callsite)
        }
        _ => interned_elsewhere(recent, seat, name, location),
    })
}

/// The callsite of a place that is not in its first seat, and is so from now on.
#[cold]
#[inline(never)]
fn interned_elsewhere(
    recent: &[Cell<Option<Recent>>; TABLE],
    seat: usize,
    name: &'static str,
    location: &'static Location<'static>,
) -> Option<&'static Callsite> {
    let (newest, other) = (&recent[seat], &recent[seat ^ 1]);
    match other.get() {
        Some(((known, place), callsite)) if std::ptr::eq(known, name) && std::ptr::eq(place, location) => {
            newest.swap(other);
            Some(callsite)
        }
        _ => {
            let callsite = alone(|| intern(name, location)).flatten()?;
            other.set(newest.replace(Some(((name, location), callsite))));
            Some(callsite)
        }
    }
}

/// Runs `body`, which allocates while it holds a lock, unless this thread is inside of it already: an allocator that traces
/// would wait for itself.
fn alone<R>(body: impl FnOnce() -> R) -> Option<R> {
    thread_local! {
        static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    if IS_INSIDE.replace(true) {
        return None;
    }
    let result = body();
    IS_INSIDE.set(false);
    Some(result)
}

#[inline]
fn seat(name: &'static str, location: &'static Location<'static>) -> usize {
    let bits = std::ptr::from_ref(location) as u64 ^ (name.as_ptr() as u64).rotate_left(32);
    // The odd constant is 2^64 divided by the golden ratio; the upper bits of the product depend on all bits.
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - TABLE.ilog2())) as usize
}

#[cold]
#[inline(never)]
fn intern(name: &'static str, location: &'static Location<'static>) -> Option<&'static Callsite> {
    // By what they say: the compiler may keep one literal at several addresses.
    static PLACES: Mutex<Option<HashMap<Place, &'static Callsite>>> = Mutex::new(None);

    let mut places = lock(&PLACES);
    let places = places.get_or_insert_default();
    if let Some(callsite) = places.get(&(name, location)) {
        return Some(callsite);
    }
    if places.len() >= MAX_INTERNED {
        return None;
    }
    let callsite = &*Box::leak(Box::new(Callsite::new(name, "", location.file(), location.line())));
    places.insert((name, location), callsite);
    Some(callsite)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a `&'static` [`Callsite`](crate::Callsite) of a name at this place.
///
/// The name must be a constant. [`Span::new`](crate::Span::new) and its kin take the callsite where they take a name; the
/// span then knows its module and crate as well.
///
/// ```
/// use trace_core::{Level, SpanKind, callsite};
///
/// let callsite = callsite!("checkout", kind: SpanKind::Server, level: Level::Debug);
/// assert_eq!(callsite.name(), "checkout");
/// assert_eq!(callsite.crate_name(), env!("CARGO_PKG_NAME"));
/// let _span = trace_core::start_span(callsite);
/// ```
#[macro_export]
macro_rules! callsite {
    ($name:expr $(, kind: $kind:expr)? $(, level: $level:expr)? $(,)?) => {{
        static CALLSITE: $crate::Callsite = $crate::Callsite::new($name, ::core::module_path!(), ::core::file!(), ::core::line!())
            .scope(::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION"))
            $(.kind($kind))?
            $(.level($level))?;
        &CALLSITE
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_at_the_same_place_is_one_callsite() {
        let place = Location::caller();
        let elsewhere = Location::caller();
        let interned = |name, place| interned(name, place).unwrap();
        let first = interned("one", place);
        assert_eq!(first, interned("one", place));
        assert_ne!(first, interned("one", elsewhere));
        assert_ne!(first, interned("two", place));
        assert_eq!((first.name(), first.line()), ("one", place.line()));
        let other_thread = std::thread::spawn(move || interned("one", place)).join().unwrap();
        assert_eq!(first, other_thread);
    }

    #[test]
    fn two_places_that_share_a_seat_do_not_drive_each_other_out() {
        let place = Location::caller();
        let mut sitting = [None; TABLE];
        // One more than there are seats.
        let (one, other) = (0..=TABLE)
            .find_map(|number| {
                let name: &'static str = Box::leak(format!("name {number}").into_boxed_str());
                sitting[seat(name, place)].replace(name).map(|other| (other, name))
            })
            .unwrap();
        let is_seated = |name| {
            RECENT.with(|recent| recent.iter().any(|seat| seat.get().is_some_and(|((known, _), _)| known == name)))
        };
        for _ in 0..3 {
            assert_eq!(interned(one, place).unwrap().name(), one);
            assert_eq!(interned(other, place).unwrap().name(), other);
            assert!(is_seated(one) && is_seated(other));
        }
    }
}
