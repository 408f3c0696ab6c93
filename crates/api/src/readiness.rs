//! What an assistant was seen to do on a one-file repair: each thing that its back end promises, beside what came.
//!
//! **Invariant:** this asks a real model where the assistant does, and spends what that costs; nobody starts it unasked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fairtrial_backends::known;
use fairtrial_domain::bundle::TierChoice;
use fairtrial_domain::event::{EventKind, StreamEnd};
use fairtrial_domain::id::{AssistantId, RunId, TrialKey};
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::usage::CostSource;
use fairtrial_domain::verdict::VerdictStatus;

use crate::Api;
use crate::error::ApiError;
use crate::view::{AssistantTest, Seen, TryRequest};

const INSTRUCTION: &str =
    "The tests fail: `add` in calc.py subtracts. Repair calc.py so that they pass, and run them.";
const FILES: [(&str, &str); 2] = [
    ("calc.py", "def add(a, b):\n    return a - b\n"),
    (
        "test_calc.py",
        "import unittest\n\nimport calc\n\n\nclass AddTest(unittest.TestCase):\n    def test_add(self):\n        \
         self.assertEqual(calc.add(2, 3), 5)\n",
    ),
];
const CHECK: &str = "python3 -m unittest -v 2>&1";
/// A limit of the program's own, on turns or money. The test sets none, so it shows only where the user's settings do.
const CAPS: &str = "caps";
/// Wall seconds for the whole of it.
const LIMIT_SEC: f64 = 900.0;

impl Api {
    /// Starts a one-file repair by one assistant.
    ///
    /// # Errors
    /// When it cannot start, or the small repository cannot be made.
    pub async fn start_assistant_test(self: &Arc<Self>, name: &str) -> Result<RunId, ApiError> {
        let repository = repository(&self.home.data().join("assistant-test"))?;
        self.start_try(TryRequest {
            repository: repository.to_string_lossy().into_owned(),
            instruction: INSTRUCTION.to_owned(),
            assistants: vec![name.to_owned()],
            trials: 1,
            check: Some(CHECK.to_owned()),
            include_uncommitted: false,
            accept_red_base: true,
            budget_usd: None,
            budget_requests: None,
            budget_sec: Some(LIMIT_SEC),
            tier: TierChoice::Best,
        })
        .await
    }

    /// Returns what was seen in such a run, once it is over.
    ///
    /// # Errors
    /// When there is no such run, or its trial did not happen.
    pub fn assistant_test(&self, run: &RunId) -> Result<AssistantTest, ApiError> {
        let record = self.store.run(run)?.record;
        let none = || ApiError::BadRequest(format!("the run {run} has no trial to look at"));
        let plan = record.plan;
        let (assistant, task) =
            (plan.assistants.first().ok_or_else(none)?, plan.tasks.first().ok_or_else(none)?);
        let key = TrialKey { task: task.id.clone(), assistant: assistant.id.clone(), trial: 1 };
        let trial = self.trial_record(run, &key)?;
        let events: Vec<EventKind> = self.all_events(&trial)?.into_iter().map(|event| event.kind).collect();
        let known = known().iter().find(|known| known.backend == assistant.backend);
        let promised = known.map(|known| known.features.names()).unwrap_or_default();
        let seen = |(feature, seen): (&str, Option<String>)| Seen {
            feature: feature.to_owned(),
            promised: promised.contains(&feature),
            tried: feature != CAPS || seen.is_some(),
            seen,
        };
        Ok(AssistantTest {
            assistant: AssistantId::clone(&assistant.id),
            version: trial.version.clone(),
            ending: trial.ending.clone(),
            repaired: !trial.verdicts.is_empty()
                && trial.verdicts.iter().all(|verdict| verdict.status == VerdictStatus::Passed),
            seen: capabilities(&trial, &events).into_iter().map(seen).collect(),
            unparsed: events.iter().filter(|event| matches!(event, EventKind::Unparsed { .. })).count()
                as u64,
            leftovers: trial.leftovers,
        })
    }
}

/// Returns each capability with what showed it.
fn capabilities(trial: &TrialRecord, events: &[EventKind]) -> Vec<(&'static str, Option<String>)> {
    let calls = events.iter().filter(|event| matches!(event, EventKind::ToolCall { .. })).count();
    let asked = |event: &&EventKind| matches!(event, EventKind::Notice { text } if text.starts_with("permission for "));
    let asked = events.iter().filter(asked).count();
    let some = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let reported = trial.cost.as_ref().filter(|cost| cost.source == CostSource::Reported);
    vec![
        ("stream", some(calls, "tool calls")),
        ("tokens", trial.usage.total_tokens().map(|tokens| format!("{tokens} tokens"))),
        ("cost", reported.map(|cost| format!("{} dollars", cost.usd))),
        ("credits", trial.usage.credits.map(|credits| format!("{credits} credits"))),
        (CAPS, is_capped(events).then(|| "it ended at a limit of its own".to_owned())),
        ("permissions", some(asked, "permissions asked for")),
        ("meter", trial.traffic.as_ref().map(|_| "its requests passed our meter".to_owned())),
    ]
}

/// Returns whether the program ended at a limit of its own.
fn is_capped(events: &[EventKind]) -> bool {
    let own = |event: &EventKind| {
        matches!(event, EventKind::Ended { end: StreamEnd::TurnLimit | StreamEnd::BudgetLimit })
    };
    events.iter().any(own)
}

/// Makes the small repository anew.
fn repository(folder: &Path) -> Result<PathBuf, ApiError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(ApiError::access("remove", folder))?;
    }
    fs::create_dir_all(folder).map_err(ApiError::access("make", folder))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::write(&path, text).map_err(ApiError::access("write", path))?;
    }
    let who = [
        "-c",
        "user.name=Fairtrial",
        "-c",
        "user.email=test@fairtrial.invalid",
        "-c",
        "commit.gpgsign=false",
    ];
    for arguments in
        [&["init", "-q"][..], &["add", "."], &["commit", "-q", "--no-verify", "-m", "a small bug"]]
    {
        let done = Command::new("git").arg("-C").arg(folder).args(who).args(arguments).output();
        let done = done.map_err(ApiError::access("run git in", folder))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            return Err(ApiError::BadRequest(format!("git could not make a small repository: {said}")));
        }
    }
    Ok(folder.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_its_own_is_seen_where_a_session_ended_at_it() {
        let ended = |end| vec![EventKind::Ended { end }];
        assert!(is_capped(&ended(StreamEnd::TurnLimit)) && is_capped(&ended(StreamEnd::BudgetLimit)));
        assert!(!is_capped(&ended(StreamEnd::Completed)) && !is_capped(&[]));
    }
}
