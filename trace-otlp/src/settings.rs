//! What code and the environment say together: code wins, then the variable for traces, then the one for all signals.

use std::time::Duration;

use http::{HeaderMap, Uri};
use trace_core::{ConfigProblem, ConfigWarning, EnvReader};

use crate::encode::format::{CodeLocation, RequestLimits};
use crate::endpoint::{self, DEFAULT_GRPC_ENDPOINT, DEFAULT_HTTP_ENDPOINT};
use crate::error::BuildError;
use crate::headers::{header, headers};
use crate::pem::Pem;
use crate::protocol::{Compression, Protocol};
use crate::retry::{DEFAULT_FIRST_PAUSE, DEFAULT_LONGEST_PAUSE, Pauses};

/// How long the export of a batch may take unless told otherwise, with all its attempts.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Above so many bytes a request gets no further span unless told otherwise: what a collector takes over gRPC by default is
/// 4 MiB.
pub const DEFAULT_REQUEST_BYTES: usize = 3 << 20;
/// The largest request that is sent unless told otherwise, in bytes before compression: one span of that size.
pub const DEFAULT_MAX_REQUEST_BYTES: usize = 64 << 20;
/// The largest response that is read unless told otherwise, in bytes.
pub const DEFAULT_MAX_RESPONSE_BYTES: usize = 4 << 20;

/// What code says; `None` and empty where it says nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) endpoint: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) compression: Option<Compression>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) roots: Option<Pem>,
    pub(crate) client: Option<(Pem, Pem)>,
    pub(crate) pauses: Option<Pauses>,
    pub(crate) request_spans: Option<usize>,
    pub(crate) request_bytes: Option<usize>,
    pub(crate) max_request_bytes: Option<usize>,
    pub(crate) max_response_bytes: Option<usize>,
    pub(crate) code_location: CodeLocation,
}

/// What holds.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) protocol: Protocol,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) compression: Compression,
    pub(crate) timeout: Duration,
    /// Who is trusted, where the endpoint is secure; the system's roots if not said.
    pub(crate) roots: Option<Pem>,
    pub(crate) client: Option<(Pem, Pem)>,
    pub(crate) pauses: Pauses,
    pub(crate) limits: RequestLimits,
    pub(crate) max_response_bytes: usize,
    pub(crate) code_location: CodeLocation,
}

/// A variable for traces, and the one for all signals.
struct Pair(&'static str, &'static str);

const ENDPOINT: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
const INSECURE: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE");
const PROTOCOL: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
const HEADERS: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
const COMPRESSION: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
const TIMEOUT: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
const CERTIFICATE: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE");
const CLIENT_KEY: Pair = Pair("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY");
const CLIENT_CERTIFICATE: Pair =
    Pair("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");

