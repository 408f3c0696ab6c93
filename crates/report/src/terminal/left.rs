//! What left the machine, as terminal text: per assistant, to whom, how much, and which files' lines.

use std::collections::BTreeSet;

use fairtrial_domain::run::TrialRecord;

use super::line::{Line, Style, wrapped};
use crate::left::{REPLAYED, Seen};
use crate::{ReportInput, words};

/// More files are counted, not listed.
const MOST_FILES: usize = 12;

/// Returns one paragraph per assistant that was metered, and one for those that were not; nothing when none was.
pub(super) fn left(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    if input.trials.iter().all(|trial| trial.metered().next().is_none()) {
        return vec![];
    }
    let mut lines = vec![Line::default(), Line::of("What left the machine", Style::Strong)];
    for assistant in &input.run.plan.assistants {
        let trials = input.trials.iter().filter(|trial| trial.key.assistant == assistant.id);
        let (metered, other): (Vec<_>, Vec<_>) = trials.partition(|trial| trial.metered().next().is_some());
        let is_replay = |trial: &&TrialRecord| trial.metered().all(|one| one.replay_of.is_some());
        let (replayed, metered): (Vec<_>, Vec<_>) = metered.into_iter().partition(is_replay);
        let mut seen = Seen::default();
        let (mut hosts, mut bytes, mut requests, mut odd) = (BTreeSet::new(), 0, 0, vec![]);
        let all = replayed.iter().flat_map(|trial| trial.metered());
        odd.extend(all.flat_map(|traffic| traffic.disagreements.iter()));
        for trial in &metered {
            for traffic in trial.metered() {
                hosts.insert(traffic.host.as_str());
                bytes += traffic.left.bytes;
                requests += traffic.exchanges.len() + traffic.more as usize;
                odd.extend(traffic.disagreements.iter());
            }
            seen.add(trial.metered().map(|traffic| &traffic.left));
        }
        let title = input.title(&assistant.id);
        if !replayed.is_empty() {
            lines.extend(wrapped(&format!("{title}: {REPLAYED}"), "  ", width, Style::Plain));
        }
        if !metered.is_empty() {
            let hosts = hosts.into_iter().collect::<Vec<_>>().join(", ");
            let requests = words::count(requests, "request");
            let seen = seen.said(MOST_FILES);
            let said = format!("{title}: {bytes} bytes in {requests} to {hosts}; {seen}");
            lines.extend(wrapped(&said, "  ", width, Style::Plain));
        }
        if !other.is_empty() && !assistant.sample {
            let trials = words::count(other.len(), "trial");
            let said = format!("{title}: {trials} not metered, contents not visible");
            lines.extend(wrapped(&said, "  ", width, Style::Soft));
        }
        for disagreement in odd {
            lines.extend(wrapped(&format!("{title}, {disagreement}"), "  ", width, Style::Plain));
        }
    }
    lines
}
