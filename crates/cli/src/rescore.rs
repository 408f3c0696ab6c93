//! `fairtrial rescore` and `fairtrial overrule`: scores made anew from what is stored.

use fairtrial_api::{Api, ApiError, Changed};
use fairtrial_domain::id::{AssistantId, RunId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Outcome, RuleId};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as Unknown;

use crate::args::OverruleArgs;
use crate::commands::{say, say_json};

pub(crate) fn rescore(api: &Api, run: &RunId, json: bool) -> Result<(), ApiError> {
    let told = api.rescore(run)?;
    if json {
        return say_json(&told);
    }
    let trials = if told.trials == 1 { "1 trial".to_owned() } else { format!("{} trials", told.trials) };
    say(&format!("{trials} of {run} scored by rules {}; {} by older ones before.", told.rules, told.older));
    for changed in &told.changed {
        say(&format!("  {}", line(changed)));
    }
    if told.changed.is_empty() {
        say("No outcome is another one.");
    }
    Ok(())
}

pub(crate) fn overrule(api: &Api, args: &OverruleArgs) -> Result<(), ApiError> {
    let run = api.find_run(&args.run)?;
    let bad = |what: String| ApiError::BadRequest(what);
    let rule: Result<RuleId, Unknown> = RuleId::deserialize(args.rule.as_str().into_deserializer());
    let rule = rule.map_err(|_| {
        bad(format!("`{}` is no rule: write it as the report's JSON does, such as `skipped_test`", args.rule))
    })?;
    let changed = api.overrule(&run, &key(&args.trial)?, rule, &args.reason, &args.by)?;
    say(&line(&changed));
    Ok(())
}

fn key(text: &str) -> Result<TrialKey, ApiError> {
    let parts: Vec<&str> = text.split('/').collect();
    let read = || -> Option<TrialKey> {
        let [task, assistant, trial] = parts.as_slice() else { return None };
        Some(TrialKey {
            task: TaskId::parse(task).ok()?,
            assistant: AssistantId::parse(assistant).ok()?,
            trial: trial.parse().ok()?,
        })
    };
    read().ok_or_else(|| ApiError::BadRequest(format!("`{text}` is no trial: write TASK/ASSISTANT/NUMBER")))
}

fn line(changed: &Changed) -> String {
    let round = if changed.round > 1 { format!(" round {}", changed.round) } else { String::new() };
    format!("{}{round}: {} → {}", changed.key, word(changed.before.as_ref()), word(changed.after.as_ref()))
}

fn word(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "no evidence",
        Some(Outcome::Resolved) => "resolved",
        Some(Outcome::Unresolved { .. }) => "unresolved",
        Some(Outcome::SetAside { .. }) => "set aside",
        Some(Outcome::NoDiff) => "no change",
        Some(Outcome::Ungraded { .. }) => "ungraded",
        Some(Outcome::Invalid { .. }) => "invalid",
    }
}
