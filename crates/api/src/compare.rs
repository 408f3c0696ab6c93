//! What may be concluded: from a run of ours, or from a table of somebody else's, and whether the methods hold here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::comparison::{
    AgainstItself, Comparison, Exploratory, Forecast, Looks, MethodCheck, SelfTest, Standing,
};
use fairtrial_domain::id::{AssistantId, RunId, TaskId};
use fairtrial_domain::plan::{Plan, Recording};
use fairtrial_domain::run::{RunRecord, RunStatus, TrialRecord, Validity};
use fairtrial_domain::score::ScoreId;
use fairtrial_domain::task::{Repository, Task, TaskKind};
use fairtrial_domain::usage::CostSource;
use fairtrial_judge::compare::RULES;
use fairtrial_judge::compare::rule::FEWEST_TASKS;
use fairtrial_judge::simulate::{self, Bar};
use fairtrial_judge::stats::{TaskCount, detectable, planning_sd, tasks_needed};
use fairtrial_judge::{ArmEntry, ComparisonInput, Design, TaskEntry, TrialEntry, TrialResult, cheating};

use crate::Api;
use crate::error::ApiError;
use crate::look::is_graded;
use crate::plan;
use crate::steering;
use crate::view::Scoreboard;

/// The margin for a table that comes without a plan.
const MARGIN: f64 = 0.10;
/// Repetitions of a cell and of an assistant against itself in a self-test.
const REPETITIONS: u32 = 2000;
/// Earlier runs that a forecast of cost looks at.
const RUNS: usize = 20;

/// What a reader chose for a comparison after the trials.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Another margin.
    pub margin: Option<f64>,
    /// Other weights, by criterion.
    pub weights: Option<BTreeMap<String, f64>>,
    /// Assistants to leave out.
    pub without: Vec<String>,
    /// A table of blind votes.
    pub votes: Option<String>,
    /// For tables: tasks were added one by one, and looked at in between.
    pub growing: bool,
}

impl Api {
    /// Compares the assistants of a run as its plan says.
    pub fn comparison(&self, run: &RunId) -> Result<Comparison, ApiError> {
        self.comparison_with(run, &Choice::default())
    }

    /// Compares the assistants of a run by another margin, other weights or without some; nothing runs again, and the
    /// result is exploratory.
    ///
    /// # Errors
    /// When the run cannot be read or a choice cannot be used.
    pub fn comparison_with(&self, run: &RunId, choice: &Choice) -> Result<Comparison, ApiError> {
        let row = self.store.run(run)?;
        let facts = self.store.facts(run)?;
        let tasks = self.store.tasks(run)?;
        let trials = self.store.trials(run)?;
        let plan = &row.record.plan;
        check(choice)?;
        let kept = kept(plan, &choice.without)?;
        let through = row.done == row.planned && row.record.status != RunStatus::Cancelled;
        let stopped = !through
            && plan.looks == Looks::AtEnd
            && matches!(row.record.status, RunStatus::Cancelled | RunStatus::OutOfBudget);
        let standing = standing(&row.record, choice, (kept.len(), &trials), stopped)?;
        let known = |task: &Task| facts.iter().find(|facts| facts.task == task.id);
        let entry = |task: &Task| task_entry(task, known(task).map(|facts| facts.validity.clone()));
        let of_kept = |trial: &&TrialRecord| kept.iter().any(|one| one.id == trial.key.assistant);
        let entries = trials.iter().filter(of_kept).filter_map(TrialEntry::of).collect();
        let ids: Vec<AssistantId> = kept.iter().map(|one| one.id.clone()).collect();
        let canaries: Vec<TaskId> =
            tasks.iter().filter(|task| task.kind == TaskKind::Canary).map(|task| task.id.clone()).collect();
        let cheating = if canaries.is_empty() { vec![] } else { cheating(&ids, &canaries, &trials) };
        let mut input = ComparisonInput {
            tasks: tasks.iter().map(entry).collect(),
            assistants: kept.iter().map(|one| arm_entry(one, &trials)).collect(),
            trials: entries,
            margin: choice.margin.unwrap_or(plan.margin),
            planned_trials: plan.trials,
            finished: through || stopped,
            design: Design {
                looks: plan.looks,
                standing,
                weights: choice.weights.clone().or_else(|| plan.weights.clone()),
                votes: vec![],
                advice: self.store.advice(run)?,
                fairness: steering::Sheet::after(&kept, &trials).fairness(plan, &kept, &trials),
                cheating,
            },
        };
        add_votes(&mut input, choice)?;
        Ok(fairtrial_judge::compare(&input))
    }

