//! What a comparison says beside rates and pairs, as sections of lines that every form of a report prints alike.

use std::collections::BTreeMap;

use fairtrial_domain::comparison::{
    Aspect, Comparison, Conclusion, Exploratory, Factor, Fairness, Interval, Looks, Sentence, Standing,
    Stratum, Votes, Weighted,
};
use fairtrial_domain::id::AssistantId;
use fairtrial_judge::english;

use crate::words::{count, dollars, percent, point_bounds, points, seconds, task_kind};
use crate::{advice, canaries};

/// How an assistant is named.
pub(crate) type Title<'a> = &'a dyn Fn(&AssistantId) -> String;

/// A heading with its lines.
pub(crate) struct Section {
    pub(crate) heading: &'static str,
    pub(crate) lines: Vec<String>,
}

/// Codes that verdict and pairs tell already.
const TOLD: [&str; 19] = [
    "more",
    "more_small",
    "more_maybe_small",
    "equal",
    "not_worse",
    "undecided",
    "few_tasks",
    "needed",
    "needed_hours",
    "needed_priced",
    "had",
    "no_price",
    "early",
    "costs_less",
    "costs_less_simulated",
    "costs_less_small",
    "costs_less_small_simulated",
    "withheld_infra_asymmetry",
    "withheld_no_evidence",
];

/// Returns every section that has something to say.
pub(crate) fn findings(comparison: &Comparison, title: Title<'_>) -> Vec<Section> {
    let sections = [
        ("Fixed before the trials", standing(comparison)),
        ("Beside solving", beside(comparison, title)),
        ("By kind of task", strata(&comparison.strata, title)),
        ("Tool and model", factors(comparison)),
        ("Looking while tasks come in", early(comparison, title)),
        ("Further rounds", rounds(comparison, title)),
        ("Trials that were lost", lost(comparison, title)),
        (
            "Score by chosen weights",
            comparison.weighted.as_ref().map(|w| weighted(w, title)).unwrap_or_default(),
        ),
        ("Blind votes", comparison.votes.as_ref().map(|v| votes(v, title)).unwrap_or_default()),
        (
            "Models as judges",
            comparison.advice.as_ref().map(|a| advice::advice(a, title)).unwrap_or_default(),
        ),
        ("Cheating on canary tasks", canaries::cheating(comparison, title)),
        ("In what the assistants differ", fairness(comparison, title)),
    ];
    let all = sections.into_iter().map(|(heading, lines)| Section { heading, lines });
    all.filter(|section| !section.lines.is_empty()).collect()
}

fn standing(comparison: &Comparison) -> Vec<String> {
    let Some(basis) = &comparison.basis else { return vec![] };
    let looks = match basis.looks {
        Looks::AtEnd => "looked at once, at the end",
        Looks::EveryTask => "looked at after every task, by a sequential test",
        Looks::Growing => "looked at while tasks are added, by an e-process",
    };
    let first = match &basis.standing {
        Standing::PreRegistered { plan } => {
            format!(
                "Pre-registered: plan {} fixed tasks, assistants, trials, seed, margin and rules",
                plan.short()
            )
        }
        Standing::Exploratory { reasons } => {
            let reasons: Vec<&str> = reasons.iter().map(|reason| reason_words(*reason)).collect();
            format!("Exploratory: {}", reasons.join("; "))
        }
    };
    let margin = points(basis.margin).replace('+', "");
    let pairs = match basis.pairs {
        0 | 1 => String::new(),
        pairs => format!("; {pairs} pairs share the 5% of false verdicts"),
    };
    vec![format!("{first}; {looks}; margin that matters {margin}{pairs}.")]
}

