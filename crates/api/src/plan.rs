//! From a request to a plan: which tasks, which assistants, in what order, within what bounds.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};

use fairtrial_backends::backend;
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::bundle::TierChoice;
use fairtrial_domain::comparison::Looks;
use fairtrial_domain::id::Digest;
use fairtrial_domain::plan::{Budget, Plan, PlannedTask, Recording};
use fairtrial_domain::task::{Network, Suite, Task};
use sha2::{Digest as _, Sha256};

use crate::assistants;
use crate::crossing;
use crate::error::ApiError;
use crate::home::Home;
use crate::rounds;
use crate::view::PlanRequest;

/// The word that stands for the bundled suite.
pub(crate) const SAMPLES: &str = "samples";
/// The difference in solved rate that matters when nobody says otherwise.
const MARGIN: f64 = 0.10;
/// More trials than this on one task and assistant are a typing error.
const MOST_TRIALS: u32 = 1000;

/// A plan with what is needed to carry it out.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The plan.
    pub(crate) plan: Plan,
    /// Its hash.
    pub(crate) hash: Digest,
    /// Its tasks, whole.
    pub(crate) tasks: Vec<Task>,
}

impl Planned {
    /// Returns the same plan, with models' answers recorded.
    pub(crate) fn recorded(mut self) -> Result<Planned, ApiError> {
        if self.plan.rounds > 1 {
            return Err(bad(
                "a run with further rounds cannot be recorded: leave one of the two out".to_owned()
            ));
        }
        self.plan.recording = Recording::Record;
        self.hash = hash(&self.plan)?;
        Ok(self)
    }
}

/// Makes a plan.
///
/// # Errors
/// When the suite, an assistant or a bound cannot be used, with the remedy.
pub(crate) fn plan(home: &Home, request: &PlanRequest) -> Result<Planned, ApiError> {
    let (request, design) = from_file(request)?;
    let samples = request.suite == SAMPLES;
    let suite = suite(home, &request.suite)?;
    let (chosen, left_out) = if crossing::is_asked(&request)? {
        crossing::cross(&assistants::all(home)?, &request.tools, &request.models)?
    } else {
        (choose(home, &request.assistants, samples)?, vec![])
    };
    let mut planned = planned(home, &suite, chosen, &request)?;
    planned.plan.left_out = left_out;
    (planned.plan.looks, planned.plan.weights) = (design.looks, design.weights);
    planned.plan.attempts = design.attempts;
    planned.hash = hash(&planned.plan)?;
    Ok(planned)
}

/// What a plan file may fix beside a request.
#[derive(Default)]
struct PlannedDesign {
    looks: Looks,
    weights: Option<BTreeMap<String, f64>>,
    attempts: Option<u32>,
}

/// Makes a plan of a suite at hand.
pub(crate) fn planned(
    home: &Home,
    suite: &Suite,
    assistants: Vec<Assistant>,
    request: &PlanRequest,
) -> Result<Planned, ApiError> {
    if request.trials == 0 || request.trials > MOST_TRIALS {
        return Err(bad(format!("{} trials cannot be run: choose 1 to {MOST_TRIALS}", request.trials)));
    }
    let rounds = request.rounds.unwrap_or(1);
    if rounds == 0 || rounds > rounds::MOST {
        return Err(bad(format!("{rounds} rounds cannot be run: choose 1 to {}", rounds::MOST)));
    }
    let margin = request.margin.unwrap_or(MARGIN);
    if !(margin > 0.0 && margin < 1.0) {
        return Err(bad(format!(
            "a margin of {margin} cannot be tested: choose more than 0 and less than 1"
        )));
    }
    let budget =
        Budget { usd: request.budget_usd, seconds: request.budget_sec, requests: request.budget_requests };
    check_budget(&budget, &assistants)?;
    for assistant in &assistants {
        assistants::ready(home, assistant)?;
    }
    let plan = Plan {
        suite: suite.id.clone(),
        title: suite.title.clone(),
        suite_version: suite.version.clone(),
        tasks: suite
            .tasks
            .iter()
            .map(|t| PlannedTask { id: t.id.clone(), digest: t.digest.clone() })
            .collect(),
        assistants,
        trials: request.trials,
        seed: request.seed.unwrap_or_else(draw_seed),
        margin,
        budget,
        looks: Looks::AtEnd,
        weights: None,
        rules: fairtrial_judge::compare::RULES,
        recording: Recording::None,
        attempts: None,
        rounds,
        tier: request.tier,
        left_out: vec![],
    };
    let hash = hash(&plan)?;
    Ok(Planned { plan, hash, tasks: suite.tasks.clone() })
}

