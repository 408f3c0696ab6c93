//! Which network a cell has: none, the machine's, the model's alone, or a list of hosts; and what was asked of it.
//!
//! **Invariant:** an entry of an allow list is checked where it enters, so that a wrong one refuses and never allows.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The ports of an entry that names none: HTTP and HTTPS.
const USUAL_PORTS: [u16; 2] = [80, 443];

values! {
    /// Which network a cell has.
    #[derive(Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Network {
        /// A loopback of its own and nothing else.
        #[default]
        None,
        /// The machine's network, unrestricted; recorded as such.
        Host,
        /// The model alone, through a port of the cell's loopback behind which requests are metered.
        Model,
        /// These hosts, through a proxy that records every host, port and byte.
        Allow(Vec<Allowed>),
    }

    /// What was asked of one host and port, in all.
    #[derive(Eq)]
    pub struct Contact {
        /// The host as it was asked for, in lower case; `-` where no host could be read.
        pub host: String,
        /// The port; 0 where none could be read.
        pub port: u16,
        /// What became of it.
        pub verdict: ContactVerdict,
        /// How often.
        pub count: u64,
        /// Bytes from the cell to the host.
        pub up: u64,
        /// Bytes from the host to the cell.
        pub down: u64,
    }

    /// What became of a request for a host.
    #[derive(Eq, PartialOrd, Ord)]
    #[serde(tag = "verdict", rename_all = "snake_case")]
    pub enum ContactVerdict {
        /// It was let through.
        Allowed,
        /// It was not.
        Refused {
            /// Why, in a sentence fragment.
            because: String,
        },
        /// It was allowed, and the host could not be reached.
        Failed {
            /// Why, in a sentence fragment.
            because: String,
        },
    }
}

/// One entry of an allow list: a host, `*.` and a domain (its subdomains, not itself), an address, or a network in
/// CIDR form, each with an optional `:port`. Without a port it means 80 and 443.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", ts(type = "string"))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Allowed {
    host: Pattern,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pattern {
    Name(String),
    Below(String),
    Address(IpAddr),
    Net { address: IpAddr, bits: u8 },
}

/// Why a text is no entry of an allow list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAllowed {
    /// The text as given.
    pub text: String,
    why: &'static str,
}

impl fmt::Display for BadAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no host that can be allowed ({}): write `host`, `*.domain`, an address or a network such as \
             `10.1.0.0/16`, each with `:port` if it is not 80 or 443",
            self.text.escape_debug(),
            self.why
        )
    }
}

impl std::error::Error for BadAllowed {}

impl Allowed {
    /// Reads one entry.
    ///
    /// # Errors
    /// When it is a URL, holds a path, a user or a wildcard elsewhere than at the front, or names no possible host.
    pub fn parse(text: &str) -> Result<Allowed, BadAllowed> {
        let bad = |why| BadAllowed { text: text.to_owned(), why };
        if text.contains("://") {
            return Err(bad("a URL"));
        }
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits) = (address.parse().ok(), bits.parse::<u8>().ok());
            let (Some(address), Some(bits)) = (address, bits) else {
                return Err(bad("no network: it must be an address, `/` and its bits, without a port"));
            };
            return net(address, bits).map(|host| Allowed { host, port: None }).map_err(bad);
        }
        if let Ok(address) = text.parse() {
            return Ok(Allowed { host: Pattern::Address(address), port: None });
        }
        let (host, port) = split_port(text).map_err(bad)?;
        if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address = inner.parse().map_err(|_| bad("no address between the brackets"))?;
            return Ok(Allowed { host: Pattern::Address(address), port });
        }
        if let Ok(address) = host.parse() {
            return Ok(Allowed { host: Pattern::Address(address), port });
        }
        let below = host.strip_prefix("*.");
        let name = host_name(below.unwrap_or(host)).ok_or_else(|| bad("no name of a host"))?;
        let host = if below.is_some() { Pattern::Below(name) } else { Pattern::Name(name) };
        Ok(Allowed { host, port })
    }

    /// Returns whether this entry lets a name through to `port`. An address is no name: see `has_address`.
    pub fn has_name(&self, name: &str, port: u16) -> bool {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        let fits = match &self.host {
            Pattern::Name(own) => own == name,
            Pattern::Below(domain) => {
                name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            Pattern::Address(_) | Pattern::Net { .. } => false,
        };
        fits && self.has_port(port)
    }

    /// Returns whether this entry names an address, itself or by its network.
    pub fn has_address(&self, address: IpAddr, port: u16) -> bool {
        let fits = match &self.host {
            Pattern::Name(_) | Pattern::Below(_) => false,
            Pattern::Address(own) => *own == address,
            Pattern::Net { address: own, bits } => masked(*own, *bits) == masked(address, *bits),
        };
        fits && self.has_port(port)
    }

    /// Returns whether this entry is exactly an address, and no network that holds it.
    pub fn is_address(&self, address: IpAddr, port: u16) -> bool {
        self.host == Pattern::Address(address) && self.has_port(port)
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.map_or(USUAL_PORTS.contains(&port), |own| own == port)
    }
}

/// Splits `host:port`; the port is 1 or more.
fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let colon = if text.starts_with('[') { text.rfind("]:").map(|at| at + 1) } else { text.rfind(':') };
    let Some(at) = colon else { return Ok((text, None)) };
    let digits = &text[at + 1..];
    let port = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    match port.filter(|port| *port > 0) {
        Some(port) => Ok((&text[..at], Some(port))),
        None => Err("no port from 1 to 65535 after the colon"),
    }
}

