//! Calls of other programs over HTTP: to public addresses alone unless an administrator of the machine
//! allows others, without following anybody anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Longest time of one call.
const CALL_TIME: Duration = Duration::from_secs(15);
/// Most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 16 * 1_024;
/// Most bytes of an answer's headers.
const MAX_HEADER_BYTES: usize = 16 * 1_024;

/// Where calls may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether `http` is allowed beside `https`.
    pub http: bool,
    /// Whether addresses of this machine and of private networks are.
    pub private: bool,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A status, with the beginning of what was said.
    Status(u16, String),
    /// There was no answer; with the reason.
    Nothing(String),
    /// It may not be called; with the reason.
    Forbidden(String),
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    reach: Reach,
}

impl Client {
    /// A client that goes so far.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(!reach.http)
            .proxy(None)
            .timeout_global(Some(CALL_TIME))
            .max_response_header_size(MAX_HEADER_BYTES)
            .user_agent(concat!("opora/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Guarded {
            inner: DefaultResolver::default(),
            private: reach.private,
        };
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::new(), resolver),
            reach,
        }
    }

    /// Posts JSON.
    pub fn post(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> Answered {
        if let Err(why) = check(url, self.reach) {
            return Answered::Forbidden(why);
        }
        let mut request = self.agent.post(url);
        for (name, value) in headers {
            request = request.header(*name, value.as_str());
        }
        let request = request.header("Content-Type", "application/json");
        let mut answer = match request.send(body) {
            Ok(answer) => answer,
            Err(e) => return Answered::Nothing(e.to_string()),
        };
        let status = answer.status().as_u16();
        let said = answer
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string();
        // What it said helps people; that it said too much does not change what it answered.
        let said: String = said.unwrap_or_default().chars().take(200).collect();
        Answered::Status(status, said)
    }
}

/// Whether an address may be called, as far as it can be told without looking it up.
///
/// # Errors
/// Why not, in words.
pub fn check(url: &str, reach: Reach) -> Result<(), String> {
    let uri: Uri = url
        .parse()
        .map_err(|e| format!("`{url}` is no address: {e}"))?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if reach.http => {}
        Some("http") => return Err("`http` is not allowed here: take `https`".to_owned()),
        _ => return Err("expected an address that begins with `https://`".to_owned()),
    }
    let Some(authority) = uri.authority() else {
        return Err("the address names no host".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("an address holds no user and password".to_owned());
    }
    let host = authority.host().trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(ip) if !reach.private && !is_public(ip) => Err(format!("`{ip}` is no public address")),
        _ => Ok(()),
    }
}

/// Looks names up, and leaves out addresses that may not be called: a name may lead anywhere, and
/// elsewhere a moment later.
#[derive(Debug)]
struct Guarded {
    inner: DefaultResolver,
    private: bool,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.private {
            return Ok(found);
        }
        let mut kept = self.empty();
        for address in found.iter().filter(|a| is_public(a.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() {
            let why = "the name leads to no public address";
            return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why).into());
        }
        Ok(kept)
    }
}

/// Whether an address is of the open internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 192 && b == 0 && (c == 0 || c == 2);
    let measured = a == 198 && (b == 18 || b == 19);
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_broadcast()
        || ip.is_documentation()
        || shared
        || special
        || measured
        || a == 0
        || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // An old address in a new coat is what it is.
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, ..] = ip.segments();
    if a == 0x64 && b == 0xff9b {
        let [.., c, d] = ip.octets();
        let [.., e, f, _, _] = ip.octets();
        return is_public_v4(Ipv4Addr::new(e, f, c, d));
    }
    // Global unicast alone, without documentation and 6to4.
    a & 0xe000 == 0x2000 && !(a == 0x2001 && b == 0xdb8) && a != 0x2002 && !(a == 0x2001 && b == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        for ip in [
            "8.8.8.8",
            "93.184.216.34",
            "2606:4700::1",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let inner = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2001:db8::1",
            "2002:7f00:1::",
        ];
        for ip in inner {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_checked_before_it_is_called() {
        let none = Reach::default();
        assert!(check("https://hooks.example/x", none).is_ok());
        let wrong = [
            "http://hooks.example/x",
            "ftp://hooks.example",
            "https://user:pass@hooks.example",
            "https://127.0.0.1/x",
            "https://[::1]:8443/x",
            "https://169.254.169.254/latest",
            "hooks.example",
            "/x",
            "",
        ];
        for url in wrong {
            assert!(check(url, none).is_err(), "{url}");
        }
        let all = Reach {
            http: true,
            private: true,
        };
        assert!(check("http://127.0.0.1:9000/x", all).is_ok());
        let call = Client::new(Reach {
            http: true,
            private: false,
        });
        // A name leads to this machine: found out when it is looked up.
        let answered = call.post("http://localhost:9/x", &[], b"{}");
        assert!(matches!(answered, Answered::Nothing(_)), "{answered:?}");
    }
}