fn reason_words(reason: Exploratory) -> &'static str {
    match reason {
        Exploratory::NoPlan => "no plan",
        Exploratory::PlanChanged => "the plan is not the one that was hashed",
        Exploratory::OtherMargin => "another margin than the plan's",
        Exploratory::OtherWeights => "other weights than the plan's",
        Exploratory::AssistantsLeftOut => "assistants left out",
        Exploratory::OtherTasks => "other tasks than the plan's",
        Exploratory::StoppedEarly => "stopped before its plan was through",
        Exploratory::OtherRules => "other rules of judging than the plan's",
        Exploratory::OutcomesChanged => "outcomes changed after the trials",
        Exploratory::Replayed => "a recording answered",
    }
}

/// Decided parts as sentences; many that are equal, open or cannot be said are counted.
fn beside(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let details = comparison.verdict.details.iter().filter(|one| !TOLD.contains(&one.code.as_str()));
    let mut groups: [Vec<&Sentence>; 4] = Default::default();
    for one in details.filter(|one| !one.code.starts_with("kind_")) {
        groups[match one.code.as_str() {
            code if code.starts_with("part_equal") => 1,
            code if code.ends_with("_open") => 2,
            code if code.ends_with("_unsaid") => 3,
            _ => 0,
        }]
        .push(one);
    }
    let counted = [
        "",
        "are equal within their margins; the data has each with its interval",
        "are undecided; the data has each with its interval and what settling it would take",
        "cannot be said; the data has the reason of each",
    ];
    let mut lines = vec![];
    for (group, words) in groups.iter().zip(counted) {
        if words.is_empty() || group.len() <= 3 {
            lines.extend(group.iter().map(|one| english(one, title)));
        } else {
            lines.push(format!("{} further parts {words}.", group.len()));
        }
    }
    lines
}

/// Kinds with several tasks, one line each; from one task nothing follows.
fn strata(all: &[Stratum], title: Title<'_>) -> Vec<String> {
    let (several, single): (Vec<&Stratum>, Vec<&Stratum>) = all.iter().partition(|one| one.tasks > 1);
    let mut lines: Vec<String> = several.into_iter().map(|one| stratum(one, title)).collect();
    let kinds: Vec<&str> = single.iter().map(|one| task_kind(one.kind)).collect();
    if !kinds.is_empty() {
        lines.push(format!("One task each, from which nothing follows: {}.", kinds.join(", ")));
    }
    lines
}

fn stratum(one: &Stratum, title: Title<'_>) -> String {
    let rate = |rate: &fairtrial_domain::comparison::StratumRate| {
        let told = rate
            .rate
            .as_ref()
            .map_or_else(|| format!("{} of {}", rate.resolved, rate.trials), |rate| percent(rate.estimate));
        format!("{} {told}", title(&rate.assistant))
    };
    let word = |pair: &fairtrial_domain::comparison::StratumPair| match pair.conclusion {
        Conclusion::ABetter | Conclusion::ASlightlyBetter => {
            Some(format!("{} solves more than {}", title(&pair.a), title(&pair.b)))
        }
        Conclusion::BBetter | Conclusion::BSlightlyBetter => {
            Some(format!("{} solves more than {}", title(&pair.b), title(&pair.a)))
        }
        Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld => None,
    };
    let rates: Vec<String> = one.rates.iter().map(rate).collect();
    let words: Vec<String> = one.pairs.iter().filter_map(word).collect();
    let words = if words.is_empty() { "nobody is shown to solve more".to_owned() } else { words.join("; ") };
    format!("{}, {}: {}; {words}.", task_kind(one.kind), count(one.tasks as usize, "task"), rates.join(", "))
}

fn by(interval: &Interval) -> String {
    format!("{} ({}), n = {}", points(interval.estimate), point_bounds(interval), interval.n)
}

fn factors(comparison: &Comparison) -> Vec<String> {
    let Some(factors) = &comparison.factors else { return vec![] };
    let effects = factors.effects.iter().map(|one| {
        let (factor, over) = match one.factor {
            Factor::Tool => ("Tool", "models"),
            Factor::Model => ("Model", "tools"),
        };
        format!(
            "{factor} {} against {}, over the {over} {}: {}, p {:.3}.",
            one.a,
            one.b,
            one.over.join(", "),
            by(&one.by),
            one.p
        )
    });
    let interactions = factors.interactions.iter().map(|one| {
        let ((t, u), (m, n)) = (&one.tools, &one.models);
        format!("Interaction of {t} and {u} with {m} and {n}, halved: {}, p {:.3}.", by(&one.by), one.p)
    });
    effects.chain(interactions).collect()
}

