//! Why something could not be fetched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why something could not be fetched.
#[derive(Debug)]
pub enum FetchError {
    /// The server says that there is no such thing.
    NotFound {
        /// The address.
        url: String,
    },
    /// The server refuses for another reason.
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The server did not answer, or stopped in the middle.
    Timeout {
        /// The address.
        url: String,
        /// The longest silence that was borne.
        after: Duration,
    },
    /// There is no connection, or it broke.
    Network {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// The server's certificate is not trusted.
    Certificate {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// A variable of the environment does not name a proxy.
    Proxy {
        /// The variable.
        variable: &'static str,
        /// Its value without a password.
        value: String,
    },
    /// More than any board holds.
    TooLarge {
        /// The address or file.
        at: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file of this machine cannot be read.
    Local {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The user stopped it.
    Interrupted,
}
