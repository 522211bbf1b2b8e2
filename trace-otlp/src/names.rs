//! The attributes that the exporter adds to spans.

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
