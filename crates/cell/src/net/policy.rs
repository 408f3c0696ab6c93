//! Decides whether a host may be reached, and at which addresses: the names are looked up here, outside of the room.
//!
//! **Invariant:** an address that is returned was checked, and it is that address which is connected to; addresses of
//! this machine, of private networks and of clouds' metadata services are returned only when they are named themselves.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use fairtrial_domain::network::Allowed;

use super::head::Host;

/// Looks names of hosts up.
pub trait Names: Send + Sync {
    /// Returns the addresses of a host.
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|found| found.ip()).collect())
    }
}

/// What is let through.
#[derive(Clone)]
pub struct Policy {
    allowed: Vec<Allowed>,
    names: Arc<dyn Names>,
}

/// Why a host is not reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Barred {
    /// The list does not let it through.
    Refused(String),
    /// It has no address.
    Failed(String),
}

impl Policy {
    /// Lets through what `allowed` names, by names that `names` looks up.
    pub fn new(allowed: Vec<Allowed>, names: Arc<dyn Names>) -> Policy {
        Policy { allowed, names }
    }

    /// Returns the addresses at which a host may be reached.
    pub(super) fn way(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Barred> {
        let name = match host {
            Host::Address(address) => {
                let address = address.to_canonical();
                return match self.names_address(address, port) {
                    true => Ok(vec![SocketAddr::new(address, port)]),
                    false => Err(Barred::Refused("the list does not name it".to_owned())),
                };
            }
            Host::Name(name) => name,
        };
        if !self.allowed.iter().any(|entry| entry.has_name(name, port)) {
            return Err(Barred::Refused("the list does not name it".to_owned()));
        }
        let found =
            self.names.addresses(name).map_err(|error| Barred::Failed(format!("no address: {error}")))?;
        let found: Vec<IpAddr> = found.into_iter().map(|address| address.to_canonical()).collect();
        let open = |address: &&IpAddr| is_public(**address) || self.names_address(**address, port);
        let ways: Vec<SocketAddr> = found.iter().filter(open).map(|a| SocketAddr::new(*a, port)).collect();
        match (ways.is_empty(), found.first()) {
            (false, _) => Ok(ways),
            (true, None) => Err(Barred::Failed("no address".to_owned())),
            (true, Some(address)) => Err(Barred::Refused(format!(
                "it leads to {address}, which is no public address: name that too to allow it"
            ))),
        }
    }

    /// Returns whether an address itself is named; one that hands out a machine's credentials only by itself.
    fn names_address(&self, address: IpAddr, port: u16) -> bool {
        self.allowed.iter().any(|entry| match is_metadata(address) {
            true => entry.is_address(address, port),
            false => entry.has_address(address, port),
        })
    }
}

/// Returns whether a cloud's machine asks for its credentials there.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => [
            Ipv4Addr::new(169, 254, 169, 254),
            Ipv4Addr::new(169, 254, 170, 2),
            Ipv4Addr::new(100, 100, 100, 200),
        ]
        .contains(&v4),
        IpAddr::V6(v6) => v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    }
}

/// Returns whether an address belongs to the public internet (RFC 6890), and holds no other within.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let special = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || a == 0
                || (a == 100 && b & 0xc0 == 64)
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && b & 0xfe == 18)
                || a >= 224;
            !special
        }
        // 2000::/3 is all that is given out; 6to4, Teredo, ORCHID and documentation within it lead elsewhere.
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            a & 0xe000 == 0x2000
                && a != 0x2002
                && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
                && a & 0xfff0 != 0x3ff0
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Table(BTreeMap<&'static str, Vec<&'static str>>);

    impl Names for Table {
        fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
            let found = self.0.get(host).ok_or(io::ErrorKind::NotFound)?;
            Ok(found.iter().map(|text| text.parse().unwrap()).collect())
        }
    }

    fn check(allowed: &[&str], host: &str, port: u16, expected: &str) {
        let table = Table(BTreeMap::from([
            ("a.org", vec!["93.184.215.14"]),
            ("mixed.org", vec!["10.0.0.9", "93.184.215.15", "::1"]),
            ("rebound.org", vec!["127.0.0.1"]),
            ("mapped.org", vec!["::ffff:127.0.0.1"]),
            ("cloud.org", vec!["169.254.169.254"]),
            ("inner.org", vec!["10.1.2.3"]),
            ("nat.org", vec!["64:ff9b::7f00:1"]),
            ("empty.org", vec![]),
        ]));
        let entries = allowed.iter().map(|text| Allowed::parse(text).unwrap()).collect();
        let host = host.parse().map_or_else(|_| Host::Name(host.to_owned()), Host::Address);
        let got = match Policy::new(entries, Arc::new(table)).way(&host, port) {
            Ok(ways) => ways.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(Barred::Refused(why)) => format!("refused: {}", why.split(',').next().unwrap()),
            Err(Barred::Failed(why)) => format!("failed: {}", why.split(':').next().unwrap()),
        };
        assert_eq!(got, expected, "{host:?}:{port} with {allowed:?}");
    }

    #[test]
    fn what_the_list_names_is_reached_at_public_addresses() {
        check(&["a.org"], "a.org", 443, "93.184.215.14:443");
        check(&["mixed.org"], "mixed.org", 80, "93.184.215.15:80");
        check(&["a.org"], "a.org", 22, "refused: the list does not name it");
        check(&["b.org"], "a.org", 443, "refused: the list does not name it");
        check(&["none.org"], "none.org", 443, "failed: no address");
        check(&["empty.org"], "empty.org", 443, "failed: no address");
        check(&["93.184.215.14"], "93.184.215.14", 443, "93.184.215.14:443");
        check(&["a.org"], "93.184.215.14", 443, "refused: the list does not name it");
    }

    #[test]
    fn a_name_does_not_lead_into_this_machine_or_its_networks() {
        check(&["rebound.org"], "rebound.org", 80, "refused: it leads to 127.0.0.1");
        check(&["mapped.org"], "mapped.org", 80, "refused: it leads to 127.0.0.1");
        check(&["cloud.org"], "cloud.org", 80, "refused: it leads to 169.254.169.254");
        check(&["inner.org"], "inner.org", 80, "refused: it leads to 10.1.2.3");
        check(&["nat.org"], "nat.org", 80, "refused: it leads to 64:ff9b::7f00:1");
    }

    #[test]
    fn what_is_named_itself_is_reached() {
        check(&["inner.org", "10.0.0.0/8"], "inner.org", 80, "10.1.2.3:80");
        check(&["rebound.org:8080", "127.0.0.1:8080"], "rebound.org", 8080, "127.0.0.1:8080");
        check(&["cloud.org", "169.254.0.0/16"], "cloud.org", 80, "refused: it leads to 169.254.169.254");
        check(&["169.254.169.254"], "169.254.169.254", 80, "169.254.169.254:80");
        check(&["127.0.0.1"], "::ffff:127.0.0.1", 80, "127.0.0.1:80");
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.9.9.9",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::1",
            "::127.0.0.1",
            "2001::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