fn early(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let told = comparison.pairs.iter().filter_map(|pair| {
        let early = pair.early.as_ref()?;
        let decided = match early.decided_after {
            Some(n) => format!("decided after {}", count(n as usize, "task")),
            None => "not decided by the sequential test".to_owned(),
        };
        let evidence =
            early.evidence.map(|e| format!("; evidence {e:.2}, 20 decides at 5%")).unwrap_or_default();
        let bounds = early
            .sequence
            .as_ref()
            .map(|s| format!("; at every look {}", point_bounds(s)))
            .unwrap_or_default();
        Some(format!("{} against {}: {decided}{evidence}{bounds}.", title(&pair.a), title(&pair.b)))
    });
    told.collect()
}

fn rounds(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let of = |arm: &fairtrial_domain::comparison::Arm| {
        let one = |round: &fairtrial_domain::comparison::RoundSum| {
            let rate =
                round.rate.as_ref().map_or_else(|| "unknown".to_owned(), |rate| percent(rate.estimate));
            let usd = round.usd.map_or_else(|| "cost unknown".to_owned(), dollars);
            let time = round.seconds.map_or_else(|| "time unknown".to_owned(), seconds);
            format!("up to round {} {rate} for {usd} and {time}", round.round)
        };
        let told: Vec<String> = arm.rounds.iter().map(one).collect();
        (!told.is_empty()).then(|| format!("{}: {}.", title(&arm.assistant), told.join(", ")))
    };
    comparison.arms.iter().filter_map(of).collect()
}

fn lost(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let told = comparison.pairs.iter().filter_map(|pair| {
        let lost = pair.lost.as_ref()?;
        Some(format!(
            "{} against {}: {} left out, {} as not solved; at worst {}, at best {}.",
            title(&pair.a),
            title(&pair.b),
            points(lost.excluded),
            points(lost.as_failed),
            points(lost.worst),
            points(lost.best)
        ))
    });
    told.collect()
}

fn weighted(weighted: &Weighted, title: Title<'_>) -> Vec<String> {
    let mut lines: Vec<String> = weighted
        .scores
        .iter()
        .map(|one| {
            format!(
                "{}: {:.3}; first under {} of all weights.",
                title(&one.assistant),
                one.score,
                percent(one.first)
            )
        })
        .collect();
    for flip in &weighted.flips {
        lines.push(match flip.at {
            Some(at) => format!(
                "Weight of {} {}: the first two change places at {}.",
                flip.criterion,
                percent(flip.weight),
                percent(at)
            ),
            None => format!(
                "Weight of {} {}: no weight on it changes the order.",
                flip.criterion,
                percent(flip.weight)
            ),
        });
    }
    if !weighted.missing.is_empty() {
        lines.push(format!("Without a value for everybody, so left out: {}.", weighted.missing.join(", ")));
    }
    lines.push(
        if weighted.robust {
            "Robust against other weights."
        } else {
            "Not robust: other weights name another first."
        }
        .to_owned(),
    );
    lines
}

fn votes(votes: &Votes, title: Title<'_>) -> Vec<String> {
    let mut lines =
        vec![format!("{} on {}.", count(votes.votes as usize, "vote"), count(votes.tasks as usize, "task"))];
    for one in &votes.strengths {
        let bounds = one.low.zip(one.high).map(|(low, high)| format!(" ({low:.2} to {high:.2})"));
        lines.push(format!(
            "{}: strength {:.2}{}; preferred in {}.",
            title(&one.assistant),
            one.strength,
            bounds.unwrap_or_default(),
            percent(one.preferred)
        ));
    }
    lines.extend(votes.left.as_ref().map(|left| {
        format!("Standing on the left adds {:.2} ({:.2} to {:.2}).", left.estimate, left.low, left.high)
    }));
    lines.extend(votes.alpha.map(|alpha| {
        let told = if alpha < 0.667 { "reviewers disagree" } else { "reviewers agree" };
        format!("Krippendorff's alpha {alpha:.3}: {told}.")
    }));
    lines.extend(votes.missing.as_ref().map(|missing| format!("No strengths: {missing}.")));
    lines
}

