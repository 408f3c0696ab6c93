//! Trials as a table that a spreadsheet opens and `fairtrial compare` reads back.
//!
//! **Invariant:** no field starts a formula: names are ids (a letter or digit first), the rest are words and
//! numbers without sign.

use fairtrial_domain::run::TrialRecord;
use fairtrial_judge::{TrialEntry, TrialResult};

/// Returns one line per trial that passed, failed or was lost to infrastructure, under the columns task, assistant,
/// trial, outcome (`pass`, `fail`, `infra`), cost (US dollars) and seconds. An unknown cost is empty. Where a recording
/// answered in a model's place, a column answers says `recording` for those trials.
///
/// A trial that is none of the three (ungraded, the task's fault, stopped by a person) has no line.
pub fn csv(trials: &[TrialRecord]) -> String {
    let replayed = |trial: &TrialRecord| trial.traffic.as_ref().is_some_and(|one| one.replay_of.is_some());
    let any_replayed = trials.iter().any(replayed);
    let mut out = String::from("task,assistant,trial,outcome,cost,seconds");
    out.push_str(if any_replayed { ",answers\n" } else { "\n" });
    for (record, trial) in trials.iter().filter_map(|record| Some((record, TrialEntry::of(record)?))) {
        let outcome = match trial.result {
            TrialResult::Pass => "pass",
            TrialResult::Fail => "fail",
            TrialResult::Infra => "infra",
            TrialResult::Invalid | TrialResult::Ungraded => continue,
        };
        let cost = number(trial.cost.map(|cost| cost.usd));
        let (key, seconds) = (trial.key, number(trial.seconds));
        out.push_str(&format!("{},{},{},{outcome},{cost},{seconds}", key.task, key.assistant, key.trial));
        out.push_str(match (any_replayed, replayed(record)) {
            (false, _) => "\n",
            (true, false) => ",\n",
            (true, true) => ",recording\n",
        });
    }
    out
}

fn number(value: Option<f64>) -> String {
    let value = value.filter(|value| value.is_finite() && *value >= 0.0);
    value.map(|value| format!("{value}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::outcome::{Ending, Outcome};
    use fairtrial_domain::usage::{Cost, CostSource};

    #[test]
    fn the_table_reads_back_as_the_trials() {
        let run = crate::tests::sample::Sample::new();
        let rows = fairtrial_judge::read_csv(&csv(&run.trials)).unwrap();
        let entries: Vec<TrialEntry> = run.trials.iter().filter_map(TrialEntry::of).collect();
        assert_eq!(rows.len(), entries.len());
        for (row, entry) in rows.iter().zip(&entries) {
            assert_eq!(row.task, entry.key.task.as_str());
            assert_eq!(row.assistant, entry.key.assistant.as_str());
            assert_eq!((row.trial, row.outcome), (entry.key.trial, entry.result));
            assert_eq!(row.cost, entry.cost.as_ref().map(|cost| cost.usd));
            assert_eq!(row.seconds, entry.seconds);
        }
    }

    #[test]
    fn a_replay_says_so_and_reads_back() {
        let mut run = crate::tests::sample::Sample::new();
        let replay_of = Some(fairtrial_domain::id::Digest("5c".repeat(32)));
        run.trials[0].traffic = Some(Box::new(fairtrial_domain::traffic::Traffic {
            replay_of,
            ..crate::left::tests::traffic(vec![])
        }));
        let text = csv(&run.trials);
        let ends: Vec<_> = text.lines().map(|line| line.rsplit(',').next().unwrap_or_default()).collect();
        assert_eq!(ends[..3], ["answers", "recording", ""], "{text}");
        let plain = crate::tests::sample::Sample::new();
        assert_eq!(
            fairtrial_judge::read_csv(&text).unwrap(),
            fairtrial_judge::read_csv(&csv(&plain.trials)).unwrap()
        );
    }

    #[test]
    fn no_field_starts_a_formula() {
        let mut odd = crate::tests::sample::trial("one", "aster", 1);
        odd.cost = Some(Cost { usd: -1.0, source: CostSource::Reported });
        odd.seconds = f64::NAN;
        let mut ungraded = crate::tests::sample::trial("one", "aster", 2);
        (ungraded.ending, ungraded.outcome) = (Ending::Finished, Some(Outcome::Ungraded { broke: vec![] }));
        let text = csv(&[odd, ungraded]);
        assert_eq!(text, "task,assistant,trial,outcome,cost,seconds\none,aster,1,pass,,\n");
    }
}