impl Pair {
    /// What `read` finds in the first of both in which it finds something.
    fn first<T>(&self, read: impl Fn(&'static str) -> Option<T>) -> Option<T> {
        read(self.0).or_else(|| read(self.1))
    }
}

/// Puts together what code and the environment say.
pub(crate) fn settle(said: Said, env: EnvReader<'_>) -> Result<(Settings, Vec<ConfigWarning>), BuildError> {
    let protocol = said.protocol.or_else(|| PROTOCOL.first(|name| env.choice(name, Protocol::CHOICES)));
    let protocol = protocol.unwrap_or_default();
    let uri = match said.endpoint {
        Some(endpoint) => endpoint_of_code(protocol, endpoint)?,
        None => endpoint_of_environment(protocol, &env),
    };
    let mut all_headers = headers_of_environment(&env);
    for (name, value) in said.headers {
        let (name, value) = header(&name, &value).map_err(|reason| BuildError::Header { reason })?;
        all_headers.insert(name, value);
    }
    let compression = said.compression.or_else(|| COMPRESSION.first(|name| env.choice(name, Compression::CHOICES)));
    let (roots, client) = if endpoint::is_secure(&uri) {
        let roots =
            said.roots.map_or_else(|| CERTIFICATE.first(|name| file(&env, name)).transpose(), |pem| Ok(Some(pem)));
        let client = said.client.map_or_else(|| client_of_environment(&env), |client| Ok(Some(client)));
        (roots?, client?)
    } else {
        (None, None)
    };
    let settings = Settings {
        protocol,
        uri,
        headers: all_headers,
        compression: compression.unwrap_or_default(),
        timeout: timeout(said.timeout, &env),
        roots,
        client,
        pauses: said.pauses.unwrap_or(Pauses { first: DEFAULT_FIRST_PAUSE, longest: DEFAULT_LONGEST_PAUSE }),
        limits: RequestLimits {
            bytes: said.request_bytes.unwrap_or(DEFAULT_REQUEST_BYTES),
            max_bytes: said.max_request_bytes.unwrap_or(DEFAULT_MAX_REQUEST_BYTES),
            spans: said.request_spans.or_else(|| batch_spans(&env)).unwrap_or(usize::MAX).max(1),
        },
        max_response_bytes: said.max_response_bytes.unwrap_or(DEFAULT_MAX_RESPONSE_BYTES),
        code_location: said.code_location,
    };
    Ok((settings, env.into_warnings()))
}

fn endpoint_of_code(protocol: Protocol, endpoint: String) -> Result<Uri, BuildError> {
    let uri = match protocol {
        Protocol::Grpc => endpoint::grpc(&endpoint, false),
        _ => endpoint::exact(&endpoint),
    };
    uri.map_err(|reason| BuildError::Endpoint { endpoint, reason })
}

fn endpoint_of_environment(protocol: Protocol, env: &EnvReader<'_>) -> Uri {
    let read = |name, parse: &dyn Fn(&str) -> Result<Uri, String>| {
        let text = env.text(name)?;
        parse(&text).map_err(|reason| env.warn(name, text, ConfigProblem::Syntax(reason), "the default")).ok()
    };
    let (found, default) = match protocol {
        Protocol::Grpc => {
            let is_insecure = INSECURE.first(|name| env.boolean(name)).unwrap_or(false);
            let target = |text: &str| endpoint::grpc(text, is_insecure);
            (ENDPOINT.first(|name| read(name, &target)), endpoint::grpc(DEFAULT_GRPC_ENDPOINT, true))
        }
        _ => {
            let found = read(ENDPOINT.0, &endpoint::exact).or_else(|| read(ENDPOINT.1, &endpoint::below_base));
            (found, endpoint::below_base(DEFAULT_HTTP_ENDPOINT))
        }
    };
    found.unwrap_or_else(|| default.expect("the defaults are URLs"))
}

fn headers_of_environment(env: &EnvReader<'_>) -> HeaderMap {
    let read = |name| {
        let (headers, wrong) = headers(&env.text(name)?);
        for reason in wrong {
            // The value may be secret.
            env.warn(name, "…".to_owned(), ConfigProblem::Syntax(reason), "the others");
        }
        Some(headers)
    };
    HEADERS.first(read).unwrap_or_default()
}

fn client_of_environment(env: &EnvReader<'_>) -> Result<Option<(Pem, Pem)>, BuildError> {
    let certificate = CLIENT_CERTIFICATE.first(|name| file(env, name)).transpose()?;
    let key = CLIENT_KEY.first(|name| file(env, name)).transpose()?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(half(CLIENT_CERTIFICATE.1, CLIENT_KEY.1)),
        (None, Some(_)) => Err(half(CLIENT_KEY.1, CLIENT_CERTIFICATE.1)),
    }
}

fn half(set: &str, missing: &str) -> BuildError {
    BuildError::Certificate { reason: format!("{set} is of no use without {missing}") }
}

fn file(env: &EnvReader<'_>, name: &'static str) -> Option<Result<Pem, BuildError>> {
    env.text(name).map(|path| Pem::file(name, &path))
}

