//! What the environment says about tracing: the `OTEL_*` variables, each by its rule, and [`TRACE_FILTER`].

use std::time::Duration;

use crate::env::{ConfigProblem, ConfigWarning, EnvReader};
use crate::filter::Filter;
use crate::kind::Level;
use crate::limits::SpanLimits;
use crate::percent::decode;
use crate::resource::Resource;
use crate::sampler::Sampler;

/// The variable that holds a [`Filter`]; it is this library's own.
pub const TRACE_FILTER: &str = "TRACE_FILTER";

/// The part of all traces that `traceidratio` records without an argument.
pub const DEFAULT_SAMPLER_RATIO: f64 = 1.0;

/// What the environment says about tracing, as in
/// [OpenTelemetry's environment variables](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
///
/// `None` means that the variable is not set, or not so that it can be used; then there is a warning. What the program sets by
/// itself wins over all of this. The variables of an exporter are read by the exporter.
///
/// ```
/// use trace_core::{EnvConfig, ExporterName};
///
/// let config = EnvConfig::read(|name| match name {
///     "OTEL_SERVICE_NAME" => Some("shop".to_owned()),
///     "OTEL_TRACES_EXPORTER" => Some("console,abacus".to_owned()),
///     _ => None,
/// });
/// assert_eq!(config.resource.service_name(), Some("shop"));
/// assert_eq!(config.exporters, Some(vec![ExporterName::Console]));
/// assert_eq!(config.warnings.len(), 1, "nobody knows what abacus is");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnvConfig {
    /// `OTEL_SDK_DISABLED`: nothing is recorded, but contexts still travel.
    pub disabled: bool,
    /// `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME`, which wins over a `service.name` there.
    pub resource: Resource,
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. Beside the specification's names there are `probability` and
    /// `parentbased_probability` for [`Sampler::probability`], which the specification has no name for.
    pub sampler: Option<Sampler>,
    /// `OTEL_SPAN_*_LIMIT`, `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`, and, where the first do not
    /// say, `OTEL_ATTRIBUTE_*_LIMIT`.
    pub limits: SpanLimits,
    /// `OTEL_BSP_*`.
    pub batch: BatchConfig,
    /// `OTEL_TRACES_EXPORTER`: who gets the spans. Empty for `none`.
    pub exporters: Option<Vec<ExporterName>>,
    /// `OTEL_PROPAGATORS`: what is read from and written to other processes. Empty for `none`.
    pub propagators: Option<Vec<PropagatorName>>,
    /// `OTEL_LOG_LEVEL`: how much this library says of itself on standard error. With `error` it does not print its
    /// [`warnings`](Self::warnings).
    pub log_level: Option<Level>,
    /// `TRACE_FILTER`: which spans are made.
    pub filter: Option<Filter>,
    /// Everything that was not as it should be.
    pub warnings: Vec<ConfigWarning>,
}

/// How spans are put into batches: the `OTEL_BSP_*` variables that are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchConfig {
    /// `OTEL_BSP_SCHEDULE_DELAY`: how long a span waits for others at most.
    pub schedule_delay: Option<Duration>,
    /// `OTEL_BSP_EXPORT_TIMEOUT`: how long an export may take; [`Duration::MAX`] for no limit.
    pub export_timeout: Option<Duration>,
    /// `OTEL_BSP_MAX_QUEUE_SIZE`: how many spans wait at most.
    pub max_queue_size: Option<usize>,
    /// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`: how many spans an export has at most; not above `max_queue_size`, if both are set.
    pub max_export_batch_size: Option<usize>,
}

/// An exporter that `OTEL_TRACES_EXPORTER` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExporterName {
    /// `console`: for people, on the standard output.
    Console,
    /// `otlp`: to a collector or a back end, over the network.
    Otlp,
    /// `otlp/stdout`: OTLP/JSON, a line for each batch, on the standard output.
    OtlpStdout,
}

/// A format that `OTEL_PROPAGATORS` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PropagatorName {
    /// `tracecontext`: W3C trace context.
    TraceContext,
    /// `baggage`: W3C baggage.
    Baggage,
    /// `b3`: B3 in one header.
    B3,
    /// `b3multi`: B3 in several headers.
    B3Multi,
    /// `jaeger`: the format of Jaeger's own clients.
    Jaeger,
}

