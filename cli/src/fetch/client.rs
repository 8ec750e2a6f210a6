//! One address: timeouts, retries, limits.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ResponseExt};

use super::{FetchError, proxy};

/// The most that one address may give, in bytes: more than the flash of most boards.
pub const LARGEST: u64 = 16 << 20;

/// The longest silence of a server, unless `--timeout` says less.
const PATIENCE: Duration = Duration::from_secs(20);

/// A download that trickles ends, too.
const WHOLE: Duration = Duration::from_secs(300);

/// Waiting times before another attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// A silent server is asked so often in all: a wait is long enough.
const TIMEOUTS: usize = 2;

/// Statuses that may be better soon.
const PASSING: [u16; 5] = [429, 500, 502, 503, 504];

/// Fetches addresses. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: Agent,
    https: Agent,
    patience: Duration,
}

impl Client {
    /// A client with the environment's proxies. `limit` shortens the patience.
    ///
    /// # Errors
    /// [`FetchError::Proxy`].
    pub fn new(limit: Option<Duration>) -> Result<Client, FetchError> {
        let patience = limit.map_or(PATIENCE, |limit| limit.min(PATIENCE));
        let (http, https) = proxy::from_environment()?;
        Ok(Client { http: agent(http, patience, false), https: agent(https, patience, true), patience })
    }

    /// The content at an address.
    ///
    /// # Errors
    /// [`FetchError`], after a few attempts where another one may help.
    pub fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let mut timeouts = 0;
        let mut pauses = PAUSES.iter();
        loop {
            let error = match self.attempt(url) {
                Ok(content) => return Ok(content),
                Err(error) => error,
            };
            let again = match &error {
                FetchError::Status { status, .. } => PASSING.contains(status),
                FetchError::Network { .. } => true,
                FetchError::Timeout { .. } => {
                    timeouts += 1;
                    timeouts < TIMEOUTS
                }
                _ => false,
            };
            match pauses.next() {
                Some(pause) if again => thread::sleep(*pause),
                _ => return Err(error),
            }
        }
    }

    fn attempt(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let wrong = |error| self.failure(url, error);
        let is_https = url.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"));
        let agent = if is_https { &self.https } else { &self.http };
        let mut response = agent.get(url).call().map_err(wrong)?;
        let url = url.to_owned();
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Err(FetchError::NotFound { url }),
            status => return Err(FetchError::Status { url, status }),
        }
        if is_login(response.get_uri()) {
            return Err(FetchError::NotFound { url });
        }
        let body = response.body_mut().with_config().limit(LARGEST + 1).read_to_vec();
        match body {
            Ok(content) if content.len() as u64 <= LARGEST => Ok(content),
            Ok(_) | Err(ureq::Error::BodyExceedsLimit(_)) => {
                Err(FetchError::TooLarge { at: url, limit: LARGEST })
            }
            Err(error) => Err(self.failure(&url, error)),
        }
    }

    fn failure(&self, url: &str, error: ureq::Error) -> FetchError {
        let url = url.to_owned();
        let reason = match error {
            ureq::Error::Timeout(_) => return FetchError::Timeout { url, after: self.patience },
            ureq::Error::Io(error) => match rustls_text(&error) {
                Some(reason) => return FetchError::Certificate { url, reason },
                None => match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                        return FetchError::Timeout { url, after: self.patience };
                    }
                    io::ErrorKind::UnexpectedEof => "the connection ended too early".to_owned(),
                    _ => crate::failure::strerror(&error),
                },
            },
            ureq::Error::Rustls(error) => return FetchError::Certificate { url, reason: error.to_string() },
            ureq::Error::RequireHttpsOnly(_) => "redirected to an address without encryption".to_owned(),
            error => error.to_string(),
        };
        FetchError::Network { url, reason }
    }
}

fn agent(proxy: Option<Proxy>, patience: Duration, https_only: bool) -> Agent {
    // The system's certificates, so that a company's own proxy is trusted where the system trusts it.
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .user_agent(concat!("mpr/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .https_only(https_only)
        .proxy(proxy)
        .tls_config(tls)
        .timeout_resolve(Some(patience))
        .timeout_connect(Some(patience))
        .timeout_recv_response(Some(patience))
        .timeout_per_read(Some(patience))
        .timeout_global(Some(WHOLE))
        .build()
        .new_agent()
}

/// GitLab sends those who ask for a file of no public project to its login page.
fn is_login(uri: &Uri) -> bool {
    uri.host() == Some("gitlab.com") && uri.path() == "/users/sign_in"
}

/// What the encryption layer says, where it is the cause.
fn rustls_text(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().map(ToString::to_string)
}
