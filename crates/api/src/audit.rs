//! Audits tasks before anything is spent on them: grades base, reference and mutants in cells, and keeps what it finds.
//!
//! **Invariant:** an audit is kept only when every cell it needed came back, under the task's digest, the rules' and
//! the cell program's version.

pub(crate) mod cells;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use fairtrial_domain::audit::{AuditPoint, AuditRule, AuditStatus, Mutant, MutantEnd, PointState, TaskAudit};
use fairtrial_domain::id::TaskId;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::run::Validity;
use fairtrial_domain::task::{Task, TaskKind};
use fairtrial_domain::verdict::Verdict;
use fairtrial_judge::audit::{Found, RULES, Repeated, Repetition, mutant_end, repetition, with_audit, worth};
use fairtrial_judge::quarantine::{spare, spare_task};
use fairtrial_patch::unified::{self, Unified};
use fairtrial_runner::machine;
use fairtrial_runner::result::GradeResult;
use fairtrial_store::Store;
use fairtrial_tasks::audit::{Clues, MutantDraft, mutants};

use crate::Api;
use crate::base;
use crate::error::{ApiError, describe};
use crate::plan;
use crate::runs::blocking;
use crate::view::AuditRequest;
use cells::{Cells, Lost};

/// Fewer gradings than this show no pattern (V1 and V2 ask for three).
const FEWEST_REPEATS: u32 = 3;
/// More gradings than this are a typing error.
const MOST_REPEATS: u32 = 100;
/// Checks run no model and hold little memory.
const MEMORY_PER_GRADE: u64 = 256 << 20;
/// Files of a base above this are not looked through for leaks.
const MOST_TEXT: u64 = 1 << 20;
/// A mutant may take this many times as long as the reference did, and at least this many seconds.
const PATIENCE: (f64, f64) = (5.0, 10.0);

/// What an audit tells while it goes.
#[derive(Debug, Clone)]
pub enum AuditTold {
    /// A task was audited before, with nothing changed since.
    Known(TaskAudit),
    /// A task's audit is through.
    Done(TaskAudit),
}

/// Says what the newest audit of a task found; `None` when there was none of it as it is now.
pub(crate) fn stored(store: &Store, task: &Task) -> Result<Option<TaskAudit>, ApiError> {
    let Some(text) = store.setting(&name_of(task))? else { return Ok(None) };
    // What another version wrote in another form is as good as absent.
    Ok(serde_json::from_str(&text).ok())
}

fn name_of(task: &Task) -> String {
    format!("audit {} {RULES} {}", task.digest, env!("CARGO_PKG_VERSION"))
}

/// Returns whether verdicts may rest on a task, from a run's own facts and from its audit.
pub(crate) fn validity(
    task: &Task,
    base: &[Verdict],
    reference: Option<&[Verdict]>,
    audit: Option<&TaskAudit>,
) -> Validity {
    let Some(audit) = audit else { return fairtrial_judge::validity(task, base, reference) };
    let flaky = &audit.quarantined;
    let reference = reference.map(|verdicts| spare(verdicts, flaky));
    let seen = fairtrial_judge::validity(&spare_task(task, flaky), &spare(base, flaky), reference.as_deref());
    with_audit(seen, audit.status, &audit.reasons)
}

impl Api {
    /// Returns what is known of a suite's tasks by audits.
    pub fn audits(&self, suite: &str) -> Result<Vec<TaskAudit>, ApiError> {
        let tasks = plan::suite(&self.home, suite)?.tasks;
        let known = tasks.iter().filter_map(|task| stored(&self.store, task).transpose());
        known.collect()
    }