/// A plan file: a request that is kept.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    suite: String,
    #[serde(default)]
    assistants: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default = "one")]
    trials: u32,
    seed: Option<u64>,
    jobs: Option<u32>,
    budget_usd: Option<f64>,
    budget_sec: Option<f64>,
    budget_requests: Option<u64>,
    margin: Option<f64>,
    #[serde(default)]
    looks: Looks,
    weights: Option<BTreeMap<String, f64>>,
    attempts: Option<u32>,
    rounds: Option<u32>,
    #[serde(default)]
    tier: TierChoice,
}

fn one() -> u32 {
    1
}

/// Reads the request from a plan file when `suite` names one; what the caller set besides wins, as does a number of
/// trials above one.
fn from_file(request: &PlanRequest) -> Result<(PlanRequest, PlannedDesign), ApiError> {
    let path = Path::new(&request.suite);
    if request.suite == SAMPLES || path.extension().is_none_or(|end| end != "toml") {
        return Ok((request.clone(), PlannedDesign::default()));
    }
    let text = fs::read_to_string(path).map_err(ApiError::given(path))?;
    let file: PlanFile = toml::from_str(&text).map_err(|error| ApiError::Config {
        path: path.to_path_buf(),
        message: error.to_string().trim_end().to_owned(),
    })?;
    if file.looks == Looks::Growing {
        return Err(bad(
            "a run has a planned number of tasks: `looks` is `at_end` or `every_task`".to_owned()
        ));
    }
    file.weights.as_ref().map(crate::compare::check_weights).transpose()?;
    if file.attempts == Some(0) {
        return Err(bad("`attempts` must be at least 1".to_owned()));
    }
    let design = PlannedDesign { looks: file.looks, weights: file.weights, attempts: file.attempts };
    let suite = match file.suite.as_str() {
        SAMPLES => file.suite,
        // Relative to the plan, not to where the command was typed.
        name => path.parent().unwrap_or(Path::new("")).join(name).to_string_lossy().into_owned(),
    };
    let who = crossing::given(request, (file.assistants, file.tools, file.models));
    let request = PlanRequest {
        suite,
        assistants: who.0,
        tools: who.1,
        models: who.2,
        trials: if request.trials > 1 { request.trials } else { file.trials },
        seed: request.seed.or(file.seed),
        jobs: request.jobs.or(file.jobs),
        budget_usd: request.budget_usd.or(file.budget_usd),
        budget_sec: request.budget_sec.or(file.budget_sec),
        budget_requests: request.budget_requests.or(file.budget_requests),
        margin: request.margin.or(file.margin),
        rounds: request.rounds.or(file.rounds),
        tier: if request.tier.is_best() { file.tier } else { request.tier },
    };
    Ok((request, design))
}

/// Reads a suite's folder, or the bundled one.
pub(crate) fn suite(home: &Home, name: &str) -> Result<Suite, ApiError> {
    let folder = if name == SAMPLES { home.samples()? } else { PathBuf::from(name) };
    if !folder.is_dir() {
        return Err(bad(format!("`{name}` is neither a suite's folder, nor a plan file, nor `samples`")));
    }
    fairtrial_tasks::read_suite(&folder)
        .map_err(|problems| ApiError::Tasks { path: folder, listing: problems.to_string() })
}

/// Returns the assistants meant by `names`; none means all samples for the sample suite, else all that are ready.
pub(crate) fn choose(home: &Home, names: &[String], samples: bool) -> Result<Vec<Assistant>, ApiError> {
    let all = assistants::all(home)?;
    if names.is_empty() {
        let ready = |one: &Assistant| assistants::status(home, one).hurdle.is_none();
        let chosen: Vec<Assistant> = all
            .into_iter()
            .filter(|one| if samples { one.sample } else { !one.sample && ready(one) })
            .collect();
        if chosen.is_empty() {
            return Err(bad("no assistant is ready here: `fairtrial assistants` tells why".to_owned()));
        }
        return Ok(chosen);
    }
    let mut chosen: Vec<Assistant> = vec![];
    for name in names {
        let found = all.iter().find(|one| one.id.as_str() == name);
        let Some(one) = found else {
            let known: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
            return Err(bad(format!("there is no assistant `{name}`: known here are {}", known.join(", "))));
        };
        if chosen.iter().any(|earlier| earlier.id == one.id) {
            return Err(bad(format!("the assistant `{name}` is named twice: once is enough")));
        }
        chosen.push(one.clone());
    }
    Ok(chosen)
}

