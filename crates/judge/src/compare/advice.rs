//! What models that judge said of changes, added up: shares over what both solved, and how much the order decided.
//!
//! **Invariant:** advisory: nothing of a verdict rests on it.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::advice::{Asked, Reply};
use fairtrial_domain::comparison::{Advice, Advised, Agreement, CostSum, Interval, JudgeSum, Unreadable};
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::usage::CostSource;

use super::arm::interval;
use super::input::{BlindVote, ComparisonInput, TrialResult};
use super::table::{Table, known};
use crate::advice::{Judged, judged, only_own, own_family};
use crate::stats::{Preferred, Scale, krippendorff, wilson};

/// Pairs below which agreement is nothing to rely on.
const FEW: u32 = 30;
const METHOD: &str = "Wilson, pairs taken as independent";

/// Returns what the models said; `None` when none was asked about those compared.
pub(super) fn advice(input: &ComparisonInput, table: &Table<'_>) -> Option<Advice> {
    let asked = compared(input);
    if asked.is_empty() {
        return None;
    }
    let judged = judged(&asked);
    let missing = missing(&asked, &judged);
    let counted = counted(input, table, &judged);
    let arms = input.assistants.iter().map(|arm| arm.id.clone());
    let arms: Vec<Advised> = arms.map(|id| advised(id, &counted, missing.as_deref())).collect();
    let none = arms.iter().all(|arm| arm.share.is_none());
    let missing = missing.or_else(|| none.then(|| NO_PAIR.to_owned()));
    Some(Advice {
        judges: judges(&asked, &judged),
        arms,
        unread: asked.iter().filter_map(unreadable).collect(),
        agreement: agreement(&input.design.votes, &judged),
        missing,
    })
}

const NO_PAIR: &str = "no pair that both solved was read in both orders";

/// Returns each assistant's share on each task, for weights that name it; empty where there is none.
pub(super) fn by_task(input: &ComparisonInput, table: &Table<'_>) -> Vec<Vec<f64>> {
    let asked = compared(input);
    let judged = judged(&asked);
    let has = missing(&asked, &judged).is_none();
    let counted = if has { counted(input, table, &judged) } else { vec![] };
    let of = |id: &AssistantId| {
        let mut tasks: BTreeMap<&TaskId, Vec<f64>> = BTreeMap::new();
        for one in &counted {
            if let Some(won) = won(one, id) {
                tasks.entry(one.task).or_default().push(won);
            }
        }
        tasks.into_values().map(|won| won.iter().sum::<f64>() / won.len() as f64).collect()
    };
    input.assistants.iter().map(|arm| of(&arm.id)).collect()
}

/// Returns the questions about two of those compared.
fn compared(input: &ComparisonInput) -> Vec<Asked> {
    let is = |id: &AssistantId| input.assistants.iter().any(|arm| arm.id == *id);
    input.design.advice.iter().filter(|one| is(&one.one) && is(&one.two)).cloned().collect()
}

fn missing(asked: &[Asked], judged: &[Judged<'_>]) -> Option<String> {
    if judged.is_empty() {
        let read = asked.iter().any(|one| matches!(one.reply, Reply::Read { .. }));
        let why = if read { "no pair was read in both orders" } else { "no answer could be read" };
        return Some(why.to_owned());
    }
    own_family(asked, judged).map(only_own)
}

/// Returns the pairs that both sides solved on tasks that count.
fn counted<'a, 'b>(
    input: &ComparisonInput,
    table: &Table<'_>,
    judged: &'b [Judged<'a>],
) -> Vec<&'b Judged<'a>> {
    let tasks: BTreeSet<&TaskId> = table.tasks.iter().map(|task| &task.id).collect();
    let passed = input.trials.iter().filter(|trial| trial.result == TrialResult::Pass);
    let solved: BTreeSet<TrialKey> =
        passed.filter(|trial| tasks.contains(&trial.key.task)).map(|trial| trial.key.clone()).collect();
    judged.iter().filter(|one| one.both_in(&solved)).collect()
}

/// How far an assistant won a pair; `None` when it is not of it.
fn won(one: &Judged<'_>, id: &AssistantId) -> Option<f64> {
    if one.a == id { Some(one.won) } else { (one.b == id).then_some(1.0 - one.won) }
}

