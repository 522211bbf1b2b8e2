//! The attributes that the exporter adds to spans.

use std::time::Duration;

use trace_core::Polls;

/// The attribute that says how a span ended, where its status cannot: `"panicked"`, `"cancelled"`, `"never_polled"`, or
/// `"open"` for a span that was sent before it ended and comes again when it has. A span that ran to its end has none.
pub const OUTCOME_ATTRIBUTE: &str = "trace.outcome";

/// The attribute with the source file a span stands in, as in
/// [the semantic conventions for source code](https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/).
pub const CODE_FILE_ATTRIBUTE: &str = "code.file.path";
/// The attribute with the line a span stands in, from 1.
pub const CODE_LINE_ATTRIBUTE: &str = "code.line.number";
/// The attribute with the Rust module a span stands in. The conventions have no name for it; other Rust libraries use this one.
pub const CODE_MODULE_ATTRIBUTE: &str = "code.module.name";

/// The attribute with how often the future of a span was polled, where polls are timed.
pub const POLLS_ATTRIBUTE: &str = "trace.polls.count";
/// The attribute with how long all these polls took, in nanoseconds.
pub const POLLS_BUSY_ATTRIBUTE: &str = "trace.polls.busy_ns";
/// The attribute with how long all these polls took, less those of other spans inside of them, in nanoseconds.
pub const POLLS_SELF_BUSY_ATTRIBUTE: &str = "trace.polls.self_busy_ns";
/// The attribute with how long the longest of them took, in nanoseconds.
pub const POLLS_LONGEST_ATTRIBUTE: &str = "trace.polls.longest_ns";
/// The attribute with how long it took from the start of a span to the first poll, in nanoseconds.
pub const POLLS_DELAY_ATTRIBUTE: &str = "trace.polls.first_delay_ns";

/// What is known of a span's polls, as attributes.
pub(crate) fn poll_facts(polls: Polls<'_>) -> impl Iterator<Item = (&'static str, i64)> {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    [
        (POLLS_ATTRIBUTE, Some(i64::try_from(polls.count()).unwrap_or(i64::MAX))),
        (POLLS_BUSY_ATTRIBUTE, Some(nanos(polls.busy()))),
        (POLLS_SELF_BUSY_ATTRIBUTE, Some(nanos(polls.self_busy()))),
        (POLLS_LONGEST_ATTRIBUTE, polls.longest().map(|longest| nanos(longest.duration))),
        (POLLS_DELAY_ATTRIBUTE, polls.first_poll_delay().map(nanos)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
}

/// Whether an attribute that a user set takes the place of one of these: keys must be unique.
pub(crate) fn is_ours(key: &str) -> bool {
    // Most keys are told apart by their length.
    match key.len() {
        13 => key == OUTCOME_ATTRIBUTE,
        14 => key == CODE_FILE_ATTRIBUTE,
        16 => key == CODE_LINE_ATTRIBUTE || key == CODE_MODULE_ATTRIBUTE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_attributes_are_recognised() {
        for key in [OUTCOME_ATTRIBUTE, CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE] {
            assert!(is_ours(key), "{key}");
            assert!(!is_ours(&key.to_uppercase()), "{key}");
        }
    }
}