/// A bound on money means nothing for an assistant that never tells what it costs.
fn check_budget(budget: &Budget, assistants: &[Assistant]) -> Result<(), ApiError> {
    for (value, name) in [(budget.usd, "budget"), (budget.seconds, "time limit")] {
        if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
            return Err(bad(format!("a {name} must be more than zero")));
        }
    }
    if budget.requests == Some(0) {
        return Err(bad("a limit on requests must be more than zero".to_owned()));
    }
    if let (Some(_), Some(one)) = (budget.requests, assistants.iter().find(|one| !is_counted(one))) {
        return Err(bad(format!(
            "the requests of {} do not pass our meter, so a limit on them would not bound it: take \
             --budget-minutes instead, or leave it out",
            one.title
        )));
    }
    let unknown = assistants.iter().find(|one| !backend(one.backend).cost_known(one));
    match unknown {
        // A limit on requests in each task is no way out: not every task need have one.
        Some(one) if budget.usd.is_some() && budget.seconds.is_none() && budget.requests.is_none() => {
            Err(bad(format!(
                "the cost of {} cannot be known, so a budget in money would not bound it: add --budget-minutes, or \
             --budget-requests where its requests pass our meter{}",
                one.title,
                if one.backend == BackendKind::Codex {
                    ", or enter its price in assistants.toml"
                } else {
                    ""
                }
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns whether we count an assistant's requests to its model ourselves. A sample makes none.
pub(crate) fn is_counted(one: &Assistant) -> bool {
    one.sample || is_metered(one)
}

/// Returns whether our meter stands between an assistant and its model.
pub(crate) fn is_metered(one: &Assistant) -> bool {
    !one.unmetered && one.network != Network::None && backend(one.backend).meter_point(one).is_some()
}

pub(crate) fn bad(message: String) -> ApiError {
    ApiError::BadRequest(message)
}

/// Returns the SHA-256 of the plan's canonical JSON (RFC 8785).
pub(crate) fn hash(plan: &Plan) -> Result<Digest, ApiError> {
    let canonical = serde_json_canonicalizer::to_vec(plan)?;
    Ok(digest(&canonical))
}

/// Returns the SHA-256 of bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Draws a seed from the standard library's per-process randomness; 53 bits, so that JSON readers keep it whole.
fn draw_seed() -> u64 {
    RandomState::new().hash_one(std::time::SystemTime::now()) >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_would_not_bind_is_refused() {
        let assistant = |text: &str| {
            fairtrial_backends::config::parse(&format!("[assistants.one]\n{text}\n")).unwrap().remove(0)
        };
        let metered = assistant("backend = \"codex\"");
        let dark = assistant("backend = \"command\"\nprogram = \"p\"\nargs = [\"x\"]");
        let check = |usd, seconds, requests, one: &Assistant| {
            check_budget(&Budget { usd, seconds, requests }, std::slice::from_ref(one)).is_ok()
        };
        assert!(!check(Some(1.0), None, None, &dark));
        assert!(check(Some(1.0), Some(60.0), None, &dark));
        assert!(!check(Some(1.0), None, Some(5), &dark), "nobody counts its requests");
        assert!(!check(None, None, Some(5), &dark));
        assert!(!check(Some(1.0), None, None, &metered));
        assert!(check(Some(1.0), None, Some(5), &metered));
        assert!(check(None, None, Some(5), &metered));
        assert!(!check(None, None, Some(0), &metered));
        let unmetered = Assistant { unmetered: true, ..metered };
        assert!(!check(Some(1.0), None, Some(5), &unmetered));
    }

    #[test]
    fn the_documented_plan_file_reads() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tasks.md");
        let page = fs::read_to_string(page).unwrap();
        let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
        let plans: Vec<&str> = blocks.filter(|block| block.starts_with("suite = ")).collect();
        let [plan] = plans.as_slice() else { panic!("{} plan files are shown", plans.len()) };
        let file: PlanFile = toml::from_str(plan).unwrap();
        assert_eq!((file.suite.as_str(), file.trials, file.seed), ("my-suite", 3, Some(7)));
    }
}
