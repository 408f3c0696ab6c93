//! Tells how a run goes: a bar with the time left on a terminal, plain lines where the output is piped.

use std::io::IsTerminal as _;
use std::time::Duration;

use fairtrial_api::view::LiveEvent;
use fairtrial_api::{Api, visible};
use fairtrial_domain::id::RunId;
use fairtrial_domain::outcome::{Ending, Outcome};
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
            "{bar:24} {pos}/{len} trials, {elapsed} so far, about {eta} left  {wide_msg}",
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
        Outcome::Unresolved { failed } => format!("not resolved, {} tests fail", failed.len()),
        Outcome::SetAside { at, because, .. } => match at.line {
            Some(line) => format!("set aside: {because} ({}:{line})", at.path),
            None => format!("set aside: {because} ({})", at.path),
        },
        Outcome::NoDiff => "nothing changed".to_owned(),
        Outcome::Ungraded { broke } if broke.is_empty() => "nothing broke; not graded".to_owned(),
        Outcome::Ungraded { broke } => format!("{} tests broke; not graded", broke.len()),
        Outcome::Invalid { reason } => format!("no evidence: {reason}"),
    }
}
