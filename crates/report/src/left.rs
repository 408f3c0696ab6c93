//! What left the machine for models' hosts: of one trial in words, and of a run by host.
//!
//! **Invariant:** where contents are not visible, bytes alone are told, and where not even they are known, that.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::traffic::{LeftFile, Traffic};

use crate::{ReportInput, contacts, words};

/// Stretches of lines that are named of one file; the rest is counted.
const MOST_STRETCHES: usize = 6;

/// What is said of a trial that a recording answered.
pub(crate) const REPLAYED: &str = "nothing: a replay";

/// What one host was sent by an assistant's trials.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) trials: usize,
    pub(crate) requests: usize,
    pub(crate) bytes: u64,
    /// Files with the most lines that one trial told; `None` where contents are not visible.
    pub(crate) files: Option<BTreeMap<String, (u32, u32)>>,
}

/// Returns what was sent, by assistant's place in the plan and host. A host that the network's proxy saw, and not the
/// meter, was sent bytes whose contents are not visible.
pub(crate) fn by_host(input: &ReportInput<'_>) -> BTreeMap<(usize, String), Sent> {
    let mut sent: BTreeMap<(usize, String), Sent> = BTreeMap::new();
    for trial in input.trials {
        let Some(place) = input.place(&trial.key.assistant) else { continue };
        if let Some(traffic) = trial.traffic.as_deref().filter(|traffic| traffic.replay_of.is_none()) {
            let one = sent.entry((place, traffic.host.clone())).or_default();
            one.trials += 1;
            one.requests += requests(traffic);
            one.bytes += traffic.left.bytes;
            if traffic.left.contents_visible {
                let files = one.files.get_or_insert_default();
                for file in &traffic.left.files {
                    let most = files.entry(file.path.clone()).or_insert((0, file.of));
                    most.0 = most.0.max(file.lines);
                }
            }
        }
        let hosts: BTreeSet<&str> = trial.contacts.iter().map(|contact| contact.host.as_str()).collect();
        for host in hosts {
            let one = sent.entry((place, host.to_owned())).or_default();
            one.trials += 1;
            for contact in trial.contacts.iter().filter(|contact| contact.host == host) {
                one.requests += contact.count as usize;
                one.bytes += contact.up;
            }
        }
    }
    sent
}

fn requests(traffic: &Traffic) -> usize {
    traffic.exchanges.len() + traffic.more as usize
}

/// Says what left the machine in a trial, one sentence for each host and file; nothing for a sample, which asks no model.
pub(crate) fn of_trial(input: &ReportInput<'_>, record: &TrialRecord) -> Vec<String> {
    let assistant = input.run.plan.assistants.iter().find(|one| one.id == record.key.assistant);
    if assistant.is_none_or(|assistant| assistant.sample) {
        return vec![];
    }
    let Some(traffic) = record.traffic.as_deref() else {
        let bytes: u64 = record.contacts.iter().map(|contact| contact.up).sum();
        let seen = match record.contacts.as_slice() {
            [] => "how much is not known".to_owned(),
            some => format!("{bytes} bytes to {}", words::count(some.len(), "host")),
        };
        return vec![format!("not metered, contents not visible; {seen}")];
    };
    if traffic.replay_of.is_some() {
        let mut said = vec![REPLAYED.to_owned()];
        said.extend(traffic.disagreements.iter().cloned());
        said.extend(record.contacts.iter().map(contacts::one));
        return said;
    }
    let requests = words::count(requests(traffic), "request");
    let mut said = vec![format!("{} bytes in {requests} to {}", traffic.left.bytes, traffic.host)];
    if !traffic.left.contents_visible {
        said.push("contents not visible".to_owned());
    } else if traffic.left.files.is_empty() {
        said.push("no line of the repository was seen in them".to_owned());
    }
    said.extend(traffic.left.files.iter().map(file));
    if traffic.left.unread > 0 {
        let unread = words::count(traffic.left.unread as usize, "file");
        said.push(format!("{unread} of the repository not looked for: too large, too many or unreadable"));
    }
    said.extend(traffic.disagreements.iter().cloned());
    said.extend(record.contacts.iter().map(contacts::one));
    said
}

