//! Tells how a run goes: a bar with the time left on a terminal, plain lines where the output is piped.

use std::io::IsTerminal as _;
use std::time::Duration;

use fairtrial_api::view::LiveEvent;
use fairtrial_api::{Api, visible};
use fairtrial_domain::id::RunId;
use fairtrial_domain::outcome::{Ending, FailedTest, Outcome};
use fairtrial_domain::run::{RunEvent, TrialRecord, Validity};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::aside;

/// Follows a run of this process until nothing more comes.
pub(crate) async fn follow(api: &Api, run: &RunId) -> Result<(), fairtrial_api::ApiError> {
    let view = api.run(run)?;
    let teller = Teller::new(view.summary.planned, view.summary.done);
    let mut after = 0;
    loop {
        let batch = api.next_events(run, after).await;
        after = batch.next;
        batch.events.iter().for_each(|event| teller.tell(event));
        if batch.over {
            teller.end();
            return Ok(());
        }
    }
}

enum Teller {
    Bar(ProgressBar),
    Lines,
}

impl Teller {
    fn new(planned: u32, done: u32) -> Teller {
        if !std::io::stderr().is_terminal() {
            return Teller::Lines;
        }
        let bar = ProgressBar::with_draw_target(Some(planned.into()), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template(
            "{bar:16} {pos}/{len} trials, {elapsed} so far, about {eta} left  {wide_msg}",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.set_position(done.into());
        // What earlier processes did says nothing of how fast this one is.
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(200));
        Teller::Bar(bar)
    }

    fn tell(&self, event: &LiveEvent) {
        let line = line(&event.event);
        match self {
            Teller::Bar(bar) => {
                match &event.event {
                    RunEvent::TrialFinished { .. } => bar.inc(1),
                    RunEvent::TrialStarted { key, .. } => bar.set_message(key.to_string()),
                    RunEvent::TaskPreparing { task } => bar.set_message(format!("preparing {task}")),
                    RunEvent::RoundStarted { key, round } => bar.set_message(format!("{key}, round {round}")),
                    RunEvent::TaskReady { .. }
                    | RunEvent::TrialPhase { .. }
                    | RunEvent::TrialEvent { .. }
                    | RunEvent::AttemptLost { .. }
                    | RunEvent::StatusChanged { .. } => {}
                }
                if let Some(line) = line {
                    bar.println(visible(&line));
                }
            }
            Teller::Lines => {
                if let Some(line) = line {
                    aside(&line);
                }
            }
        }
    }

    fn end(&self) {
        if let Teller::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Returns what is worth a line of its own.
fn line(event: &RunEvent) -> Option<String> {
    match event {
        RunEvent::TrialFinished { trial } => Some(finished(trial)),
        RunEvent::AttemptLost { key, reason } => Some(format!("  lost      {key}: {reason}")),
        RunEvent::TaskReady { task, validity } => match validity {
            Validity::Valid => None,
            Validity::Weak { reasons } => Some(format!("  weak task {task}: {}", reasons.join("; "))),
            Validity::Invalid { reasons } => Some(format!("  invalid   {task}: {}", reasons.join("; "))),
        },
        RunEvent::TaskPreparing { .. }
        | RunEvent::TrialStarted { .. }
        | RunEvent::RoundStarted { .. }
        | RunEvent::TrialPhase { .. }
        | RunEvent::TrialEvent { .. }
        | RunEvent::StatusChanged { .. } => None,
    }
}

fn finished(trial: &TrialRecord) -> String {
    let why = match (&trial.ending, &trial.outcome) {
        (Ending::Infra { reason, .. }, _) => format!("no evidence: {reason}"),
        (Ending::Cancelled, _) => "cancelled".to_owned(),
        (Ending::TimedOut, _) => "out of time".to_owned(),
        (_, Some(outcome)) => outcome_words(outcome),
        (_, None) => "no evidence".to_owned(),
    };
    format!("  {:<9} {}: {why}, {:.1} s", "finished", trial.key, trial.seconds)
}

fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Resolved => "resolved".to_owned(),
        Outcome::Unresolved { failed } => format!("not resolved ({} failing)", failed.len()),
        Outcome::SetAside { at, because, .. } => match at.line {
            Some(line) => format!("set aside: {because} ({}:{line})", at.path),
            None => format!("set aside: {because} ({})", at.path),
        },
        Outcome::NoDiff => "nothing changed".to_owned(),
        Outcome::Ungraded { broke } if broke.is_empty() => "nothing broke; not graded".to_owned(),
        Outcome::Ungraded { broke } => format!("broke {}; not graded", named(broke)),
        Outcome::Invalid { reason } => format!("no evidence: {reason}"),
    }
}

/// Names the first of what failed, and counts the rest.
fn named(failed: &[FailedTest]) -> String {
    const MOST: usize = 3;
    let names = failed.iter().take(MOST).map(|one| one.test.as_deref().unwrap_or(one.check.as_str()));
    let names = names.collect::<Vec<_>>().join(", ");
    match failed.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::id::CheckId;

    use super::*;

    #[test]
    fn what_broke_is_named_and_the_rest_is_counted() {
        let failed = |test: Option<&str>| FailedTest {
            check: CheckId::parse("project").unwrap(),
            test: test.map(str::to_owned),
        };
        let said = |broke: Vec<FailedTest>| outcome_words(&Outcome::Ungraded { broke });
        assert_eq!(said(vec![]), "nothing broke; not graded");
        assert_eq!(said(vec![failed(None)]), "broke project; not graded");
        let five = (0..5).map(|n| failed(Some(&format!("t{n}")))).collect();
        assert_eq!(said(five), "broke t0, t1, t2 and 2 more; not graded");
    }
}