    /// Compares the assistants of a CSV table with the columns task, assistant, trial, outcome.
    ///
    /// # Errors
    /// When the table cannot be read, with line and remedy, or a choice cannot be used.
    pub fn compare_csv(&self, table: &str, choice: &Choice) -> Result<Comparison, ApiError> {
        check(choice)?;
        let trials = fairtrial_judge::read_csv(table)?;
        let mut input = fairtrial_judge::from_csv(&trials, choice.margin.unwrap_or(MARGIN))?;
        for name in &choice.without {
            let (before, known) = (input.assistants.len(), name.to_lowercase());
            let is = |id: &AssistantId, title: &str| id.as_str() == known || title == name;
            let out: Vec<AssistantId> = input
                .assistants
                .iter()
                .filter(|one| is(&one.id, &one.title))
                .map(|one| one.id.clone())
                .collect();
            input.assistants.retain(|one| !out.contains(&one.id));
            input.trials.retain(|trial| !out.contains(&trial.key.assistant));
            if input.assistants.len() == before {
                return Err(unknown(name, input.assistants.iter().map(|one| one.title.as_str())));
            }
        }
        if choice.growing {
            input.design.looks = Looks::Growing;
        }
        input.design.weights = choice.weights.clone();
        add_votes(&mut input, choice)?;
        Ok(fairtrial_judge::compare(&input))
    }

    /// Checks the error rates on this machine: each assistant of a run against itself, and a part of the published
    /// simulation. Takes a few seconds.
    ///
    /// # Errors
    /// When the run cannot be read.
    pub fn self_test(&self, run: Option<&RunId>) -> Result<SelfTest, ApiError> {
        let itself = run.map(|run| self.against_itself(run)).transpose()?.unwrap_or_default();
        let cells = simulate::quick();
        let seed = simulate::grid_hash(&cells);
        let found: Vec<_> =
            cells.iter().map(|setting| simulate::simulate(setting, REPETITIONS, seed)).collect();
        let methods: Vec<MethodCheck> = simulate::summarise(&found).iter().map(method).collect();
        Ok(SelfTest { held: methods.iter().all(|one| one.failed == 0), itself, methods })
    }

    fn against_itself(&self, run: &RunId) -> Result<Vec<AgainstItself>, ApiError> {
        let row = self.store.run(run)?;
        let trials: Vec<TrialEntry> = self.store.trials(run)?.iter().filter_map(TrialEntry::of).collect();
        let of = |one: &Assistant| {
            let mut tasks: BTreeMap<_, TaskCount> = BTreeMap::new();
            for trial in trials.iter().filter(|trial| trial.key.assistant == one.id) {
                let passed = match trial.result {
                    TrialResult::Pass => 1,
                    TrialResult::Fail => 0,
                    TrialResult::Infra | TrialResult::Invalid | TrialResult::Ungraded => continue,
                };
                let count = tasks.entry(&trial.key.task).or_insert(TaskCount { passed: 0, trials: 0 });
                (count.passed, count.trials) = (count.passed + passed, count.trials + 1);
            }
            let counts: Vec<TaskCount> = tasks.into_values().collect();
            let false_verdicts = simulate::resampled(&counts, REPETITIONS, row.record.plan.seed);
            let times = if counts.is_empty() { 0 } else { REPETITIONS };
            AgainstItself { assistant: one.id.clone(), times, false_verdicts }
        };
        Ok(row.record.plan.assistants.iter().map(of).collect())
    }

