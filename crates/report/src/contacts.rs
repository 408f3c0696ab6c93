//! Hosts that assistants asked for, in words.

use std::collections::BTreeMap;

use fairtrial_domain::network::{Contact, ContactVerdict};
use fairtrial_domain::run::TrialRecord;

/// Hosts of one sort that a note names; the rest is counted.
const MOST: usize = 8;

/// Says what became of one host.
pub(crate) fn one(contact: &Contact) -> String {
    let place = place(contact);
    let times = if contact.count == 1 { "once".to_owned() } else { format!("{} times", contact.count) };
    match &contact.verdict {
        ContactVerdict::Allowed => {
            format!("{place}: {times}, {} bytes up, {} bytes down", contact.up, contact.down)
        }
        ContactVerdict::Refused { because } => format!("{place}: refused {times}, {because}"),
        ContactVerdict::Failed { because } => format!("{place}: not reached, {times}, {because}"),
    }
}

/// Returns a note for each sort of contact that a run's trials had.
pub(crate) fn notes<'a>(trials: impl Iterator<Item = &'a TrialRecord>) -> Vec<String> {
    let (mut reached, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for contact in trials.flat_map(TrialRecord::asked_for) {
        let sort = match contact.verdict {
            ContactVerdict::Allowed => &mut reached,
            ContactVerdict::Refused { .. } => &mut refused,
            // It was allowed and is told trial by trial.
            ContactVerdict::Failed { .. } => continue,
        };
        let sums = sort.entry(place(contact)).or_insert((0_u64, 0_u64));
        *sums = (sums.0 + contact.count, sums.1 + contact.up + contact.down);
    }
    let list = |sort: &BTreeMap<String, (u64, u64)>, bytes: bool| {
        let named = sort.iter().take(MOST).map(|(place, (count, sum))| match bytes {
            true => format!("{place} ({count} times, {sum} bytes)"),
            false => format!("{place} ({count} times)"),
        });
        let mut text = named.collect::<Vec<_>>().join(", ");
        if sort.len() > MOST {
            text.push_str(&format!(" and {} more", sort.len() - MOST));
        }
        text
    };
    let mut notes = Vec::new();
    if !reached.is_empty() {
        notes.push(format!("Hosts that assistants reached: {}.", list(&reached, true)));
    }
    if !refused.is_empty() {
        notes.push(format!("Hosts that were refused to assistants: {}.", list(&refused, false)));
    }
    notes
}

fn place(contact: &Contact) -> String {
    match (contact.host.as_str(), contact.port) {
        ("-", 0) => "no host that could be read".to_owned(),
        (host, port) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::Sample;

    fn contact(host: &str, verdict: ContactVerdict) -> Contact {
        Contact { host: host.to_owned(), port: 443, verdict, count: 2, up: 10, down: 30 }
    }

    #[test]
    fn hosts_are_added_up_over_trials_and_told_apart_by_what_became_of_them() {
        let mut sample = Sample::new();
        let refused = ContactVerdict::Refused { because: "the list does not name it".to_owned() };
        for trial in sample.trials.iter_mut().take(2) {
            trial.contacts =
                vec![contact("a.org", ContactVerdict::Allowed), contact("b.org", refused.clone())];
        }
        assert_eq!(
            notes(sample.trials.iter()),
            [
                "Hosts that assistants reached: a.org:443 (4 times, 80 bytes).",
                "Hosts that were refused to assistants: b.org:443 (4 times)."
            ]
        );
        assert_eq!(
            one(&sample.trials[0].contacts[1]),
            "b.org:443: refused 2 times, the list does not name it"
        );
        assert!(notes(Sample::new().trials.iter()).is_empty());
    }
}
