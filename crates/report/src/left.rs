//! What left the machine for models' hosts: of one trial in words, and of a run by host.
//!
//! **Invariant:** where contents are not visible, bytes alone are told, and where not even they are known, that.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::id::TrialKey;
use fairtrial_domain::network::{Contact, ContactVerdict};
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::traffic::{Left, LeftFile, Traffic};

use crate::{ReportInput, contacts, words};

/// Stretches of lines that are named of one file; the rest is counted.
const MOST_STRETCHES: usize = 6;
const UNSEEN: &str = "contents not visible";

/// What is said of a trial that a recording answered.
pub(crate) const REPLAYED: &str = "nothing: a replay";

/// What one host was sent by an assistant's trials.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    /// The trials that sent it something, each once, however it was seen.
    pub(crate) trials: BTreeSet<&'a TrialKey>,
    /// What the meter saw.
    pub(crate) requests: usize,
    pub(crate) bytes: u64,
    /// What the network's proxy saw, whose contents nobody can read.
    pub(crate) proxied: Proxied,
    /// What the meter read; `None` where the meter saw nothing.
    pub(crate) seen: Option<Seen<'a>>,
}

/// What went through the network's proxy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxied {
    pub(crate) times: u64,
    pub(crate) bytes: u64,
}

/// What of the repository was seen in requests, of one trial or of several.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen<'a> {
    /// Files with the most lines that one round of a trial told.
    files: BTreeMap<&'a str, (u32, u32)>,
    /// Lines that stand in several files.
    unplaced: u64,
    /// The most files that one trial did not look for.
    unread: u64,
    /// Trials whose requests could be read, and could not.
    visible: usize,
    hidden: usize,
}

impl<'a> Seen<'a> {
    /// Takes in what left in one trial, round by round; one round that cannot be read hides what the trial sent.
    pub(crate) fn add(&mut self, rounds: impl IntoIterator<Item = &'a Left>) {
        let mut hidden = false;
        for left in rounds {
            if !left.contents_visible {
                hidden = true;
                continue;
            }
            self.unplaced += left.unplaced;
            self.unread = self.unread.max(left.unread);
            for file in &left.files {
                let most = self.files.entry(&file.path).or_insert((0, file.of));
                most.0 = most.0.max(file.lines);
            }
        }
        if hidden { self.hidden += 1 } else { self.visible += 1 }
    }

    /// Says what was seen, with at most so many files by name. Only where every line was looked for and placed is it
    /// said that none was seen.
    pub(crate) fn said(&self, most_files: usize) -> String {
        let each = self.files.iter().map(|(path, (lines, of))| format!("{path} ({lines} of {of} lines)"));
        let mut files = each.take(most_files).collect::<Vec<_>>().join(", ");
        if self.files.len() > most_files {
            files.push_str(&format!(" and {} more", words::count(self.files.len() - most_files, "file")));
        }
        let mut said = Vec::from_iter(Some(files).filter(|files| !files.is_empty()));
        said.extend(self.doubts());
        if said.is_empty() && self.visible > 0 {
            said.push("no line of the repository was seen".to_owned());
        }
        if self.hidden > 0 && self.visible > 0 {
            said.push(format!("contents of {} not visible", words::count(self.hidden, "trial")));
        } else if self.hidden > 0 {
            said.push(UNSEEN.to_owned());
        }
        said.join("; ")
    }

    /// Says what keeps the files from being the whole answer.
    fn doubts(&self) -> Vec<String> {
        let lines = words::count(usize::try_from(self.unplaced).unwrap_or(usize::MAX), "line");
        let files = words::count(usize::try_from(self.unread).unwrap_or(usize::MAX), "file");
        let unplaced = (self.unplaced > 0).then(|| format!("{lines} seen that stand in several files"));
        let unread = (self.unread > 0)
            .then(|| format!("{files} of the repository not looked for: too large, too many or unreadable"));
        unplaced.into_iter().chain(unread).collect()
    }
}

