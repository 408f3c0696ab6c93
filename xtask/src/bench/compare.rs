//! Times the whole comparison, with everything that it can tell, on trials made up for it.

use std::time::Instant;

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::run::Validity;
use fairtrial_domain::score::ScoreId;
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::usage::{Cost, CostSource};
use fairtrial_judge::stats::{Preferred, SplitMix};
use fairtrial_judge::{
    ArmEntry, BlindVote, ComparisonInput, Design, TaskEntry, TrialEntry, TrialResult, compare,
};

use super::BenchError;
use super::figure::{Budget, Figure};

/// Repetitions; the median counts.
const TIMES: usize = 7;

/// Returns how long comparisons take.
pub(super) fn bench() -> Result<Vec<Figure>, BenchError> {
    [(5, 50, 5, 50.0), (10, 500, 5, 1000.0)].into_iter().map(figure).collect()
}

fn figure((arms, tasks, trials, budget): (usize, usize, u32, f64)) -> Result<Figure, BenchError> {
    let what = format!("comparison of {arms} assistants × {tasks} tasks × {trials} trials, with everything");
    let wrong = |why: String| BenchError::Wrong { what: what.clone(), why };
    let input = input(arms, tasks, trials).ok_or_else(|| wrong("a name is none".to_owned()))?;
    let mut times = vec![];
    for _ in 0..TIMES {
        let begin = Instant::now();
        let got = compare(&input);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        // What was left out would cost nothing.
        if got.strata.len() < 2 || got.factors.is_none() || got.weighted.is_none() || got.votes.is_none() {
            return Err(wrong("a part of it is missing".to_owned()));
        }
    }
    Ok(Figure::new(what, "ms", &times).held_to(Budget::Most(budget)))
}

fn input(arms: usize, tasks: usize, trials: u32) -> Option<ComparisonInput> {
    let mut random = SplitMix::new(0x5eed);
    let ids: Vec<AssistantId> =
        (0..arms).map(|arm| AssistantId::parse(&format!("arm-{arm}")).ok()).collect::<Option<_>>()?;
    let names: Vec<TaskId> =
        (0..tasks).map(|at| TaskId::parse(&format!("task-{at}")).ok()).collect::<Option<_>>()?;
    let mut entries = vec![];
    for task in &names {
        let hard = random.normals().0;
        for (arm, id) in ids.iter().enumerate() {
            for trial in 1..=trials {
                entries.push(entry(
                    &mut random,
                    hard + 0.1 * arm as f64,
                    TrialKey { task: task.clone(), assistant: id.clone(), trial },
                ));
            }
        }
    }
    let kinds = [TaskKind::BugFix, TaskKind::Feature, TaskKind::Refactoring];
    let task = |(at, id): (usize, &TaskId)| TaskEntry {
        id: id.clone(),
        validity: Validity::Valid,
        canary: false,
        graded: true,
        kind: kinds[at % kinds.len()],
        repository: Some(format!("repository-{}", at % 10)),
    };
    let arm = |(at, id): (usize, &AssistantId)| ArmEntry {
        id: id.clone(),
        title: id.to_string(),
        sample: false,
        own_login: false,
        tool: Some(format!("tool-{}", at % 2)),
        model: Some(format!("model-{}", at / 2)),
    };
    let vote = |at: usize, random: &mut SplitMix| BlindVote {
        task: names[at % tasks].clone(),
        left: ids[at % arms].clone(),
        right: ids[(at + 1 + at / arms % (arms - 1)) % arms].clone(),
        preferred: [Preferred::Left, Preferred::Right, Preferred::Tie][random.below(3)],
        reviewer: format!("reviewer-{}", at % 3),
    };
    let weights = [("solved", 4.0), ("consistency", 1.0), ("size", 1.0), ("scope", 1.0)];
    let design = Design {
        weights: Some(weights.map(|(name, weight)| (name.to_owned(), weight)).into()),
        votes: (0..3 * tasks).map(|at| vote(at, &mut random)).collect(),
        ..Design::default()
    };
    Some(ComparisonInput {
        tasks: names.iter().enumerate().map(task).collect(),
        assistants: ids.iter().enumerate().map(arm).collect(),
        trials: entries,
        margin: 0.1,
        planned_trials: trials,
        finished: true,
        design,
    })
}

fn entry(random: &mut SplitMix, centre: f64, key: TrialKey) -> TrialEntry {
    let result = match random.uniform() {
        u if u < 0.01 => TrialResult::Infra,
        u if u < 1.0 / (1.0 + (-centre).exp()) => TrialResult::Pass,
        _ => TrialResult::Fail,
    };
    TrialEntry {
        key,
        result,
        cost: Some(Cost { usd: 0.1 + random.uniform(), source: CostSource::Reported }),
        seconds: Some(30.0 + 60.0 * random.uniform()),
        tier: Some(Tier::Full),
        scores: vec![(ScoreId::Size, random.uniform()), (ScoreId::Scope, 1.0 - random.uniform() / 5.0)],
        more: vec![],
    }
}
