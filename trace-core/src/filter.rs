//! Which spans are made at all, by module, name and level; it can be changed while the program runs.
//!
//! Every callsite remembers what the filter said of it, so that a span asks with one relaxed load. [`set`] asks again for
//! every callsite that was ever used.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::callsite::{Callsite, Interest, judge_all};
use crate::directive::{Directive, ParseFilterError, Target, parse};
use crate::kind::Level;

/// Which spans are made, written like `RUST_LOG`: directives with commas between them.
///
/// | directive | means |
/// |---|---|
/// | `info` | spans up to this level: `error`, `warn`, `info`, `debug`, `trace`, in any case; `off` for none |
/// | `my_crate::db=debug` | the same for a module and all below it |
/// | `my_crate::db` | everything of it, as with `=trace` |
/// | `[GET /users]=off` | for spans of this name; in it, `\]` is a bracket and `\\` a backslash |
/// | `my_crate[GET /users]=off` | for spans of this name in this module |
///
/// The most specific directive wins, in whatever order they stand: a name is more specific than a module, a longer path more
/// than a shorter one, and of two for the same the later one stands. The name is the one in the source: a span that gets
/// another name when it starts is judged by that of its callsite.
///
/// Where no directive speaks of a module, its spans are left out if any directive asks for something, as with `RUST_LOG`, and
/// made if all directives only take away: `noisy=off` leaves out nothing else. A span that no macro made has no module; it is
/// made unless its name or the bare level says otherwise.
///
/// A span that is left out costs one load, and its children belong to its parent.
///
/// ```
/// use trace_core::{Filter, Level};
///
/// let filter: Filter = "info,my_crate::db=debug,[health check]=off".parse()?;
/// let built = Filter::up_to(Level::Info).module("my_crate::db", Level::Debug).span("health check", None);
/// assert_eq!(filter, built);
/// assert_eq!(filter.to_string(), "info,my_crate::db=debug,[health check]=off");
/// # Ok::<(), trace_core::ParseFilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Each target once, in the order they were given.
    directives: Vec<Directive>,
}

impl Filter {
    /// Makes spans up to this level, or none at all for `None`, where no other directive speaks.
    #[must_use]
    pub fn up_to(level: impl Into<Option<Level>>) -> Self {
        Self { directives: vec![Directive { target: Target::default(), max: level.into() }] }
    }

    /// Sets the level for a module and all below it; `None` leaves its spans out.
    ///
    /// The path is as `module_path!()` writes it: `my_crate::db`. One that no module has is never asked for.
    #[must_use]
    pub fn module(self, path: impl Into<String>, level: impl Into<Option<Level>>) -> Self {
        self.with(Target { module: Some(path.into()), span: None }, level.into())
    }

    /// Sets the level for spans of this name, wherever they are; `None` leaves them out.
    #[must_use]
    pub fn span(self, name: impl Into<String>, level: impl Into<Option<Level>>) -> Self {
        self.with(Target { module: None, span: Some(name.into()) }, level.into())
    }

    /// Sets the level for spans of this name in a module and all below it; `None` leaves them out.
    #[must_use]
    pub fn span_in(self, path: impl Into<String>, name: impl Into<String>, level: impl Into<Option<Level>>) -> Self {
        self.with(Target { module: Some(path.into()), span: Some(name.into()) }, level.into())
    }

    fn with(mut self, target: Target, max: Option<Level>) -> Self {
        self.directives.retain(|known| known.target != target);
        self.directives.push(Directive { target, max });
        self
    }

    /// Whether the spans of this callsite are made.
    pub(crate) fn enables(&self, callsite: &Callsite) -> bool {
        let speaking = self.directives.iter().filter(|directive| directive.target.covers(callsite));
        match speaking.max_by_key(|directive| directive.target.precision()) {
            Some(directive) => directive.max.is_some_and(|max| callsite.detail() <= max),
            None => callsite.module().is_empty() || self.directives.iter().all(|directive| directive.max.is_none()),
        }
    }
}

/// Everything is made.
impl Default for Filter {
    fn default() -> Self {
        Self::up_to(Level::Trace)
    }
}

impl FromStr for Filter {
    type Err = ParseFilterError;

