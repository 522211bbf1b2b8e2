//! Looking up the receiver's addresses.
//!
//! `ureq` asks for every request, also where a connection is open, and its own resolver starts a thread each time, because a
//! look-up may hang. This one remembers the answer until a request fails.

use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use ureq::Error;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Remembers the addresses of the one receiver that it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    known: Arc<Mutex<Option<ResolvedSocketAddrs>>>,
}

impl Addresses {
    /// Looks them up anew next time: the receiver may have moved.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        // A proxy is another host.
        if config.proxy().is_some() {
            return DefaultResolver::default().resolve(uri, config, timeout);
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_remembered_until_a_request_fails() {
        let addresses = Addresses::default();
        let resolve = |uri: &'static str| {
            let found = addresses.resolve(&Uri::from_static(uri), &Config::default(), NextTimeout::default()).unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(resolve("http://127.0.0.1:4318/v1/traces"), ["127.0.0.1:4318"]);
        assert_eq!(resolve("http://127.0.0.2:4318/v1/traces"), ["127.0.0.1:4318"], "it is not asked again");
        addresses.forget();
        assert_eq!(resolve("http://127.0.0.2:4318/v1/traces"), ["127.0.0.2:4318"]);
    }
}
