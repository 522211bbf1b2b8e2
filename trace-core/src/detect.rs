//! What a process can say of itself.

use crate::resource::Resource;

impl Resource {
    /// What is known of this process without being told: `service.name`, `telemetry.sdk.*`, `process.pid` and
    /// `process.executable.name`.
    ///
    /// The service is called `unknown_service:` and the executable's name, or `unknown_service` where that is not known, as
    /// in [OpenTelemetry's `service.name`](https://opentelemetry.io/docs/specs/semconv/resource/#service). What anybody else
    /// says of these attributes should win: use it as the first part of a [`merge`](Self::merge).
    ///
    /// ```
    /// use trace_core::Resource;
    ///
    /// let resource = Resource::of_process().attribute("service.name", "shop");
    /// assert!(resource.get("process.pid").is_some());
    /// ```
    #[must_use]
    pub fn of_process() -> Self {
        let executable = std::env::current_exe().ok();
        let name = executable.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        of(std::process::id(), name.as_deref())
    }
}

fn of(pid: u32, executable: Option<&str>) -> Resource {
    let service = executable.map_or("unknown_service".to_owned(), |name| format!("unknown_service:{name}"));
    let resource = Resource::new()
        .attribute("service.name", service)
        .attribute("telemetry.sdk.name", env!("CARGO_PKG_NAME"))
        .attribute("telemetry.sdk.language", "rust")
        .attribute("telemetry.sdk.version", env!("CARGO_PKG_VERSION"))
        .attribute("process.pid", pid);
    match executable {
        Some(name) => resource.attribute("process.executable.name", name.to_owned()),
        None => resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn an_unnamed_service_is_called_after_its_executable() {
        let known = of(7, Some("shop"));
        assert_eq!(known.service_name(), Some("unknown_service:shop"));
        assert_eq!(known.get("process.executable.name"), Some(&Value::from("shop")));
        assert_eq!(known.get("process.pid"), Some(&Value::from(7)));
        assert_eq!(known.get("telemetry.sdk.language"), Some(&Value::from("rust")));

        let unknown = of(7, None);
        assert_eq!(unknown.service_name(), Some("unknown_service"));
        assert_eq!(unknown.get("process.executable.name"), None);
    }
}
