//! What a reader must know before the figures, in plain sentences.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::bundle::Tier;
use fairtrial_domain::outcome::Outcome;
use fairtrial_domain::plan::Recording;
use fairtrial_domain::run::{TrialRecord, Validity};
use fairtrial_domain::task::Network;

use crate::{ReportInput, contacts, rounds, words};

/// Said while no policy can be on file.
pub(crate) const NO_POLICY: &str = "No policy on file: this run was allowed and says so.";
/// Said on every report.
pub(crate) const MAKERS: &str = "The makers of Fairtrial sell none of the compared tools.";

/// Tasks from which on the methods were tried out.
const FEW: usize = 10;

/// Says what the walls of trials lacked, where they stood but not in full.
fn walls(input: &ReportInput<'_>) -> Vec<String> {
    let tiers: BTreeSet<Tier> = input.trials.iter().filter_map(|trial| trial.tier).collect();
    let part = tiers.into_iter().filter(|tier| tier.carries_verdict()).map(|tier| tier.report(None));
    let lacking = part.filter(|report| !report.lacks.is_empty()).map(|report| {
        let lacks: Vec<&str> = report.lacks.iter().map(|promise| promise.words()).collect();
        format!("Isolation of some trials was {}. It lacks: {}.", report.tier.words(), lacks.join(", "))
    });
    lacking.collect()
}

/// Says by which rules trials were scored, where not by those of this program, and who overruled one.
fn rules(input: &ReportInput<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let older = input.trials.iter().filter(|trial| trial.rules < fairtrial_judge::RULES).count();
    if older > 0 {
        notes.push(format!(
            "{older} of {} trials were scored by older rules: `fairtrial rescore {}` scores them by rules {}, and runs \
             nothing.",
            input.trials.len(),
            input.run.id,
            fairtrial_judge::RULES
        ));
    }
    let overruled: Vec<String> = input
        .trials
        .iter()
        .flat_map(|trial| trial.overruled.iter().map(move |word| (trial, word)))
        .map(|(trial, word)| {
            format!(
                "In {} {} overruled the rule that {}: {}",
                trial.key,
                word.by,
                crate::words::rule(word.rule),
                word.reason
            )
        })
        .collect();
    notes.extend(overruled);
    let earlier = input.trials.iter().flat_map(|trial| {
        let first = trial.earlier.iter().map(|was| (trial.key.to_string(), was));
        let further = trial.more.iter().flat_map(|round| {
            let of = format!("{} in round {}", trial.key, round.round);
            round.earlier.iter().map(move |was| (of.clone(), was))
        });
        first.chain(further)
    });
    notes.extend(earlier.map(|(trial, was)| {
        let worth = was.outcome.as_ref().map_or("no evidence", outcome);
        format!("Until {} {trial} was {worth}, by rules {}; {}.", was.until, was.rules, was.because)
    }));
    notes
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Resolved => "resolved",
        Outcome::Unresolved { .. } => "not resolved",
        Outcome::SetAside { .. } => "set aside",
        Outcome::NoDiff => "without a change",
        Outcome::Ungraded { .. } => "not graded",
        Outcome::Invalid { .. } => "invalid",
    }
}

fn recording(recording: &Recording) -> Option<String> {
    match recording {
        Recording::Replay { run } => Some(format!(
            "Recorded: every model's answer comes from the recording of run {run}; time and speed are a replay's."
        )),
        Recording::Record => Some("Whole exchanges with the models were recorded.".to_owned()),
        Recording::None => None,
    }
}

