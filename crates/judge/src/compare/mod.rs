//! Compares assistants on the tasks they share, and concludes no more than the trials allow.
//!
//! **Invariant:** a trial that is no evidence never becomes a zero; a better assistant is named only when the
//! interval excludes zero with and without infra failures.

mod arm;
mod input;
mod pair;
pub mod rule;
mod table;
mod words;

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{Comparison, Conclusion, Pair, VerdictPart, VerdictWords, WithheldReason};
use fairtrial_domain::id::AssistantId;

pub use input::{ArmEntry, ComparisonInput, TaskEntry, TrialEntry, TrialResult};
pub use words::why_withheld;

use crate::stats::holm;
use pair::Compared;
use table::Table;

/// Returns what may be concluded from `input`.
///
/// Better means that the 95 % interval of the paired difference excludes zero; equivalent, that it lies inside the
/// margin; all else is undecided, with the tasks that would detect the margin. Each pair stands at 5 % by itself:
/// with more than two assistants a single best one must beat every rival, and `p_adjusted` serves who reads the
/// whole table.
pub fn compare(input: &ComparisonInput) -> Comparison {
    let table = Table::of(input);
    let withheld = withheld(input, &table);
    let count = input.assistants.len();
    let places = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let mut compared: Vec<Compared> = places.map(|(a, b)| pair::compared(input, &table, a, b)).collect();
    if !withheld.is_empty() {
        for one in &mut compared {
            (one.pair.conclusion, one.saving) = (Conclusion::Withheld, None);
        }
    }
    adjust(&mut compared);
    let top = if withheld.is_empty() { top(input, &table, &compared) } else { vec![] };
    let parts = parts(&withheld, &compared);
    let headline = words::headline(input, &table, &withheld, &compared, &top);
    Comparison {
        arms: (0..count).map(|i| arm::arm(input, &table, i)).collect(),
        pairs: compared.into_iter().map(|one| one.pair).collect(),
        verdict: VerdictWords { parts, top, headline },
        tasks: u32::try_from(table.tasks.len()).unwrap_or(u32::MAX),
        excluded: table.excluded,
    }
}

/// Returns every reason against any conclusion at all.
fn withheld(input: &ComparisonInput, table: &Table<'_>) -> Vec<WithheldReason> {
    let had = |tier: Tier| input.trials.iter().any(|trial| trial.tier == Some(tier));
    let with_evidence = (0..input.assistants.len()).filter(|&arm| table.has_evidence(arm)).count();
    let ungraded = table.tasks.is_empty() && input.tasks.iter().any(|task| !task.graded && !task.canary)
        || table.trials.iter().flatten().any(|t| t.result == TrialResult::Ungraded) && with_evidence < 2;
    let reasons = [
        (!input.finished, WithheldReason::Unfinished),
        (had(Tier::Plain) && had(Tier::Full), WithheldReason::MixedTiers),
        (had(Tier::Plain) && !had(Tier::Full), WithheldReason::NotIsolated),
        (ungraded, WithheldReason::Ungraded),
        (!ungraded && with_evidence < 2, WithheldReason::NoEvidence),
        (table.tasks.len() == 1 || input.tasks.len() == 1, WithheldReason::OneTask),
    ];
    reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
}

/// Corrects the p values for the number of pairs that have one.
fn adjust(compared: &mut [Compared]) {
    let p: Vec<f64> = compared.iter().filter_map(|one| one.pair.p).collect();
    let Some(adjusted) = holm(&p) else { return };
    let with_p = compared.iter_mut().filter(|one| one.pair.p.is_some());
    for (one, adjusted) in with_p.zip(adjusted) {
        one.pair.p_adjusted = Some(adjusted);
    }
}

/// Returns who solves more in a pair, and who less.
fn order(pair: &Pair) -> Option<(&AssistantId, &AssistantId)> {
    match pair.conclusion {
        Conclusion::ABetter | Conclusion::ASlightlyBetter => Some((&pair.a, &pair.b)),
        Conclusion::BBetter | Conclusion::BSlightlyBetter => Some((&pair.b, &pair.a)),
        Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld => None,
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
        ranked.extend(one.saving.as_ref().map(|saving| saving.part()).map(|part| (rank(&part), part)));
        let reason = one.withheld.map(|reason| VerdictPart::Withheld { reason });
        let new = reason.filter(|reason| !ranked.iter().any(|(_, part)| part == reason));
        ranked.extend(new.map(|part| (rank(&part), part)));
    }
    // Stable: pairs keep the plan's order within a rank.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, part)| part).collect()
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
