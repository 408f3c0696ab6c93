//! Which questions there are: pairs of changes of a run, what of them was answered, and what a bound leaves.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::advice::Asked;
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::task::TaskKind;
use fairtrial_judge::advice::{Names, Question, question};
use fairtrial_judge::{TrialEntry, TrialResult};
use fairtrial_patch::unified;

use super::panel::Panel;
use super::{JudgePlan, JudgeRequest, ask, count};
use crate::Api;
use crate::error::ApiError;
use crate::plan::digest;

/// No question is longer, in bytes: it must fit one argument of a program.
const MOST_BYTES: usize = 100_000;

/// A question that is to be asked.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// Whom.
    pub(super) seat: usize,
    pub(super) task: TaskId,
    pub(super) trial: u32,
    pub(super) one: AssistantId,
    pub(super) two: AssistantId,
    /// How long it is.
    pub(super) bytes: usize,
}

/// What questions are made of.
pub(super) struct Ordered {
    diffs: BTreeMap<TrialKey, String>,
    instructions: BTreeMap<TaskId, String>,
    names: Names,
}

/// What there is to ask.
pub(super) struct Found {
    pub(super) plan: JudgePlan,
    pub(super) open: Vec<Open>,
    pub(super) ordered: Ordered,
}

impl Ordered {
    /// Returns a question as it is asked.
    pub(super) fn question(&self, open: &Open) -> Question {
        self.of(&open.task, open.trial, &open.one, &open.two)
    }

    fn of(&self, task: &TaskId, trial: u32, one: &AssistantId, two: &AssistantId) -> Question {
        let diff = |who: &AssistantId| {
            let key = TrialKey { task: task.clone(), assistant: who.clone(), trial };
            self.diffs.get(&key).map_or("", String::as_str)
        };
        let instruction = self.instructions.get(task).map_or("", String::as_str);
        let (one, two) = (diff(one), diff(two));
        // Nobody who wrote one of the changes knew the other one.
        let fence = digest(format!("{}\n{one}\n{two}", instruction).as_bytes());
        question(instruction, one, two, &self.names, fence.short())
    }
}

/// A pair of trials with changes.
struct Pair<'a> {
    task: &'a TaskId,
    trial: u32,
    a: &'a AssistantId,
    b: &'a AssistantId,
    solved: bool,
}

/// Finds what there is to ask; what both solved comes first, so that a bound leaves what counts.
pub(super) fn questions(
    api: &Api,
    run: &Plan,
    trials: &[TrialRecord],
    known: &[Asked],
    panel: &Panel,
    request: &JudgeRequest,
) -> Result<Found, ApiError> {
    let tasks = api.store.tasks(&request.run)?;
    let most = request.tasks.map_or(usize::MAX, |most| most as usize);
    let honest = tasks.iter().filter(|task| task.kind != TaskKind::Canary).take(most);
    let instructions: BTreeMap<TaskId, String> =
        honest.map(|task| (task.id.clone(), task.instruction.clone())).collect();
    let mut diffs = BTreeMap::new();
    for trial in trials.iter().filter(|trial| instructions.contains_key(&trial.key.task)) {
        let patch = api.patch(trial)?;
        if !patch.files.is_empty() {
            diffs.insert(trial.key.clone(), unified::write(&patch));
        }
    }
    let pairs = pairs(run, trials, &diffs);
    let ordered = Ordered { diffs, instructions, names: panel.names.clone() };
    let (plan, open) = bounded(&pairs, &ordered, known, panel, request);
    Ok(Found { plan, open, ordered })
}

/// Returns whether a trial solved its task, as a comparison counts it.
pub(super) fn is_solved(trial: &TrialRecord) -> bool {
    TrialEntry::of(trial).is_some_and(|entry| entry.result == TrialResult::Pass)
}

fn pairs<'a>(run: &'a Plan, trials: &[TrialRecord], diffs: &BTreeMap<TrialKey, String>) -> Vec<Pair<'a>> {
    let solved = trials.iter().filter(|trial| is_solved(trial));
    let solved: BTreeSet<&TrialKey> = solved.map(|trial| &trial.key).collect();
    let mut pairs = vec![];
    for task in &run.tasks {
        for trial in 1..=run.trials {
            for (place, a) in run.assistants.iter().enumerate() {
                for b in &run.assistants[place + 1..] {
                    let key =
                        |who: &AssistantId| TrialKey { task: task.id.clone(), assistant: who.clone(), trial };
                    let both = [key(&a.id), key(&b.id)];
                    if both.iter().all(|key| diffs.contains_key(key)) {
                        let solved = both.iter().all(|key| solved.contains(key));
                        pairs.push(Pair { task: &task.id, trial, a: &a.id, b: &b.id, solved });
                    }
                }
            }
        }
    }
    // Stable: the plan's order within.
    pairs.sort_by_key(|pair| !pair.solved);
    pairs
}

fn bounded(
    pairs: &[Pair<'_>],
    ordered: &Ordered,
    known: &[Asked],
    panel: &Panel,
    request: &JudgeRequest,
) -> (JudgePlan, Vec<Open>) {
    let mut plan = JudgePlan {
        run: request.run.clone(),
        judges: vec![],
        pairs: 0,
        questions: 0,
        answered: 0,
        both_solved: 0,
        equal: 0,
        too_long: 0,
        beyond: 0,
        bytes: 0,
        usd: None,
        assumed: ask::ASSUMED.to_owned(),
        seconds_each: ask::SECONDS,
    };
    let mut open: Vec<Open> = vec![];
    for pair in pairs {
        let diff = |who: &AssistantId| {
            let key = TrialKey { task: pair.task.clone(), assistant: who.clone(), trial: pair.trial };
            ordered.diffs.get(&key)
        };
        if diff(pair.a) == diff(pair.b) {
            plan.equal += 1;
            continue;
        }
        let bytes = ordered.of(pair.task, pair.trial, pair.a, pair.b).text.len();
        if bytes > MOST_BYTES {
            plan.too_long += 1;
            continue;
        }
        let (new, answered) = asked_of(pair, known, panel, bytes);
        if open.len() + new.len() > request.most as usize {
            plan.beyond += 1;
            continue;
        }
        plan.answered += answered;
        plan.pairs += 1;
        plan.both_solved += u32::from(pair.solved);
        plan.bytes += new.iter().map(|one| one.bytes as u64).sum::<u64>();
        open.extend(new);
    }
    plan.questions = count(open.len());
    (plan, open)
}

/// Returns the questions about a pair that are not answered yet, and how many are.
fn asked_of(pair: &Pair<'_>, known: &[Asked], panel: &Panel, bytes: usize) -> (Vec<Open>, u32) {
    let (mut new, mut answered) = (vec![], 0);
    for (seat, one) in panel.seats.iter().enumerate() {
        for (first, second) in [(pair.a, pair.b), (pair.b, pair.a)] {
            let is = |asked: &Asked| {
                asked.judge.id == one.judge.id
                    && asked.task == *pair.task
                    && asked.trial == pair.trial
                    && asked.one == *first
                    && asked.two == *second
            };
            if known.iter().any(is) {
                answered += 1;
                continue;
            }
            let (task, trial) = (pair.task.clone(), pair.trial);
            new.push(Open { seat, task, trial, one: first.clone(), two: second.clone(), bytes });
        }
    }
    (new, answered)
}
