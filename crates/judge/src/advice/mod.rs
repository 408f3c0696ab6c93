//! Asks a model which of two changes to merge: the question, what may be read from its answer, and who may judge whom.
//!
//! **Invariant:** a question names nobody; an answer is read whole or not at all; nothing here changes an outcome.

mod question;
mod strip;

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::advice::{Answer, Asked, Prefers, Reply};
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::score::{Score, ScoreId};

pub use question::{Question, question};
pub use strip::{Names, PLACEHOLDER};

/// How an answer's last line begins.
const ANSWER: &str = "ANSWER ";
/// What is kept of an answer that could not be read, in bytes, from its end.
const MOST_SAID: usize = 600;
/// The formula of dimension J.
pub const FORMULA: &str =
    "pairs of changes won / all, a tie half; a pair whose answer changes with the order is a tie";

/// Returns what a whole answer says: its last line that is not empty must be the one that was asked for, letter by
/// letter.
pub fn read(said: &str) -> Reply {
    let unread = |why: &str| Reply::Unread { why: why.to_owned(), said: end_of(said, MOST_SAID).to_owned() };
    let Some(last) = said.lines().map(str::trim).rfind(|line| !line.is_empty()) else {
        return unread("it said nothing");
    };
    match last.strip_prefix(ANSWER).and_then(answer) {
        Some(answer) => Reply::Read { answer },
        None => unread("its last line is not the one that was asked for"),
    }
}

/// Returns a reply that cannot be read because the session did not end by itself.
pub fn unended(how: &str, said: &str) -> Reply {
    Reply::Unread {
        why: format!("it did not end by itself: {how}"),
        said: end_of(said, MOST_SAID).to_owned(),
    }
}

fn answer(line: &str) -> Option<Answer> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [prefers, one, two] = fields.as_slice() else { return None };
    let merge = |field: &str, name: &str| match field.strip_prefix(name)? {
        "YES" => Some(true),
        "NO" => Some(false),
        _ => None,
    };
    let prefers = match prefers.strip_prefix("prefer=")? {
        "ONE" => Prefers::One,
        "TWO" => Prefers::Two,
        "NONE" => Prefers::Neither,
        _ => return None,
    };
    Some(Answer { prefers, merge_one: merge(one, "merge_one=")?, merge_two: merge(two, "merge_two=")? })
}

fn end_of(text: &str, most: usize) -> &str {
    let text = text.trim();
    &text[text.ceil_char_boundary(text.len().saturating_sub(most))..]
}

/// Returns the family that would judge itself alone: the only one among those who judge, and one of those compared.
/// Who has no family judges nobody of his own.
pub fn alone<'a>(
    judges: impl IntoIterator<Item = Option<&'a str>>,
    compared: &BTreeSet<String>,
) -> Option<&'a str> {
    let families: BTreeSet<&str> = judges.into_iter().flatten().collect();
    let only = families.first().filter(|_| families.len() == 1)?;
    compared.contains(*only).then_some(*only)
}

/// What one judge said of one pair of changes in both orders. `a` comes before `b` by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<'a> {
    /// Who was asked.
    pub judge: &'a AssistantId,
    /// On which task.
    pub task: &'a TaskId,
    /// Which try.
    pub trial: u32,
    /// Whose change.
    pub a: &'a AssistantId,
    /// Against whose.
    pub b: &'a AssistantId,
    /// How far `a` won: 1, 0, or one half for a tie.
    pub won: f64,
    /// True when the order decided.
    pub flipped: bool,
    /// How many of the two answers would merge `a`.
    pub merge_a: u32,
    /// How many of the two answers would merge `b`.
    pub merge_b: u32,
}

impl Judged<'_> {
    /// Returns the trial of one of the two.
    pub fn key(&self, of: &AssistantId) -> TrialKey {
        TrialKey { task: self.task.clone(), assistant: of.clone(), trial: self.trial }
    }

    /// Returns whether both trials are among those that solved their task.
    pub fn both_in(&self, solved: &BTreeSet<TrialKey>) -> bool {
        solved.contains(&self.key(self.a)) && solved.contains(&self.key(self.b))
    }
}

/// Which pair, by whom.
type Pair<'a> = (&'a AssistantId, &'a TaskId, u32, &'a AssistantId, &'a AssistantId);