/// Returns what a reader must know, the weightiest first.
pub fn notes(input: &ReportInput<'_>) -> Vec<String> {
    let plan = &input.run.plan;
    let mut notes = Vec::from_iter(recording(&plan.recording));
    if input.unfinished {
        notes.push(format!(
            "This run has not finished: {} of {} trials are over. The figures will change.",
            input.trials.len(),
            input.planned()
        ));
    }
    if plan.trials == 1 && plan.tasks.len() == 1 {
        notes.push("One trial of one task: one look, not a measurement.".to_owned());
    }
    notes.extend(samples(input).map(str::to_owned));
    notes.extend(rules(input));
    if input.trials.iter().any(|trial| trial.tier == Some(Tier::Plain)) {
        notes.push(
            "Some trials were not isolated: the assistant ran as the same user in a plain copy.".to_owned(),
        );
    }
    notes.extend(walls(input));
    if plan.assistants.iter().any(|assistant| assistant.network == Network::Host) {
        notes.push("Some assistants had the machine's network, unrestricted.".to_owned());
    }
    notes.extend(contacts::notes(input.trials.iter()));
    notes.extend(unknown_cost(input));
    notes.extend(unparsed(input));
    notes.extend(rounds::notes(input));
    notes.extend(changed(input));
    let (count, all) = (input.comparison.tasks as usize, plan.tasks.len());
    if count < all && count > 0 {
        notes.push(format!("{count} of {all} tasks count; what does not is listed with its reason."));
    }
    notes.extend(weak(input));
    if count < FEW && count > 1 {
        notes.push(format!(
            "Few tasks: the intervals were chosen by simulations with {FEW} and more; over {count} take them as a \
             rough guide."
        ));
    }
    notes.push(tool_or_model(input));
    notes.push(NO_POLICY.to_owned());
    notes.push(MAKERS.to_owned());
    notes
}

/// Says who was not the same all along: a run that is resumed may find another program or another environment.
fn changed(input: &ReportInput<'_>) -> Vec<String> {
    let of = |what: &str, of: fn(&TrialRecord) -> Option<&str>| {
        let differ = |one: &&Assistant| {
            let mine = input.trials.iter().filter(|trial| trial.key.assistant == one.id);
            mine.filter_map(of).collect::<BTreeSet<_>>().len() > 1
        };
        let titles = input.run.plan.assistants.iter().filter(differ).map(|one| one.title.as_str());
        let titles: Vec<&str> = titles.collect();
        let said = format!(
            "The {what} of {} changed during the run; the HTML and JSON reports and Evidence say which trial had which.",
            titles.join(", ")
        );
        (!titles.is_empty()).then_some(said)
    };
    let kept = [
        of("version", |trial| trial.version.as_deref()),
        of("configuration", |trial| trial.configuration.as_ref().map(|digest| digest.0.as_str())),
    ];
    kept.into_iter().flatten().collect()
}