/// Returns a host's name in lower case, if it is one: labels of letters, digits, `-` and `_`, and not all digits last.
pub fn host_name(text: &str) -> Option<String> {
    let name = text.to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // `1.2.3` or `0x7f.1` would be read as an address by some resolvers.
    let number = |last: &str| {
        let hex = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
        hex || last.bytes().all(|b| b.is_ascii_digit())
    };
    let good = name.len() <= 253 && name.split('.').all(label) && !name.rsplit('.').next().is_none_or(number);
    good.then_some(name)
}

fn net(address: IpAddr, bits: u8) -> Result<Pattern, &'static str> {
    let most = if address.is_ipv4() { 32 } else { 128 };
    if bits > most {
        return Err("no network: too many bits");
    }
    if masked(address, bits) != Some(address) {
        return Err("no network: bits of a host are set");
    }
    Ok(Pattern::Net { address, bits })
}

/// Returns the network of an address; `None` where so many bits are more than it has.
fn masked(address: IpAddr, bits: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32_u32.checked_sub(bits.into())?).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & keep).into())
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128_u32.checked_sub(bits.into())?).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & keep).into())
        }
    })
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (Pattern::Name(name), _) => f.write_str(name)?,
            (Pattern::Below(domain), _) => write!(f, "*.{domain}")?,
            (Pattern::Address(IpAddr::V6(v6)), Some(_)) => write!(f, "[{v6}]")?,
            (Pattern::Address(address), _) => write!(f, "{address}")?,
            (Pattern::Net { address, bits }, _) => write!(f, "{address}/{bits}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl TryFrom<String> for Allowed {
    type Error = BadAllowed;
    fn try_from(text: String) -> Result<Self, BadAllowed> {
        Self::parse(&text)
    }
}

impl From<Allowed> for String {
    fn from(entry: Allowed) -> String {
        entry.to_string()
    }
}

impl fmt::Display for Network {
    /// Says it as a person reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::None => f.write_str("none"),
            Network::Host => f.write_str("the machine's, unrestricted"),
            Network::Model => f.write_str("the model alone"),
            Network::Allow(hosts) => {
                f.write_str("only ")?;
                for (n, host) in hosts.iter().enumerate() {
                    write!(f, "{}{host}", if n == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> Allowed {
        Allowed::parse(text).unwrap()
    }

    #[test]
    fn an_entry_is_written_as_it_is_read() {
        for text in [
            "registry.example.org",
            "*.example.org",
            "example.org:8443",
            "*.example.org:22",
            "127.0.0.1",
            "127.0.0.1:8080",
            "::1",
            "[::1]:8080",
            "10.0.0.0/8",
            "0.0.0.0/0",
            "fd00::/8",
        ] {
            assert_eq!(allowed(text).to_string(), text);
        }
        assert_eq!(allowed("Registry.Example.ORG").to_string(), "registry.example.org");
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for bad in [
            "",
            "*",
            "*.",
            "**.a.org",
            "a.*.org",
            "*a.org",
            "https://a.org",
            "a.org/x",
            "u@a.org",
            "a.org:",
            "a.org:0",
            "a.org:65536",
            "a.org:x",
            "a..org",
            "-a.org",
            "a b.org",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/8:80",
            "[::1",
            "[x]:1",
            "1.2.3",
            "0x7f.1",
            "127.1",
            "a.org\n",
            "ä.org",
            ".a.org",
            "a.org.",
        ] {
            assert!(Allowed::parse(bad).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<Allowed>("\"https://a.org\"").is_err());
    }

    #[test]
    fn an_entry_lets_through_what_it_names_and_nothing_else() {
        let check = |entry: &str, host: &str, port| allowed(entry).has_name(host, port);
        assert!(check("a.org", "A.org", 443) && check("a.org", "a.org.", 80));
        assert!(
            !check("a.org", "a.org", 22)
                && check("a.org:22", "a.org", 22)
                && !check("a.org:22", "a.org", 443)
        );
        assert!(!check("a.org", "b.a.org", 443) && !check("a.org", "a.org.evil.net", 443));
        assert!(check("*.a.org", "b.a.org", 443) && check("*.a.org", "c.b.a.org", 443));
        assert!(
            !check("*.a.org", "a.org", 443)
                && !check("*.a.org", "ba.org", 443)
                && !check("*.a.org", ".a.org", 443)
        );
    }

    #[test]
    fn an_address_is_named_by_itself_or_its_network() {
        let at = |entry: &str, address: &str| allowed(entry).has_address(address.parse().unwrap(), 80);
        assert!(at("10.0.0.0/8", "10.9.8.7") && !at("10.0.0.0/8", "11.0.0.1") && at("0.0.0.0/0", "1.2.3.4"));
        assert!(at("fd00::/8", "fd12::1") && !at("10.0.0.0/8", "fd12::1") && !at("fd00::/64", "10.0.0.1"));
        assert!(at("127.0.0.1", "127.0.0.1") && !at("127.0.0.1:81", "127.0.0.1"));
        assert!(!allowed("127.0.0.0/8").is_address("127.0.0.1".parse().unwrap(), 80));
    }

    #[test]
    fn a_network_reads_as_it_always_did() {
        let read = |text| serde_json::from_str::<Network>(text).unwrap();
        assert_eq!([read("\"none\""), read("\"host\"")], [Network::None, Network::Host]);
        let list = Network::Allow(vec![allowed("*.a.org:8443")]);
        assert_eq!(serde_json::to_string(&list).unwrap(), "{\"allow\":[\"*.a.org:8443\"]}");
        assert_eq!(read("{\"allow\":[\"*.a.org:8443\"]}"), list);
        assert_eq!(list.to_string(), "only *.a.org:8443");
    }
}
