//! What blind votes say: strengths with bounds, the pull of the left side, and how far reviewers agree.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::comparison::{Interval, Strength, Votes};
use fairtrial_domain::id::AssistantId;

use super::input::{BlindVote, ComparisonInput};
use super::rule::SEED;
use crate::stats::{
    NoStrengths, Preferred, Scale, Strengths, Vote, bootstrap_strengths, davidson, krippendorff,
};

const METHOD: &str = "Davidson, bootstrap by task";

/// Returns what the votes say; `None` without any.
pub(super) fn votes(input: &ComparisonInput) -> Option<Votes> {
    let all = &input.design.votes;
    if all.is_empty() {
        return None;
    }
    let named: BTreeSet<&AssistantId> = all.iter().flat_map(|vote| [&vote.left, &vote.right]).collect();
    let field: Vec<&AssistantId> =
        input.assistants.iter().map(|arm| &arm.id).filter(|id| named.contains(id)).collect();
    let tasks: Vec<_> = all.iter().map(|vote| &vote.task).collect::<BTreeSet<_>>().into_iter().collect();
    let place = |id: &AssistantId| field.iter().position(|known| *known == id);
    let cast = |vote: &BlindVote| {
        let task = tasks.binary_search(&&vote.task).ok()?;
        Some(Vote { left: place(&vote.left)?, right: place(&vote.right)?, preferred: vote.preferred, task })
    };
    let counted: Vec<Vote> = all.iter().filter_map(cast).collect();
    let mut told = Votes {
        votes: u32::try_from(counted.len()).unwrap_or(u32::MAX),
        tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        strengths: vec![],
        tie: None,
        left: None,
        alpha: alpha(all),
        missing: None,
    };
    match davidson(&counted, field.len(), true) {
        Ok(found) => fill(&mut told, &field, &counted, &found),
        Err(NoStrengths::NoVotes) => told.missing = Some("no vote is on two of those compared".to_owned()),
        Err(NoStrengths::Separated) => {
            told.missing = Some(
                "somebody won or lost every vote, or groups never met: more votes are needed".to_owned(),
            );
        }
    }
    Some(told)
}

fn fill(told: &mut Votes, field: &[&AssistantId], votes: &[Vote], found: &Strengths) {
    let bounds = bootstrap_strengths(votes, field.len(), SEED);
    let bound = |at: usize| bounds.as_ref().and_then(|all| all.get(at).copied());
    for (at, id) in field.iter().enumerate() {
        told.strengths.push(Strength {
            assistant: (*id).clone(),
            strength: found.beta[at],
            low: bound(at).map(|(low, _)| low),
            high: bound(at).map(|(_, high)| high),
            preferred: preferred(found, at),
        });
    }
    told.tie = Some(found.tie);
    told.left = found.left.zip(bound(field.len())).map(|(estimate, (low, high))| Interval {
        estimate,
        low,
        high,
        level: 0.95,
        method: METHOD.to_owned(),
        n: told.tasks,
    });
}

/// The chance to be preferred to another of the field, sides even, a tie counted half.
fn preferred(found: &Strengths, one: usize) -> f64 {
    let against = |other: &f64| {
        let apart = (found.beta[one] - other) / 2.0;
        let (win, loss) = (apart.exp(), (-apart).exp());
        (win + found.tie / 2.0) / (win + loss + found.tie)
    };
    let others = found.beta.iter().enumerate().filter(|(at, _)| *at != one);
    let chances: Vec<f64> = others.map(|(_, beta)| against(beta)).collect();
    chances.iter().sum::<f64>() / chances.len().max(1) as f64
}

/// Agreement of reviewers who judged the same two patches, whichever side each stood on.
fn alpha(votes: &[BlindVote]) -> Option<f64> {
    let mut units: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for vote in votes {
        let turned = vote.left > vote.right;
        let (a, b) = if turned { (&vote.right, &vote.left) } else { (&vote.left, &vote.right) };
        let label = match (vote.preferred, turned) {
            (Preferred::Tie, _) => 1,
            (Preferred::Left, false) | (Preferred::Right, true) => 0,
            (Preferred::Right, false) | (Preferred::Left, true) => 2,
        };
        units.entry((&vote.task, a, b)).or_default().push(label);
    }
    krippendorff(&units.into_values().collect::<Vec<_>>(), Scale::Ordinal)
}
