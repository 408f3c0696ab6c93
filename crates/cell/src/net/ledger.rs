//! Counts what was asked of each host and port, and what became of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fairtrial_domain::network::{Contact, ContactVerdict};

/// Different contacts that are kept apart; further ones are counted together.
const MOST: usize = 500;
/// Stands for the hosts beyond `MOST`, and where none could be read.
pub(super) const NO_HOST: &str = "-";

type Key = (String, u16, ContactVerdict);

/// All contacts of one cell.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    seen: Mutex<BTreeMap<Key, Sums>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    count: u64,
    up: u64,
    down: u64,
}

impl Ledger {
    /// Counts a request, and returns what its bytes are to be counted under.
    pub(super) fn note(&self, host: &str, port: u16, verdict: ContactVerdict) -> Key {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (host.to_owned(), port, verdict);
        if seen.len() >= MOST && !seen.contains_key(&key) {
            key = (NO_HOST.to_owned(), 0, key.2.without_reason());
        }
        seen.entry(key.clone()).or_default().count += 1;
        key
    }

    /// Counts bytes.
    pub(super) fn add(&self, key: &Key, up: u64, down: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sums) = seen.get_mut(key) {
            sums.up += up;
            sums.down += down;
        }
    }

    /// Returns the bytes of all, both ways.
    pub(super) fn moved(&self) -> u64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values().map(|sums| sums.up + sums.down).sum()
    }

    /// Returns everything so far, by host, port and what became of it.
    pub(super) fn contacts(&self) -> Vec<Contact> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contact = |((host, port, verdict), sums): (&Key, &Sums)| Contact {
            host: host.clone(),
            port: *port,
            verdict: verdict.clone(),
            count: sums.count,
            up: sums.up,
            down: sums.down,
        };
        seen.iter().map(contact).collect()
    }
}

/// What many contacts have in common.
trait Common {
    fn without_reason(self) -> Self;
}

impl Common for ContactVerdict {
    fn without_reason(self) -> ContactVerdict {
        let because = || format!("more than {MOST} different hosts and ports were asked for");
        match self {
            ContactVerdict::Allowed => ContactVerdict::Allowed,
            ContactVerdict::Refused { .. } => ContactVerdict::Refused { because: because() },
            ContactVerdict::Failed { .. } => ContactVerdict::Failed { because: because() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contact_is_counted_and_the_list_stays_short() {
        let ledger = Ledger::default();
        for n in 0..2 * MOST {
            let key = ledger.note(&format!("h{n}.org"), 443, ContactVerdict::Allowed);
            ledger.add(&key, 1, 2);
        }
        ledger.note("h1.org", 443, ContactVerdict::Allowed);
        let all = ledger.contacts();
        assert!(all.len() <= MOST + 1);
        let sums = all.iter().fold((0, 0, 0), |s, c| (s.0 + c.count, s.1 + c.up, s.2 + c.down));
        assert_eq!(sums, (2 * MOST as u64 + 1, 2 * MOST as u64, 4 * MOST as u64));
    }
}