/// The shorter one of the exporter's and the batch processor's timeouts.
fn timeout(said: Option<Duration>, env: &EnvReader<'_>) -> Duration {
    let no_limit_is_zero = |limit: Duration| if limit.is_zero() { Duration::MAX } else { limit };
    if let Some(said) = said {
        return no_limit_is_zero(said);
    }
    let own = TIMEOUT.first(|name| env.timeout(name)).unwrap_or(DEFAULT_TIMEOUT);
    // trace-core warns of this one if it is not as it should be.
    let of_batch = env.text("OTEL_BSP_EXPORT_TIMEOUT").and_then(|text| text.parse().ok()).map(Duration::from_millis);
    own.min(of_batch.map_or(Duration::MAX, no_limit_is_zero))
}

/// As the batch processor's limit: it holds for every single request. trace-core warns if it is not as it should be.
fn batch_spans(env: &EnvReader<'_>) -> Option<usize> {
    let spans = env.text("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")?.parse().ok()?;
    (spans > 0).then_some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(said: Said, variables: &[(&str, &str)]) -> (Settings, Vec<ConfigWarning>) {
        try_settle(said, variables).unwrap()
    }

    fn try_settle(said: Said, variables: &[(&str, &str)]) -> Result<(Settings, Vec<ConfigWarning>), BuildError> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        settle(said, EnvReader::new(lookup))
    }

    type Variables = &'static [(&'static str, &'static str)];

    const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

    #[test]
    fn without_a_word_the_specifications_defaults_hold() {
        for empty in [None, Some("")] {
            let (settings, warnings) = settle(Said::default(), EnvReader::new(|_| empty.map(str::to_owned))).unwrap();
            assert_eq!(settings.protocol, Protocol::HttpProtobuf);
            assert_eq!(settings.uri, "http://localhost:4318/v1/traces");
            assert_eq!((settings.compression, settings.timeout), (Compression::None, DEFAULT_TIMEOUT));
            assert_eq!((settings.headers.len(), settings.limits.max_bytes), (0, 64 << 20));
            assert_eq!((settings.max_response_bytes, warnings), (4 << 20, vec![]));
        }
    }

    #[test]
    fn the_endpoint_follows_from_protocol_variables_and_code() {
        const GRPC: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        let code = |endpoint: &str| Said { endpoint: Some(endpoint.to_owned()), ..Said::default() };
        let nothing = Said::default;
        let table: [(Said, Variables, &str, usize, &str); 13] = [
            (nothing(), &[(GENERAL, "http://c:1/my/")], "http://c:1/my/v1/traces", 0, "a base"),
            (nothing(), &[(TRACES, "http://c:1/my/")], "http://c:1/my/", 0, "as it is"),
            (nothing(), &[(TRACES, "http://t:1"), (GENERAL, "http://c:1")], "http://t:1/", 0, "that of traces wins"),
            (code("http://x:1/y"), &[(TRACES, "http://t:1")], "http://x:1/y", 0, "code wins"),
            (nothing(), &[(GENERAL, "c:1")], "http://localhost:4318/v1/traces", 1, "no scheme: the default"),
            (nothing(), &[(TRACES, "?"), (GENERAL, "http://c:1")], "http://c:1/v1/traces", 1, "the other is good"),
            (nothing(), &[GRPC], "http://localhost:4317/", 0, "gRPC has a port of its own"),
            (nothing(), &[GRPC, (GENERAL, "http://c:1/a")], "http://c:1/", 0, "and no path"),
            (nothing(), &[GRPC, (TRACES, "https://c:1")], "https://c:1/", 0, "the scheme is TLS or none"),
            (nothing(), &[GRPC, (GENERAL, "c:1")], "https://c:1/", 0, "no scheme is secure"),
            (
                nothing(),
                &[GRPC, (GENERAL, "c:1"), ("OTEL_EXPORTER_OTLP_INSECURE", "true")],
                "http://c:1/",
                0,
                "unless it is told to be insecure",
            ),
            (
                nothing(),
                &[GRPC, (GENERAL, "https://c:1"), ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true")],
                "https://c:1/",
                0,
                "a scheme beats insecure",
            ),
            (nothing(), &[GRPC, (GENERAL, "http://a b")], "http://localhost:4317/", 1, "no target: the default"),
        ];
        for (said, variables, expected, warned, reason) in table {
            let (settings, warnings) = settled(said, variables);
            assert_eq!((settings.uri.to_string().as_str(), warnings.len()), (expected, warned), "{reason}");
        }
        assert!(matches!(try_settle(code("nowhere"), &[]), Err(BuildError::Endpoint { .. })));
    }

    #[test]
    fn a_variable_for_traces_beats_the_general_one_and_code_beats_both() {
        let said = || Said {
            protocol: Some(Protocol::HttpProtobuf),
            compression: Some(Compression::None),
            timeout: Some(Duration::from_secs(1)),
            headers: vec![("a".to_owned(), b"code".to_vec())],
            ..Said::default()
        };
        let general: &[(&str, &str)] = &[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/JSON"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=general,b=general"),
        ];
        let traces: &[(&str, &str)] = &[
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=traces"),
        ];
        let facts = |said, variables: &[&[(&str, &str)]]| {
            let (settings, warnings) = settled(said, &variables.concat());
            assert_eq!(warnings, []);
            let header = |name| settings.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            (settings.protocol, settings.compression, settings.timeout.as_secs(), header("a"), header("b"))
        };
        let some = |text: &str| Some(text.to_owned());
        let (protobuf, json) = (Protocol::HttpProtobuf, Protocol::HttpJson);
        let (gzip, none) = (Compression::Gzip, Compression::None);
        assert_eq!(facts(Said::default(), &[general]), (json, gzip, 2, some("general"), some("general")));
        assert_eq!(facts(Said::default(), &[general, traces]), (protobuf, none, 3, some("traces"), None));
        assert_eq!(facts(said(), &[general]), (protobuf, none, 1, some("code"), some("general")));
    }

    #[test]
    fn the_timeout_is_the_shorter_one_and_zero_is_none() {
        const OWN: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
        const BATCH: &str = "OTEL_BSP_EXPORT_TIMEOUT";
        let table: [(Variables, Duration, usize, &str); 6] = [
            (&[(OWN, "250")], Duration::from_millis(250), 0, "milliseconds"),
            (&[(OWN, "0")], Duration::MAX, 0, "no limit"),
            (&[(OWN, "-1")], DEFAULT_TIMEOUT, 1, "no number"),
            (&[(BATCH, "2000")], Duration::from_secs(2), 0, "that of the batch processor is shorter"),
            (&[(BATCH, "30000")], DEFAULT_TIMEOUT, 0, "it is longer"),
            (&[(OWN, "0"), (BATCH, "0")], Duration::MAX, 0, "none at all"),
        ];
        for (variables, expected, warned, reason) in table {
            let (settings, warnings) = settled(Said::default(), variables);
            assert_eq!((settings.timeout, warnings.len()), (expected, warned), "{reason}");
        }
    }

    #[test]
    fn warnings_do_not_tell_the_values_of_headers() {
        let (_, warnings) = settled(Said::default(), &[("OTEL_EXPORTER_OTLP_HEADERS", "secret,a=secret%zz,b=1")]);
        assert_eq!(warnings.len(), 2);
        assert!(warnings.iter().all(|warning| !warning.to_string().contains("secret")), "{warnings:?}");
    }

    #[test]
    fn files_are_read_only_where_the_endpoint_is_secure() {
        let missing = ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem");
        assert!(try_settle(Said::default(), &[missing, (GENERAL, "http://c")]).is_ok());
        assert!(matches!(
            try_settle(Said::default(), &[missing, (GENERAL, "https://c")]),
            Err(BuildError::File { setting: "OTEL_EXPORTER_OTLP_CERTIFICATE", .. })
        ));
        let key_alone = [("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/dev/null"), (GENERAL, "https://c")];
        assert!(matches!(try_settle(Said::default(), &key_alone), Err(BuildError::Certificate { .. })));
    }
}
