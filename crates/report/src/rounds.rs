//! Rounds after the first, in words: what each brought, and who was not asked again.

use std::collections::BTreeMap;

use fairtrial_domain::run::{RoundRecord, TrialRecord};

use crate::{ReportInput, words};

/// Returns what a trial's further rounds brought, with the running total, and why there were no more.
pub(crate) fn of_trial(record: &TrialRecord) -> Vec<(&'static str, String)> {
    let (mut usd, mut seconds) = (record.cost.as_ref().map(|cost| cost.usd), Some(record.seconds));
    let mut rows: Vec<(&'static str, String)> = vec![];
    for round in &record.more {
        usd = usd.zip(round.cost.as_ref()).map(|(usd, cost)| usd + cost.usd);
        seconds = seconds.zip(round.took()).map(|(seconds, took)| seconds + took);
        let total = usd.map_or_else(|| "cost unknown".to_owned(), words::dollars);
        rows.push((
            "Further round",
            format!(
                "round {}: {}{}, {}{}{}; {}, {} up to here",
                round.round,
                words::ending(&round.ending),
                round.limit.as_ref().map_or_else(String::new, |limit| format!(" ({limit})")),
                words::result(round.outcome.as_ref()),
                other_tier(record, round),
                not_understood(round),
                total,
                seconds.map_or_else(|| "time unknown".to_owned(), words::seconds)
            ),
        ));
    }
    rows.extend(record.no_more.iter().map(|why| ("No further round", why.clone())));
    rows
}

/// Says so where a round was isolated otherwise than the first.
fn other_tier(record: &TrialRecord, round: &RoundRecord) -> String {
    if round.tier.is_none() || round.tier == record.tier {
        return String::new();
    }
    format!(", not counted: its isolation was {}", words::tier(round.tier))
}

/// Says how many lines of a round's stream nobody understood, where there were any.
fn not_understood(round: &RoundRecord) -> String {
    match round.unparsed {
        0 => String::new(),
        lines => format!(", {} not understood", words::count(lines as usize, "line")),
    }
}

/// Says what further rounds there could be, which limits they reached, and for whom there were none, by reason.
pub(crate) fn notes(input: &ReportInput<'_>) -> Vec<String> {
    let plan = &input.run.plan;
    if plan.rounds <= 1 {
        return vec![];
    }
    let mut notes = vec![format!(
        "A trial that was not solved had up to {} rounds, each told what failed. Every rate and verdict is of the first \
         round; further rounds stand beside it.",
        plan.rounds
    )];
    for assistant in &plan.assistants {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        let mut limits: BTreeMap<(u32, &str), usize> = BTreeMap::new();
        for trial in input.trials.iter().filter(|trial| trial.key.assistant == assistant.id) {
            if let Some(why) = &trial.no_more {
                *reasons.entry(why).or_default() += 1;
            }
            for round in &trial.more {
                if let Some(limit) = &round.limit {
                    *limits.entry((round.round, limit)).or_default() += 1;
                }
            }
        }
        notes.extend(limits.into_iter().map(|((round, limit), trials)| {
            let trials = words::count(trials, "trial");
            format!("{} reached a limit in round {round} of {trials}: {limit}.", assistant.title)
        }));
        notes.extend(reasons.into_iter().map(|(why, trials)| {
            format!("{} was not asked again in {}: {why}.", assistant.title, words::count(trials, "trial"))
        }));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::{Sample, later_round};
    use fairtrial_domain::bundle::Tier;
    use fairtrial_domain::outcome::Ending;
    use fairtrial_domain::usage::{Cost, CostSource};

    #[test]
    fn rounds_add_up_and_who_was_not_asked_again_is_named() {
        let mut sample = Sample::new();
        sample.run.plan.rounds = 2;
        let trial = &mut sample.trials[0];
        trial.cost = Some(Cost { usd: 0.5, source: CostSource::Reported });
        trial.seconds = 60.0;
        trial.more = vec![later_round()];
        let rows = of_trial(trial);
        let total = format!("{}, {} up to here", words::dollars(0.75), words::seconds(90.0));
        assert!(rows[0].1.starts_with("round 2: ") && rows[0].1.ends_with(&total), "{rows:?}");
        trial.more[0].tier = Some(Tier::Plain);
        let other = format!("not counted: its isolation was {}", words::tier(Some(Tier::Plain)));
        assert!(of_trial(trial)[0].1.contains(&other), "{:?}", of_trial(trial));
        trial.more[0].ending = Ending::TimedOut;
        trial.more[0].limit = Some("time limit of 9 s".into());
        trial.more[0].unparsed = 2;
        let said = of_trial(trial)[0].1.clone();
        assert!(said.starts_with("round 2: out of time (time limit of 9 s), resolved, "), "{said}");
        assert!(said.contains(", 2 lines not understood; "), "{said}");
        trial.more[0].cost = None;
        assert!(of_trial(trial)[0].1.contains("cost unknown"), "an unknown cost makes no sum");
        trial.no_more = Some("one round: it cannot resume a session".into());
        let notes = notes(&sample.input());
        assert!(notes[0].contains("up to 2 rounds"), "{notes:?}");
        assert!(
            notes[1].ends_with(" reached a limit in round 2 of 1 trial: time limit of 9 s."),
            "{notes:?}"
        );
        assert!(notes[2].contains(" was not asked again in 1 trial"), "{notes:?}");
        assert!(notes[2].ends_with("it cannot resume a session."), "{notes:?}");
    }
}
