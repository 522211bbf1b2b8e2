//! Reading environment variables by the specification's rules, with a warning for everything that is not as it should be.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Reads environment variables as
/// [OpenTelemetry's configuration types](https://opentelemetry.io/docs/specs/otel/configuration/common/) say.
///
/// Empty means unset; space around a value does not count. A value that cannot be used gives a [`ConfigWarning`] and is
/// treated as unset. It is public so that exporters read their own variables by the same rules.
///
/// ```
/// use std::time::Duration;
/// use trace_core::EnvReader;
///
/// let env = EnvReader::new(|name| (name == "OTEL_EXPORTER_OTLP_TIMEOUT").then(|| "2500".to_owned()));
/// assert_eq!(env.timeout("OTEL_EXPORTER_OTLP_TIMEOUT"), Some(Duration::from_millis(2500)));
/// assert!(env.into_warnings().is_empty());
/// ```
pub struct EnvReader<'a> {
    lookup: Box<Lookup<'a>>,
    warnings: RefCell<Vec<ConfigWarning>>,
}

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl<'a> EnvReader<'a> {
    /// Reads variables through a closure, which returns `None` for one that is not set.
    #[must_use]
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { lookup: Box::new(lookup), warnings: RefCell::default() }
    }

    /// Reads the variables of this process. Of a value that is no Unicode, the rest is read.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The value, without the space around it.
    #[must_use]
    pub fn text(&self, variable: &str) -> Option<String> {
        let value = (self.lookup)(variable)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether the value is `true`, in any case. Anything else is false, with a warning unless it is `false`; `None` if unset.
    #[must_use]
    pub fn boolean(&self, variable: &'static str) -> Option<bool> {
        let value = self.text(variable)?;
        let yes = value.eq_ignore_ascii_case("true");
        if !yes && !value.eq_ignore_ascii_case("false") {
            self.warn(variable, value, ConfigProblem::NoBoolean, "false");
        }
        Some(yes)
    }

    /// The value as a whole number from 0.
    #[must_use]
    pub fn count(&self, variable: &'static str) -> Option<usize> {
        self.parsed(variable, ConfigProblem::NoCount)
    }

    /// The value as a duration, written as a whole number of milliseconds.
    #[must_use]
    pub fn millis(&self, variable: &'static str) -> Option<Duration> {
        self.parsed(variable, ConfigProblem::NoCount).map(Duration::from_millis)
    }

    /// The value as a timeout: as [`EnvReader::millis`], but zero means no limit, which is [`Duration::MAX`].
    #[must_use]
    pub fn timeout(&self, variable: &'static str) -> Option<Duration> {
        let limit = self.millis(variable)?;
        Some(if limit.is_zero() { Duration::MAX } else { limit })
    }

    fn parsed<T: FromStr>(&self, variable: &'static str, problem: ConfigProblem) -> Option<T> {
        let value = self.text(variable)?;
        let parsed = value.parse().ok();
        if parsed.is_none() {
            self.warn(variable, value, problem, "the default");
        }
        parsed
    }

    /// The choice of this name, in any case.
    #[must_use]
    pub fn choice<T: Clone>(&self, variable: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.text(variable)?;
        let found = find(choices, &value);
        if found.is_none() {
            self.warn(variable, value, ConfigProblem::Unknown, "the default");
        }
        found
    }

    /// The choices of these names, with commas between them, in any case, each once. Unknown ones are left out with a warning;
    /// if no known one is left, the variable counts as unset. `none` stands for no choice at all.
    #[must_use]
    pub fn choices<T: Clone + PartialEq>(&self, variable: &'static str, choices: &[(&str, T)]) -> Option<Vec<T>> {
        let value = self.text(variable)?;
        let (mut none, mut found, mut unknown) = (false, Vec::new(), Vec::new());
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match find(choices, name) {
                Some(choice) if !found.contains(&choice) => found.push(choice),
                Some(_) => {}
                None if name.eq_ignore_ascii_case("none") => none = true,
                None => unknown.push(name.to_owned()),
            }
        }
        for name in unknown {
            let used = if none || !found.is_empty() { "the others" } else { "the default" };
            self.warn(variable, name, ConfigProblem::Unknown, used);
        }
        if none && !found.is_empty() {
            self.warn(variable, value, ConfigProblem::NoneWithOthers, "the others");
        }
        (none || !found.is_empty()).then_some(found)
    }

    /// Adds a warning: what is wrong with a value, and what is used instead.
    pub fn warn(
        &self,
        variable: &'static str,
        value: String,
        problem: ConfigProblem,
        used: impl Into<Cow<'static, str>>,
    ) {
        self.warnings.borrow_mut().push(ConfigWarning { variable, value, problem, used: used.into() });
    }

    /// Everything that was not as it should be, in the order it was read.
    #[must_use]
    pub fn into_warnings(self) -> Vec<ConfigWarning> {
        self.warnings.into_inner()
    }
}

impl fmt::Debug for EnvReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvReader").field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

fn find<T: Clone>(choices: &[(&str, T)], name: &str) -> Option<T> {
    choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, choice)| choice.clone())
}

/// A variable that cannot be used as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigWarning {
    /// The variable's name.
    pub variable: &'static str,
    /// What it is set to; of a list, the part in question.
    pub value: String,
    /// What is wrong with it.
    pub problem: ConfigProblem,
    /// What is used instead.
    pub used: Cow<'static, str>,
}