/// Returns every pair that a judge answered in both orders.
pub fn judged(asked: &[Asked]) -> Vec<Judged<'_>> {
    let mut pairs: BTreeMap<Pair<'_>, [Option<Answer>; 2]> = BTreeMap::new();
    for one in asked.iter().filter(|one| one.one != one.two) {
        let Reply::Read { answer } = &one.reply else { continue };
        let turned = one.one > one.two;
        let (a, b) = if turned { (&one.two, &one.one) } else { (&one.one, &one.two) };
        let orders = pairs.entry((&one.judge.id, &one.task, one.trial, a, b)).or_default();
        orders[usize::from(turned)] = Some(*answer);
    }
    let joined = |(pair, [first, second]): (_, [Option<Answer>; 2])| Some(joined(pair, first?, second?));
    pairs.into_iter().filter_map(joined).collect()
}

fn joined<'a>((judge, task, trial, a, b): Pair<'a>, first: Answer, second: Answer) -> Judged<'a> {
    let straight = match first.prefers {
        Prefers::One => 1.0,
        Prefers::Two => 0.0,
        Prefers::Neither => 0.5,
    };
    let turned = match second.prefers {
        Prefers::One => 0.0,
        Prefers::Two => 1.0,
        Prefers::Neither => 0.5,
    };
    let flipped = straight != turned;
    Judged {
        judge,
        task,
        trial,
        a,
        b,
        won: if flipped { 0.5 } else { straight },
        flipped,
        merge_a: u32::from(first.merge_one) + u32::from(second.merge_two),
        merge_b: u32::from(first.merge_two) + u32::from(second.merge_one),
    }
}

/// Returns whose changes were judged by their own family alone, as far as answers could be read.
pub fn own_family<'a>(asked: &'a [Asked], judged: &[Judged<'_>]) -> Option<&'a str> {
    let heard: BTreeSet<&AssistantId> = judged.iter().map(|one| one.judge).collect();
    let judges = asked.iter().map(|one| &one.judge).filter(|judge| heard.contains(&judge.id));
    let compared: BTreeSet<String> = asked.iter().flat_map(|one| one.compared.iter().cloned()).collect();
    alone(judges.map(|judge| judge.family.as_deref()), &compared)
}

/// Returns dimension J of one trial: its share of the pairs that both sides solved.
pub fn score(key: &TrialKey, asked: &[Asked], solved: &BTreeSet<TrialKey>) -> Score {
    let all = judged(asked);
    let of = |one: &&Judged<'_>| {
        *one.task == key.task
            && one.trial == key.trial
            && (*one.a == key.assistant || *one.b == key.assistant)
            && one.both_in(solved)
    };
    let mine: Vec<&Judged<'_>> = all.iter().filter(of).collect();
    let won = |one: &&Judged<'_>| if *one.a == key.assistant { one.won } else { 1.0 - one.won };
    let total: f64 = mine.iter().map(won).sum();
    let flipped = mine.iter().filter(|one| one.flipped).count();
    let mut score = Score {
        id: ScoreId::Judge,
        value: None,
        missing: None,
        formula: FORMULA.to_owned(),
        evidence: vec![],
        source: "a model, advisory".to_owned(),
    };
    if asked.is_empty() {
        score.missing = Some("no model was asked".to_owned());
    } else if let Some(family) = own_family(asked, &all) {
        score.missing = Some(only_own(family));
    } else if mine.is_empty() {
        score.missing = Some("no pair that both solved was read in both orders".to_owned());
    } else {
        let n = mine.len();
        score.value = Some(total / n as f64);
        score.formula = format!("{FORMULA}: {total} / {n}; the order decided {flipped} of {n}");
        let judges: BTreeSet<&str> = mine.iter().map(|one| one.judge.as_str()).collect();
        score.source = format!("advisory: {}", judges.into_iter().collect::<Vec<_>>().join(", "));
    }
    score
}

/// Says why nobody has a value when one family judged itself.
pub fn only_own(family: &str) -> String {
    format!(
        "only models of the family {family} judged, and it is among those compared: ask one of another family too"
    )
}

#[cfg(test)]
pub(crate) mod tests;