/// Says that figures are simulated.
fn samples(input: &ReportInput<'_>) -> Option<&'static str> {
    let assistants = &input.run.plan.assistants;
    match assistants.iter().filter(|assistant| assistant.sample).count() {
        0 => None,
        n if n == assistants.len() => Some(
            "Sample assistants: simulated figures. They call no model; what they say of quality, cost and time is \
             about no real tool.",
        ),
        _ => Some(
            "Some assistants are samples: simulated figures. They are marked, and say nothing about a real tool.",
        ),
    }
}

/// Says that a bound on money did not bound what nobody told the cost of.
fn unknown_cost(input: &ReportInput<'_>) -> Option<String> {
    let budget = input.run.plan.budget.usd?;
    let unknown = input.trials.iter().filter(|trial| trial.cost.is_none() && trial.seconds > 0.0).count();
    (unknown > 0).then(|| {
        let trials = words::count(unknown, "trial");
        format!(
            "The cost of {trials} is unknown (a trial that is ended early may not tell it), so the budget of {} \
             counts less than was spent.",
            words::dollars(budget)
        )
    })
}

/// Says of whose streams lines were not understood: a program that changed its stream shows so.
fn unparsed(input: &ReportInput<'_>) -> Option<String> {
    let of = |assistant: &Assistant| {
        let trials = input.trials.iter().filter(|trial| trial.key.assistant == assistant.id);
        let lines: u64 = trials.map(TrialRecord::not_understood).sum();
        (lines > 0).then(|| format!("{} of {}", words::count(lines as usize, "line"), assistant.title))
    };
    let told: Vec<String> = input.run.plan.assistants.iter().filter_map(of).collect();
    (!told.is_empty()).then(|| {
        format!(
            "Not understood, and kept as written: {}. A program that changed its stream shows so; figures read from it \
             may lack something.",
            told.join(", ")
        )
    })
}

/// Names the tasks that count with a doubt, and says how many tests of theirs are too flaky to count.
fn weak(input: &ReportInput<'_>) -> Option<String> {
    let doubted = input.facts.iter().filter(|facts| matches!(facts.validity, Validity::Weak { .. }));
    let names: Vec<String> = doubted.map(|facts| format!("`{}`", facts.task)).collect();
    let audits = input.facts.iter().filter_map(|facts| facts.audit.as_ref());
    let flaky: usize = audits.map(|audit| audit.quarantined.len()).sum();
    let set_apart = match flaky {
        0 => String::new(),
        1 => " 1 flaky test neither passed nor failed anything.".to_owned(),
        many => format!(" {many} flaky tests neither passed nor failed anything."),
    };
    match names.as_slice() {
        [] if flaky == 0 => None,
        [] => Some(set_apart.trim_start().to_owned()),
        [one] => {
            Some(format!("Task {one} counts with a doubt, which is told where tasks are listed.{set_apart}"))
        }
        several => {
            let shown = several.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let more = if several.len() > 5 { " and others" } else { "" };
            Some(format!(
                "{} tasks count with a doubt, which is told where tasks are listed: {shown}{more}.{set_apart}",
                several.len()
            ))
        }
    }
}

/// Says whether the run can tell a tool's effect from a model's.
fn tool_or_model(input: &ReportInput<'_>) -> String {
    let assistants = &input.run.plan.assistants;
    let arms: Vec<_> =
        assistants.iter().map(|a| (a.backend, a.program.as_deref(), a.model.as_deref())).collect();
    let tools: BTreeSet<_> = arms.iter().map(|(backend, program, _)| (backend, program)).collect();
    let models: BTreeSet<_> = arms.iter().map(|(_, _, model)| model).collect();
    if assistants.iter().all(|assistant| assistant.sample) {
        "Tool and model: samples have no model, so nothing follows for either.".to_owned()
    } else if models.contains(&None) {
        "Tool and model: a model was left to the tool's own choice, so that tool and model cannot be told apart."
            .to_owned()
    } else if tools.len() == 1 {
        "Tool and model: one tool, so that differences are of models or settings.".to_owned()
    } else if models.len() == 1 {
        "Tool and model: one model was asked for, so that differences are of tools or settings.".to_owned()
    } else {
        "Tool and model both differ between assistants; this report does not take their effects apart."
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::id::Digest;

    use super::*;
    use crate::tests::sample::{Sample, later_round};

    #[test]
    fn samples_policy_and_makers_are_always_said() {
        let notes = notes(&Sample::new().input());
        assert!(notes[0].starts_with("Sample assistants: simulated figures."), "{notes:?}");
        assert_eq!(notes[notes.len() - 2..], [NO_POLICY, MAKERS]);
    }

    #[test]
    fn tasks_that_count_with_a_doubt_are_named() {
        let mut sample = Sample::new();
        let doubts = |sample: &Sample| {
            notes(&sample.input()).into_iter().filter(|note| note.contains("doubt")).collect::<Vec<_>>()
        };
        for facts in &mut sample.facts {
            facts.validity = Validity::Valid;
        }
        assert_eq!(doubts(&sample), Vec::<String>::new());
        sample.facts[0].validity = Validity::Weak { reasons: vec!["few mistakes are noticed".to_owned()] };
        let said = format!("Task `{}` counts with a doubt", sample.facts[0].task);
        assert!(doubts(&sample)[0].starts_with(&said), "{:?}", doubts(&sample));
    }

    #[test]
    fn lines_that_nobody_understood_are_counted_by_assistant() {
        let mut sample = Sample::new();
        let said =
            |sample: &Sample| notes(&sample.input()).iter().any(|note| note.starts_with("Not understood"));
        assert!(!said(&sample));
        sample.trials[0].unparsed = 2;
        let mut later = later_round();
        later.unparsed = 1;
        sample.trials[1].more = vec![later];
        assert!(said(&sample), "one line of a later round is enough");
        let named = |trial: usize| {
            let id = &sample.trials[trial].key.assistant;
            sample.run.plan.assistants.iter().find(|one| one.id == *id).unwrap().title.clone()
        };
        let note = unparsed(&sample.input()).unwrap();
        let each = [(0, "2 lines of"), (1, "1 line of")].map(|(at, lines)| format!("{lines} {}", named(at)));
        assert!(each.iter().all(|said| note.contains(said)), "{note}");
    }

    #[test]
    fn who_changed_during_the_run_is_named() {
        let mut sample = Sample::new();
        assert_eq!(changed(&sample.input()), Vec::<String>::new());
        let id = sample.trials[0].key.assistant.clone();
        let title = sample.run.plan.assistants.iter().find(|one| one.id == id).unwrap().title.clone();
        let mut again = sample.trials[0].clone();
        sample.trials[0].configuration = Some(Digest("a".repeat(64)));
        // The same as far as it is shown, and what an older program recorded says nothing.
        again.configuration = Some(Digest(format!("{}b", "a".repeat(63))));
        sample.trials.push(again);
        let said = [format!(
            "The configuration of {title} changed during the run; the HTML and JSON reports and Evidence say which trial had which."
        )];
        assert_eq!(changed(&sample.input()), said);
        sample.trials[0].configuration = None;
        assert_eq!(changed(&sample.input()), Vec::<String>::new());
    }

    #[test]
    fn one_look_an_unfinished_run_and_missing_isolation_are_said() {
        let mut sample = Sample::new();
        sample.run.plan.tasks.truncate(1);
        sample.run.plan.trials = 1;
        sample.trials.truncate(1);
        sample.trials[0].tier = Some(Tier::Plain);
        let mut input = sample.input();
        input.unfinished = true;
        let notes = notes(&input);
        assert_eq!(notes[0], "This run has not finished: 1 of 3 trials are over. The figures will change.");
        assert_eq!(notes[1], "One trial of one task: one look, not a measurement.");
        assert!(notes.iter().any(|note| note.starts_with("Some trials were not isolated")));
    }

    #[test]
    fn what_walls_lack_is_said_where_they_stand() {
        let mut sample = Sample::new();
        let said = |sample: &Sample| walls(&sample.input());
        assert_eq!(said(&sample), Vec::<String>::new());
        sample.trials[0].tier = Some(Tier::Bubblewrap);
        let lacks = "Isolation of some trials was bubblewrap: namespaces made by bwrap. It lacks: hidden paths of \
                     the trial.";
        assert_eq!(said(&sample), [lacks]);
    }

    #[test]
    fn money_that_nobody_counted_is_said_where_money_is_bounded() {
        let mut sample = Sample::new();
        let said =
            |sample: &Sample| notes(&sample.input()).iter().any(|note| note.contains("is unknown (a trial"));
        sample.trials.truncate(1);
        sample.trials[0].cost = None;
        assert!(!said(&sample));
        sample.run.plan.budget.usd = Some(5.0);
        assert!(said(&sample));
        sample.trials[0].seconds = 0.0;
        assert!(!said(&sample), "it never began");
    }

    #[test]
    fn how_few_tasks_carry_the_figures_is_said() {
        let mut sample = Sample::new();
        let mut said = |tasks: u32| {
            sample.comparison.tasks = tasks;
            let notes = notes(&sample.input());
            (
                notes.iter().any(|n| n.contains(" of 2 tasks count")),
                notes.iter().any(|n| n.contains("rough guide")),
            )
        };
        assert_eq!(said(0), (false, false));
        assert_eq!(said(1), (true, false));
        assert_eq!(said(2), (false, true));
        assert_eq!(said(10), (false, false));
    }

    #[test]
    fn tool_and_model_are_told_apart_only_where_the_plan_can() {
        let mut sample = Sample::new();
        for (assistant, program, model) in [(0, "a", Some("m")), (1, "b", Some("m")), (2, "c", Some("m"))] {
            let assistant = &mut sample.run.plan.assistants[assistant];
            assistant.sample = false;
            assistant.program = Some(program.to_owned());
            assistant.model = model.map(str::to_owned);
        }
        assert!(tool_or_model(&sample.input()).contains("one model was asked for"));
        sample.run.plan.assistants[0].model = Some("n".into());
        assert!(tool_or_model(&sample.input()).contains("both differ"));
        sample.run.plan.assistants[0].model = None;
        assert!(tool_or_model(&sample.input()).contains("cannot be told apart"));
    }
}
