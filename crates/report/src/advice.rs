//! What models that judge said, in words: never without who they are, how many pairs, and how often the order decided.

use fairtrial_domain::comparison::{Advice, Agreement, JudgeSum};

use crate::findings::Title;
use crate::words::{count, dollars, percent};

/// Answers that could not be read of which a report shows the end.
const SHOWN: usize = 5;

/// Returns every line of the section.
pub(crate) fn advice(advice: &Advice, title: Title<'_>) -> Vec<String> {
    let mut lines =
        vec!["Advisory: no verdict rests on it, and its weight is 0 unless a profile names it.".to_owned()];
    lines.extend(advice.judges.iter().map(judge));
    lines.extend(advice.missing.iter().map(|missing| format!("Nobody has a share: {missing}.")));
    for arm in &advice.arms {
        let name = title(&arm.assistant);
        lines.extend(arm.share.map(|share| {
            let merge = arm.merge.map(|merge| format!("; {} of answers would merge it", percent(merge)));
            format!(
                "{name}: {} of {} won, a tie half, on {} that both solved{}.",
                percent(share),
                count(arm.pairs as usize, "pair"),
                count(arm.tasks as usize, "task"),
                merge.unwrap_or_default()
            )
        }));
        let missing = arm.missing.iter().filter(|_| advice.missing.is_none());
        lines.extend(missing.map(|missing| format!("{name}: no share: {missing}.")));
    }
    lines.extend(advice.agreement.as_ref().map(agreement));
    for one in advice.unread.iter().take(SHOWN) {
        let said = one.said.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = said.char_indices().rev().nth(119).map_or(said.as_str(), |(at, _)| &said[at..]);
        let said = if said.is_empty() { String::new() } else { format!("; it ended: {end}") };
        lines.push(format!("Not read: {} on {} {}: {}{said}", one.judge, one.task, one.trial, one.why));
    }
    if advice.unread.len() > SHOWN {
        lines.push(format!("{} more could not be read.", count(advice.unread.len() - SHOWN, "answer")));
    }
    lines
}

fn judge(one: &JudgeSum) -> String {
    let judge = &one.judge;
    let model = judge.model.as_deref().unwrap_or("no model");
    let family = match &judge.family {
        Some(family) => format!("family {family} ({})", judge.family_source),
        None => format!("no family ({})", judge.family_source),
    };
    let flips = match &one.flip_rate {
        Some(rate) => format!(
            "the order decided {} of {} ({}, {} to {})",
            one.flipped,
            count(one.pairs as usize, "pair"),
            percent(rate.estimate),
            percent(rate.low),
            percent(rate.high)
        ),
        None => "no pair was read in both orders".to_owned(),
    };
    let cost = match (one.cost.unknown, one.cost.simulated) {
        (0, false) => format!("cost {}", dollars(one.cost.usd)),
        (0, true) => format!("cost {}, simulated", dollars(one.cost.usd)),
        (unknown, _) => format!("cost unknown for {}", count(unknown as usize, "answer")),
    };
    let sample = if judge.sample { " (sample)" } else { "" };
    format!(
        "{}{sample}, {model}, {family}: {}, {} not read; {flips}; {cost}.",
        judge.title,
        count(one.questions as usize, "answer"),
        one.unread
    )
}

fn agreement(with: &Agreement) -> String {
    let alpha = match with.alpha {
        Some(alpha) => format!("Krippendorff's alpha {alpha:.3}"),
        None => "nothing to disagree on".to_owned(),
    };
    let few = if with.few { "; fewer than 30 overlap" } else { "" };
    format!("Against blind votes on {}: {alpha}{few}.", count(with.pairs as usize, "pair"))
}