fn advised(id: AssistantId, counted: &[&Judged<'_>], missing: Option<&str>) -> Advised {
    let mine: Vec<(&Judged<'_>, f64)> =
        counted.iter().filter_map(|one| Some((*one, won(one, &id)?))).collect();
    let n = mine.len() as f64;
    let merges = |one: &Judged<'_>| f64::from(if *one.a == id { one.merge_a } else { one.merge_b });
    let told = missing.is_none() && !mine.is_empty();
    let why = missing.map(str::to_owned).or_else(|| mine.is_empty().then(|| NO_PAIR.to_owned()));
    Advised {
        pairs: count(mine.len()),
        tasks: count(mine.iter().map(|(one, _)| one.task).collect::<BTreeSet<_>>().len()),
        share: told.then(|| mine.iter().map(|(_, won)| won).sum::<f64>() / n),
        merge: told.then(|| mine.iter().map(|(one, _)| merges(one)).sum::<f64>() / (2.0 * n)),
        missing: why,
        assistant: id,
    }
}

fn judges(asked: &[Asked], judged: &[Judged<'_>]) -> Vec<JudgeSum> {
    let mut sums: Vec<JudgeSum> = vec![];
    for one in asked {
        let at = sums.iter().position(|sum| sum.judge.id == one.judge.id);
        let at = at.unwrap_or_else(|| {
            sums.push(JudgeSum {
                judge: one.judge.clone(),
                questions: 0,
                unread: 0,
                pairs: 0,
                flipped: 0,
                flip_rate: None,
                cost: CostSum::default(),
            });
            sums.len() - 1
        });
        let sum = &mut sums[at];
        sum.questions += 1;
        sum.unread += u32::from(matches!(one.reply, Reply::Unread { .. }));
        match known(one.cost.as_ref()) {
            Some(cost) => {
                sum.cost.usd += cost.usd;
                sum.cost.simulated |= cost.source == CostSource::Simulated;
            }
            None => sum.cost.unknown += 1,
        }
    }
    for sum in &mut sums {
        let mine = judged.iter().filter(|one| *one.judge == sum.judge.id);
        sum.pairs = count(mine.clone().count());
        sum.flipped = count(mine.filter(|one| one.flipped).count());
        sum.flip_rate = flip_rate(sum.flipped, sum.pairs);
    }
    sums
}

fn flip_rate(flipped: u32, pairs: u32) -> Option<Interval> {
    wilson(flipped, pairs).map(|rate| interval(rate, METHOD))
}

fn unreadable(one: &Asked) -> Option<Unreadable> {
    let Reply::Unread { why, said } = &one.reply else { return None };
    Some(Unreadable {
        judge: one.judge.id.clone(),
        task: one.task.clone(),
        trial: one.trial,
        one: one.one.clone(),
        two: one.two.clone(),
        why: why.clone(),
        said: said.clone(),
    })
}

/// A task with two assistants, the first by name first.
type Unit<'a> = (&'a TaskId, &'a AssistantId, &'a AssistantId);

/// Compares judges with people on the pairs that both judged: one label of each, 0 for the first, 1 for a tie, 2 for
/// the second; several votes or tries make one by their mean.
fn agreement(votes: &[BlindVote], judged: &[Judged<'_>]) -> Option<Agreement> {
    if votes.is_empty() {
        return None;
    }
    let (mut people, mut models): (BTreeMap<Unit<'_>, Vec<f64>>, BTreeMap<Unit<'_>, Vec<f64>>) =
        Default::default();
    for vote in votes {
        let turned = vote.left > vote.right;
        let (a, b) = if turned { (&vote.right, &vote.left) } else { (&vote.left, &vote.right) };
        let won = match (vote.preferred, turned) {
            (Preferred::Tie, _) => 0.5,
            (Preferred::Left, false) | (Preferred::Right, true) => 1.0,
            (Preferred::Right, false) | (Preferred::Left, true) => 0.0,
        };
        people.entry((&vote.task, a, b)).or_default().push(won);
    }
    for one in judged {
        models.entry((one.task, one.a, one.b)).or_default().push(one.won);
    }
    let both = people.iter().filter_map(|(unit, by)| Some(vec![label(by), label(models.get(unit)?)]));
    let units: Vec<Vec<u32>> = both.collect();
    let pairs = count(units.len());
    Some(Agreement { pairs, alpha: krippendorff(&units, Scale::Ordinal), few: pairs < FEW })
}

fn label(won: &[f64]) -> u32 {
    let mean = won.iter().sum::<f64>() / won.len().max(1) as f64;
    if mean > 0.5 {
        0
    } else if mean < 0.5 {
        2
    } else {
        1
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::tests::asked;
    use crate::compare;
    use crate::csv::{from_csv, read_csv};
    use crate::votes::read_votes;

    const TRIALS: &str = "task,assistant,trial,outcome\nt,a,1,pass\nt,b,1,pass\nu,a,1,pass\nu,b,1,pass\nv,a,1,pass\nv,b,1,fail\n";

    fn input(lines: &[&str]) -> ComparisonInput {
        let mut input = from_csv(&read_csv(TRIALS).unwrap(), 0.1).unwrap();
        input.design.advice = lines.iter().map(|line| asked(line)).collect();
        input
    }

    fn shares(advice: &Advice) -> Vec<(Option<f64>, u32)> {
        advice.arms.iter().map(|arm| (arm.share, arm.pairs)).collect()
    }

    #[test]
    fn shares_rest_on_what_both_solved_and_flips_on_all() {
        // The third task was not solved by `b`: its pair says something of the judge and nothing of those compared.
        let told =
            ["j t a b 1", "j t b a 2", "j u a b 1", "j u b a 1", "j v a b 2", "j v b a 1", "j w a b ?"];
        let input = input(&told);
        let advice = compare(&input).advice.unwrap();
        assert_eq!(shares(&advice), [(Some(0.75), 2), (Some(0.25), 2)]);
        let judge = &advice.judges[0];
        assert_eq!((judge.questions, judge.unread, judge.pairs, judge.flipped), (7, 1, 3, 1));
        let rate = judge.flip_rate.as_ref().unwrap();
        assert!((rate.estimate - 1.0 / 3.0).abs() < 1e-12 && rate.n == 3, "{rate:?}");
        assert_eq!((advice.unread.len(), advice.missing, advice.agreement), (1, None, None));
    }

    #[test]
    fn advice_moves_nothing_else() {
        let (with, without) = (input(&["j t a b 1", "j t b a 2", "j u a b 1", "j u b a 2"]), input(&[]));
        let (mut with, without) = (compare(&with), compare(&without));
        assert!(with.advice.take().is_some() && without.advice.is_none());
        assert_eq!(with, without);
    }

    #[test]
    fn nobody_has_a_share_without_a_reason() {
        let check = |lines: &[&str], why: &str| {
            let advice = compare(&input(lines)).advice.unwrap();
            assert_eq!(shares(&advice).iter().filter(|(share, _)| share.is_some()).count(), 0, "{lines:?}");
            assert!(advice.missing.as_deref().unwrap().starts_with(why), "{advice:?}");
        };
        check(&["j t a b ?", "j t b a ?"], "no answer could be read");
        check(&["j t a b 1", "j t b a ?"], "no pair was read in both orders");
        check(&["j v a b 1", "j v b a 2"], "no pair that both solved");
        check(&["j:claude t a b 1", "j:claude t b a 2"], "only models of the family claude");
        assert_eq!(compare(&input(&["j t a z 1"])).advice, None);
    }

    #[test]
    fn weights_may_name_it() {
        let mut input = input(&["j t a b 1", "j t b a 2", "j u a b 1", "j u b a 1"]);
        input.design.weights = Some([("judge".to_owned(), 1.0)].into());
        let weighted = compare(&input).weighted.unwrap();
        let scores: Vec<f64> = weighted.scores.iter().map(|one| one.score).collect();
        assert_eq!((scores, weighted.missing), (vec![0.75, 0.25], vec![]));
        input.design.advice.clear();
        assert!(compare(&input).weighted.is_none_or(|weighted| weighted.missing == ["judge"]));
    }

    #[test]
    fn judges_are_held_against_people_on_the_same_pairs() {
        let mut input = input(&["j t a b 1", "j t b a 2", "j u a b 2", "j u b a 1"]);
        let table = "task,left,right,preferred,reviewer\nt,a,b,left,r\nu,b,a,left,r\nv,a,b,left,r\n";
        input.design.votes = read_votes(table, &input).unwrap();
        let agreement = compare(&input).advice.unwrap().agreement.unwrap();
        assert_eq!((agreement.pairs, agreement.alpha, agreement.few), (2, Some(1.0), true));
        let table = "task,left,right,preferred,reviewer\nt,b,a,left,r\nu,a,b,left,r\n";
        input.design.votes = read_votes(table, &input).unwrap();
        let alpha = compare(&input).advice.unwrap().agreement.unwrap().alpha.unwrap();
        assert!(alpha < 0.0, "{alpha}");
    }
}
