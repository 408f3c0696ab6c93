//! The fairness sheet: in what the assistants differ beside themselves, so that a reader can object.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::{Assistant, PromptBy};
use fairtrial_domain::comparison::{Aspect, Fairness};
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::usage::CostSource;

/// What values of a plan alone do not tell of an assistant; each `None` where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// How many rounds its trials may have.
    pub rounds: Option<String>,
    /// Which instruction files it reads, and which are there.
    pub instructions: Option<String>,
    /// What turns extensions of its program on.
    pub extensions: Option<String>,
}

/// Returns every aspect with each assistant's value. Before a run `trials` is empty, and versions and models are those
/// asked for; after it they are those seen. Limits are the same for all by the way trials are run.
pub fn fairness(
    assistants: &[Assistant],
    trials: &[TrialRecord],
    said: &dyn Fn(&Assistant) -> Said,
) -> Vec<Fairness> {
    let of = |aspect: Aspect, value: &dyn Fn(&Assistant) -> Option<String>| {
        let values: Vec<Option<String>> = assistants.iter().map(value).collect();
        let distinct: BTreeSet<&Option<String>> = values.iter().collect();
        let differs = distinct.len() > 1 || values.len() > 1 && values.iter().any(Option::is_none);
        Fairness { aspect, values, differs }
    };
    let seen = |one: &Assistant, of: &dyn Fn(&TrialRecord) -> Option<String>| {
        let found: BTreeSet<String> =
            trials.iter().filter(|trial| trial.key.assistant == one.id).filter_map(of).collect();
        (!found.is_empty()).then(|| found.into_iter().collect::<Vec<_>>().join(", "))
    };
    let some = |text: &str| Some(text.to_owned());
    vec![
        of(Aspect::Tool, &|one| Some(tool(one))),
        of(Aspect::Version, &|one| seen(one, &|trial| trial.version.clone()).or_else(|| one.version.clone())),
        of(Aspect::Model, &|one| {
            let none = if one.sample { some("none") } else { None };
            seen(one, &|trial| trial.model.clone()).or_else(|| one.model.clone()).or(none)
        }),
        of(Aspect::Effort, &|one| one.effort.clone().or_else(|| some("not set"))),
        of(Aspect::Arguments, &|one| Some(arguments(one))),
        of(Aspect::Instructions, &|one| said(one).instructions),
        of(Aspect::Extensions, &|one| said(one).extensions),
        of(Aspect::Permissions, &|one| Some(permissions(one))),
        of(Aspect::Environment, &|one| Some(environment(one))),
        of(Aspect::Network, &|one| word(&one.network)),
        of(Aspect::Readable, &|one| Some(listed(one.readable.iter().cloned()))),
        of(Aspect::Limits, &|_| some("the task's, the same for all")),
        of(Aspect::Account, &|one| {
            one.account.clone().or_else(|| if one.sample { some("none") } else { None })
        }),
        of(Aspect::SignIn, &|one| some(sign_in(one))),
        of(Aspect::Address, &|one| one.base_url.clone().or_else(|| some("the tool's own"))),
        of(Aspect::Price, &|one| seen(one, &|trial| Some(source(trial.cost.as_ref()?.source).to_owned()))),
        of(Aspect::Caches, &|one| caches(one, trials)),
        of(Aspect::Isolation, &|one| seen(one, &|trial| word(&trial.tier?))),
        of(Aspect::Rounds, &|one| said(one).rounds),
    ]
    .into_iter()
    .filter(|one| {
        !trials.is_empty() || !matches!(one.aspect, Aspect::Price | Aspect::Caches | Aspect::Isolation)
    })
    .collect()
}

/// Returns the name of the program that drives an assistant.
fn tool(one: &Assistant) -> String {
    let backend = word(&one.backend).unwrap_or_default();
    match &one.program {
        Some(program) => format!("{backend} ({program})"),
        None => backend,
    }
}

/// A value as it stands in JSON; of one that holds more, its tag.
fn word(value: &impl serde::Serialize) -> Option<String> {
    let value = serde_json::to_value(value).ok()?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(" ") }
}

fn arguments(one: &Assistant) -> String {
    let by = match one.prompt {
        PromptBy::Argument => "",
        PromptBy::Stdin => "; instruction on standard input",
        PromptBy::File => "; instruction in a file",
    };
    format!("{}{by}", listed(one.args.iter().cloned()))
}

/// What a plan denies. What arguments or a program's own settings deny beside is told with these.
fn permissions(one: &Assistant) -> String {
    match one.deny.as_slice() {
        [] => "nothing is denied".to_owned(),
        denied => format!("denied: {}", listed(denied.iter().filter_map(word))),
    }
}

/// Returns by what it signs in.
fn sign_in(one: &Assistant) -> &'static str {
    match (&one.own_login, one.sample || one.secrets.is_empty()) {
        (Some(_), _) => "the user's own login and settings",
        (None, false) => "a key",
        (None, true) => "no key",
    }
}

/// Names only of what may be secret, names and values of what is set.
fn environment(one: &Assistant) -> String {
    let set = one.env.iter().map(|(name, value)| format!("{name}={value}"));
    let passed = one.env_allow.iter().cloned();
    let secret = one.secrets.keys().map(|name| format!("{name} (secret)"));
    listed(set.chain(passed).chain(secret))
}

fn source(source: CostSource) -> &'static str {
    match source {
        CostSource::Reported => "reported by the tool",
        CostSource::Priced => "worked out from entered prices",
        CostSource::Listed => "worked out from list prices",
        CostSource::Simulated => "simulated",
    }
}

/// The share of input that caches served, in whole percent; `None` while any part is unknown.
fn caches(one: &Assistant, trials: &[TrialRecord]) -> Option<String> {
    let (mut read, mut all) = (0u64, 0u64);
    for trial in trials.iter().filter(|trial| trial.key.assistant == one.id) {
        let usage = &trial.usage;
        read = read.saturating_add(usage.cache_read?);
        all = all.saturating_add(usage.cache_read? + usage.input_uncached? + usage.cache_write.unwrap_or(0));
    }
    (all > 0).then(|| format!("{:.0}% of input", 100.0 * read as f64 / all as f64))
}
