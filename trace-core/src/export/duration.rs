//! Durations for people.

/// A duration with three to four digits and its unit: `999 ns`, `45.8 µs`, `108.7 ms`, `1.23 s`, `1 m 05 s`, `2 h 03 m`.
///
/// It is rounded to the last digit shown, half up.
pub fn duration_text(nanos: u64, micro: &str) -> String {
    const MICRO: u64 = 1_000;
    const MILLI: u64 = 1_000_000;
    const SECOND: u64 = 1_000_000_000;
    let rounded = |unit: u64| nanos / unit + u64::from(nanos % unit >= unit / 2);
    // What would round up to 1000.0 of one unit is 1.0 of the next.
    match nanos {
        0..MICRO => format!("{nanos} ns"),
        MICRO..999_950 => tenths(rounded(MICRO / 10), micro),
        999_950..999_950_000 => tenths(rounded(MILLI / 10), "ms"),
        999_950_000..59_995_000_000 => {
            let hundredths = rounded(SECOND / 100);
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
        _ => match rounded(SECOND) {
            seconds @ 0..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
            seconds => format!("{} h {:02} m", seconds / 3600, seconds % 3600 / 60),
        },
    }
}

fn tenths(tenths: u64, unit: &str) -> String {
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_to_the_digits_shown_and_never_a_thousand_of_a_unit() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.0 µs"),
            (45_849, "45.8 µs"),
            (45_850, "45.9 µs"),
            (999_949, "999.9 µs"),
            (999_950, "1.0 ms"),
            (108_700_000, "108.7 ms"),
            (999_949_999, "999.9 ms"),
            (999_950_000, "1.00 s"),
            (59_994_999_999, "59.99 s"),
            (59_995_000_000, "1 m 00 s"),
            (3_599_499_999_999, "59 m 59 s"),
            (3_599_500_000_000, "1 h 00 m"),
            (u64::MAX, "5124095 h 34 m"),
        ] {
            assert_eq!(duration_text(nanos, "µs"), expected);
        }
    }
}
