//! A verdict in sentences: what is decided one by one, what is undecided in one.

use fairtrial_domain::comparison::{Conclusion, Interval, Pair, VerdictPart};
use fairtrial_domain::id::AssistantId;
use fairtrial_judge::why_withheld;

use crate::ReportInput;
use crate::words::{bounds, count, percent, point_bounds, points};

/// Undecided pairs that are named; more are counted, for the table of pairs has them all.
const NAMED: usize = 3;

/// Says what follows for a pair.
pub(crate) fn conclusion(input: &ReportInput<'_>, pair: &Pair) -> String {
    let (a, b) = (input.title(&pair.a), input.title(&pair.b));
    match pair.conclusion {
        Conclusion::ABetter => format!("{a} solves more"),
        Conclusion::BBetter => format!("{b} solves more"),
        Conclusion::ASlightlyBetter => format!("{a} solves more, by less than the margin that matters"),
        Conclusion::BSlightlyBetter => format!("{b} solves more, by less than the margin that matters"),
        Conclusion::Equivalent => "equal within the margin".to_owned(),
        Conclusion::Undecided => "undecided".to_owned(),
        Conclusion::Withheld => "withheld".to_owned(),
    }
}

/// Returns the parts of a verdict as sentences; what is undecided is one sentence over all its pairs.
pub(crate) fn parts<'a>(input: &ReportInput<'a>, parts: &'a [VerdictPart]) -> Vec<String> {
    let mut sentences = vec![];
    let mut open = vec![];
    for part in parts {
        match part {
            VerdictPart::SolvesMore { better, worse, by, matters } => {
                sentences.push(solves_more(input, (better, worse), by, *matters));
            }
            VerdictPart::CostsLess { cheaper, dearer, by, simulated, matters } => sentences.push(format!(
                "{} costs {} less than {} for each resolved trial ({} interval {}){}{}.",
                input.title(cheaper),
                percent(by.estimate),
                input.title(dearer),
                percent(by.level),
                bounds(by),
                if *simulated { "; simulated" } else { "" },
                if *matters { "" } else { ", which is less than the margin that matters" }
            )),
            VerdictPart::Equivalent { a, b } => sentences.push(format!(
                "{} and {} solve equally many, within the margin.",
                input.title(a),
                input.title(b)
            )),
            VerdictPart::Undecided { a, b, tasks_needed } => open.push((a, b, *tasks_needed)),
            VerdictPart::Withheld { reason } => {
                sentences.push(format!("Withheld: {}.", why_withheld(*reason)));
            }
        }
    }
    sentences.extend(undecided(input, &open));
    sentences
}

fn solves_more<'a>(
    input: &ReportInput<'a>,
    (better, worse): (&'a AssistantId, &'a AssistantId),
    by: &Interval,
    matters: bool,
) -> String {
    let small = match matters {
        true => "",
        false if by.high < input.run.plan.margin => ", which is less than the margin that matters",
        false => ", which may be less than the margin that matters",
    };
    format!(
        "{} solves more than {}: {} ({} interval {}){small}.",
        input.title(better),
        input.title(worse),
        points(by.estimate),
        percent(by.level),
        point_bounds(by)
    )
}

/// One undecided pair with its price.
type Open<'a> = (&'a AssistantId, &'a AssistantId, Option<u32>);

fn undecided<'a>(input: &ReportInput<'a>, open: &[Open<'a>]) -> Option<String> {
    let tasks = |n: u32| count(n as usize, "task");
    match open {
        [] => None,
        [(a, b, needed)] => {
            let price = needed
                .map_or_else(String::new, |n| format!(" About {} in all would detect the margin.", tasks(n)));
            Some(format!("Whether {} or {} solves more is undecided.{price}", input.title(a), input.title(b)))
        }
        [_, ..] if open.len() <= NAMED => {
            let pairs: Vec<String> = open
                .iter()
                .map(|(a, b, needed)| {
                    let price = needed.map(|n| format!(" ({})", tasks(n))).unwrap_or_default();
                    format!("{} or {}{price}", input.title(a), input.title(b))
                })
                .collect();
            Some(format!(
                "Undecided which solves more, with the tasks in all that would detect the margin: {}.",
                pairs.join(", ")
            ))
        }
        [_, ..] => {
            let needed = || open.iter().filter_map(|(_, _, needed)| *needed);
            let price = match (needed().min(), needed().max()) {
                (Some(least), Some(most)) if least == most => {
                    format!(" About {} in all would detect the margin.", tasks(most))
                }
                (Some(least), Some(most)) => {
                    format!(" {least} to {} in all would detect the margin, by the pair.", tasks(most))
                }
                (None, _) | (_, None) => String::new(),
            };
            let pairs = input.comparison.pairs.len();
            Some(format!("Undecided which solves more: {} of {pairs} pairs.{price}", open.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::{Sample, assistant};

    fn open(n: usize) -> Vec<VerdictPart> {
        let needed = |i: usize| if i == 0 { None } else { Some(10 * u32::try_from(i).unwrap_or(0)) };
        let pair = |i| VerdictPart::Undecided {
            a: assistant("aster"),
            b: assistant("birch"),
            tasks_needed: needed(i),
        };
        (0..n).map(pair).collect()
    }

    fn told(parts_: &[VerdictPart]) -> Vec<String> {
        parts(&Sample::new().input(), parts_)
    }

    #[test]
    fn what_is_undecided_is_one_sentence_however_many_pairs() {
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(told(&open(1)), ["Whether Aster or Birch solves more is undecided."]);
        assert_eq!(
            told(&open(2)),
            [
                "Undecided which solves more, with the tasks in all that would detect the margin: Aster or Birch, \
              Aster or Birch (10 tasks)."
            ]
        );
        assert_eq!(
            told(&open(5)),
            [
                "Undecided which solves more: 5 of 3 pairs. 10 to 40 tasks in all would detect the margin, by the \
              pair."
            ]
        );
    }

    #[test]
    fn a_small_difference_is_said_no_more_firmly_than_its_interval() {
        let by = |high| Interval { estimate: 0.05, low: 0.01, high, level: 0.95, method: "m".into(), n: 9 };
        let part = |high| VerdictPart::SolvesMore {
            better: assistant("aster"),
            worse: assistant("birch"),
            by: by(high),
            matters: false,
        };
        let start = "Aster solves more than Birch: +5 points (95% interval +1 to";
        assert_eq!(
            told(&[part(0.09)]),
            [format!("{start} +9 points), which is less than the margin that matters.")]
        );
        assert_eq!(
            told(&[part(0.12)]),
            [format!("{start} +12 points), which may be less than the margin that matters.")]
        );
    }
}
