//! What a comparison rests on: tasks, assistants and their trials, as a run or a table of somebody else gives them.

use std::collections::BTreeMap;

use fairtrial_domain::advice::Asked;
use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{Exploratory, Fairness, Looks, Standing};
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::run::{RoundRecord, TrialRecord, Validity};
use fairtrial_domain::score::{CheatingRate, ScoreId};
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::usage::Cost;

/// Everything that a comparison looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonInput {
    /// The tasks, in plan order.
    pub tasks: Vec<TaskEntry>,
    /// Who is compared, in plan order.
    pub assistants: Vec<ArmEntry>,
    /// Trials that are over, in any order. A cancelled one is not among them.
    pub trials: Vec<TrialEntry>,
    /// The difference in solved rate that matters, in [0, 1].
    pub margin: f64,
    /// Trials planned per task and assistant.
    pub planned_trials: u32,
    /// False while trials are still to come.
    pub finished: bool,
    /// How it was planned to be looked at, and what else was chosen.
    pub design: Design,
}

/// How a comparison was planned, and what was chosen for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// When it may be looked at.
    pub looks: Looks,
    /// Whether all of it was fixed before the trials.
    pub standing: Standing,
    /// Weights of criteria; `None` makes no score.
    pub weights: Option<BTreeMap<String, f64>>,
    /// Blind votes.
    pub votes: Vec<BlindVote>,
    /// What models that judge said of pairs of changes.
    pub advice: Vec<Asked>,
    /// In what the assistants differ.
    pub fairness: Vec<Fairness>,
    /// How often each cheated on canary tasks; empty without such tasks.
    pub cheating: Vec<CheatingRate>,
}

impl Default for Design {
    /// Nothing was planned: looked at once, exploratory, without weights, votes or advice.
    fn default() -> Self {
        Design {
            looks: Looks::AtEnd,
            standing: Standing::Exploratory { reasons: vec![Exploratory::NoPlan] },
            weights: None,
            votes: vec![],
            advice: vec![],
            fairness: vec![],
            cheating: vec![],
        }
    }
}

/// A reviewer's blind vote on two patches for one task.
#[derive(Debug, Clone, PartialEq)]
pub struct BlindVote {
    /// The task.
    pub task: TaskId,
    /// Whose patch stood on the left.
    pub left: AssistantId,
    /// Whose patch stood on the right.
    pub right: AssistantId,
    /// Which was preferred.
    pub preferred: crate::stats::Preferred,
    /// Who voted.
    pub reviewer: String,
}

/// A task with what is known of it before trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEntry {
    /// Which.
    pub id: TaskId,
    /// Whether verdicts may rest on it.
    pub validity: Validity,
    /// True for a contradictory one that measures cheating.
    pub canary: bool,
    /// True when it has a hidden check.
    pub graded: bool,
    /// What sort of work it is.
    pub kind: TaskKind,
    /// Where its base comes from; `None` where it is not known.
    pub repository: Option<String>,
}

/// Who is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmEntry {
    /// Who.
    pub id: AssistantId,
    /// Its name for people.
    pub title: String,
    /// True for a bundled sample.
    pub sample: bool,
    /// True when it works with a user's own login, in its program's own folders.
    pub own_login: bool,
    /// The program; `None` where it is not known.
    pub tool: Option<String>,
    /// The model; `None` where it is not known or the tool's own choice.
    pub model: Option<String>,
}

/// A trial that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialEntry {
    /// Which.
    pub key: TrialKey,
    /// What it is worth here.
    pub result: TrialResult,
    /// Money; `None` when unknown.
    pub cost: Option<Cost>,
    /// Wall seconds of the assistant; `None` when unknown.
    pub seconds: Option<f64>,
    /// Its isolation; `None` where it is not known.
    pub tier: Option<Tier>,
    /// Dimensions of the scorecard that have a value.
    pub scores: Vec<(ScoreId, f64)>,
    /// Rounds after the first, in order; what stands above is round 1.
    pub more: Vec<LaterRound>,
}

