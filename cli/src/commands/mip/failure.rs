//! How a failed installation is told.

use mpr_protocol::Error;
use mpr_protocol::mip::{self, Location, Package, Remains};

use crate::failure::{Failure, Kind};
use crate::fetch::FetchError;

/// The board has not been touched before everything is fetched and verified.
const UNTOUCHED: &str = "nothing on the board was changed";

/// A word on the command line.
pub fn package(error: mip::Error) -> Failure {
    let hint = match &error {
        mip::Error::Versions { .. } => "name the package once, with the version that all can use",
        _ => "`mpr mip --help` says how packages are named",
    };
    Failure::usage(format!("mip: {error}")).hint(hint)
}

/// What a manifest says, or a file holds.
pub fn manifest(error: mip::Error) -> Failure {
    let hint = match &error {
        mip::Error::Package { .. } => return package(error),
        mip::Error::Manifest { .. } => {
            "is it the address of a `package.json`? A server may answer with a page for people instead"
        }
        mip::Error::Versions { .. } => {
            "name the package with the version that all can use: `{mpr} mip install NAME@VERSION ...`"
        }
        mip::Error::Hash { .. } => "run the command again; a proxy or a mirror may hold a damaged copy",
        mip::Error::Path { .. } => "do not install it before its author has explained that",
        mip::Error::Clash { .. } => {
            "the packages do not fit together in one target; `--target` names another one"
        }
        mip::Error::TooManyPackages { .. } => {
            "the index makes up names without end; `--index` names another one"
        }
        _ => "the package's author can correct that",
    };
    Failure::refused(format!("mip: {error}")).cause(UNTOUCHED).hint(hint)
}

/// What could not be fetched: the manifest of a package, or a file of one.
pub fn fetch(error: FetchError, package: Option<&Package>) -> Failure {
    let refused = |text: String| Failure::refused(format!("mip: {text}")).cause(UNTOUCHED);
    match error {
        FetchError::NotFound { url } => match package {
            Some(package) => not_found(package, &url).cause(UNTOUCHED),
            None => refused(format!("File not found: `{url}`"))
                .hint("the manifest names a file that does not exist; its author can correct that"),
        },
        FetchError::Status { url, status } => {
            let failure = refused(format!("Error {status} requesting `{url}`"));
            match status {
                401 | 403 => {
                    failure.hint("the server wants a login, or allows only so many requests an hour")
                }
                407 => failure.hint(
                    "the proxy wants a name and a password: `HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT`",
                ),
                429 | 500.. => failure.hint("the server cannot do it now; try again later"),
                _ => failure.hint("is the address right? A browser shows what the server says"),
            }
        }
        FetchError::Timeout { url, after } => {
            refused(format!("no answer for {} s requesting `{url}`", after.as_secs_f64()))
                .hint("is the network up, and does it want a proxy (`HTTPS_PROXY`)?")
        }
        FetchError::Network { url, reason } => refused(format!("{reason} requesting `{url}`"))
            .hint("is the network up, and does it want a proxy (`HTTPS_PROXY`)?"),
        FetchError::Certificate { url, reason } => refused(format!("{reason} requesting `{url}`")).hint(
            "`SSL_CERT_FILE=FILE` names the certificates to trust, where those of the system are not enough",
        ),
        FetchError::Proxy { variable, value } => {
            Failure::usage(format!("mip: `{variable}` names no proxy: `{value}`"))
                .hint(format!("`{variable}=http://HOST:PORT` names one"))
        }
        FetchError::TooLarge { at, limit } => refused(format!("`{at}` is larger than {} MB", limit >> 20))
            .hint("no board holds that; is it the address of the right file?"),
        FetchError::Local { path, source } => {
            Failure::local("mip", &path.display().to_string(), &source).cause(UNTOUCHED)
        }
        FetchError::Interrupted => Failure::new(Kind::Interrupted(2), "interrupted").cause(UNTOUCHED),
    }
}

fn not_found(package: &Package, url: &str) -> Failure {
    let failure = Failure::refused(format!("mip: Package not found: `{url}`"));
    match package {
        Package::Index { name, version: Some(_) } => {
            failure.hint(format!("does `{name}` have that version? Without one, the latest is installed"))
        }
        Package::Index { .. } => {
            failure.hint("is the name right? A name of the index is meant; `./` in front of it makes it a folder of this machine")
        }
        Package::Manifest(Location::Hosted(_)) => {
            failure.hint("has the project a `package.json`, and is it public? `@BRANCH` or `@TAG` after it names another version")
        }
        _ => failure.hint("is the address right? Without `.json`, `.py` or `.mpy` at its end, `/package.json` is added"),
    }
}

/// What went wrong on the board.
pub fn install(failed: mip::Failure) -> Failure {
    let interrupted = matches!(failed.error, Error::Interrupted);
    let mut failure = Failure::device("mip", failed.error);
    if let Some((needed, free)) = failed.shortage {
        failure = failure.cause(format!("{needed} bytes are needed at least, {free} are free"));
    }
    let (cause, hint) = match failed.remains {
        Remains::Nothing => ("everything on the board is as it was".to_owned(), None),
        Remains::Temporary(at) => (
            format!("the old files are as they were; new ones may be left in `:{at}`"),
            Some("run the command again, which also removes what is left"),
        ),
        Remains::Moving(at) => (
            format!(
                "the board was moving the new files from `:{at}` to their places, and does that without help"
            ),
            Some("run the command again, which completes or repairs it"),
        ),
    };
    failure = failure.cause(cause);
    match hint {
        Some(hint) if !interrupted => failure.hint(hint),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_network_does_is_an_answer_and_not_a_lost_board() {
        let url = || "http://h/x".to_owned();
        for (error, text) in [
            (FetchError::NotFound { url: url() }, "mip: File not found: `http://h/x`"),
            (FetchError::Status { url: url(), status: 500 }, "mip: Error 500 requesting `http://h/x`"),
            (
                FetchError::Timeout { url: url(), after: Duration::from_millis(1500) },
                "mip: no answer for 1.5 s requesting `http://h/x`",
            ),
        ] {
            let failure = fetch(error, None);
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Refused, text));
            assert_eq!(failure.causes, [UNTOUCHED]);
        }
    }

    #[test]
    fn what_is_left_is_said() {
        let failed = |remains| mip::Failure {
            error: Error::NoSpace { path: "/lib/x".into() },
            remains,
            shortage: Some((9, 5)),
        };
        let failure = install(failed(Remains::Nothing));
        assert_eq!(
            failure.causes,
            ["9 bytes are needed at least, 5 are free", "everything on the board is as it was"]
        );
        let failure = install(failed(Remains::Temporary("/lib/mip.tmp".into())));
        assert!(failure.causes[1].contains("`:/lib/mip.tmp`"), "{:?}", failure.causes);
        assert_eq!(failure.hint, Some("run the command again, which also removes what is left".into()));
    }
}