impl EnvConfig {
    /// Reads the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::from_reader(EnvReader::of_process())
    }

    /// Reads variables through a closure, which returns `None` for one that is not set.
    #[must_use]
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_reader(EnvReader::new(lookup))
    }

    fn from_reader(env: EnvReader<'_>) -> Self {
        warn_of_config_files(&env);
        Self {
            disabled: env.boolean("OTEL_SDK_DISABLED").unwrap_or(false),
            resource: resource(&env),
            sampler: sampler(&env),
            limits: limits(&env),
            batch: batch(&env),
            exporters: exporters(&env),
            propagators: propagators(&env),
            log_level: log_level(&env),
            filter: filter(&env),
            warnings: env.into_warnings(),
        }
    }
}

fn warn_of_config_files(env: &EnvReader<'_>) {
    for variable in ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"] {
        if let Some(value) = env.text(variable) {
            env.warn(variable, value, ConfigProblem::Unsupported, "the other variables");
        }
    }
}

fn resource(env: &EnvReader<'_>) -> Resource {
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let value = env.text(VARIABLE).unwrap_or_default();
    // "In case of any error the entire environment variable value SHOULD be discarded and an error SHOULD be reported."
    let resource = resource_attributes(&value).unwrap_or_else(|reason| {
        env.warn(VARIABLE, value, ConfigProblem::Syntax(reason), "nothing of it");
        Resource::new()
    });
    match env.text("OTEL_SERVICE_NAME") {
        Some(name) => resource.attribute("service.name", name),
        None => resource,
    }
}

/// Reads `key=value,key=value`, percent-encoded; the last value of a key wins.
fn resource_attributes(text: &str) -> Result<Resource, String> {
    if text.is_empty() {
        return Ok(Resource::new());
    }
    text.split(',').try_fold(Resource::new(), |resource, pair| {
        let wrong = |reason: &str| format!("{reason} in {pair:?}");
        let (key, value) = pair.split_once('=').ok_or_else(|| wrong("expected a '='"))?;
        let key = decode(key.trim()).map_err(|error| wrong(&error.to_string()))?;
        let value = decode(value.trim()).map_err(|error| wrong(&error.to_string()))?;
        if key.is_empty() {
            return Err(wrong("expected a key before the '='"));
        }
        Ok(resource.attribute(key.into_owned(), value.into_owned()))
    })
}

fn sampler(env: &EnvReader<'_>) -> Option<Sampler> {
    const VARIABLE: &str = "OTEL_TRACES_SAMPLER";
    let value = env.text(VARIABLE)?;
    let (name, parent_based) = match value.to_ascii_lowercase() {
        name if name.starts_with("parentbased_") => (name["parentbased_".len()..].to_owned(), true),
        name => (name, false),
    };
    let root = match (name.as_str(), parent_based) {
        ("always_on", _) => Sampler::always_on(),
        ("always_off", _) => Sampler::always_off(),
        ("traceidratio", _) => Sampler::ratio(sampler_ratio(env)),
        // Ours: the specification has no name for its `ProbabilitySampler` yet.
        ("probability", _) => Sampler::probability(sampler_ratio(env)),
        ("jaeger_remote", _) | ("xray", false) => {
            env.warn(VARIABLE, value, ConfigProblem::Unsupported, "the default");
            return None;
        }
        _ => {
            env.warn(VARIABLE, value, ConfigProblem::Unknown, "the default");
            return None;
        }
    };
    Some(if parent_based { Sampler::parent_based(root) } else { root })
}

fn sampler_ratio(env: &EnvReader<'_>) -> f64 {
    const VARIABLE: &str = "OTEL_TRACES_SAMPLER_ARG";
    let Some(value) = env.text(VARIABLE) else { return DEFAULT_SAMPLER_RATIO };
    match value.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
        _ => {
            env.warn(VARIABLE, value, ConfigProblem::NoRatio, DEFAULT_SAMPLER_RATIO.to_string());
            DEFAULT_SAMPLER_RATIO
        }
    }
}

fn limits(env: &EnvReader<'_>) -> SpanLimits {
    let default = SpanLimits::new();
    let attributes = env.count("OTEL_ATTRIBUTE_COUNT_LIMIT");
    let length = env.count("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT");
    let count = |variable, default| env.count(variable).unwrap_or(default);
    SpanLimits::new()
        .attributes(count("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", attributes.unwrap_or(default.attributes)))
        .events(count("OTEL_SPAN_EVENT_COUNT_LIMIT", default.events))
        .links(count("OTEL_SPAN_LINK_COUNT_LIMIT", default.links))
        .attributes_per_event(count(
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            attributes.unwrap_or(default.attributes_per_event),
        ))
        .attributes_per_link(count(
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            attributes.unwrap_or(default.attributes_per_link),
        ))
        .value_length(env.count("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT").or(length))
}