/// Returns what was sent, by assistant's place in the plan and host. A host that the network's proxy let through, and
/// not the meter, was sent bytes whose contents are not visible; one that was refused or not reached was sent nothing.
pub(crate) fn by_host<'a>(input: &ReportInput<'a>) -> BTreeMap<(usize, &'a str), Sent<'a>> {
    let mut sent: BTreeMap<(usize, &str), Sent<'_>> = BTreeMap::new();
    for trial in input.trials {
        let Some(place) = input.place(&trial.key.assistant) else { continue };
        let live = || trial.metered().filter(|traffic| traffic.replay_of.is_none());
        for host in live().map(|traffic| traffic.host.as_str()).collect::<BTreeSet<_>>() {
            let to = || live().filter(|traffic| traffic.host == host);
            let one = sent.entry((place, host)).or_default();
            one.trials.insert(&trial.key);
            one.requests += to().map(requests).sum::<usize>();
            one.bytes += to().map(|traffic| traffic.left.bytes).sum::<u64>();
            one.seen.get_or_insert_default().add(to().map(|traffic| &traffic.left));
        }
        for contact in reached(trial.asked_for()) {
            let one = sent.entry((place, &contact.host)).or_default();
            one.trials.insert(&trial.key);
            one.proxied.times += contact.count;
            one.proxied.bytes += contact.up;
        }
    }
    sent
}

/// Returns the contacts that were let through and answered.
fn reached<'a>(contacts: impl Iterator<Item = &'a Contact>) -> impl Iterator<Item = &'a Contact> {
    contacts.filter(|contact| match contact.verdict {
        ContactVerdict::Allowed => true,
        ContactVerdict::Refused { .. } | ContactVerdict::Failed { .. } => false,
    })
}

fn requests(traffic: &Traffic) -> usize {
    traffic.exchanges.len() + traffic.more as usize
}

/// Says what left the machine in a trial, one sentence for each host and file and, of a further round, with its number;
/// nothing for a sample, which asks no model.
pub(crate) fn of_trial(input: &ReportInput<'_>, record: &TrialRecord) -> Vec<String> {
    let assistant = input.run.plan.assistants.iter().find(|one| one.id == record.key.assistant);
    if assistant.is_none_or(|assistant| assistant.sample) {
        return vec![];
    }
    let mut said = of_round(record.traffic.as_deref(), &record.contacts);
    for round in &record.more {
        let more = of_round(round.traffic.as_deref(), &round.contacts).into_iter();
        said.extend(more.map(|said| format!("round {}: {said}", round.round)));
    }
    said
}

