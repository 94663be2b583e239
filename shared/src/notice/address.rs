//! Where a notice may be sent: to a public host by https, and nowhere else.
//!
//! The address is read as a fetch reads it (<https://url.spec.whatwg.org>), so an IPv4 address may be written in any way.
//! Names are not resolved: a Worker's fetch goes out to the public internet, in which a private address leads nowhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// An address that a notice may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why no notice is sent to an address. None repeats it: it is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not read, or its host has other than ASCII letters.
    #[error("it is no URL of ASCII letters")]
    Syntax,
    /// Anybody could read along.
    #[error("it does not begin with https://")]
    Scheme,
    /// They do not belong there, and would be sent in the clear.
    #[error("it has a user name or a password in it")]
    Credentials,
    /// It leads to a private network, to the machine itself, or to nobody.
    #[error("its host is not a public one")]
    Host,
}

impl Address {
    /// Reads an address.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|_| AddressError::Syntax)?;
        if url.scheme() != "https" {
            return Err(AddressError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        let is_public = match url.host() {
            Some(Host::Domain(name)) => is_public_name(name),
            Some(Host::Ipv4(address)) => is_public_v4(address),
            Some(Host::Ipv6(address)) => is_public_v6(address),
            None => false,
        };
        if is_public {
            Ok(Self(url))
        } else {
            Err(AddressError::Host)
        }
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// As it is sent to.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same with a query parameter, in the place of one of that name.
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let mut url = self.0.clone();
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(found, _)| found != name)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair(name, value);
        Self(url)
    }

    /// The same one step further down.
    #[must_use]
    pub fn with_step(&self, step: &str) -> Self {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(step);
        }
        Self(url)
    }
}

/// Names of hosts that are in nobody's public zone: <https://www.iana.org/assignments/special-use-domain-names>
const PRIVATE_ZONES: [&str; 10] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "test",
    "invalid",
];

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_in = |zone: &str| {
        let rest = name.strip_suffix(zone);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.') && !PRIVATE_ZONES.iter().any(|zone| is_in(zone))
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(
        (a, b, c),
        (0 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (192, 0, 0)
            | (192, 88, 99)
            | (198, 18 | 19, _)
    ) || address.is_private()
        || address.is_link_local()
        || address.is_documentation())
}

/// Only what is given out to the public, and of that nothing that stands for an IPv4 address.
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_given_out = (a & 0xe000) == 0x2000;
    let is_special = matches!(
        (a, b),
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
    );
    is_given_out && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<AddressError> {
        Address::read(text).err()
    }

    #[test]
    fn a_public_host_is_taken() {
        for text in [
            "https://discord.com/api/webhooks/1/token",
            "https://hooks.example:8443/x?y=z",
            " https://1.1.1.1/ ",
            "https://[2606:4700:4700::1111]/",
            "https://locallocal.example/",
            "https://mylocal.dev/",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_https_is_refused() {
        for text in [
            "http://hooks.example/",
            "ftp://hooks.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert_eq!(refused(text), Some(AddressError::Scheme), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            "hooks.example",
            "https://",
            "https://a b/",
            "https://[::1/",
            "https://256.1.1.1/",
        ] {
            assert_eq!(refused(text), Some(AddressError::Syntax), "{text}");
        }
    }

    #[test]
    fn names_in_other_than_ascii_letters_are_taken_as_punycode_alone() {
        for text in ["https://bücher.example/", "https://①②⑦.0.0.1/"] {
            assert_eq!(refused(text), Some(AddressError::Syntax), "{text}");
        }
        assert_eq!(refused("https://xn--bcher-kva.example/"), None);
    }

    #[test]
    fn credentials_are_refused() {
        for text in [
            "https://user@hooks.example/",
            "https://:secret@hooks.example/",
        ] {
            assert_eq!(refused(text), Some(AddressError::Credentials), "{text}");
        }
    }

    #[test]
    fn names_that_are_not_public_are_refused() {
        for text in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://router.home.arpa/",
            "https://intranet/",
        ] {
            assert_eq!(refused(text), Some(AddressError::Host), "{text}");
        }
    }

    #[test]
    fn private_ipv4_addresses_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "0x7f.1",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
        ] {
            assert_eq!(
                refused(&format!("https://{host}/")),
                Some(AddressError::Host),
                "{host}"
            );
        }
    }

    #[test]
    fn private_ipv6_addresses_are_refused() {
        for host in [
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::7f00:1",
        ] {
            assert_eq!(
                refused(&format!("https://[{host}]/")),
                Some(AddressError::Host),
                "{host}"
            );
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_address() {
        let error = refused("http://hooks.example/secret").unwrap();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_parameter_takes_the_place_of_its_namesake_and_of_no_other() {
        let address = Address::read("https://hooks.example/x?thread_id=1&wait=false").unwrap();
        assert_eq!(
            address.with_parameter("wait", "true").as_str(),
            "https://hooks.example/x?thread_id=1&wait=true"
        );
    }

    #[test]
    fn a_step_comes_behind_the_path_and_before_the_query() {
        let step = |text| {
            Address::read(text)
                .unwrap()
                .with_step("fail")
                .as_str()
                .to_owned()
        };
        assert_eq!(
            step("https://hc.example/uuid"),
            "https://hc.example/uuid/fail"
        );
        assert_eq!(
            step("https://hc.example/uuid/?a=b"),
            "https://hc.example/uuid/fail?a=b"
        );
    }
}