fn batch(env: &EnvReader<'_>) -> BatchConfig {
    const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
    const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    let positive = |variable| match env.count(variable) {
        Some(0) => {
            env.warn(variable, "0".to_owned(), ConfigProblem::Zero, "the default");
            None
        }
        count => count,
    };
    let max_queue_size = positive(QUEUE);
    let max_export_batch_size = match (positive(BATCH), max_queue_size) {
        (Some(batch), Some(queue)) if batch > queue => {
            env.warn(BATCH, batch.to_string(), ConfigProblem::Above { variable: QUEUE }, queue.to_string());
            Some(queue)
        }
        (batch, _) => batch,
    };
    BatchConfig {
        schedule_delay: env.millis("OTEL_BSP_SCHEDULE_DELAY"),
        export_timeout: env.timeout("OTEL_BSP_EXPORT_TIMEOUT"),
        max_queue_size,
        max_export_batch_size,
    }
}

fn exporters(env: &EnvReader<'_>) -> Option<Vec<ExporterName>> {
    let known =
        [("console", ExporterName::Console), ("otlp", ExporterName::Otlp), ("otlp/stdout", ExporterName::OtlpStdout)];
    env.choices("OTEL_TRACES_EXPORTER", &known)
}

pub(crate) fn propagators(env: &EnvReader<'_>) -> Option<Vec<PropagatorName>> {
    let known = [
        ("tracecontext", PropagatorName::TraceContext),
        ("baggage", PropagatorName::Baggage),
        ("b3", PropagatorName::B3),
        ("b3multi", PropagatorName::B3Multi),
        ("jaeger", PropagatorName::Jaeger),
    ];
    env.choices("OTEL_PROPAGATORS", &known)
}

fn log_level(env: &EnvReader<'_>) -> Option<Level> {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
    env.choice("OTEL_LOG_LEVEL", &levels.map(|level| (level.as_str(), level)))
}

