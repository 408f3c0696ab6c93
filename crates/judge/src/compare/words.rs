//! The headline in English, by fixed rules: what is decided comes first.

use fairtrial_domain::comparison::{Conclusion, Interval, Pair, WithheldReason};
use fairtrial_domain::id::AssistantId;

use super::input::ComparisonInput;
use super::order;
use super::pair::{Compared, Saving};
use super::table::Table;

/// A corrected p up to this is taken for more than chance.
const CHANCE: f64 = 0.05;

/// Says in one to three sentences what may be concluded.
pub(super) fn headline(
    input: &ComparisonInput,
    table: &Table<'_>,
    withheld: &[WithheldReason],
    compared: &[Compared],
    top: &[AssistantId],
) -> String {
    if let Some(reason) = withheld.first() {
        return format!("Withheld: {}.", why_withheld(*reason));
    }
    let words =
        Words { input, present: (0..input.assistants.len()).filter(|&i| table.has_evidence(i)).collect() };
    let shown: Vec<&Compared> = compared.iter().filter(|one| words.both_present(&one.pair)).collect();
    let solved = words.solved(&shown, top);
    match words.cost(&shown, top) {
        Some(cost) if solved.decided => format!("{} {cost}", solved.text),
        Some(cost) => format!("{cost} {}", solved.text),
        None => solved.text,
    }
}

/// Returns why there is no verdict, as a sentence fragment.
pub fn why_withheld(reason: WithheldReason) -> &'static str {
    match reason {
        WithheldReason::OneTask => "one task says nothing about tasks in general",
        WithheldReason::Ungraded => "no hidden check says what is solved",
        WithheldReason::InfraAsymmetry => {
            "failures that are not the assistant's hit one side far more than the other"
        }
        WithheldReason::NoEvidence => "fewer than two assistants have evidence",
        WithheldReason::NotIsolated => "trials ran without isolation",
        WithheldReason::MixedTiers => "trials ran with different isolation",
        WithheldReason::Unfinished => "the run has not finished",
    }
}

/// A sentence on solving, and whether it decides something.
struct Solved {
    text: String,
    decided: bool,
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

    fn title<'a>(&'a self, id: &'a AssistantId) -> &'a str {
        let arm = self.input.assistants.iter().find(|arm| arm.id == *id);
        arm.map_or(id.as_str(), |arm| arm.title.as_str())
    }

    fn list<'a>(&'a self, ids: impl Iterator<Item = &'a AssistantId>) -> String {
        let titles: Vec<&str> = ids.map(|id| self.title(id)).collect();
        match titles.split_last() {
            None => String::new(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        }
    }

    fn ids(&self) -> impl Iterator<Item = &AssistantId> {
        self.present.iter().map(|&i| &self.input.assistants[i].id)
    }

    fn margin(&self) -> String {
        points(self.input.margin)
    }

    fn solved(&self, shown: &[&Compared], top: &[AssistantId]) -> Solved {
        let decided = |text| Solved { text, decided: true };
        if let [one] = shown {
            return self.two(one);
        }
        let beaten: Vec<&AssistantId> = self.ids().filter(|id| !top.contains(id)).collect();
        let beats_all = |best: &AssistantId| {
            let wins = shown.iter().filter(|one| order(&one.pair).is_some_and(|(better, _)| better == best));
            wins.count() + 1 == self.present.len()
        };
        let doubt = self.doubt(&beaten, shown);
        match top {
            [best] if beats_all(best) => decided(self.best(best, shown)),
            [best] if !beaten.is_empty() => decided(format!(
                "No rival beats {}, but it does not beat every one. Beaten by at least one: {}{doubt}.",
                self.title(best),
                self.list(beaten.into_iter()),
            )),
            _ if !beaten.is_empty() => decided(format!(
                "Top group: {}; no rival beats any of them. Beaten by at least one: {}{doubt}.",
                self.list(top.iter()),
                self.list(beaten.into_iter()),
            )),
            _ => self.nobody_beaten(shown),
        }
    }

    /// Says for whom being beaten may be chance, since the more pairs are compared the likelier one is decided
    /// wrongly: those whom no rival beats after Holm's correction.
    fn doubt(&self, beaten: &[&AssistantId], shown: &[&Compared]) -> String {
        let firmly = |id: &AssistantId| {
            shown.iter().any(|one| {
                order(&one.pair).is_some_and(|(_, worse)| worse == id)
                    && one.pair.p_adjusted.is_some_and(|p| p <= CHANCE)
            })
        };
        let open: Vec<&AssistantId> = beaten.iter().copied().filter(|id| !firmly(id)).collect();
        match open.len() {
            0 => String::new(),
            some if some == beaten.len() => {
                format!("; with {} pairs compared this may be chance", shown.len())
            }
            _ => format!(
                "; with {} pairs compared this may be chance for {}",
                shown.len(),
                self.list(open.into_iter())
            ),
        }
    }

    /// One sentence on the best of several, with the rival that comes nearest.
    fn best(&self, best: &AssistantId, shown: &[&Compared]) -> String {
        let rivals = self.ids().filter(|id| *id != best);
        let gaps = shown.iter().filter_map(|one| {
            let by = if one.pair.a == *best {
                one.pair.difference.clone()
            } else if one.pair.b == *best {
                one.pair.difference.as_ref().map(turned)
            } else {
                None
            }?;
            let rival = if one.pair.a == *best { &one.pair.b } else { &one.pair.a };
            Some((rival, by))
        });
        let nearest = gaps.min_by(|(_, x), (_, y)| x.estimate.total_cmp(&y.estimate));
        let tail = nearest.map_or(String::new(), |(rival, by)| {
            let small = if by.high < self.input.margin { self.small(&by) } else { String::new() };
            format!(
                "; the nearest is {}, {} behind ({}){small}",
                self.title(rival),
                points(by.estimate),
                bounds(&by)
            )
        });
        format!("{} solves more tasks than each of {}{tail}.", self.title(best), self.list(rivals))
    }