    /// Says what a plan could show and what it would cost, by the trials of the same assistants in earlier runs.
    /// `tasks` of them count.
    pub(crate) fn forecast(&self, plan: &Plan, tasks: u32) -> Result<Forecast, ApiError> {
        let sd = planning_sd(plan.trials);
        let needed = sd.and_then(|sd| tasks_needed(sd, plan.margin)).map(|tasks| tasks.max(FEWEST_TASKS));
        let mut records = vec![];
        for row in self.store.runs()?.into_iter().take(RUNS) {
            records.extend(self.store.trials(&row.record.id)?);
        }
        let mean = |one: &Assistant| {
            let costs =
                records.iter().filter(|trial| trial.key.assistant == one.id).filter_map(|t| t.cost.as_ref());
            let usd: Vec<f64> =
                costs.filter(|cost| cost.source != CostSource::Simulated).map(|cost| cost.usd).collect();
            (!usd.is_empty()).then(|| usd.iter().sum::<f64>() / usd.len() as f64)
        };
        let per_task = plan.assistants.iter().map(mean).sum::<Option<f64>>();
        let usd = |tasks: u32| per_task.map(|usd| usd * f64::from(plan.trials) * f64::from(tasks));
        Ok(Forecast {
            margin: plan.margin,
            tasks,
            detectable: sd.and_then(|sd| detectable(sd, tasks)).filter(|_| tasks >= FEWEST_TASKS),
            tasks_needed: needed,
            usd: usd(u32::try_from(plan.tasks.len()).unwrap_or(u32::MAX)),
            usd_needed: needed.and_then(usd),
        })
    }

    /// Returns the scoreboard of a run.
    pub fn scoreboard(&self, run: &RunId) -> Result<Scoreboard, ApiError> {
        let view = self.run(run)?;
        Ok(Scoreboard { comparison: self.comparison(run)?, notes: self.report_notes(run)?, run: view })
    }
}

/// Votes decide nothing: they stand beside the verdict.
fn add_votes(input: &mut ComparisonInput, choice: &Choice) -> Result<(), ApiError> {
    if let Some(table) = &choice.votes {
        input.design.votes = fairtrial_judge::read_votes(table, input)?;
    }
    Ok(())
}

/// Says whether everything was fixed before the trials, or what was not.
fn standing(
    record: &RunRecord,
    choice: &Choice,
    (kept, trials): (usize, &[TrialRecord]),
    stopped: bool,
) -> Result<Standing, ApiError> {
    let is_changed = |trial: &TrialRecord| {
        let further = trial.more.iter().any(|round| !round.earlier.is_empty());
        !trial.overruled.is_empty() || !trial.earlier.is_empty() || further
    };
    let plan = &record.plan;
    let reasons: Vec<Exploratory> = [
        (plan::hash(plan)? != record.plan_hash, Exploratory::PlanChanged),
        (plan.rules != RULES, Exploratory::OtherRules),
        (choice.margin.is_some_and(|margin| margin != plan.margin), Exploratory::OtherMargin),
        (choice.weights.is_some() && choice.weights != plan.weights, Exploratory::OtherWeights),
        (kept < plan.assistants.len(), Exploratory::AssistantsLeftOut),
        (stopped, Exploratory::StoppedEarly),
        (trials.iter().any(is_changed), Exploratory::OutcomesChanged),
        (matches!(plan.recording, Recording::Replay { .. }), Exploratory::Replayed),
    ]
    .into_iter()
    .filter_map(|(holds, reason)| holds.then_some(reason))
    .collect();
    Ok(if reasons.is_empty() {
        Standing::PreRegistered { plan: record.plan_hash.clone() }
    } else {
        Standing::Exploratory { reasons }
    })
}

/// Reads a file of weights: TOML with one `criterion = number` per line.
///
/// # Errors
/// When it cannot be read, or is something else.
pub fn read_weights(path: &Path) -> Result<BTreeMap<String, f64>, ApiError> {
    let text = fs::read_to_string(path).map_err(ApiError::given(path))?;
    toml::from_str(&text).map_err(|error| ApiError::Config {
        path: path.to_path_buf(),
        message: error.to_string().trim_end().to_owned(),
    })
}

fn check(choice: &Choice) -> Result<(), ApiError> {
    if let Some(margin) = choice.margin.filter(|margin| !(*margin > 0.0 && *margin < 1.0)) {
        return Err(ApiError::BadRequest(format!(
            "a margin of {margin} cannot be tested: choose more than 0 and less than 1"
        )));
    }
    choice.weights.as_ref().map_or(Ok(()), check_weights)
}

