//! Proxies as the environment names them, by the rules that other tools follow: `HTTPS_PROXY` for `https:` addresses,
//! `HTTP_PROXY` for `http:` ones, `ALL_PROXY` for both, none for what `NO_PROXY` lists; in small letters, too.

use ureq::Proxy;

use super::FetchError;

/// Variables that hold for `https:` addresses, the most important one first.
const HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The same for `http:`.
const HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Hosts that no proxy is used for.
const NONE_FOR: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxies for `http:` and `https:` addresses.
///
/// # Errors
/// [`FetchError::Proxy`] when a variable does not name one.
pub fn from_environment() -> Result<(Option<Proxy>, Option<Proxy>), FetchError> {
    from(|name| std::env::var(name).ok())
}

fn from(variable: impl Fn(&str) -> Option<String>) -> Result<(Option<Proxy>, Option<Proxy>), FetchError> {
    let set = |name: &&'static str| {
        variable(name).filter(|value| !value.trim().is_empty()).map(|value| (*name, value))
    };
    let exceptions = NONE_FOR.iter().find_map(set).map(|(_, value)| value).unwrap_or_default();
    let proxy = |names: [&'static str; 4]| match names.iter().find_map(set) {
        Some((name, value)) => build(&value, &exceptions)
            .map(Some)
            .ok_or_else(|| FetchError::Proxy { variable: name, value: without_password(&value) }),
        None => Ok(None),
    };
    Ok((proxy(HTTP)?, proxy(HTTPS)?))
}

fn build(value: &str, exceptions: &str) -> Option<Proxy> {
    let named = Proxy::new(value.trim()).ok()?;
    let mut builder = Proxy::builder(named.protocol()).host(named.host()).port(named.port());
    if let Some(name) = named.username() {
        builder = builder.username(name);
    }
    if let Some(password) = named.password() {
        builder = builder.password(password);
    }
    for pattern in patterns(exceptions) {
        builder = builder.no_proxy(&pattern);
    }
    builder.build().ok()
}

/// What `NO_PROXY` lists: `host` means the host and everything below it.
fn patterns(exceptions: &str) -> Vec<String> {
    let entries = exceptions.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .flat_map(|entry| {
            let host = match entry.rsplit_once(':') {
                Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => host,
                _ => entry,
            };
            let bare = host.trim_start_matches('*').trim_start_matches('.');
            match bare {
                "" => vec!["*".to_owned()],
                bare => vec![bare.to_owned(), format!(".{bare}")],
            }
        })
        .collect()
}

fn without_password(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> (Option<Proxy>, Option<Proxy>) {
        let value = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        from(value).expect("the variables name proxies")
    }

    fn host(proxy: &Option<Proxy>) -> Option<(&str, u16)> {
        proxy.as_ref().map(|proxy| (proxy.host(), proxy.port()))
    }

    #[test]
    fn each_scheme_has_its_variable() {
        let (http, https) = of(&[("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2")]);
        assert_eq!((host(&http), host(&https)), (Some(("b", 2)), Some(("a", 1))));
        let (http, https) = of(&[("ALL_PROXY", "http://c:3"), ("HTTP_PROXY", "")]);
        assert_eq!((host(&http), host(&https)), (Some(("c", 3)), Some(("c", 3))));
        let (http, https) = of(&[("HTTPS_PROXY", "http://u:p%40ss@a:1")]);
        assert_eq!(http, None);
        assert_eq!(https.unwrap().password(), Some("p@ss"));
    }

    #[test]
    fn some_hosts_need_none() {
        let (http, _) = of(&[("HTTP_PROXY", "a:1"), ("NO_PROXY", "example.com, .inner:8080,127.0.0.1")]);
        let http = http.unwrap();
        for (url, without) in [
            ("http://example.com/x", true),
            ("http://sub.example.com/x", true),
            ("http://notexample.com/x", false),
            ("http://inner/x", true),
            ("http://deep.inner/x", true),
            ("http://127.0.0.1:99/x", true),
            ("http://127.0.0.2/x", false),
        ] {
            assert_eq!(http.is_no_proxy(&url.parse().unwrap()), without, "{url}");
        }
        let (http, _) = of(&[("HTTP_PROXY", "a:1"), ("NO_PROXY", "*")]);
        assert!(http.unwrap().is_no_proxy(&"http://x/".parse().unwrap()));
    }

    #[test]
    fn what_is_no_proxy_is_said_without_its_password() {
        let value = |name: &str| (name == "HTTPS_PROXY").then(|| "ftp://user:secret@host".to_owned());
        match from(value) {
            Err(FetchError::Proxy { variable, value }) => {
                assert_eq!((variable, value.as_str()), ("HTTPS_PROXY", "...@host"));
            }
            other => panic!("{other:?}"),
        }
    }
}