    /// Says that a difference is small, no more firmly than its interval does: a conclusion may rest on the
    /// reading with infra failures as well.
    fn small(&self, by: &Interval) -> String {
        let verb = if by.high < self.input.margin { "is" } else { "may be" };
        format!(", which {verb} less than the {} that matter", self.margin())
    }

    fn two(&self, one: &Compared) -> Solved {
        let pair = &one.pair;
        let (a, b) = (self.title(&pair.a), self.title(&pair.b));
        let Some(by) = &pair.difference else {
            return Solved { text: self.no_conclusion(one), decided: false };
        };
        let more = |better: &str, worse: &str, by: &Interval, tail: String| {
            format!(
                "{better} solves more tasks than {worse}: {} more ({}){tail}.",
                points(by.estimate),
                bounds(by)
            )
        };
        let (text, decided) = match pair.conclusion {
            Conclusion::ABetter => (more(a, b, by, String::new()), true),
            Conclusion::BBetter => (more(b, a, &turned(by), String::new()), true),
            Conclusion::ASlightlyBetter => (more(a, b, by, self.small(by)), true),
            Conclusion::BSlightlyBetter => (more(b, a, &turned(by), self.small(&turned(by))), true),
            Conclusion::Equivalent => (
                format!("{a} and {b} solve equally many tasks, within {} ({}).", self.margin(), bounds(by)),
                true,
            ),
            Conclusion::Undecided => (
                format!(
                    "Undecided: whether {a} or {b} solves more tasks is open, at a difference of {} ({}). {}",
                    points(by.estimate),
                    bounds(by),
                    self.price(pair.tasks_needed, by.n),
                ),
                false,
            ),
            Conclusion::Withheld => (self.no_conclusion(one), false),
        };
        Solved { text, decided }
    }

    fn no_conclusion(&self, one: &Compared) -> String {
        format!("Withheld: {}.", why_withheld(one.withheld.unwrap_or(WithheldReason::NoEvidence)))
    }

    /// What settling would take, against the margin of the plan.
    fn price(&self, needed: Option<u32>, have: u32) -> String {
        match needed {
            None => "How many tasks would settle it cannot be said.".to_owned(),
            Some(needed) if needed > have => {
                format!("About {} more tasks would detect {} with 80 % power.", needed - have, self.margin())
            }
            Some(_) => format!(
                "The tasks at hand would have detected {} with 80 % power; the difference may be smaller.",
                self.margin()
            ),
        }
    }

    fn nobody_beaten(&self, shown: &[&Compared]) -> Solved {
        let all = |conclusion| !shown.is_empty() && shown.iter().all(|one| one.pair.conclusion == conclusion);
        let everyone = self.list(self.ids());
        if all(Conclusion::Equivalent) {
            let text = format!("{everyone} solve equally many tasks, within {}.", self.margin());
            return Solved { text, decided: true };
        }
        if all(Conclusion::Withheld) {
            let text = shown.first().map_or(String::new(), |one| self.no_conclusion(one));
            return Solved { text, decided: false };
        }
        let open = shown.iter().filter(|one| one.pair.conclusion == Conclusion::Undecided);
        let largest = open.max_by_key(|one| one.pair.tasks_needed);
        let price = largest.map_or(String::new(), |one| {
            let have = one.pair.difference.as_ref().map_or(0, |by| by.n);
            format!(" {}", self.price(one.pair.tasks_needed, have))
        });
        let text = format!("Undecided: none of {everyone} is shown to solve more tasks than another.{price}");
        Solved { text, decided: false }
    }

    /// The largest saving that is decided, between two of the top.
    fn cost(&self, shown: &[&Compared], top: &[AssistantId]) -> Option<String> {
        let in_top = |saving: &&Saving| {
            shown.len() == 1 || top.contains(&saving.cheaper) && top.contains(&saving.dearer)
        };
        let savings = shown.iter().filter_map(|one| one.saving.as_ref()).filter(in_top);
        let Saving { cheaper, dearer, by, simulated } =
            savings.max_by(|x, y| x.by.estimate.total_cmp(&y.by.estimate))?;
        let percent = |share: f64| format!("{:.0}", 100.0 * share);
        Some(format!(
            "{} costs {} % less per solved task than {} (95 % interval {} to {} %{}{}).",
            self.title(cheaper),
            percent(by.estimate),
            self.title(dearer),
            percent(by.low),
            percent(by.high),
            if *simulated { ", simulated costs" } else { "" },
            if shown.len() > 1 { format!(", by itself among {} pairs", shown.len()) } else { String::new() },
        ))
    }
}

fn turned(by: &Interval) -> Interval {
    Interval { estimate: -by.estimate, low: -by.high, high: -by.low, ..by.clone() }
}

/// A share as whole points; a real minus, and no minus before a zero.
fn whole(share: f64) -> String {
    let rounded = (100.0 * share).round();
    if rounded < 0.0 { format!("\u{2212}{}", -rounded) } else { format!("{}", rounded.abs()) }
}

fn points(share: f64) -> String {
    let number = whole(share);
    if number == "1" { "1 point".to_owned() } else { format!("{number} points") }
}

fn bounds(by: &Interval) -> String {
    format!("95 % interval {} to {}, on {} tasks", whole(by.low), whole(by.high), by.n)
}