    /// Audits tasks; `told` hears of each as it is through. What was audited before as it is now is not done again.
    ///
    /// # Errors
    /// When the suite cannot be read, or no cell can be started. A task that cannot be graded is invalid, with the
    /// reason, and is tried again the next time.
    pub async fn audit(
        self: &Arc<Self>,
        request: AuditRequest,
        told: impl Fn(AuditTold) + Send + Sync,
    ) -> Result<Vec<TaskAudit>, ApiError> {
        if !(FEWEST_REPEATS..=MOST_REPEATS).contains(&request.repeat) {
            return Err(ApiError::BadRequest(format!(
                "{} gradings of one tree cannot be used: choose {FEWEST_REPEATS} to {MOST_REPEATS}",
                request.repeat
            )));
        }
        let api = Arc::clone(self);
        let asked = request.clone();
        let (tasks, scratch) = blocking(move || Ok((api.chosen(&asked)?, api.scratch()?))).await?;
        let jobs = request.jobs.unwrap_or_else(|| machine::default_jobs(MEMORY_PER_GRADE)).max(1);
        let cells = Arc::new(Cells::new(self.home.clone(), self.launcher()?, &scratch, jobs));
        let mut at_work = tokio::task::JoinSet::new();
        let mut audits: Vec<Option<TaskAudit>> = vec![None; tasks.len()];
        for (index, task) in tasks.into_iter().enumerate() {
            if let Some(known) = stored(&self.store, &task)?.filter(|audit| audit.repeat >= request.repeat) {
                told(AuditTold::Known(known.clone()));
                audits[index] = Some(known);
                continue;
            }
            let (cells, api, repeat) = (Arc::clone(&cells), Arc::clone(self), request.repeat);
            at_work.spawn(async move { (index, api.audit_task(&cells, task, repeat).await) });
        }
        while let Some(ended) = at_work.join_next().await {
            let (index, audit) = ended.map_err(|error| ApiError::Internal(error.to_string()))?;
            let audit = audit?;
            told(AuditTold::Done(audit.clone()));
            audits[index] = Some(audit);
        }
        drop(scratch);
        Ok(audits.into_iter().flatten().collect())
    }

    fn chosen(&self, request: &AuditRequest) -> Result<Vec<Task>, ApiError> {
        let suite = plan::suite(&self.home, &request.suite)?;
        let Some(wanted) = &request.task else { return Ok(suite.tasks) };
        let names: Vec<String> = suite.tasks.iter().map(|task| task.id.to_string()).collect();
        let found = suite.tasks.into_iter().find(|task| task.id == *wanted);
        found.map(|task| vec![task]).ok_or_else(|| no_task(wanted, &names))
    }

    async fn audit_task(
        self: &Arc<Self>,
        cells: &Arc<Cells>,
        task: Task,
        repeat: u32,
    ) -> Result<TaskAudit, ApiError> {
        let begun = Instant::now();
        let task = Arc::new(task);
        let seen = match look(cells, &task, repeat).await {
            Ok(seen) => seen,
            Err(Lost(reason)) => return Ok(ungraded(&task, repeat, &reason, begun)),
        };
        let worth = worth(&task, &seen.repetition, &seen.found);
        let audit = TaskAudit {
            task: task.id.clone(),
            digest: task.digest.clone(),
            rules: RULES,
            cell: env!("CARGO_PKG_VERSION").to_owned(),
            tier: seen.tier,
            repeat,
            status: worth.status,
            reasons: worth.reasons,
            points: worth.points,
            quarantined: seen.repetition.quarantined,
            mutants: seen.found.mutants,
            strength: worth.strength,
            seconds: begun.elapsed().as_secs_f64(),
        };
        let (api, kept) = (Arc::clone(self), audit.clone());
        blocking(move || {
            let text = serde_json::to_string(&kept)?;
            Ok(api.store.set_setting(&name_of(&task), Some(&text))?)
        })
        .await?;
        Ok(audit)
    }
}

fn no_task(wanted: &TaskId, names: &[String]) -> ApiError {
    ApiError::BadRequest(format!("there is no task `{wanted}` in this suite; it has: {}", names.join(", ")))
}

/// Everything that was seen of one task.
struct Seen {
    tier: Option<fairtrial_domain::bundle::Tier>,
    repetition: Repetition,
    found: Found,
}

/// Grades a task's trees and reads its texts.
async fn look(cells: &Arc<Cells>, task: &Arc<Task>, repeat: u32) -> Result<Seen, Lost> {
    cells.base(task).await?;
    let (home, of) = (cells.home.clone(), Arc::clone(task));
    let answer = blocking(move || read_texts(&home, &of)).await.map_err(|error| Lost(describe(&error)))?;
    let base = cells.repeatedly(task, "base", &Patch::default(), repeat).await?;
    let reference = match &answer {
        Answer::None => Err(None),
        Answer::Broken(why) => Err(Some(why.clone())),
        Answer::Whole { patch, .. } => laid(cells.repeatedly(task, "reference", patch, repeat).await?),
    };
    let verdicts = |grades: &[GradeResult]| -> Vec<Vec<Verdict>> {
        grades.iter().map(|grade| grade.verdicts.clone()).collect()
    };
    let (on_base, on_reference) = (verdicts(&base), reference.map(|grades| verdicts(&grades)));
    let repetition = repetition(Repeated {
        task,
        base: &on_base,
        reference: on_reference.as_deref().map_err(Option::as_deref),
    });
    let mut found = Found::default();
    if let Answer::Whole { patch, diff, clues } = answer {
        found.leaks = Some(clues.leaks());
        found.unnamed = Some(clues.unnamed());
        if let (Ok(on_reference), true) = (&on_reference, repetition.stands()) {
            let drafts = mutants(task, &diff, &patch);
            let seen = (&on_base[..], &on_reference[..]);
            found.mutants = try_mutants(cells, task, drafts, seen, &repetition).await;
        }
    }
    Ok(Seen { tier: base.first().and_then(|grade| grade.tier), repetition, found })
}