fn file(file: &LeftFile) -> String {
    let stretch = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    let mut ranges: Vec<String> = file.ranges.iter().take(MOST_STRETCHES).map(stretch).collect();
    if file.ranges.len() > MOST_STRETCHES {
        ranges.push(format!("and {} more stretches", file.ranges.len() - MOST_STRETCHES));
    }
    let lines = ranges.join(", ");
    format!("{}: {} of {} lines that can be told apart ({lines})", file.path, file.lines, file.of)
}

/// Returns the files of a host's row as text.
pub(crate) fn files(sent: &Sent) -> String {
    match &sent.files {
        None => "contents not visible".to_owned(),
        Some(files) if files.is_empty() => "no line of the repository was seen".to_owned(),
        Some(files) => {
            let each = files.iter().map(|(path, (lines, of))| format!("{path} ({lines} of {of} lines)"));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::id::Digest;
    use fairtrial_domain::network::{Contact, ContactVerdict};
    use fairtrial_domain::traffic::Left;
    use fairtrial_domain::usage::Usage;

    use super::*;
    use crate::tests::sample::Sample;

    fn traffic(files: Vec<LeftFile>) -> Traffic {
        Traffic {
            host: "model.example".to_owned(),
            exchanges: vec![],
            more: 3,
            usage: Usage::default(),
            reported: None,
            disagreements: vec!["the tool counts 4 requests".to_owned()],
            left: Left { bytes: 900, contents_visible: true, files, unread: 0, unplaced: 0 },
            prices: vec![],
            unpriced: None,
            recording: None,
            replay_of: None,
            departed: None,
        }
    }

    #[test]
    fn a_trial_tells_host_files_and_lines_or_that_nothing_is_visible() {
        let mut sample = Sample::new();
        sample.run.plan.assistants.iter_mut().for_each(|one| one.sample = false);
        let file = LeftFile { path: "a.py".to_owned(), lines: 4, of: 9, ranges: vec![(1, 3), (7, 7)] };
        sample.trials[0].traffic = Some(Box::new(traffic(vec![file])));
        let verdict = ContactVerdict::Allowed;
        sample.trials[1].contacts = vec![Contact {
            host: "vendor.example".to_owned(),
            port: 443,
            verdict,
            count: 2,
            up: 70,
            down: 9,
        }];
        let said = |sample: &Sample, at: usize| of_trial(&sample.input(), &sample.trials[at]);
        assert_eq!(
            said(&sample, 0),
            [
                "900 bytes in 3 requests to model.example",
                "a.py: 4 of 9 lines that can be told apart (1–3, 7)",
                "the tool counts 4 requests"
            ]
        );
        assert_eq!(said(&sample, 1), ["not metered, contents not visible; 70 bytes to 1 host"]);
        assert_eq!(said(&sample, 2), ["not metered, contents not visible; how much is not known"]);
        let sent = by_host(&sample.input());
        let told: Vec<_> =
            sent.iter().map(|((_, host), sent)| (host.as_str(), sent.bytes, files(sent))).collect();
        assert!(told.contains(&("model.example", 900, "a.py (4 of 9 lines)".to_owned())), "{told:?}");
        assert!(told.contains(&("vendor.example", 70, "contents not visible".to_owned())), "{told:?}");
        let mut unread = traffic(vec![]);
        unread.left.unread = 2;
        sample.trials[0].traffic = Some(Box::new(unread));
        let line = "2 files of the repository not looked for: too large, too many or unreadable";
        assert!(said(&sample, 0).contains(&line.to_owned()), "{:?}", said(&sample, 0));
        let mut replay = traffic(vec![]);
        replay.replay_of = Some(Digest("0".repeat(64)));
        sample.trials[0].traffic = Some(Box::new(replay));
        assert_eq!(said(&sample, 0), ["nothing: a replay", "the tool counts 4 requests"]);
        assert!(by_host(&sample.input()).keys().all(|(_, host)| host != "model.example"));
        sample.run.plan.assistants.iter_mut().for_each(|one| one.sample = true);
        assert_eq!(said(&sample, 2), Vec::<String>::new(), "a sample asks no model");
    }
}