fn fairness(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let names: Vec<String> = comparison.arms.iter().map(|arm| title(&arm.assistant)).collect();
    sheet(&comparison.fairness, &names)
}

/// Returns what differs, one line per aspect, and last what is the same for all.
pub(crate) fn sheet(all: &[Fairness], names: &[String]) -> Vec<String> {
    let line = |one: &Fairness| {
        // Who shares a value stands together.
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (value, name) in one.values.iter().zip(names) {
            groups.entry(value.as_deref().unwrap_or("not known")).or_default().push(name);
        }
        let told: Vec<String> = if let [(value, _)] = groups.iter().collect::<Vec<_>>().as_slice() {
            vec![format!("{value} for all")]
        } else {
            groups.iter().map(|(value, names)| format!("{value} ({})", names.join(", "))).collect()
        };
        format!("{}: {}.", aspect(one.aspect), told.join("; "))
    };
    let mut lines: Vec<String> = all.iter().filter(|one| one.differs).map(line).collect();
    let same: Vec<&str> = all.iter().filter(|one| !one.differs).map(|one| aspect(one.aspect)).collect();
    if !same.is_empty() {
        lines.push(format!("The same for all: {}.", same.join(", ").to_lowercase()));
    }
    lines
}

fn aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Tool => "Tool",
        Aspect::Version => "Version",
        Aspect::Model => "Model",
        Aspect::Effort => "Effort",
        Aspect::Arguments => "Arguments",
        Aspect::Instructions => "Instruction files",
        Aspect::Extensions => "Extensions",
        Aspect::Permissions => "Permissions",
        Aspect::Environment => "Environment",
        Aspect::Network => "Network",
        Aspect::Readable => "Readable files of the machine",
        Aspect::Limits => "Limits",
        Aspect::Account => "Account",
        Aspect::SignIn => "Signing in",
        Aspect::Address => "Address",
        Aspect::Price => "How cost is known",
        Aspect::Caches => "Input from caches",
        Aspect::Isolation => "Isolation",
        Aspect::Rounds => "Rounds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shares_a_value_stands_together_and_the_unknown_is_a_difference() {
        let of = |aspect, values: [Option<&str>; 3], differs| Fairness {
            aspect,
            values: values.map(|value| value.map(str::to_owned)).to_vec(),
            differs,
        };
        let all = [
            of(Aspect::Model, [Some("m"), Some("n"), Some("m")], true),
            of(Aspect::Account, [None, None, None], true),
            of(Aspect::Network, [Some("none"); 3], false),
        ];
        let names = ["Aster", "Birch", "Cedar"].map(str::to_owned);
        assert_eq!(
            sheet(&all, &names),
            [
                "Model: m (Aster, Cedar); n (Birch).",
                "Account: not known for all.",
                "The same for all: network."
            ]
        );
    }

    #[test]
    fn what_was_not_fixed_before_is_said_in_every_report() {
        let mut sample = crate::tests::sample::Sample::new();
        sample.comparison.basis = Some(fairtrial_domain::comparison::Basis {
            margin: 0.1,
            looks: Looks::AtEnd,
            planned_tasks: 2,
            planned_trials: 1,
            pairs: 3,
            standing: Standing::Exploratory { reasons: vec![Exploratory::OtherMargin] },
        });
        let said = "Exploratory: another margin than the plan's";
        assert!(crate::terminal(&sample.input(), 200, false).contains(said));
        assert!(crate::html(&sample.input()).contains("Exploratory: another margin than the plan"));
    }
}
