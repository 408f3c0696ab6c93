//! Compares assistants on the tasks they share, and concludes no more than the trials allow.
//!
//! **Invariant:** a trial that is no evidence never becomes a zero; a better assistant is named only when the
//! planned test says so with and without infra failures, corrected for every pair of the comparison.

mod advice;
mod arm;
mod english;
mod factors;
mod fairness;
mod input;
mod lack;
mod pair;
mod parts;
mod price;
mod rounds;
pub mod rule;
mod sentence;
mod strata;
mod table;
mod told;
mod votes;
mod weighted;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{
    Basis, Comparison, Conclusion, Looks, Pair, PairPart, PartKind, VerdictPart, VerdictWords, WithheldReason,
};
use fairtrial_domain::id::{AssistantId, TaskId};

pub use english::{CODES, Code, english, template};
pub use fairness::{Said, fairness};
pub use input::{
    ArmEntry, BlindVote, ComparisonInput, Design, LaterRound, TaskEntry, TrialEntry, TrialResult,
};
pub use parts::{RATIO_MARGIN, SCORE_MARGIN};
pub use words::why_withheld;

use pair::Compared;
use table::Table;

/// The version of the rules of judging and comparing; a plan made under another one is no longer pre-registered.
pub const RULES: u32 = 3;

/// Returns what may be concluded from `input`.
///
/// Better means that the 95 % interval of the paired difference excludes zero and that the sign-flip p is at most 5 %
/// after Holm's correction over all pairs, both with infra failures left out and counted as not solved; or, where the
/// plan looks after every task, that its sequential test decided. Equivalent means that the interval lies inside the
/// margin; all else is undecided, with the price of detecting the margin. Cost, time, consistency and the scorecard are
/// judged likewise when all tasks are in, each by a margin of its own ([`RATIO_MARGIN`], the plan's, [`SCORE_MARGIN`]).
pub fn compare(input: &ComparisonInput) -> Comparison {
    let planned_tasks = u32::try_from(input.tasks.len()).unwrap_or(u32::MAX);
    let input = &*whole_tasks(input);
    let table = Table::of(input);
    let withheld = withheld(input, &table);
    let count = input.assistants.len();
    let scores = parts::dimensions(table.arms.iter().flatten());
    let places = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let mut compared: Vec<Compared> =
        places.map(|places| pair::compared(input, &table, &scores, places)).collect();
    conclude(input, &mut compared, !withheld.is_empty());
    let top = if withheld.is_empty() { top(input, &table, &compared) } else { vec![] };
    let strata = strata::strata(input, &table, !withheld.is_empty());
    let verdict = VerdictWords {
        parts: parts(&withheld, &compared),
        ..words::verdict(input, &table, &withheld, &compared, &top, &strata)
    };
    Comparison {
        basis: Some(Basis {
            margin: input.margin,
            looks: input.design.looks,
            planned_tasks,
            planned_trials: input.planned_trials,
            pairs: u32::try_from(compared.len()).unwrap_or(u32::MAX),
            standing: input.design.standing.clone(),
        }),
        arms: (0..count).map(|i| arm::arm(input, &table, i)).collect(),
        strata,
        factors: factors::factors(input, &table),
        weighted: weighted::scores(input, &table),
        votes: votes::votes(input),
        advice: advice::advice(input, &table),
        fairness: input.design.fairness.clone(),
        cheating: input.design.cheating.clone(),
        pairs: compared.into_iter().map(|one| one.pair).collect(),
        verdict: VerdictWords { top, ..verdict },
        tasks: u32::try_from(table.tasks.len()).unwrap_or(u32::MAX),
        excluded: table.excluded,
    }
}

/// Returns the input as far as its tasks are through with everybody, in plan order, where every task is a look: a task
/// that is half done says nothing yet.
fn whole_tasks(input: &ComparisonInput) -> Cow<'_, ComparisonInput> {
    if input.finished || input.design.looks != Looks::EveryTask {
        return Cow::Borrowed(input);
    }
    let mut over: HashMap<&TaskId, usize> = HashMap::new();
    for trial in &input.trials {
        *over.entry(&trial.key.task).or_default() += 1;
    }
    let all = input.assistants.len() * input.planned_trials as usize;
    let whole = input.tasks.iter().take_while(|task| over.get(&task.id).is_some_and(|n| *n >= all)).count();
    let later: std::collections::HashSet<&TaskId> =
        input.tasks[whole..].iter().map(|task| &task.id).collect();
    let mut kept = input.clone();
    kept.trials.retain(|trial| !later.contains(&trial.key.task));
    Cow::Owned(kept)
}

/// Corrects over all pairs and concludes; nothing when all is withheld.
fn conclude(input: &ComparisonInput, compared: &mut [Compared], withheld: bool) {
    let p: Vec<Option<f64>> = compared.iter().map(Compared::p).collect();
    let pairs = compared.len();
    for (one, adjusted) in compared.iter_mut().zip(rule::corrected(&p)) {
        one.conclude(input, pairs, adjusted);
    }
    let counted = compared.iter_mut().filter(|one| one.withheld.is_none());
    parts::conclude(counted.map(|one| &mut one.pair.parts), input.finished);
    for one in compared {
        if withheld || one.withheld.is_some() {
            (one.pair.conclusion, one.pair.not_worse) = (Conclusion::Withheld, Default::default());
            one.pair.parts.iter_mut().for_each(|part| part.conclusion = Conclusion::Withheld);
        }
    }
}

