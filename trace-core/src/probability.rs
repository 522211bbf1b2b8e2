//! Consistent probability sampling: what the member `ot` of a trace state says of it, as in
//! [OpenTelemetry's trace state handling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/).
//!
//! A trace is sampled if its randomness, 56 bits that the whole trace shares, is not below a threshold. The threshold travels
//! in `th`, so that everybody knows how many traces a sampled one stands for; randomness travels in `rv` where it is not that
//! of the trace id.

use crate::id::TraceId;
use crate::trace_state::TraceState;

/// One more than the greatest randomness.
pub(crate) const RANDOMNESS_END: u64 = 1 << 56;

/// The key of OpenTelemetry's member of the trace state.
const KEY: &str = "ot";
/// How long that member's value is at most.
const MAX_VALUE: usize = 256;
/// The hexadecimal digits of 56 bits.
const DIGITS: usize = 14;

/// What a decision does to the threshold in the trace state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// Nothing: it was somebody else's decision.
    Kept,
    /// The trace was sampled by this threshold.
    Set(u64),
    /// The trace was not sampled, or by nothing that has a probability.
    Gone,
}

/// The threshold that lets this part of all traces through. A ratio below 0 counts as 0, above 1 as 1, and what is not a
/// number as 1; a ratio above 0 but below 2^-56 counts as 2^-56.
pub(crate) fn threshold_of(ratio: f64) -> u64 {
    if ratio.is_nan() || ratio >= 1.0 {
        return 0;
    }
    if ratio <= 0.0 {
        return RANDOMNESS_END;
    }
    let accepted = (ratio * RANDOMNESS_END as f64).round() as u64;
    RANDOMNESS_END - accepted.clamp(1, RANDOMNESS_END)
}

/// The part of all traces that a threshold lets through.
pub(crate) fn ratio_of(threshold: u64) -> f64 {
    (RANDOMNESS_END - threshold.min(RANDOMNESS_END)) as f64 / RANDOMNESS_END as f64
}

/// The randomness of a trace: what `rv` says, else the low 56 bits of the id.
pub(crate) fn randomness(trace_id: TraceId, state: &TraceState) -> u64 {
    let explicit = fields(state).find(|(key, _)| *key == "rv").map(|(_, value)| value);
    let explicit = explicit.filter(|digits| digits.len() == DIGITS).and_then(parse_digits);
    explicit.unwrap_or(trace_id.randomness())
}

impl TraceState {
    /// The part of all traces, between 0 and 1, of which a sampled one with this trace state is a sample, as the field `th` of
    /// the member `ot` tells; `None` if it does not. Such a trace stands for one divided by that many.
    ///
    /// ```
    /// use trace_core::TraceState;
    ///
    /// let state: TraceState = "ot=th:c".parse()?;
    /// assert_eq!(state.sampling_probability(), Some(0.25));
    /// # Ok::<(), trace_core::TraceStateError>(())
    /// ```
    #[must_use]
    pub fn sampling_probability(&self) -> Option<f64> {
        threshold(self).map(ratio_of)
    }
}

fn threshold(state: &TraceState) -> Option<u64> {
    let (_, digits) = fields(state).find(|(key, _)| *key == "th")?;
    let value = parse_digits(digits)?;
    Some(value << (4 * (DIGITS - digits.len())))
}

/// The trace state after a decision; `None` if it stays as it is.
pub(crate) fn changed(state: &TraceState, threshold: Threshold) -> Option<TraceState> {
    let th = match threshold {
        Threshold::Kept => return None,
        Threshold::Set(threshold) => Some(format!("th:{}", digits_of(threshold))),
        Threshold::Gone if fields(state).any(|(key, _)| key == "th") => None,
        Threshold::Gone => return None,
    };
    let others = fields(state).filter(|(key, _)| *key != "th").map(|(key, value)| format!("{key}:{value}"));
    let mut value = String::new();
    for field in th.into_iter().chain(others) {
        if value.len() + 1 + field.len() > MAX_VALUE {
            continue;
        }
        if !value.is_empty() {
            value.push(';');
        }
        value.push_str(&field);
    }
    let mut state = state.clone();
    if value.is_empty() {
        state.remove(KEY);
    } else if state.insert(KEY, &value).is_err() {
        return None;
    }
    Some(state)
}