/// One more try inside a trial after feedback.
#[derive(Debug, Clone, PartialEq)]
pub struct LaterRound {
    /// Whether the task is solved after it; `None` when it ended for our or the vendor's reasons, or was isolated
    /// otherwise than the first.
    pub solved: Option<bool>,
    /// Dollars of this round; `None` when unknown.
    pub usd: Option<f64>,
    /// Wall seconds of this round; `None` when unknown.
    pub seconds: Option<f64>,
}

/// What a trial is worth to a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialResult {
    /// It resolved its task.
    Pass,
    /// It did not, by the assistant's doing: unresolved, set aside, or nothing changed.
    Fail,
    /// It ended for our or the vendor's reasons: no evidence.
    Infra,
    /// The task or its checks were at fault: no evidence.
    Invalid,
    /// No hidden check judged it.
    Ungraded,
}

impl LaterRound {
    fn of(round: &RoundRecord, tier: Option<Tier>) -> Self {
        // As trials of several tiers are not mixed, rounds are not.
        let same = round.tier.is_none() || round.tier == tier;
        let solved = (same && round.ending.is_evidence()).then(|| {
            // As in the first round: solved too late is not solved.
            round.ending == Ending::Finished && round.outcome == Some(Outcome::Resolved)
        });
        let usd = round.cost.as_ref().map(|cost| cost.usd);
        LaterRound { solved, usd, seconds: round.took() }
    }
}

impl TrialEntry {
    /// Returns what a stored trial is worth; `None` for one that a person stopped, which says nothing at all.
    pub fn of(record: &TrialRecord) -> Option<Self> {
        let result = match (&record.ending, &record.outcome) {
            (Ending::Cancelled, _) => return None,
            (Ending::Infra { .. }, _) | (_, None) => TrialResult::Infra,
            (Ending::Finished, Some(Outcome::Resolved)) => TrialResult::Pass,
            (_, Some(Outcome::Ungraded { .. })) => TrialResult::Ungraded,
            (_, Some(Outcome::Invalid { .. })) => TrialResult::Invalid,
            // Solved too late is not solved.
            (
                _,
                Some(
                    Outcome::Resolved
                    | Outcome::Unresolved { .. }
                    | Outcome::SetAside { .. }
                    | Outcome::NoDiff,
                ),
            ) => TrialResult::Fail,
        };
        Some(TrialEntry {
            key: record.key.clone(),
            result,
            cost: record.cost.clone(),
            seconds: Some(record.seconds),
            tier: record.tier,
            scores: record.scores.iter().filter_map(|score| Some((score.id, score.value?))).collect(),
            more: record.more.iter().map(|round| LaterRound::of(round, record.tier)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::outcome::InfraFault;
    use fairtrial_domain::usage::Usage;

    fn second(tier: Option<Tier>) -> RoundRecord {
        RoundRecord {
            round: 2,
            feedback: String::new(),
            ending: Ending::Finished,
            outcome: Some(Outcome::Resolved),
            verdicts: vec![],
            patch: None,
            usage: Usage::default(),
            cost: None,
            seconds: 30.0,
            leftovers: vec![],
            journals: vec![],
            traffic: None,
            contacts: vec![],
            flags: vec![],
            tier,
            earlier: vec![],
            limit: None,
            unparsed: 0,
        }
    }

    #[test]
    fn the_time_of_a_round_whose_cell_died_is_not_known() {
        let mut lost = second(None);
        lost.ending = Ending::Infra { fault: InfraFault::Cell, reason: "it died".to_owned() };
        assert_eq!(LaterRound::of(&lost, None).seconds, Some(30.0));
        lost.seconds = 0.0;
        assert_eq!(LaterRound::of(&lost, None).seconds, None);
        lost.ending = Ending::Finished;
        assert_eq!(LaterRound::of(&lost, None).seconds, Some(0.0));
    }

    #[test]
    fn a_round_that_was_isolated_otherwise_is_no_evidence() {
        let solved = |round, first| LaterRound::of(&second(round), first).solved;
        assert_eq!(solved(Some(Tier::Full), Some(Tier::Full)), Some(true));
        assert_eq!(solved(Some(Tier::Plain), Some(Tier::Full)), None);
        assert_eq!(
            solved(None, Some(Tier::Full)),
            Some(true),
            "a record made before tiers of rounds were kept"
        );
    }
}
