//! The verdict as sentences, by fixed rules: what is decided comes first.

use fairtrial_domain::comparison::{
    Conclusion, Exploratory, Interval, Pair, PartKind, Sentence, Standing, Stratum, StratumPair,
    VerdictWords, WithheldReason,
};
use fairtrial_domain::id::AssistantId;

use super::english::{Code, english, template};
use super::input::ComparisonInput;
use super::pair::Compared;
use super::rule::FEWEST_TASKS;
use super::sentence::Say;
use super::table::Table;
use super::told::{Told, less, told};
use super::{matters, order, part_order, saved};

/// Says what may be concluded: the headline, and every part of every pair.
pub(super) fn verdict(
    input: &ComparisonInput,
    table: &Table<'_>,
    withheld: &[WithheldReason],
    compared: &[Compared],
    top: &[AssistantId],
    strata: &[Stratum],
) -> VerdictWords {
    let words =
        Words { input, present: (0..input.assistants.len()).filter(|&i| table.has_evidence(i)).collect() };
    let shown: Vec<&Compared> = compared.iter().filter(|one| words.both_present(&one.pair)).collect();
    let mut sentences = match withheld.first() {
        Some(reason) => vec![Say::new(withheld_code(*reason)).done()],
        None => words.headline(&shown, top),
    };
    // Nothing that is withheld becomes more exploratory, and a first look should not begin with an excuse.
    if withheld.is_empty() {
        sentences.extend(exploratory(&input.design.standing));
    }
    let mut details = if withheld.is_empty() { words.details(&shown) } else { vec![] };
    if withheld.is_empty() {
        details.extend(strata.iter().flat_map(by_kind));
    }
    let text: Vec<String> = sentences.iter().map(|one| english(one, &|id| words.title(id))).collect();
    VerdictWords { parts: vec![], top: vec![], headline: text.join(" "), sentences, details }
}

/// Says for a kind of task who solves more, or that nobody is shown to.
fn by_kind(stratum: &Stratum) -> Vec<Sentence> {
    let more = |pair: &StratumPair| {
        let by = pair.difference.as_ref()?;
        let (better, worse, by) = match pair.conclusion {
            Conclusion::ABetter | Conclusion::ASlightlyBetter => (&pair.a, &pair.b, by.clone()),
            Conclusion::BBetter | Conclusion::BSlightlyBetter => (&pair.b, &pair.a, turned(by)),
            Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld => return None,
        };
        let say = Say::new(Code::KindMore).kind("kind", stratum.kind).who("a", better).who("b", worse);
        Some(say.difference(&by).done())
    };
    let decided: Vec<Sentence> = stratum.pairs.iter().filter_map(more).collect();
    if decided.is_empty() {
        return vec![Say::new(Code::KindOpen).kind("kind", stratum.kind).count("n", stratum.tasks).done()];
    }
    decided
}

fn withheld_code(reason: WithheldReason) -> Code {
    match reason {
        WithheldReason::OneTask => Code::WithheldOneTask,
        WithheldReason::Ungraded => Code::WithheldUngraded,
        WithheldReason::InfraAsymmetry => Code::WithheldInfra,
        WithheldReason::NoEvidence => Code::WithheldNoEvidence,
        WithheldReason::NotIsolated => Code::WithheldNotIsolated,
        WithheldReason::MixedTiers => Code::WithheldMixedTiers,
        WithheldReason::OwnLogin => Code::WithheldOwnLogin,
        WithheldReason::Unfinished => Code::WithheldUnfinished,
    }
}

/// Returns why there is no verdict, as a sentence fragment.
pub fn why_withheld(reason: WithheldReason) -> &'static str {
    let text = template(withheld_code(reason).word()).unwrap_or_default();
    text.trim_start_matches("Withheld: ").trim_end_matches('.')
}

fn exploratory(standing: &Standing) -> Vec<Sentence> {
    let code = |reason: &Exploratory| match reason {
        Exploratory::NoPlan => Code::NoPlan,
        Exploratory::PlanChanged => Code::PlanChanged,
        Exploratory::OtherMargin => Code::OtherMargin,
        Exploratory::OtherWeights => Code::OtherWeights,
        Exploratory::AssistantsLeftOut => Code::LeftOut,
        Exploratory::OtherTasks => Code::OtherTasks,
        Exploratory::StoppedEarly => Code::StoppedEarly,
        Exploratory::OtherRules => Code::OtherRules,
        Exploratory::OutcomesChanged => Code::OutcomesChanged,
        Exploratory::Replayed => Code::Replayed,
    };
    match standing {
        Standing::PreRegistered { .. } => vec![],
        Standing::Exploratory { reasons } => {
            reasons.iter().map(|reason| Say::new(code(reason)).done()).collect()
        }
    }
}

struct Words<'a> {
    input: &'a ComparisonInput,
    present: Vec<usize>,
}