/// Returns the gradings of a reference, or why it could not be laid over its base.
fn laid(grades: Vec<GradeResult>) -> Result<Vec<GradeResult>, Option<String>> {
    match grades.iter().find_map(|grade| grade.does_not_apply.clone()) {
        Some(path) => Err(Some(format!("`{path}` is not as it expects"))),
        None => Ok(grades),
    }
}

/// What a task's reference is.
enum Answer {
    None,
    Broken(String),
    Whole { patch: Patch, diff: Unified, clues: Box<Clues> },
}

/// Reads the reference, and looks for it in the instruction and in the base.
fn read_texts(home: &crate::home::Home, task: &Task) -> Result<Answer, ApiError> {
    // Canaries are refused a reference when they are read.
    let Some(text) = task.reference.as_ref().filter(|_| task.kind != TaskKind::Canary) else {
        return Ok(Answer::None);
    };
    let broken = |error: ApiError| Ok(Answer::Broken(describe(&error)));
    let patch = match base::reference(home, task) {
        Ok(Some(patch)) => patch,
        Ok(None) => return Ok(Answer::None),
        Err(error) => return broken(error),
    };
    let Ok(diff) = unified::parse(text) else {
        return Ok(Answer::Broken("it is no unified diff".to_owned()));
    };
    let mut clues = Clues::of(task, &diff);
    base::texts(home, task, MOST_TEXT, |path, text| clues.see(path, text))?;
    Ok(Answer::Whole { patch, diff, clues: Box::new(clues) })
}

async fn try_mutants(
    cells: &Arc<Cells>,
    task: &Arc<Task>,
    drafts: Vec<MutantDraft>,
    (base, reference): (&[Vec<Verdict>], &[Vec<Verdict>]),
    repetition: &Repetition,
) -> Vec<Mutant> {
    let hurried = Arc::new(hurried(task, reference));
    let patches = drafts.iter().map(|draft| draft.patch.clone()).collect();
    let grades = cells.each(&hurried, "mutant", patches).await;
    let first = |runs: &[Vec<Verdict>]| runs.first().cloned().unwrap_or_default();
    let (base, reference) = (first(base), first(reference));
    let judge = |(draft, grade): (MutantDraft, Result<GradeResult, Lost>)| {
        let end = match grade {
            Err(Lost(reason)) => MutantEnd::Stillborn { reason },
            Ok(GradeResult { does_not_apply: Some(path), .. }) => {
                MutantEnd::Stillborn { reason: format!("it cannot be laid: `{path}`") }
            }
            Ok(grade) => mutant_end(task, &repetition.quarantined, &base, &reference, &grade.verdicts),
        };
        Mutant { at: draft.at, kind: draft.kind, before: draft.before, after: draft.after, end }
    };
    drafts.into_iter().zip(grades).map(judge).collect()
}

/// Returns the task with limits that fit what its reference took: a mistake may loop for ever.
fn hurried(task: &Task, reference: &[Vec<Verdict>]) -> Task {
    let mut hurried = task.clone();
    for check in &mut hurried.checks {
        let took = reference.iter().flatten().filter(|verdict| verdict.check == check.id);
        let longest = took.map(|verdict| verdict.seconds).fold(0.0, f64::max);
        check.timeout_sec = check.timeout_sec.min((longest * PATIENCE.0).max(PATIENCE.1));
    }
    hurried
}

/// Returns the audit of a task that could not be graded here.
fn ungraded(task: &Task, repeat: u32, reason: &str, begun: Instant) -> TaskAudit {
    let because = format!("it cannot be graded here: {reason}");
    let point = AuditPoint {
        rule: AuditRule::BaseFails,
        found: PointState::Broken,
        because: because.clone(),
        evidence: vec![],
    };
    TaskAudit {
        task: task.id.clone(),
        digest: task.digest.clone(),
        rules: RULES,
        cell: env!("CARGO_PKG_VERSION").to_owned(),
        tier: None,
        repeat,
        status: AuditStatus::Invalid,
        reasons: vec![because],
        points: vec![point],
        quarantined: vec![],
        mutants: vec![],
        strength: None,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

/// Returns where one step of one task's audit has its bundle.
fn step_dir(folder: &std::path::Path, task: &Task, step: &str) -> PathBuf {
    folder.join("tasks").join(task.id.as_str()).join(step)
}
