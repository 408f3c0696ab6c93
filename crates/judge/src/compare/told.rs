//! A part of a pair as a sentence: better, equal, open with its price, or why it cannot be said.

use fairtrial_domain::comparison::{Conclusion, Interval, Pair, PairPart, PartKind, Sentence};
use fairtrial_domain::id::AssistantId;

use super::english::Code;
use super::lack::Lack;
use super::parts::is_ratio;
use super::sentence::Say;
use super::words::turned;
use super::{matters, part_order, saved};

/// What is told of a part.
pub(super) enum Told {
    /// Better, or equal within the margin.
    Decided(Sentence),
    /// Undecided.
    Open(Sentence),
    /// There is no figure, or it may not be looked at.
    Unsaid(Sentence),
}

/// Returns what is told of a part; `None` of one whose pair is withheld, which says why.
pub(super) fn told(pair: &Pair, part: &PairPart) -> Option<Told> {
    if let Some((better, worse)) = part_order(pair, part) {
        return more(pair, better, worse, part).map(Told::Decided);
    }
    match part.conclusion {
        Conclusion::Equivalent => equal(pair, part).map(Told::Decided),
        Conclusion::Undecided => Some(Told::Open(open(pair, part))),
        Conclusion::Withheld => {
            part.missing.as_deref().and_then(Lack::of).map(|lack| unsaid(pair, part, lack))
        }
        Conclusion::ABetter
        | Conclusion::BBetter
        | Conclusion::ASlightlyBetter
        | Conclusion::BSlightlyBetter => None,
    }
}

/// Says who has less of cost or time, by the share that is saved.
pub(super) fn less(better: &AssistantId, worse: &AssistantId, by: &Interval, part: &PairPart) -> Sentence {
    let small = !matters(part);
    let code = match (part.part, small) {
        (PartKind::Time, false) => Code::TakesLess,
        (PartKind::Time, true) => Code::TakesLessSmall,
        (PartKind::CostPerSolved | PartKind::Consistency | PartKind::Score(_), small) => {
            match (small, part.simulated) {
                (false, false) => Code::CostsLess,
                (false, true) => Code::CostsLessSimulated,
                (true, false) => Code::CostsLessSmall,
                (true, true) => Code::CostsLessSmallSimulated,
            }
        }
    };
    against(Say::new(code).who("a", better).who("b", worse).saved(by), part, small)
}

fn against(say: Say, part: &PairPart, small: bool) -> Sentence {
    match part.margin.filter(|_| small) {
        Some(margin) => say.margin(margin, is_ratio(part.part)).done(),
        None => say.done(),
    }
}

fn more(pair: &Pair, better: &AssistantId, worse: &AssistantId, part: &PairPart) -> Option<Sentence> {
    let effect = part.effect.as_ref()?;
    let by = if better == &pair.a { effect.clone() } else { turned(effect) };
    let small = !matters(part);
    let say = |large, little| {
        let say = Say::new(if small { little } else { large });
        say.who("a", better).who("b", worse).difference(&by)
    };
    Some(match part.part {
        PartKind::CostPerSolved | PartKind::Time => {
            less(better, worse, &saved(effect, better == &pair.a), part)
        }
        PartKind::Consistency => against(say(Code::Steadier, Code::SteadierSmall), part, small),
        PartKind::Score(id) => against(say(Code::Scores, Code::ScoresSmall).score("score", id), part, small),
    })
}

fn equal(pair: &Pair, part: &PairPart) -> Option<Sentence> {
    let (effect, margin) = (part.effect.as_ref()?, part.margin?);
    let code = if part.simulated { Code::PartEqualSimulated } else { Code::PartEqual };
    let say = Say::new(code).who("a", &pair.a).who("b", &pair.b).part("part", part.part);
    let say = say.margin(margin, is_ratio(part.part));
    Some(if is_ratio(part.part) { say.bounds(effect).done() } else { say.difference(effect).done() })
}

fn open(pair: &Pair, part: &PairPart) -> Sentence {
    let say = |code| Say::new(code).who("a", &pair.a).who("b", &pair.b);
    match settling(pair, part) {
        Some(sentence) => sentence,
        None => match part.part {
            PartKind::CostPerSolved => say(Code::CostOpen).done(),
            PartKind::Time => say(Code::TimeOpen).done(),
            PartKind::Consistency => say(Code::SteadyOpen).done(),
            PartKind::Score(id) => say(Code::ScoresOpen).score("score", id).done(),
        },
    }
}

/// What is open, with what settling the margin would take; `None` where that cannot be said.
fn settling(pair: &Pair, part: &PairPart) -> Option<Sentence> {
    let (margin, needed, effect) = (part.margin?, part.tasks_needed?, part.effect.as_ref()?);
    let say = |code, n| {
        let say = Say::new(code).who("a", &pair.a).who("b", &pair.b).part("part", part.part);
        say.margin(margin, is_ratio(part.part)).count("n", n)
    };
    let Some(price) = &part.price else {
        return (needed <= effect.n).then(|| say(Code::PartHadOpen, effect.n).done());
    };
    Some(match (price.usd, price.hours) {
        (Some(usd), Some(hours)) => {
            say(Code::PartPriceOpen, price.tasks).usd("usd", usd).hours("hours", hours).done()
        }
        (None, Some(hours)) => say(Code::PartHoursOpen, price.tasks).hours("hours", hours).done(),
        (Some(usd), None) => say(Code::PartUsdOpen, price.tasks).usd("usd", usd).done(),
        (None, None) => say(Code::PartTasksOpen, price.tasks).done(),
    })
}

fn unsaid(pair: &Pair, part: &PairPart, lack: Lack) -> Told {
    let say = Say::new(lack.code());
    Told::Unsaid(match (lack, part.part) {
        (Lack::Early, _) => say.done(),
        (_, PartKind::Score(id)) => say.who("a", &pair.a).who("b", &pair.b).score("score", id).done(),
        (_, PartKind::CostPerSolved | PartKind::Time | PartKind::Consistency) => {
            say.who("a", &pair.a).who("b", &pair.b).done()
        }
    })
}