fn of_round(traffic: Option<&Traffic>, contacts: &[Contact]) -> Vec<String> {
    let Some(traffic) = traffic else {
        let bytes: u64 = reached(contacts.iter()).map(|contact| contact.up).sum();
        let hosts: BTreeSet<_> = reached(contacts.iter()).map(|contact| contact.host.as_str()).collect();
        let seen = match contacts {
            [] => "how much is not known".to_owned(),
            _ => format!("{bytes} bytes to {}", words::count(hosts.len(), "host")),
        };
        return vec![format!("not metered, {UNSEEN}; {seen}")];
    };
    if traffic.replay_of.is_some() {
        let mut said = vec![REPLAYED.to_owned()];
        said.extend(traffic.disagreements.iter().cloned());
        said.extend(contacts.iter().map(contacts::one));
        return said;
    }
    let requests = words::count(requests(traffic), "request");
    let mut said = vec![format!("{} bytes in {requests} to {}", traffic.left.bytes, traffic.host)];
    let mut seen = Seen::default();
    seen.add([&traffic.left]);
    if !traffic.left.contents_visible || traffic.left.files.is_empty() {
        said.push(seen.said(0));
    } else {
        said.extend(traffic.left.files.iter().map(file));
        said.extend(seen.doubts());
    }
    said.extend(traffic.disagreements.iter().cloned());
    said.extend(contacts.iter().map(contacts::one));
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

/// Returns what of the repository a host's row tells.
pub(crate) fn contents(sent: &Sent<'_>) -> String {
    let read = sent.seen.as_ref().map(|seen| seen.said(usize::MAX));
    let proxied = (sent.proxied.times > 0).then(|| match &read {
        Some(_) => format!("{UNSEEN} where a proxy alone saw it"),
        None => UNSEEN.to_owned(),
    });
    read.into_iter().chain(proxied).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
pub(crate) mod tests {
    use fairtrial_domain::id::Digest;
    use fairtrial_domain::usage::Usage;

    use super::*;
    use crate::tests::sample::Sample;

    pub(crate) fn traffic(files: Vec<LeftFile>) -> Traffic {
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
        let input = sample.input();
        let sent = by_host(&input);
        let told: Vec<_> = sent
            .iter()
            .map(|((_, host), sent)| (*host, sent.bytes, sent.proxied.bytes, contents(sent)))
            .collect();
        assert!(told.contains(&("model.example", 900, 0, "a.py (4 of 9 lines)".to_owned())), "{told:?}");
        assert!(told.contains(&("vendor.example", 0, 70, "contents not visible".to_owned())), "{told:?}");
        let mut unread = traffic(vec![]);
        unread.left.unread = 2;
        sample.trials[0].traffic = Some(Box::new(unread));
        let line = "2 files of the repository not looked for: too large, too many or unreadable";
        assert!(said(&sample, 0).contains(&line.to_owned()), "{:?}", said(&sample, 0));
        let mut replay = traffic(vec![]);
        replay.replay_of = Some(Digest("0".repeat(64)));
        sample.trials[0].traffic = Some(Box::new(replay));
        assert_eq!(said(&sample, 0), ["nothing: a replay", "the tool counts 4 requests"]);
        let input = sample.input();
        assert!(by_host(&input).keys().all(|(_, host)| *host != "model.example"));
        sample.run.plan.assistants.iter_mut().for_each(|one| one.sample = true);
        assert_eq!(said(&sample, 2), Vec::<String>::new(), "a sample asks no model");
    }

    fn contact(host: &str, port: u16, verdict: ContactVerdict) -> Contact {
        Contact { host: host.to_owned(), port, verdict, count: 2, up: 70, down: 9 }
    }

    #[test]
    fn only_a_host_that_was_let_through_received_something_and_a_trial_counts_once() {
        let mut sample = Sample::new();
        sample.run.plan.assistants.iter_mut().for_each(|one| one.sample = false);
        let because = || "not on the list".to_owned();
        let trial = &mut sample.trials[0];
        trial.contacts = vec![
            contact("model.example", 443, ContactVerdict::Allowed),
            contact("model.example", 80, ContactVerdict::Allowed),
            contact("refused.example", 443, ContactVerdict::Refused { because: because() }),
            contact("absent.example", 443, ContactVerdict::Failed { because: because() }),
        ];
        let said = of_trial(&sample.input(), &sample.trials[0]);
        assert_eq!(said, ["not metered, contents not visible; 140 bytes to 1 host"]);
        sample.trials[0].traffic = Some(Box::new(traffic(vec![])));
        let input = sample.input();
        let sent = by_host(&input);
        let told: Vec<_> = sent
            .iter()
            .map(|((_, host), sent)| (*host, sent.trials.len(), sent.requests, sent.bytes, &sent.proxied))
            .collect();
        assert_eq!(told, [("model.example", 1, 3, 900, &Proxied { times: 4, bytes: 140 })]);
    }

    #[test]
    fn that_no_line_was_seen_is_said_only_where_every_line_was_looked_for() {
        let said = |visible: bool, unplaced: u64, unread: u64| {
            let left = Left { bytes: 9, contents_visible: visible, files: vec![], unread, unplaced };
            let mut seen = Seen::default();
            seen.add([&left]);
            seen.said(9)
        };
        assert_eq!(said(true, 0, 0), "no line of the repository was seen");
        assert_eq!(said(true, 2, 0), "2 lines seen that stand in several files");
        assert_eq!(
            said(true, 0, 1),
            "1 file of the repository not looked for: too large, too many or unreadable"
        );
        assert_eq!(said(false, 0, 0), "contents not visible");
        let (read, unread) = (Left { contents_visible: true, ..Left::default() }, Left::default());
        let mut both = Seen::default();
        both.add([&read]);
        both.add([&unread]);
        assert_eq!(both.said(9), "no line of the repository was seen; contents of 1 trial not visible");
    }

    #[test]
    fn what_left_in_a_further_round_counts_and_is_told_with_its_number() {
        let mut sample = Sample::new();
        sample.run.plan.assistants.iter_mut().for_each(|one| one.sample = false);
        sample.trials[0].traffic = Some(Box::new(traffic(vec![])));
        let mut second = crate::tests::sample::later_round();
        second.traffic = Some(Box::new(traffic(vec![])));
        second.contacts = vec![contact("late.example", 443, ContactVerdict::Allowed)];
        sample.trials[0].more = vec![second];
        let input = sample.input();
        let sent = by_host(&input);
        let told: Vec<_> = sent
            .iter()
            .map(|((_, host), sent)| {
                (*host, sent.trials.len(), sent.requests, sent.bytes, sent.proxied.bytes)
            })
            .collect();
        assert_eq!(told, [("late.example", 1, 0, 0, 70), ("model.example", 1, 6, 1800, 0)]);
        let seen =
            sent.iter().find(|((_, host), _)| *host == "model.example").map(|(_, sent)| contents(sent));
        assert_eq!(seen.as_deref(), Some("no line of the repository was seen"));
        let said = of_trial(&input, &sample.trials[0]);
        assert_eq!(said[3], "round 2: 900 bytes in 3 requests to model.example", "{said:?}");
        assert!(said.contains(&"round 2: late.example:443: 2 times, 70 bytes up, 9 bytes down".to_owned()));
        let notes = contacts::notes(sample.trials.iter());
        assert_eq!(notes, ["Hosts that assistants reached: late.example:443 (2 times, 79 bytes)."]);
    }
}