/// Refuses weights that are no numbers from 0 up, all 0, or on something that is no criterion in [0, 1].
pub(crate) fn check_weights(weights: &BTreeMap<String, f64>) -> Result<(), ApiError> {
    const OWN: [&str; 2] = ["solved", "consistency"];
    const NONE: [ScoreId; 6] = [
        ScoreId::Applies,
        ScoreId::FailToPass,
        ScoreId::PassToPass,
        ScoreId::Integrity,
        ScoreId::Cost,
        ScoreId::Time,
    ];
    for (criterion, weight) in weights {
        let score = serde_json::from_value::<ScoreId>(criterion.as_str().into()).ok();
        if !OWN.contains(&criterion.as_str()) && score.is_none_or(|id| NONE.contains(&id)) {
            return Err(ApiError::BadRequest(format!(
                "`{criterion}` cannot be weighed: name `solved`, `consistency` or a dimension of the scorecard such as `size`"
            )));
        }
        if !(weight.is_finite() && *weight >= 0.0) {
            return Err(ApiError::BadRequest(format!(
                "the weight {weight} of `{criterion}` is no number from 0 up"
            )));
        }
    }
    if weights.values().sum::<f64>() > 0.0 {
        return Ok(());
    }
    Err(ApiError::BadRequest("no weight is above 0: give at least one".to_owned()))
}

/// Returns the plan's assistants without those named.
fn kept(plan: &Plan, without: &[String]) -> Result<Vec<Assistant>, ApiError> {
    let names = || plan.assistants.iter().map(|one| one.id.as_str());
    if let Some(name) = without.iter().find(|name| !names().any(|id| id == name.as_str())) {
        return Err(unknown(name, names()));
    }
    let out = |one: &&Assistant| !without.iter().any(|name| name == one.id.as_str());
    Ok(plan.assistants.iter().filter(out).cloned().collect())
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ApiError {
    let known: Vec<&str> = known.collect();
    ApiError::BadRequest(format!("no assistant `{name}` is compared here: there are {}", known.join(", ")))
}

fn task_entry(task: &Task, validity: Option<Validity>) -> TaskEntry {
    let unknown = || Validity::Weak { reasons: vec!["its checks were not tried on the base".to_owned()] };
    TaskEntry {
        id: task.id.clone(),
        validity: validity.unwrap_or_else(unknown),
        canary: task.kind == TaskKind::Canary,
        graded: is_graded(task),
        kind: task.kind,
        repository: Some(match &task.repository {
            Repository::Folder { path } => path.display().to_string(),
            Repository::Git { location, .. } => location.clone(),
        }),
    }
}

/// A sample has no tool and no model; a model that was not asked for is the one that was seen throughout.
fn arm_entry(one: &Assistant, trials: &[TrialRecord]) -> ArmEntry {
    let mut seen: Vec<&String> = trials
        .iter()
        .filter(|trial| trial.key.assistant == one.id)
        .filter_map(|t| t.model.as_ref())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    let only = if let [model] = seen.as_slice() { Some((*model).clone()) } else { None };
    let backend = serde_json::to_value(one.backend).ok();
    let backend = backend.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
    let tool =
        one.program.as_ref().map_or_else(|| backend.to_owned(), |program| format!("{backend} ({program})"));
    ArmEntry {
        id: one.id.clone(),
        title: one.title.clone(),
        sample: one.sample,
        own_login: one.own_login.is_some(),
        tool: (!one.sample).then_some(tool),
        model: one.model.clone().or(only).filter(|_| !one.sample),
    }
}

fn method(one: &simulate::Summary) -> MethodCheck {
    let bar = match one.bar {
        Bar::Rate | Bar::Paired => format!("at least {}", simulate::LEAST_COVERAGE),
        Bar::False => format!("at most {}", simulate::MOST_FALSE),
        Bar::None => "none".to_owned(),
    };
    MethodCheck {
        method: one.method.to_owned(),
        naive: one.bar == Bar::None,
        cells: one.cells,
        least: one.min,
        mean: one.mean,
        most: one.max,
        bar,
        failed: one.failed,
    }
}