impl Words<'_> {
    fn both_present(&self, pair: &Pair) -> bool {
        let present = |id: &AssistantId| self.present.iter().any(|&i| self.input.assistants[i].id == *id);
        present(&pair.a) && present(&pair.b)
    }

    fn title(&self, id: &AssistantId) -> String {
        let arm = self.input.assistants.iter().find(|arm| arm.id == *id);
        arm.map_or_else(|| id.to_string(), |arm| arm.title.clone())
    }

    fn ids(&self) -> impl Iterator<Item = &AssistantId> {
        self.present.iter().map(|&i| &self.input.assistants[i].id)
    }

    fn headline(&self, shown: &[&Compared], top: &[AssistantId]) -> Vec<Sentence> {
        let (solved, decided) = self.solved(shown, top);
        let cost = self.largest_saving(shown, top, PartKind::CostPerSolved);
        // Who is faster leads only where nothing else is decided.
        let other = cost.or_else(|| {
            let time = || self.largest_saving(shown, top, PartKind::Time);
            (!decided).then(time).flatten()
        });
        if decided {
            solved.into_iter().chain(other).collect()
        } else {
            other.into_iter().chain(solved).collect()
        }
    }

    /// Returns what is said on solving, and whether it decides something.
    fn solved(&self, shown: &[&Compared], top: &[AssistantId]) -> (Vec<Sentence>, bool) {
        if let [one] = shown {
            return self.two(one);
        }
        let beaten: Vec<&AssistantId> = self.ids().filter(|id| !top.contains(id)).collect();
        let beats_all = |best: &AssistantId| {
            let wins = shown.iter().filter(|one| order(&one.pair).is_some_and(|(better, _)| better == best));
            wins.count() + 1 == self.present.len()
        };
        let group = |code| Say::new(code).names("a", top.iter()).names("b", beaten.iter().copied()).done();
        match top {
            [best] if beats_all(best) => (vec![self.best(best, shown)], true),
            [_] if !beaten.is_empty() => (vec![group(Code::TopOne)], true),
            _ if !beaten.is_empty() => (vec![group(Code::TopGroup)], true),
            _ => self.nobody_beaten(shown),
        }
    }

    /// One sentence on the best of several, with the rival that comes nearest.
    fn best(&self, best: &AssistantId, shown: &[&Compared]) -> Sentence {
        let rivals = self.ids().filter(|id| *id != best);
        let gaps = shown.iter().filter_map(|one| {
            let by = one.pair.difference.as_ref()?;
            if one.pair.a == *best {
                Some((&one.pair.b, by.clone()))
            } else {
                (one.pair.b == *best).then(|| (&one.pair.a, turned(by)))
            }
        });
        let nearest = gaps.min_by(|(_, x), (_, y)| x.estimate.total_cmp(&y.estimate));
        let small = nearest.as_ref().is_some_and(|(_, by)| by.high < self.input.margin);
        let say =
            Say::new(if small { Code::BestSmall } else { Code::Best }).who("a", best).names("b", rivals);
        let say = say.points("margin", self.input.margin);
        match nearest {
            Some((rival, by)) => say.who("c", rival).difference(&by).done(),
            None => say.done(),
        }
    }

    fn more(&self, better: &AssistantId, worse: &AssistantId, by: &Interval, small: bool) -> Sentence {
        // No more firmly than the interval: a conclusion may rest on the reading with infra failures as well.
        let code = match small {
            false => Code::More,
            true if by.high < self.input.margin => Code::MoreSmall,
            true => Code::MoreMaybeSmall,
        };
        let say = Say::new(code).who("a", better).who("b", worse).difference(by);
        if small { say.points("margin", self.input.margin).done() } else { say.done() }
    }

    fn two(&self, one: &Compared) -> (Vec<Sentence>, bool) {
        let pair = &one.pair;
        let (a, b) = (&pair.a, &pair.b);
        let Some(by) = &pair.difference else { return (vec![self.no_conclusion(one)], false) };
        let early = pair.early.as_ref().and_then(|early| early.decided_after).map(|n| {
            let planned = u32::try_from(self.input.tasks.len()).unwrap_or(u32::MAX);
            Say::new(Code::Early).count("n", n).count("planned", planned).done()
        });
        let decided = |sentence| (std::iter::once(sentence).chain(early.clone()).collect(), true);
        let margin = self.input.margin;
        match pair.conclusion {
            Conclusion::ABetter => decided(self.more(a, b, by, false)),
            Conclusion::BBetter => decided(self.more(b, a, &turned(by), false)),
            Conclusion::ASlightlyBetter => decided(self.more(a, b, by, true)),
            Conclusion::BSlightlyBetter => decided(self.more(b, a, &turned(by), true)),
            Conclusion::Equivalent => {
                let say = Say::new(Code::Equal).who("a", a).who("b", b).points("margin", margin);
                (vec![say.difference(by).done()], true)
            }
            Conclusion::Undecided => (self.open(pair, by), pair.not_worse.a || pair.not_worse.b),
            Conclusion::Withheld => (vec![self.no_conclusion(one)], false),
        }
    }

    /// What is open between two, with what is known all the same and the price of settling it.
    fn open(&self, pair: &Pair, by: &Interval) -> Vec<Sentence> {
        let not_worse = |a: &AssistantId, b: &AssistantId, by: &Interval| {
            let say = Say::new(Code::NotWorse).who("a", a).who("b", b).difference(by);
            say.points("margin", self.input.margin).done()
        };
        let first = if pair.not_worse.a {
            not_worse(&pair.a, &pair.b, by)
        } else if pair.not_worse.b {
            not_worse(&pair.b, &pair.a, &turned(by))
        } else {
            Say::new(Code::Undecided).who("a", &pair.a).who("b", &pair.b).difference(by).done()
        };
        let few = (by.n < FEWEST_TASKS).then(|| Say::new(Code::FewTasks).count("n", FEWEST_TASKS).done());
        std::iter::once(first).chain(few).chain([self.price(pair)]).collect()
    }

    fn no_conclusion(&self, one: &Compared) -> Sentence {
        Say::new(withheld_code(one.withheld.unwrap_or(WithheldReason::NoEvidence))).done()
    }

    /// What settling would take, against the margin of the plan.
    fn price(&self, pair: &Pair) -> Sentence {
        let margin = self.input.margin;
        match (&pair.price, pair.tasks_needed) {
            (Some(price), _) => match (price.usd, price.hours) {
                (Some(usd), Some(hours)) => {
                    let say = Say::new(Code::NeededPriced).count("n", price.tasks).points("margin", margin);
                    say.usd("usd", usd).hours("hours", hours).done()
                }
                (None, Some(hours)) => {
                    let say = Say::new(Code::NeededHours).count("n", price.tasks).points("margin", margin);
                    say.hours("hours", hours).done()
                }
                (_, None) => Say::new(Code::Needed).count("n", price.tasks).points("margin", margin).done(),
            },
            (None, Some(_)) => Say::new(Code::Had).points("margin", margin).done(),
            (None, None) => Say::new(Code::NoPrice).done(),
        }
    }

    fn nobody_beaten(&self, shown: &[&Compared]) -> (Vec<Sentence>, bool) {
        let all = |conclusion| !shown.is_empty() && shown.iter().all(|one| one.pair.conclusion == conclusion);
        if all(Conclusion::Equivalent) {
            let say = Say::new(Code::EqualAll).names("a", self.ids()).points("margin", self.input.margin);
            return (vec![say.done()], true);
        }
        if all(Conclusion::Withheld) {
            return (shown.first().map(|one| self.no_conclusion(one)).into_iter().collect(), false);
        }
        let open = shown.iter().filter(|one| one.pair.conclusion == Conclusion::Undecided);
        let largest = open.max_by_key(|one| one.pair.tasks_needed);
        let n = largest.and_then(|one| Some(one.pair.difference.as_ref()?.n));
        let few =
            n.filter(|n| *n < FEWEST_TASKS).map(|_| Say::new(Code::FewTasks).count("n", FEWEST_TASKS).done());
        let price = largest.map(|one| self.price(&one.pair));
        let first = Say::new(Code::UndecidedAll).names("a", self.ids()).done();
        (std::iter::once(first).chain(few).chain(price).collect(), false)
    }

    /// The largest saving in money or time that is decided and matters, between two of the top.
    fn largest_saving(&self, shown: &[&Compared], top: &[AssistantId], part: PartKind) -> Option<Sentence> {
        let savings = shown.iter().filter_map(|one| {
            let found = one.pair.parts.iter().find(|known| known.part == part)?;
            let (better, worse) = part_order(&one.pair, found)?;
            let by = saved(found.effect.as_ref()?, better == &one.pair.a);
            let in_top = shown.len() == 1 || top.contains(better) && top.contains(worse);
            (in_top && matters(found)).then_some((better, worse, by, found))
        });
        let (better, worse, by, found) =
            savings.max_by(|(_, _, x, _), (_, _, y, _)| x.estimate.total_cmp(&y.estimate))?;
        Some(less(better, worse, &by, found))
    }

    /// Every part of every pair: decided ones first, then what is open, then what cannot be said.
    fn details(&self, shown: &[&Compared]) -> Vec<Sentence> {
        let (mut decided, mut open, mut unsaid, mut early) = (vec![], vec![], vec![], None);
        for one in shown {
            let (sentences, is) = self.two(one);
            if is {
                decided.extend(sentences)
            } else {
                open.extend(sentences)
            }
            for part in &one.pair.parts {
                match told(&one.pair, part) {
                    Some(Told::Decided(sentence)) => decided.push(sentence),
                    Some(Told::Open(sentence)) => open.push(sentence),
                    // What names nobody holds for all pairs, and is said once.
                    Some(Told::Unsaid(sentence)) if sentence.params.is_empty() => early = Some(sentence),
                    Some(Told::Unsaid(sentence)) => unsaid.push(sentence),
                    None => {}
                }
            }
        }
        decided.into_iter().chain(open).chain(unsaid).chain(early).collect()
    }
}

pub(super) fn turned(by: &Interval) -> Interval {
    Interval { estimate: -by.estimate, low: -by.high, high: -by.low, ..by.clone() }
}