/// The fields of the member `ot`; none if it breaks the grammar `key:value;key:value`.
fn fields(state: &TraceState) -> impl Iterator<Item = (&str, &str)> {
    let value = state.get(KEY).filter(|value| value.len() <= MAX_VALUE && value.split(';').all(is_field));
    value.unwrap_or_default().split(';').filter_map(|field| field.split_once(':'))
}

fn is_field(field: &str) -> bool {
    let Some((key, value)) = field.split_once(':') else { return false };
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// At most 14 lower-case hexadecimal digits.
fn parse_digits(digits: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_number = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(is_digit);
    is_number.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// The digits of a threshold without zeros at their end.
fn digits_of(threshold: u64) -> String {
    let digits = format!("{:014x}", threshold.min(RANDOMNESS_END - 1));
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> TraceState {
        text.parse().unwrap()
    }

    #[test]
    fn a_threshold_and_a_randomness_are_read_only_as_the_grammar_has_them() {
        let table = [
            ("ot=th:8", Some(1 << 55), None, "half; zeros follow"),
            ("ot=th:0", Some(0), None, "all"),
            ("ot=th:c000000000000f", Some(0xc0_0000_0000_000f), None, "all fourteen digits"),
            ("ot=rv:00000000000001", None, Some(1), "a randomness of fourteen digits"),
            ("ot=x:A-._;th:4;rv:ffffffffffffff", Some(1 << 54), Some((1 << 56) - 1), "beside another field"),
            ("a=1,ot=th:8", Some(1 << 55), None, "not the first member"),
            ("ot=th:c000000000000f0", None, None, "fifteen digits"),
            ("ot=th:", None, None, "no digits"),
            ("ot=th:C", None, None, "upper case"),
            ("ot=th:+8", None, None, "a sign, which no field has"),
            ("ot=rv:0000000000001", None, None, "thirteen digits of a randomness"),
            ("ot=th:8;", None, None, "an empty field breaks all of it"),
            ("ot=TH:8", None, None, "an upper-case key breaks all of it"),
            ("ot=th", None, None, "no colon"),
            ("otel=th:8", None, None, "another member"),
        ];
        let id = TraceId::from_u128(0xabcdef).unwrap();
        for (text, expected, explicit, reason) in table {
            let state = state(text);
            assert_eq!(threshold(&state), expected, "{text}: {reason}");
            assert_eq!(randomness(id, &state), explicit.unwrap_or(0xabcdef), "{text}: {reason}");
        }
    }

    #[test]
    fn a_decision_changes_the_threshold_and_nothing_else() {
        let table = [
            ("a=1", Threshold::Kept, None, "somebody else's decision"),
            ("", Threshold::Set(1 << 55), Some("ot=th:8"), "the first member"),
            ("", Threshold::Set(0), Some("ot=th:0"), "all of them"),
            ("a=1", Threshold::Set(0xe6_6666_6666_6666), Some("ot=th:e6666666666666,a=1"), "a new member comes first"),
            (
                "a=1,ot=rv:00000000000001;th:4",
                Threshold::Set(1 << 55),
                Some("ot=th:8;rv:00000000000001,a=1"),
                "th anew",
            ),
            ("ot=th:4;x:y,a=1", Threshold::Gone, Some("ot=x:y,a=1"), "the others stay"),
            ("a=1,ot=th:4", Threshold::Gone, Some("a=1"), "nothing is left of it"),
            ("a=1,ot=rv:00000000000001", Threshold::Gone, None, "there was none"),
            ("ot=broken,a=1", Threshold::Set(1 << 55), Some("ot=th:8,a=1"), "what is broken goes"),
        ];
        for (before, threshold, after, reason) in table {
            assert_eq!(changed(&state(before), threshold), after.map(state), "{before}: {reason}");
        }
    }

    #[test]
    fn a_threshold_survives_its_digits() {
        for bits in 0..56 {
            for threshold in [1_u64 << bits, (1 << bits) - 1, !0 >> 8 << bits & (RANDOMNESS_END - 1)] {
                let text = format!("ot=th:{}", digits_of(threshold));
                assert_eq!(super::threshold(&state(&text)), Some(threshold), "{text}");
            }
        }
        assert_eq!((ratio_of(threshold_of(0.25)), ratio_of(RANDOMNESS_END)), (0.25, 0.0));
    }
}