/// Returns every reason against any conclusion at all.
fn withheld(input: &ComparisonInput, table: &Table<'_>) -> Vec<WithheldReason> {
    let tiers: BTreeSet<Tier> = input.trials.iter().filter_map(|trial| trial.tier).collect();
    let with_evidence = (0..input.assistants.len()).filter(|&arm| table.has_evidence(arm)).count();
    let ungraded = table.tasks.is_empty() && input.tasks.iter().any(|task| !task.graded && !task.canary)
        || table.trials.iter().flatten().any(|t| t.result == TrialResult::Ungraded) && with_evidence < 2;
    let reasons = [
        (!input.finished && input.design.looks == Looks::AtEnd, WithheldReason::Unfinished),
        (tiers.len() > 1, WithheldReason::MixedTiers),
        (tiers.len() == 1 && !tiers.iter().all(|tier| tier.carries_verdict()), WithheldReason::NotIsolated),
        (input.assistants.iter().any(|arm| arm.own_login), WithheldReason::OwnLogin),
        (ungraded, WithheldReason::Ungraded),
        (!ungraded && with_evidence < 2, WithheldReason::NoEvidence),
        (table.tasks.len() == 1 || input.tasks.len() == 1, WithheldReason::OneTask),
    ];
    reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
}

/// Returns who solves more in a pair, and who less.
fn order(pair: &Pair) -> Option<(&AssistantId, &AssistantId)> {
    match pair.conclusion {
        Conclusion::ABetter | Conclusion::ASlightlyBetter => Some((&pair.a, &pair.b)),
        Conclusion::BBetter | Conclusion::BSlightlyBetter => Some((&pair.b, &pair.a)),
        Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld => None,
    }
}

/// Returns who is better in a part, and who worse.
fn part_order<'a>(pair: &'a Pair, part: &PairPart) -> Option<(&'a AssistantId, &'a AssistantId)> {
    match part.conclusion {
        Conclusion::ABetter | Conclusion::ASlightlyBetter => Some((&pair.a, &pair.b)),
        Conclusion::BBetter | Conclusion::BSlightlyBetter => Some((&pair.b, &pair.a)),
        Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld => None,
    }
}

/// Returns whether a part is decided by what may be the margin or more.
fn matters(part: &PairPart) -> bool {
    match part.conclusion {
        Conclusion::ABetter | Conclusion::BBetter => true,
        Conclusion::ASlightlyBetter
        | Conclusion::BSlightlyBetter
        | Conclusion::Equivalent
        | Conclusion::Undecided
        | Conclusion::Withheld => false,
    }
}

/// Returns those with evidence that no rival beats.
fn top(input: &ComparisonInput, table: &Table<'_>, compared: &[Compared]) -> Vec<AssistantId> {
    let beaten =
        |id: &AssistantId| compared.iter().any(|one| order(&one.pair).is_some_and(|(_, worse)| worse == id));
    let arms = input.assistants.iter().enumerate();
    arms.filter(|(i, arm)| table.has_evidence(*i) && !beaten(&arm.id))
        .map(|(_, arm)| arm.id.clone())
        .collect()
}

/// Returns the verdict's parts: decided, equivalent, undecided, withheld.
fn parts(withheld: &[WithheldReason], compared: &[Compared]) -> Vec<VerdictPart> {
    if !withheld.is_empty() {
        return withheld.iter().map(|&reason| VerdictPart::Withheld { reason }).collect();
    }
    let mut ranked: Vec<(u8, VerdictPart)> = Vec::new();
    for one in compared {
        ranked.extend(pair::part(&one.pair).into_iter().map(|part| (rank(&part), part)));
        ranked.extend(saving(&one.pair).map(|part| (rank(&part), part)));
        let reason = one.withheld.map(|reason| VerdictPart::Withheld { reason });
        let new = reason.filter(|reason| !ranked.iter().any(|(_, part)| part == reason));
        ranked.extend(new.map(|part| (rank(&part), part)));
    }
    // Stable: pairs keep the plan's order within a rank.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, part)| part).collect()
}

/// Returns who costs less for each solved trial and by which share, where that is decided.
fn saving(pair: &Pair) -> Option<VerdictPart> {
    let part = pair.parts.iter().find(|part| part.part == PartKind::CostPerSolved)?;
    let (cheaper, dearer) = part_order(pair, part)?;
    let by = saved(part.effect.as_ref()?, cheaper == &pair.a);
    Some(VerdictPart::CostsLess {
        cheaper: cheaper.clone(),
        dearer: dearer.clone(),
        by,
        simulated: part.simulated,
        matters: matters(part),
    })
}

/// Returns the share saved by whoever has less, from the ratio first : second.
fn saved(
    ratio: &fairtrial_domain::comparison::Interval,
    first_has_less: bool,
) -> fairtrial_domain::comparison::Interval {
    let (value, low, high) = if first_has_less {
        (ratio.estimate, ratio.low, ratio.high)
    } else {
        (1.0 / ratio.estimate, 1.0 / ratio.high, 1.0 / ratio.low)
    };
    fairtrial_domain::comparison::Interval {
        estimate: 1.0 - value,
        low: 1.0 - high,
        high: 1.0 - low,
        ..ratio.clone()
    }
}

fn rank(part: &VerdictPart) -> u8 {
    match part {
        VerdictPart::SolvesMore { .. } => 0,
        VerdictPart::CostsLess { .. } => 1,
        VerdictPart::Equivalent { .. } => 2,
        VerdictPart::Undecided { .. } => 3,
        VerdictPart::Withheld { .. } => 4,
    }
}