fn filter(env: &EnvReader<'_>) -> Option<Filter> {
    let value = env.text(TRACE_FILTER)?;
    match value.parse() {
        Ok(filter) => Some(filter),
        Err(error) => {
            env.warn(TRACE_FILTER, value, ConfigProblem::Syntax(error.to_string()), "the default");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn config(variables: &[(&str, &str)]) -> EnvConfig {
        EnvConfig::read(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn problems(config: &EnvConfig) -> Vec<(&str, &ConfigProblem)> {
        config.warnings.iter().map(|warning| (warning.variable, &warning.problem)).collect()
    }

    #[test]
    fn an_empty_environment_says_nothing() {
        for config in [config(&[]), EnvConfig::read(|_| Some(String::new()))] {
            assert!(!config.disabled);
            assert_eq!(config.resource, Resource::new());
            assert!(config.sampler.is_none());
            assert_eq!(config.limits, SpanLimits::default());
            assert_eq!(config.batch, BatchConfig::default());
            assert_eq!((config.exporters, config.propagators), (None, None));
            assert_eq!((config.log_level, config.filter), (None, None));
            assert_eq!(config.warnings, []);
        }
    }

    #[test]
    fn no_variable_can_hold_anything_that_panics() {
        for value in ["\0", "%", "=", ",", "-1", "1e999", "[", "ä=%ff", "parentbased_", "parentbaseä", "none,none"] {
            let config = EnvConfig::read(|_| Some(value.to_owned()));
            assert!(!config.warnings.is_empty(), "{value:?}");
        }
    }

    #[test]
    fn resource_attributes_are_decoded_and_one_error_discards_all() {
        let table = [
            ("a=1,b=2", Some(vec![("a", "1"), ("b", "2")]), "two"),
            (" a = 1 , b = 2 ", Some(vec![("a", "1"), ("b", "2")]), "space around keys and values"),
            ("a=x%2Cy%3Dz%20%C3%A4", Some(vec![("a", "x,y=z ä")]), "a value is decoded"),
            ("a%2Cb=1", Some(vec![("a,b", "1")]), "so is a key"),
            ("a=", Some(vec![("a", "")]), "an empty value is a value"),
            ("a=b=c", Some(vec![("a", "b=c")]), "W3C baggage allows a '=' in a value"),
            ("a=1,a=2", Some(vec![("a", "2")]), "the last one wins"),
            ("a=1,b", None, "no '='"),
            ("a=1,=2", None, "no key"),
            ("a=1,", None, "nothing after the comma"),
            ("a=1,b=%zz", None, "no percent-encoding"),
            ("a=1,b=%ff", None, "no UTF-8"),
        ];
        for (value, expected, reason) in table {
            let config = config(&[("OTEL_RESOURCE_ATTRIBUTES", value)]);
            let found: Vec<_> = config
                .resource
                .attributes()
                .iter()
                .map(|attribute| (attribute.key.as_str(), attribute.value.as_str().unwrap()))
                .collect();
            assert_eq!(config.warnings.len(), usize::from(expected.is_none()), "{value:?}: {reason}");
            assert_eq!(found, expected.unwrap_or_default(), "{value:?}: {reason}");
        }
    }

    #[test]
    fn the_service_name_has_a_variable_that_wins() {
        let table = [
            (&[("OTEL_SERVICE_NAME", "shop")][..], "shop", "alone"),
            (&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=other")], "other", "among the attributes"),
            (
                &[("OTEL_SERVICE_NAME", "shop"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other")],
                "shop",
                "its own variable wins",
            ),
            (&[("OTEL_SERVICE_NAME", "shop"), ("OTEL_RESOURCE_ATTRIBUTES", "%")], "shop", "the other one is broken"),
            (&[("OTEL_SERVICE_NAME", "a%20b")], "a%20b", "it is not encoded"),
        ];
        for (variables, expected, reason) in table {
            assert_eq!(
                config(variables).resource.get("service.name"),
                Some(&Value::from(expected.to_owned())),
                "{reason}"
            );
        }
    }

    #[test]
    fn a_sampler_is_chosen_by_name_and_its_argument_is_read_only_then() {
        let name = "OTEL_TRACES_SAMPLER";
        let ratio = "OTEL_TRACES_SAMPLER_ARG";
        let parent_based = |root: Sampler| Sampler::parent_based(root);
        let table = [
            (name, "always_on", "", Some(Sampler::always_on()), None, "always on"),
            (name, "ALWAYS_OFF", "", Some(Sampler::always_off()), None, "in any case"),
            (name, "always_on", "x", Some(Sampler::always_on()), None, "the argument is not its"),
            (name, "traceidratio", "0.25", Some(Sampler::ratio(0.25)), None, "a ratio"),
            (name, "traceidratio", "", Some(Sampler::ratio(1.0)), None, "the default ratio"),
            (name, "traceidratio", "2", Some(Sampler::ratio(1.0)), Some(ConfigProblem::NoRatio), "above 1"),
            (name, "traceidratio", "-0.1", Some(Sampler::ratio(1.0)), Some(ConfigProblem::NoRatio), "below 0"),
            (name, "traceidratio", "NaN", Some(Sampler::ratio(1.0)), Some(ConfigProblem::NoRatio), "not a number"),
            (name, "traceidratio", "half", Some(Sampler::ratio(1.0)), Some(ConfigProblem::NoRatio), "a word"),
            (name, "parentbased_always_on", "", Some(parent_based(Sampler::always_on())), None, "the default"),
            (name, "parentbased_always_off", "", Some(parent_based(Sampler::always_off())), None, "no root"),
            (name, "ParentBased_TraceIdRatio", "0.5", Some(parent_based(Sampler::ratio(0.5))), None, "both"),
            (name, "probability", "0.25", Some(Sampler::probability(0.25)), None, "our own name"),
            (name, "probability", "", Some(Sampler::probability(1.0)), None, "with the same default"),
            (
                name,
                "parentbased_probability",
                "1e-3",
                Some(parent_based(Sampler::probability(1e-3))),
                None,
                "below a parent",
            ),
            (name, "jaeger_remote", "", None, Some(ConfigProblem::Unsupported), "we have no such thing"),
            (name, "parentbased_jaeger_remote", "", None, Some(ConfigProblem::Unsupported), "nor below a parent"),
            (name, "xray", "", None, Some(ConfigProblem::Unsupported), "nor this"),
            (name, "parentbased_xray", "", None, Some(ConfigProblem::Unknown), "which does not even exist"),
            (name, "always", "", None, Some(ConfigProblem::Unknown), "no name"),
            ("", "", "0.5", None, None, "an argument alone says nothing"),
        ];
        for (variable, value, argument, expected, problem, reason) in table {
            let config = config(&[(variable, value), (ratio, argument)]);
            assert_eq!(format!("{:?}", config.sampler), format!("{expected:?}"), "{reason}");
            let found: Vec<_> = config.warnings.iter().map(|warning| warning.problem.clone()).collect();
            assert_eq!(found, Vec::from_iter(problem), "{reason}");
        }
    }

    #[test]
    fn a_span_limit_wins_over_the_general_one_and_that_over_the_default() {
        let default = SpanLimits::new();
        let general = default.attributes(7).attributes_per_event(7).attributes_per_link(7);
        let table = [
            (&[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")][..], default.attributes(1), 0, "attributes"),
            (&[("OTEL_SPAN_EVENT_COUNT_LIMIT", "2")], default.events(2), 0, "events"),
            (&[("OTEL_SPAN_LINK_COUNT_LIMIT", "0")], default.links(0), 0, "links; zero is valid"),
            (&[("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "3")], default.attributes_per_event(3), 0, "of an event"),
            (&[("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "4")], default.attributes_per_link(4), 0, "of a link"),
            (&[("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5")], default.value_length(5), 0, "a value's length"),
            (&[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "6")], default.value_length(6), 0, "the general length"),
            (&[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7")], general, 0, "the general count"),
            (
                &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "8")],
                general.attributes(8),
                0,
                "the span's own count wins",
            ),
            (
                &[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9"), ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "8")],
                default.value_length(8),
                0,
                "the span's own length wins",
            ),
            (
                &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-8")],
                general,
                1,
                "what cannot be read counts as unset",
            ),
            (&[("OTEL_SPAN_EVENT_COUNT_LIMIT", "many")], default, 1, "the default"),
        ];
        for (variables, expected, warnings, reason) in table {
            let config = config(variables);
            assert_eq!(config.limits, expected, "{reason}");
            assert_eq!(config.warnings.len(), warnings, "{reason}");
        }
    }

    #[test]
    fn only_the_batch_variables_that_are_set_apply_and_a_batch_fits_its_queue() {
        let (queue, batch) = ("OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE");
        let none = BatchConfig::default();
        let delay = BatchConfig { schedule_delay: Some(Duration::from_millis(250)), ..none };
        let limit = BatchConfig { export_timeout: Some(Duration::from_millis(10)), ..none };
        let endless = BatchConfig { export_timeout: Some(Duration::MAX), ..none };
        let sizes =
            |max_queue_size, max_export_batch_size| BatchConfig { max_queue_size, max_export_batch_size, ..none };
        let table = [
            (&[("OTEL_BSP_SCHEDULE_DELAY", "250")][..], delay, None, "milliseconds"),
            (&[("OTEL_BSP_EXPORT_TIMEOUT", "10")], limit, None, "milliseconds"),
            (&[("OTEL_BSP_EXPORT_TIMEOUT", "0")], endless, None, "no limit"),
            (&[(queue, "10"), (batch, "10")], sizes(Some(10), Some(10)), None, "it just fits"),
            (
                &[(queue, "10"), (batch, "11")],
                sizes(Some(10), Some(10)),
                Some(ConfigProblem::Above { variable: queue }),
                "a batch above the queue",
            ),
            (&[(batch, "9999")], sizes(None, Some(9999)), None, "the queue is not set"),
            (&[(batch, "0")], none, Some(ConfigProblem::Zero), "no span would leave"),
            (&[(queue, "0")], none, Some(ConfigProblem::Zero), "no span would fit"),
        ];
        for (variables, expected, problem, reason) in table {
            let config = config(variables);
            assert_eq!(config.batch, expected, "{reason}");
            let found: Vec<_> = config.warnings.iter().map(|warning| warning.problem.clone()).collect();
            assert_eq!(found, Vec::from_iter(problem), "{reason}");
        }
    }

    #[test]
    fn what_is_known_is_used_and_the_rest_is_reported() {
        let config = config(&[
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_TRACES_EXPORTER", "otlp, Console,zipkin"),
            ("OTEL_PROPAGATORS", "none"),
            ("OTEL_LOG_LEVEL", "DEBUG"),
            ("OTEL_CONFIG_FILE", "otel.yaml"),
            (TRACE_FILTER, "info,a=loud"),
        ]);
        assert!(config.disabled);
        assert_eq!(config.exporters, Some(vec![ExporterName::Otlp, ExporterName::Console]));
        assert_eq!(config.propagators, Some(vec![]));
        assert_eq!(config.log_level, Some(Level::Debug));
        assert_eq!(config.filter, None);
        let place = "expected off, error, warn, info, debug or trace at byte 7, found \"loud\"".to_owned();
        assert_eq!(
            problems(&config),
            [
                ("OTEL_CONFIG_FILE", &ConfigProblem::Unsupported),
                ("OTEL_TRACES_EXPORTER", &ConfigProblem::Unknown),
                (TRACE_FILTER, &ConfigProblem::Syntax(place)),
            ]
        );
    }
}