    fn from_str(text: &str) -> Result<Self, ParseFilterError> {
        let none = Self { directives: Vec::new() };
        Ok(parse(text)?.into_iter().fold(none, |filter, Directive { target, max }| filter.with(target, max)))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, directive) in self.directives.iter().enumerate() {
            write!(f, "{}{directive}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// The filter of the process; `None` for everything, until one is set.
static CURRENT: Mutex<Option<Arc<Filter>>> = Mutex::new(None);

/// Sets the filter of the process, now and for every span that starts from now on; spans that run are not touched.
///
/// A start on another thread at the same moment may still follow the old filter; when this returns, all follow the new one,
/// or one that was set later.
///
/// ```
/// use std::time::Duration;
/// use trace_core::{Filter, MemoryExporter, assert_tree, filter, in_scope};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = MemoryExporter::new();
/// let pipeline = trace_core::builder().exporter(memory.clone()).init()?;
///
/// filter::set("trace,[noise]=off".parse::<Filter>()?);
/// in_scope("work", || in_scope("noise", || in_scope("detail", || ())));
/// pipeline.flush(Duration::from_secs(5))?;
/// assert_tree!(memory.traces()[0], "
///     work
///       detail
/// ");
/// # Ok(())
/// # }
/// ```
pub fn set(filter: Filter) {
    *lock() = Some(Arc::new(filter));
    // A callsite is judged only under the lock of the known ones, by the filter that is current then. So one that is being
    // judged by the old filter is known before `judge_all` gets that lock, and is judged again by it; and of two threads that
    // set a filter, the last to judge sees the one that stands.
    judge_all(judge);
}

/// The filter of the process. Default: [`Filter::default`], which makes everything.
#[must_use]
pub fn current() -> Filter {
    lock().as_deref().cloned().unwrap_or_default()
}

/// Whether the spans of this callsite are made: one relaxed load, but for its first span.
#[inline]
pub(crate) fn is_enabled(callsite: &'static Callsite) -> bool {
    match callsite.interest() {
        Interest::Enabled => true,
        Interest::Disabled => false,
        Interest::Unknown => callsite.register(judge) == Interest::Enabled,
    }
}

/// What the current filter says, whichever it is by then.
fn judge(callsite: &Callsite) -> bool {
    let current = lock().clone();
    current.is_none_or(|filter| filter.enables(callsite))
}

fn lock() -> MutexGuard<'static, Option<Arc<Filter>>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    const fn callsite(module: &'static str, name: &'static str, level: Level) -> Callsite {
        Callsite::new(name, module, "src/lib.rs", 1).level(level)
    }

    #[test]
    fn the_most_specific_directive_decides() {
        let shop = |level| callsite("shop::db", "query", level);
        let macroless = callsite("", "query", Level::Info);
        let table = [
            ("trace", shop(Level::Trace), true, "everything"),
            ("info", shop(Level::Info), true, "as much detail as asked for"),
            ("info", shop(Level::Debug), false, "more detail"),
            ("off", shop(Level::Error), false, "nothing"),
            ("warn,shop=debug", shop(Level::Debug), true, "a module above beats the bare level"),
            ("trace,shop=warn", shop(Level::Info), false, "also downwards"),
            ("shop=off,shop::db=info", shop(Level::Info), true, "the longer path wins"),
            ("shop::db=info,shop=off", shop(Level::Info), true, "in whatever order"),
            ("off,shop::d=info", shop(Level::Info), false, "half a name is no module above"),
            ("off,shop::db::pool=info", shop(Level::Info), false, "a module below is another one"),
            ("shop::db=info,[query]=off", shop(Level::Info), false, "a name beats a module"),
            ("[query]=off,shop[query]=info", shop(Level::Info), true, "a name in a module beats the name"),
            ("info,shop[other]=off", shop(Level::Info), true, "another name"),
            ("info,other[query]=off", shop(Level::Info), true, "the name in another module"),
            ("info,off", shop(Level::Info), false, "of two for the same the later one stands"),
            ("other=info", shop(Level::Info), false, "who asks for a module asks for nothing else"),
            ("other=off", shop(Level::Trace), true, "who only takes away keeps the rest"),
            ("other=off,another=info", shop(Level::Error), false, "one asks for something"),
            ("shop=debug", macroless, true, "a span without a module is not meant"),
            ("warn,shop=debug", callsite("", "query", Level::Info), false, "but the bare level speaks of it"),
            ("trace,[query]=off", callsite("", "query", Level::Info), false, "and so does its name"),
        ];
        for (text, callsite, expected, reason) in table {
            let filter: Filter = text.parse().unwrap();
            assert_eq!(filter.enables(&callsite), expected, "{text}: {reason}");
        }
    }

    #[test]
    fn a_filter_is_its_text() {
        let table = [
            (Filter::default(), "trace", "the default"),
            (Filter::up_to(None), "off", "nothing"),
            (Filter::up_to(Level::Info).module("a::b", Level::Debug), "info,a::b=debug", "a module"),
            (Filter::up_to(None).span("a]", Level::Warn), r"off,[a\]]=warn", "a name"),
            (Filter::up_to(None).span_in("a", "b", Level::Warn), "off,a[b]=warn", "a name in a module"),
            (Filter::up_to(None).module("a", None).module("a", Level::Info), "off,a=info", "the later one stands"),
        ];
        for (filter, text, reason) in table {
            assert_eq!(filter.to_string(), text, "{reason}");
            assert_eq!(text.parse(), Ok(filter), "{reason}");
        }
    }

    /// The one test that sets the process's filter. Whatever it sets, callsites of other tests stay enabled.
    #[test]
    fn a_callsite_that_registers_while_the_filter_changes_ends_with_the_last_one() {
        const OFF: &str = "trace,filter_race=off";
        assert_eq!(current(), Filter::default());

        for round in 0..200 {
            let callsites: Vec<&'static Callsite> =
                (0..8).map(|_| &*Box::leak(Box::new(callsite("filter_race", "raced", Level::Info)))).collect();
            let last = if round % 2 == 0 { OFF } else { "trace" };
            let barrier = Barrier::new(4);
            thread::scope(|scope| {
                scope.spawn(|| {
                    barrier.wait();
                    set("trace".parse().unwrap());
                    set(OFF.parse().unwrap());
                    set(last.parse().unwrap());
                });
                for part in callsites.chunks(4) {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        for callsite in part {
                            is_enabled(callsite);
                        }
                    });
                }
                barrier.wait();
                for callsite in &callsites {
                    is_enabled(callsite);
                }
            });
            for callsite in &callsites {
                assert_eq!(is_enabled(callsite), last == "trace", "round {round}");
                assert_ne!(callsite.interest(), Interest::Unknown, "asked once, remembered");
            }
        }

        let callsite: &'static Callsite = Box::leak(Box::new(callsite("filter_race", "raced", Level::Trace)));
        for round in 0..100 {
            assert!(is_enabled(callsite));
            thread::scope(|scope| {
                for text in [OFF, "trace", "trace,filter_race=info"] {
                    scope.spawn(|| set(text.parse().unwrap()));
                }
            });
            assert_eq!(is_enabled(callsite), current().enables(callsite), "three threads set a filter, round {round}");
            set(Filter::default());
        }
    }
}
