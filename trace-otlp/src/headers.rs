//! Headers that a user adds to every request: credentials, mostly. Their values are never shown.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::percent;

/// Headers that say what a request is; these are ours.
const RESERVED: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "grpc-encoding",
    "grpc-timeout",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Reads one header as code gives it. The error says what is wrong, without the value.
pub(crate) fn header(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
    let name: HeaderName = name.parse().map_err(|_| format!("{name:?} is no name of a header"))?;
    if RESERVED.contains(&name.as_str()) {
        return Err(format!("the header {name} is set by the exporter"));
    }
    let mut value =
        HeaderValue::from_bytes(value).map_err(|_| format!("{name} has a value that no header can have"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Reads `name=value,name=value`, percent-encoded, as in
/// [W3C baggage](https://www.w3.org/TR/baggage/#header-content) but without properties: a `;` is a part of the value.
/// Returns the headers, and what is wrong with each that is left out.
pub(crate) fn headers(text: &str) -> (HeaderMap, Vec<String>) {
    let (mut headers, mut wrong) = (HeaderMap::new(), Vec::new());
    for (index, pair) in text.split(',').map(str::trim).enumerate().filter(|(_, pair)| !pair.is_empty()) {
        match header_of_pair(pair, index + 1) {
            Ok((name, value)) => drop(headers.insert(name, value)),
            Err(reason) => wrong.push(reason),
        }
    }
    (headers, wrong)
}

fn header_of_pair(pair: &str, place: usize) -> Result<(HeaderName, HeaderValue), String> {
    let Some((name, value)) = pair.split_once('=') else { return Err(format!("entry {place} has no '='")) };
    let decoded = percent::decode(value.trim());
    let value = decoded.ok_or_else(|| format!("entry {place} is not percent-encoded as it should be"))?;
    header(name.trim(), &value).map_err(|reason| format!("entry {place}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_baggage_and_each_wrong_one_is_left_out() {
        let table = [
            ("a=1,b=2", vec![("a", "1"), ("b", "2")], 0, "two"),
            (" a = 1 , b=2 ", vec![("a", "1"), ("b", "2")], 0, "space around"),
            ("Api-Key=x%20y%2Cz", vec![("api-key", "x y,z")], 0, "encoded; names have no case"),
            ("authorization=Basic dTpw==", vec![("authorization", "Basic dTpw==")], 0, "a '=' in the value"),
            ("a=1;b=2", vec![("a", "1;b=2")], 0, "no properties"),
            ("a=", vec![("a", "")], 0, "an empty value"),
            ("a=1,a=2", vec![("a", "2")], 0, "the last one wins"),
            ("a=1,,", vec![("a", "1")], 0, "nothing between commas"),
            ("a", vec![], 1, "no '='"),
            ("=1,a=1", vec![("a", "1")], 1, "no name"),
            ("a b=1", vec![], 1, "a space in the name"),
            ("a=%zz", vec![], 1, "no percent-encoding"),
            ("a=%0d%0ab:%201", vec![], 1, "a line break would be another header"),
            ("Content-Type=text/plain", vec![], 1, "what a request is, is ours to say"),
        ];
        for (text, expected, wrong, reason) in table {
            let (headers, errors) = headers(text);
            let mut found: Vec<_> = headers.iter().map(|(k, v)| (k.as_str(), v.to_str().unwrap())).collect();
            found.sort_unstable();
            assert_eq!((found, errors.len()), (expected, wrong), "{text:?}: {reason}");
        }
    }

    #[test]
    fn no_value_is_ever_shown() {
        let (good, _) = headers("authorization=secret");
        assert!(!format!("{good:?}").contains("secret"));
        for text in ["secret", "a=secret%zz", "a=secret%00", "content-type=secret"] {
            let (_, errors) = headers(text);
            assert!(errors.len() == 1 && !errors[0].contains("secret"), "{errors:?}");
        }
    }
}
