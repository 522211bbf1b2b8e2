//! When a request is sent again.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

/// How long the first pause before another attempt is unless told otherwise, at most.
pub const DEFAULT_FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long any pause is unless told otherwise, at most.
pub const DEFAULT_LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Above this, what a receiver asks for is taken for a mistake.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// Pauses between attempts: each is twice the one before, up to a longest one, and then between half and all of that, by
/// chance, so that many processes do not come back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Pauses {
    /// The pause after so many failures in a row, from 1; `chance` is from 0 to 1.
    pub(crate) fn after(self, failures: u32, chance: f64) -> Duration {
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = self.first.saturating_mul(doubled).min(self.longest);
        pause.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}

/// A number from 0 to 1.
pub(crate) fn chance() -> f64 {
    // Every new state has keys of its own, which come from the system's randomness.
    let bits = RandomState::new().hash_one(0_u8);
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// What `Retry-After` asks for: seconds, or a date, as in
/// [RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). A date in the past asks for nothing.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let wish = if is_number {
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    Some(wish.min(LONGEST_WISH))
}

/// What `RetryInfo` asks for.
pub(crate) fn retry_delay(delay: Duration) -> Duration {
    delay.min(LONGEST_WISH)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_vary() {
        let pauses = Pauses { first: Duration::from_millis(100), longest: Duration::from_millis(350) };
        let millis = |failures, chance| pauses.after(failures, chance).as_millis();
        assert_eq!([1, 2, 3, 4, 100].map(|failures| millis(failures, 1.0)), [100, 200, 350, 350, 350]);
        assert_eq!([1, 2, 3].map(|failures| millis(failures, 0.0)), [50, 100, 175]);
        let chances: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..1.0).contains(chance)), "{chances:?}");
        assert!(chances.iter().any(|chance| *chance < 0.5) && chances.iter().any(|chance| *chance > 0.5));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let table = [
            ("0", Some(0), "no seconds"),
            (" 120 ", Some(120), "seconds, space around"),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10), "a date ten seconds from now"),
            ("Sunday, 06-Nov-94 08:49:40 GMT", Some(3), "the same in the form of RFC 850"),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0), "a date in the past"),
            ("99999999999999999999", Some(3600), "too long to be meant"),
            ("", None, "empty"),
            ("-1", None, "negative"),
            ("+1", None, "a sign"),
            ("1.5", None, "not whole"),
            ("soon", None, "no date"),
        ];
        for (value, expected, reason) in table {
            assert_eq!(retry_after(value, now).map(|wish| wish.as_secs()), expected, "{value:?}: {reason}");
        }
    }
}