/// What is wrong with the value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// Neither `true` nor `false`.
    NoBoolean,
    /// Not a whole number from 0, or too great a one.
    NoCount,
    /// Not a number from 0 to 1.
    NoRatio,
    /// Zero, where nothing would work with it.
    Zero,
    /// Greater than another variable's value.
    Above {
        /// The other variable.
        variable: &'static str,
    },
    /// None of the known names.
    Unknown,
    /// A known name, but this library does not have it.
    Unsupported,
    /// `none` in a list that names something else.
    NoneWithOthers,
    /// Not written as it must be.
    Syntax(String),
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBoolean => f.write_str("neither true nor false"),
            Self::NoCount => f.write_str("not a whole number from 0, or too great"),
            Self::NoRatio => f.write_str("not a number from 0 to 1"),
            Self::Zero => f.write_str("zero is not possible"),
            Self::Above { variable } => write!(f, "greater than {variable}"),
            Self::Unknown => f.write_str("not a known name"),
            Self::Unsupported => f.write_str("not supported"),
            Self::NoneWithOthers => f.write_str("none stands beside other names"),
            Self::Syntax(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, value, problem, used } = self;
        write!(f, "{variable}={value:?}: {problem}; using {used}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `read` makes of a variable with this value, and whether it warned.
    fn read<T>(
        value: &'static str,
        read: impl Fn(&EnvReader<'static>, &'static str) -> T,
    ) -> (T, Option<ConfigProblem>) {
        let env = EnvReader::new(move |name| (name == "VARIABLE").then(|| value.to_owned()));
        let result = read(&env, "VARIABLE");
        let mut warnings = env.into_warnings();
        assert!(warnings.len() <= 1, "{warnings:?}");
        (result, warnings.pop().map(|warning| warning.problem))
    }

    #[test]
    fn only_true_is_true() {
        let warned = Some(ConfigProblem::NoBoolean);
        let table = [
            ("", (None, None), "empty is unset"),
            ("  ", (None, None), "so is space"),
            ("true", (Some(true), None), "true"),
            ("TRUE", (Some(true), None), "in any case"),
            (" True ", (Some(true), None), "space around it"),
            ("false", (Some(false), None), "false"),
            ("False", (Some(false), None), "in any case"),
            ("1", (Some(false), warned.clone()), "a number is not true"),
            ("yes", (Some(false), warned.clone()), "nor is any other word"),
            ("truee", (Some(false), warned), "nor is almost true"),
        ];
        for (value, expected, reason) in table {
            assert_eq!(read(value, EnvReader::boolean), expected, "{value:?}: {reason}");
        }
    }

    #[test]
    fn a_number_that_cannot_be_read_is_ignored_with_a_warning() {
        let warned = || Some(ConfigProblem::NoCount);
        let table = [
            ("", (None, None), "empty is unset"),
            ("0", (Some(0), None), "zero is a number"),
            ("128", (Some(128), None), "a number"),
            ("-1", (None, warned()), "negative"),
            ("1.5", (None, warned()), "not whole"),
            ("1e3", (None, warned()), "not written as a whole number"),
            ("12x", (None, warned()), "something behind it"),
            ("99999999999999999999999", (None, warned()), "out of range"),
        ];
        for (value, expected, reason) in table {
            assert_eq!(read(value, EnvReader::count), expected, "{value:?}: {reason}");
            let millis = expected.0.map(|count| Duration::from_millis(count as u64));
            assert_eq!(read(value, EnvReader::millis), (millis, expected.1.clone()), "{value:?}: {reason}");
            let timeout = millis.map(|limit| if limit.is_zero() { Duration::MAX } else { limit });
            assert_eq!(read(value, EnvReader::timeout), (timeout, expected.1), "a timeout, {value:?}: {reason}");
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_left_out_with_a_warning() {
        let (none, unknown, mixed) = (None, Some(ConfigProblem::Unknown), Some(ConfigProblem::NoneWithOthers));
        let table = [
            ("", (None, none.clone()), "empty is unset"),
            ("a", (Some(vec![1]), none.clone()), "one"),
            ("B, a", (Some(vec![2, 1]), none.clone()), "two, in their order"),
            ("a,A,b,a", (Some(vec![1, 2]), none.clone()), "each once"),
            ("a,,b,", (Some(vec![1, 2]), none.clone()), "nothing between two commas"),
            ("none", (Some(vec![]), none.clone()), "none is a choice"),
            ("None,a", (Some(vec![1]), mixed), "none and another"),
            ("c", (None, unknown.clone()), "an unknown one alone is as good as unset"),
            ("a,c", (Some(vec![1]), unknown), "an unknown one beside a known one"),
            (",", (None, none), "no name at all"),
        ];
        for (value, expected, reason) in table {
            let found = read(value, |env, name| env.choices(name, &[("a", 1), ("b", 2)]));
            assert_eq!(found, expected, "{value:?}: {reason}");
        }
        assert_eq!(read("B", |env, name| env.choice(name, &[("a", 1), ("b", 2)])), (Some(2), None));
        let unknown = Some(ConfigProblem::Unknown);
        assert_eq!(read("a,b", |env, name| env.choice(name, &[("a", 1), ("b", 2)])), (None, unknown), "no list");
    }

    #[test]
    fn a_warning_says_which_variable_what_and_what_now() {
        let env = EnvReader::new(|_| Some("many".to_owned()));
        assert_eq!(env.count("OTEL_SPAN_LINK_COUNT_LIMIT"), None);
        assert_eq!(
            env.into_warnings()[0].to_string(),
            r#"OTEL_SPAN_LINK_COUNT_LIMIT="many": not a whole number from 0, or too great; using the default"#
        );
    }
}
