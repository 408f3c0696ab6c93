//! Who judges whom: the judges, the families of models on both sides, and the words that name anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fairtrial_domain::advice::{Asked, Judge};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::TrialRecord;
use fairtrial_judge::advice::{Names, alone};
use fairtrial_wire::families::{families, family};

use super::JudgeRequest;
use super::ask::Seat;
use crate::assistants;
use crate::error::ApiError;
use crate::home::Home;
use crate::plan;

/// The word for no family at all.
const NONE: &str = "none";
/// Whose word a family is that no table names.
pub(super) const BY_USER: &str = "named by the user";
/// Programs that run others, and name nobody.
const INTERPRETERS: [&str; 10] =
    ["sh", "bash", "zsh", "env", "node", "npx", "python", "python3", "uvx", "docker"];

/// Back ends that say how somebody is driven, and not who it is.
const DRIVEN: [BackendKind; 4] =
    [BackendKind::Direct, BackendKind::Command, BackendKind::Acp, BackendKind::Sample];

/// Everybody on both sides.
pub(super) struct Panel {
    pub(super) seats: Vec<Arc<Seat>>,
    /// The families of those compared.
    pub(super) compared: Vec<String>,
    /// Words that name anybody.
    pub(super) names: Names,
}

/// Families with whose word each is.
type Known = BTreeMap<String, String>;

/// Finds judges and families.
///
/// # Errors
/// When a judge cannot start, a family is not known, or a family would judge itself alone.
pub(super) fn panel(
    home: &Home,
    plan: &Plan,
    trials: &[TrialRecord],
    known: &[Asked],
    request: &JudgeRequest,
) -> Result<Panel, ApiError> {
    let judges = plan::choose(home, &request.with, false)?;
    for judge in &judges {
        if plan.assistants.iter().any(|one| one.id == judge.id) {
            let what = format!("{} is compared in this run: ask somebody else to judge it", judge.title);
            return Err(ApiError::BadRequest(what));
        }
        // Only a run's dispatcher knows who else is signed in with it.
        if judge.login().is_some() {
            let what =
                format!("{} works with its user's own login: a judge needs a key of its own", judge.title);
            return Err(ApiError::BadRequest(what));
        }
    }
    refuse_unknown_names(plan, &judges, &request.families)?;
    let mut compared = BTreeSet::new();
    for one in &plan.assistants {
        compared.extend(families_of(one, &models(one, trials), &request.families)?.into_keys());
    }
    let mut seats = vec![];
    for judge in judges {
        let asked: BTreeSet<String> = judge.model.iter().cloned().collect();
        let found = families_of(&judge, &asked, &request.families)?.pop_first();
        let (family, family_source) = match found {
            Some((family, source)) => (Some(family), source),
            None if judge.sample => (None, "a sample has none".to_owned()),
            None => (None, BY_USER.to_owned()),
        };
        let (id, title, model) = (judge.id.clone(), judge.title.clone(), judge.model.clone());
        let told = Judge { id, title, model, family, family_source, sample: judge.sample };
        refuse_another(known, &told)?;
        let ready = assistants::ready(home, &judge)?;
        seats.push(Arc::new(Seat { judge: told, assistant: judge, program: ready.program }));
    }
    let told = seats.iter().map(|seat| &seat.judge).chain(known.iter().map(|one| &one.judge));
    if let Some(own) = alone(told.map(|judge| judge.family.as_deref()), &compared) {
        return Err(ApiError::BadRequest(format!(
            "the only models that would judge are of the family {own}, and so is one of those compared: add one of \
             another family to --with"
        )));
    }
    Ok(Panel { seats, compared: compared.into_iter().collect(), names: names(plan, trials) })
}

/// Returns the models that an assistant was asked for, and those that served it.
fn models(one: &Assistant, trials: &[TrialRecord]) -> BTreeSet<String> {
    let mine = trials.iter().filter(|trial| trial.key.assistant == one.id);
    let served = mine.clone().filter_map(|trial| trial.traffic.as_ref());
    let served = served.flat_map(|traffic| traffic.exchanges.iter().filter_map(|one| one.served.clone()));
    mine.filter_map(|trial| trial.model.clone()).chain(served).chain(one.model.clone()).collect()
}

/// Returns an assistant's families, each with whose word that is; none for a sample, or by its user's word.
fn families_of(
    one: &Assistant,
    models: &BTreeSet<String>,
    named: &BTreeMap<String, String>,
) -> Result<Known, ApiError> {
    if let Some(name) = named.get(one.id.as_str()) {
        let of = (name != NONE).then(|| (name.to_lowercase(), BY_USER.to_owned()));
        return Ok(of.into_iter().collect());
    }
    if one.sample {
        return Ok(Known::new());
    }
    let mut found = Known::new();
    for model in models {
        let known = family(model).ok_or_else(|| unknown(one, &format!("the model `{model}`")))?;
        found.insert(known.family.clone(), known.source.clone());
    }
    if found.is_empty() { Err(unknown(one, "its model, which nobody names,")) } else { Ok(found) }
}

fn unknown(one: &Assistant, what: &str) -> ApiError {
    let known: Vec<&str> = families().iter().map(|family| family.family.as_str()).collect();
    ApiError::BadRequest(format!(
        "the family of {what} of {} is not known, so that nobody can tell who judges its own: add --family {}=NAME \
         ({}, another word, or {NONE} where no model is at work)",
        one.title,
        one.id,
        known.join(", ")
    ))
}

/// Refuses a family for somebody who is neither compared nor asked: a name that was mistyped.
fn refuse_unknown_names(
    plan: &Plan,
    judges: &[Assistant],
    named: &BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let is = |name: &str| plan.assistants.iter().chain(judges).any(|one| one.id.as_str() == name);
    match named.keys().find(|name| !is(name)) {
        Some(name) => {
            Err(ApiError::BadRequest(format!("--family {name}=…: `{name}` neither judges nor is compared")))
        }
        None => Ok(()),
    }
}

/// Answers of two models under one name could not be told apart.
fn refuse_another(known: &[Asked], judge: &Judge) -> Result<(), ApiError> {
    let earlier = known.iter().map(|one| &one.judge).find(|one| one.id == judge.id);
    let other = |one: &&Judge| one.family != judge.family || (one.title != judge.title);
    match earlier.filter(other) {
        Some(_) => Err(ApiError::BadRequest(format!(
            "`{}` answered about this run before, as somebody of another title or family: give this one another name",
            judge.id
        ))),
        None => Ok(()),
    }
}

/// Returns every word that names somebody who is compared, and every maker and family of models.
fn names(plan: &Plan, trials: &[TrialRecord]) -> Names {
    let mut words: Vec<String> = families().iter().flat_map(|family| family.names.iter().cloned()).collect();
    for one in &plan.assistants {
        words.extend([one.id.to_string(), one.title.clone()]);
        words.extend(models(one, trials));
        let program = one.program.as_deref().and_then(|program| Path::new(program).file_stem()?.to_str());
        words.extend(program.filter(|name| !INTERPRETERS.contains(name)).map(str::to_owned));
        if !DRIVEN.contains(&one.backend) {
            words.push(one.backend.title().to_owned());
        }
    }
    Names::of(words.iter().map(String::as_str))
}
