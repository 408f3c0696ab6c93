//! What may be concluded from trials, rule by rule: trials in, sentences out.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{Comparison, Conclusion, Standing, VerdictPart, WithheldReason};
use fairtrial_domain::id::{AssistantId, Digest, TaskId, TrialKey};
use fairtrial_domain::run::Validity;
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::usage::{Cost, CostSource};
use fairtrial_judge::{
    ArmEntry, ComparisonInput, Design, TaskEntry, TrialEntry, TrialResult, compare, from_csv, read_csv,
};
use proptest::prelude::*;

const TITLES: [&str; 6] = ["Aster", "Birch", "Cedar", "Dogwood", "Elder", "Fir"];

/// Trials by assistant, one word per task: `p` passed, `f` failed, `i` infra, `x` invalid, `u` ungraded, `-` none.
fn input(arms: &[&str]) -> ComparisonInput {
    let tasks = arms.first().map_or(0, |arm| arm.split_whitespace().count());
    let task_id = |t: usize| TaskId::parse(&format!("t{t}")).unwrap();
    let mut trials = Vec::new();
    for (arm, words) in arms.iter().enumerate() {
        for (task, word) in words.split_whitespace().enumerate() {
            for (trial, letter) in word.chars().enumerate() {
                let result = match letter {
                    'p' => TrialResult::Pass,
                    'f' => TrialResult::Fail,
                    'i' => TrialResult::Infra,
                    'x' => TrialResult::Invalid,
                    'u' => TrialResult::Ungraded,
                    _ => continue,
                };
                let key = TrialKey { task: task_id(task), assistant: id(arm), trial: trial as u32 + 1 };
                trials.push(TrialEntry {
                    key,
                    result,
                    cost: None,
                    seconds: Some(10.0 * (arm + 1) as f64),
                    tier: Some(Tier::Full),
                    scores: vec![],
                    more: vec![],
                });
            }
        }
    }
    let planned = arms.iter().flat_map(|arm| arm.split_whitespace()).map(str::len).max().unwrap_or(0);
    ComparisonInput {
        tasks: (0..tasks)
            .map(|t| TaskEntry {
                id: task_id(t),
                validity: Validity::Valid,
                canary: false,
                graded: true,
                kind: TaskKind::BugFix,
                repository: None,
            })
            .collect(),
        assistants: (0..arms.len())
            .map(|arm| ArmEntry {
                id: id(arm),
                title: TITLES[arm].to_owned(),
                sample: true,
                own_login: false,
                tool: None,
                model: None,
            })
            .collect(),
        trials,
        margin: 0.1,
        planned_trials: planned as u32,
        finished: true,
        design: Design {
            standing: Standing::PreRegistered { plan: Digest("plan".into()) },
            ..Design::default()
        },
    }
}

fn id(arm: usize) -> AssistantId {
    AssistantId::parse(&TITLES[arm].to_lowercase()).unwrap()
}

fn words(word: &str, times: usize) -> String {
    vec![word; times].join(" ")
}

fn pay(input: &mut ComparisonInput, arm: usize, usd: f64, source: CostSource) {
    for (n, trial) in input.trials.iter_mut().filter(|t| t.key.assistant == id(arm)).enumerate() {
        trial.cost = Some(Cost { usd: usd + 0.01 * (n % 3) as f64, source });
    }
}

fn reasons(got: &Comparison) -> Vec<WithheldReason> {
    let reason = |part: &VerdictPart| match part {
        VerdictPart::Withheld { reason } => Some(*reason),
        VerdictPart::SolvesMore { .. }
        | VerdictPart::Equivalent { .. }
        | VerdictPart::Undecided { .. }
        | VerdictPart::CostsLess { .. } => None,
    };
    got.verdict.parts.iter().filter_map(reason).collect()
}

fn withheld(input: &ComparisonInput, reason: WithheldReason, headline: &str) {
    let got = compare(input);
    assert_eq!(reasons(&got), [reason]);
    assert!(got.pairs.iter().all(|pair| pair.conclusion == Conclusion::Withheld));
    assert_eq!(got.verdict.headline, headline);
}

#[test]
fn a_clear_difference_names_the_better_one_with_its_bounds() {
    let got = compare(&input(&[&words("ppp", 12), &words("fff", 12)]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::ABetter);
    assert_eq!(got.verdict.top, [id(0)]);
    assert_eq!(
        got.verdict.headline,
        "Aster solves more tasks than Birch: 100 points more (95% interval 77 to 100, on 12 tasks)."
    );
    assert_eq!((got.arms[0].resolved, got.arms[0].trials, got.arms[0].tasks), (36, 36, 12));
    assert_eq!((got.arms[0].median_seconds, got.arms[1].median_seconds), (Some(10.0), Some(20.0)));
}

#[test]
fn the_order_of_assistants_turns_the_sign_and_nothing_else() {
    let got = compare(&input(&[&words("fff", 12), &words("ppp", 12)]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::BBetter);
    assert_eq!(
        got.verdict.headline,
        "Birch solves more tasks than Aster: 100 points more (95% interval 77 to 100, on 12 tasks)."
    );
}

#[test]
fn a_difference_below_the_margin_is_said_to_be_small() {
    let a = format!("{} {}", words("p", 380), words("p", 20));
    let b = format!("{} {}", words("p", 380), words("f", 20));
    let got = compare(&input(&[&a, &b]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::ASlightlyBetter);
    assert_eq!(
        got.verdict.headline,
        "Aster solves more tasks than Birch: 5 points more (95% interval 3 to 7, on 400 tasks), which is less \
         than the 10 points that matter."
    );
}

#[test]
fn two_alike_on_many_tasks_are_equivalent() {
    let got = compare(&input(&[&words("ppp", 30), &words("ppp", 30)]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::Equivalent);
    assert_eq!(got.verdict.top, [id(0), id(1)]);
    assert_eq!(
        got.verdict.headline,
        "Aster and Birch solve equally many tasks, within 10 points (95% interval \u{2212}4 to 4, on 30 tasks)."
    );
}

#[test]
fn what_is_undecided_has_its_price_against_the_margin() {
    let got = compare(&input(&["p p f p p f p p p f", "p f f p f f p p f p"]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::Undecided);
    let needed = got.pairs[0].tasks_needed.unwrap();
    assert!(
        got.verdict.headline.starts_with("Undecided: whether Aster or Birch solves more tasks is open, at a difference of 20 points (95% interval \u{2212}23 to 63, on 10 tasks). About "),
        "{}", got.verdict.headline
    );
    assert!(
        got.verdict.headline.contains(&format!("About {} more tasks would detect 10 points", needed - 10))
    );
    // The price rests on the spread and the margin: turning every difference round changes nothing.
    let turned = compare(&input(&["p f f p f f p p f p", "p p f p p f p p p f"]));
    assert_eq!(turned.pairs[0].tasks_needed, Some(needed));
}

#[test]
fn one_task_gives_no_verdict() {
    withheld(
        &input(&["ppp", "fff"]),
        WithheldReason::OneTask,
        "Withheld: one task says nothing about tasks in general.",
    );
}

#[test]
fn a_run_without_hidden_checks_gives_no_verdict() {
    let mut ungraded = input(&["u u u", "u u u"]);
    ungraded.tasks.iter_mut().for_each(|task| task.graded = false);
    withheld(&ungraded, WithheldReason::Ungraded, "Withheld: no hidden check says what is solved.");
    assert_eq!(compare(&ungraded).arms[0].median_seconds, Some(10.0));
    assert_eq!(compare(&ungraded).arms[0].trials, 0);
}

#[test]
fn without_isolation_or_with_mixed_isolation_there_is_no_verdict() {
    let mut plain = input(&[&words("p", 9), &words("f", 9)]);
    plain.trials[0].tier = Some(Tier::Plain);
    withheld(&plain, WithheldReason::MixedTiers, "Withheld: trials ran with different isolation.");
    plain.trials.iter_mut().for_each(|trial| trial.tier = Some(Tier::Plain));
    withheld(&plain, WithheldReason::NotIsolated, "Withheld: trials ran without isolation.");
    assert!(compare(&plain).pairs[0].difference.is_some(), "the numbers stay visible");
    let mut walls = plain;
    walls.trials.iter_mut().for_each(|trial| trial.tier = Some(Tier::Bubblewrap));
    assert_ne!(compare(&walls).pairs[0].conclusion, Conclusion::Withheld);
    walls.trials[0].tier = Some(Tier::Full);
    withheld(&walls, WithheldReason::MixedTiers, "Withheld: trials ran with different isolation.");
}

#[test]
fn a_run_that_goes_on_gives_no_verdict() {
    let mut unfinished = input(&[&words("p", 9), &words("f", 9)]);
    unfinished.finished = false;
    withheld(&unfinished, WithheldReason::Unfinished, "Withheld: the run has not finished.");
    assert_eq!(compare(&unfinished).verdict.top, []);
}

#[test]
fn one_assistant_alone_gives_no_verdict() {
    let words = "Withheld: fewer than two assistants have evidence.";
    withheld(&input(&["p p"]), WithheldReason::NoEvidence, words);
    withheld(&input(&["p p", "i i"]), WithheldReason::NoEvidence, words);
    withheld(&input(&[]), WithheldReason::NoEvidence, words);
}

#[test]
fn infra_failures_are_counted_and_never_become_zeros() {
    let got = compare(&input(&["ppi ppp ppp", "ppp pip ppp"]));
    assert_eq!((got.arms[0].trials, got.arms[0].resolved, got.arms[0].infra), (8, 8, 1));
    assert_eq!(got.pairs[0].difference.as_ref().unwrap().estimate, 0.0);
    assert!(got.pairs[0].infra_as_failed.is_some());
    let told: Vec<_> = got.excluded.iter().map(|e| (e.trials, e.reason.as_str())).collect();
    let reason = "ended for a reason that is not the assistant's";
    assert_eq!(told, [(1, reason), (1, reason)]);
}

#[test]
fn without_infra_failures_there_is_no_second_reading() {
    assert_eq!(compare(&input(&["p p", "f p"])).pairs[0].infra_as_failed, None);
}

#[test]
fn more_than_ten_percent_infra_on_one_side_withholds_the_pair() {
    let hit = format!("{} {}", words("ppp", 16), words("iii", 4));
    let got = compare(&input(&[&words("fff", 20), &hit]));
    assert_eq!(got.pairs[0].conclusion, Conclusion::Withheld);
    assert_eq!(reasons(&got), [WithheldReason::InfraAsymmetry]);
    assert_eq!(
        got.verdict.headline,
        "Withheld: failures that are not the assistant's hit one side far more than the other."
    );
    // Exactly ten percent is not more.
    let hit = format!("{} {}", words("ppp", 18), words("iii", 2));
    assert_eq!(compare(&input(&[&words("fff", 20), &hit])).pairs[0].conclusion, Conclusion::BBetter);
}

#[test]
fn a_conclusion_must_hold_with_infra_failures_counted_as_failed() {
    // Left out, Aster is ahead on 7 of 40 tasks; as failures, two of those seven are gone and one is lost.
    let a = format!("{} {} {}", words("p", 5), words("pi", 4), words("p", 31));
    let b = format!("{} {} {}", words("f", 5), words("p", 4), words("p", 31));
    let got = compare(&input(&[&a, &b]));
    let (out, failed) =
        (got.pairs[0].difference.clone().unwrap(), got.pairs[0].infra_as_failed.clone().unwrap());
    assert!(out.low > 0.0, "{out:?}");
    assert!(failed.low <= 0.0, "{failed:?}");
    assert_eq!(got.pairs[0].conclusion, Conclusion::Undecided);
}

#[test]
fn an_invalid_task_is_left_out_and_stays_visible() {
    let mut bad = input(&["p p p f", "p p p p"]);
    bad.tasks[3].validity = Validity::Invalid { reasons: vec!["the reference fails check `new`".to_owned()] };
    let got = compare(&bad);
    assert_eq!((got.tasks, got.arms[0].trials, got.arms[0].resolved), (3, 3, 3));
    assert_eq!(got.excluded[0].task, Some(bad.tasks[3].id.clone()));
    assert_eq!(got.excluded[0].trials, 2);
    assert_eq!(got.excluded[0].reason, "the task is invalid: the reference fails check `new`");
}

#[test]
fn a_weak_task_counts() {
    let mut weak = input(&["p p p", "p p p"]);
    weak.tasks[0].validity = Validity::Weak { reasons: vec!["no reference".to_owned()] };
    assert_eq!(compare(&weak).tasks, 3);
}

#[test]
fn a_canary_is_reported_apart_and_never_counts_as_solving() {
    let mut canary = input(&["p p p f", "p p p p"]);
    canary.tasks[3].canary = true;
    let got = compare(&canary);
    assert_eq!((got.tasks, got.arms[1].resolved), (3, 3));
    // A trial lost to infra says nothing about cheating either.
    let mut lost = input(&["p p p f", "p p p i"]);
    lost.tasks[3].canary = true;
    let told = compare(&lost).excluded[0].clone();
    assert_eq!(told.trials, 2);
    assert!(told.reason.contains("; 0 of 1 passed"), "{}", told.reason);
    assert_eq!(
        got.excluded[0].reason,
        "canary: it measures cheating, not solving; 1 of 2 passed what no honest change can pass"
    );
}

#[test]
fn an_ungraded_task_among_graded_ones_is_left_out() {
    let mut mixed = input(&["p p p u", "p p p u"]);
    mixed.tasks[3].graded = false;
    let got = compare(&mixed);
    assert_eq!(got.tasks, 3);
    assert_eq!(
        (got.excluded[0].trials, got.excluded[0].reason.as_str()),
        (2, "the task has no hidden check")
    );
}

#[test]
fn trials_that_do_not_belong_are_told_and_not_counted() {
    let mut odd = input(&["p p x", "p p p"]);
    odd.trials.push(odd.trials[0].clone());
    let mut stranger = odd.trials[0].clone();
    stranger.key.assistant = id(5);
    odd.trials.push(stranger);
    odd.planned_trials = 2;
    let got = compare(&odd);
    let told: Vec<_> = got.excluded.iter().map(|e| (e.trials, e.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, "its task or assistant is not in the plan"),
            (1, "given twice"),
            (1, "the task's checks could not be trusted"),
            (3, "missing: planned, or there for another task or assistant"),
            (3, "missing: planned, or there for another task or assistant"),
        ]
    );
}

#[test]
fn pairs_rest_on_the_tasks_that_both_tried() {
    let got = compare(&input(&["p p - p p", "f f p p -"]));
    assert_eq!(got.pairs[0].difference.as_ref().unwrap().n, 3);
}

#[test]
fn the_best_of_several_beats_every_rival() {
    let (good, bad) = (words("ppp", 12), words("fff", 12));
    let got = compare(&input(&[&good, &bad, &words("pff", 12)]));
    assert_eq!(got.verdict.top, [id(0)]);
    assert!(
        got.verdict.headline.starts_with(
            "Aster solves more tasks than each of Birch and Cedar; the nearest is Cedar, 67 points behind ("
        ),
        "{}",
        got.verdict.headline
    );
}

#[test]
fn several_unbeaten_ones_are_a_group_and_no_winner() {
    let (good, bad) = (words("ppp", 12), words("fff", 12));
    let got = compare(&input(&[&good, &good, &bad]));
    assert_eq!(got.verdict.top, [id(0), id(1)]);
    assert_eq!(
        got.verdict.headline,
        "Top group: Aster and Birch; no rival beats any of them. Beaten by at least one: Cedar."
    );
}

#[test]
fn among_many_pairs_what_may_be_chance_is_said_to_be() {
    // Five tasks decide nothing, however clear they look.
    let got = compare(&input(&[&words("p", 5), "p p f f p", "p f p f p", &words("f", 5)]));
    assert_eq!(got.verdict.top.len(), 4);
    assert!(
        got.verdict.headline.starts_with(
            "Undecided: none of Aster, Birch, Cedar and Dogwood is shown to solve more tasks than another. Fewer \
             than 6 tasks can decide nothing. About "
        ),
        "{}",
        got.verdict.headline
    );
    // Over twelve tasks every pattern of signs is rare enough for Dogwood; for Cedar it is not, although its
    // interval excludes zero by itself.
    let odd = format!("{} {}", words("p", 6), words("f", 6));
    let got = compare(&input(&[&words("p", 12), &words("p", 12), &odd, &words("f", 12)]));
    assert_eq!(
        got.verdict.headline,
        "Top group: Aster, Birch and Cedar; no rival beats any of them. Beaten by at least one: Dogwood."
    );
    let cedar = &got.pairs[1];
    assert!(cedar.difference.as_ref().unwrap().low > 0.0 && cedar.p.unwrap() < 0.05);
    assert!(cedar.p_adjusted.unwrap() > 0.05);
    assert_eq!(cedar.conclusion, Conclusion::Undecided);
}

#[test]
fn several_of_whom_nobody_is_beaten_stay_undecided() {
    let got = compare(&input(&["p f p f p", "f p p p f", "p p f f p"]));
    assert_eq!(got.verdict.top.len(), 3);
    assert!(
        got.verdict.headline.starts_with(
            "Undecided: none of Aster, Birch and Cedar is shown to solve more tasks than another. Fewer than \
             6 tasks can decide nothing. About "
        ),
        "{}",
        got.verdict.headline
    );
}

#[test]
fn several_pairs_carry_a_corrected_p() {
    let got = compare(&input(&[&words("p", 8), &words("f", 8), &words("p", 8)]));
    let p: Vec<_> = got.pairs.iter().map(|pair| (pair.p.unwrap(), pair.p_adjusted.unwrap())).collect();
    assert!(p.iter().all(|(raw, adjusted)| adjusted >= raw), "{p:?}");
    assert_eq!(p[0].0, 2.0 / 256.0);
    assert_eq!(p[0].1, 6.0 / 256.0);
}

#[test]
fn a_cost_difference_is_told_first_where_solving_is_open() {
    let mut paid = input(&["p p p p p f p p p p", "p p p f p p p p p p"]);
    pay(&mut paid, 0, 0.5, CostSource::Reported);
    pay(&mut paid, 1, 2.0, CostSource::Reported);
    let got = compare(&paid);
    assert!(
        got.verdict.headline.starts_with("Aster costs 75% less per solved task than Birch (95% interval "),
        "{}",
        got.verdict.headline
    );
    assert!(got.verdict.headline.contains(") Undecided: ") || got.verdict.headline.contains(" Undecided: "));
    assert!(matches!(got.verdict.parts[0], VerdictPart::CostsLess { simulated: false, .. }));
    assert!((got.arms[0].cost_per_resolved.unwrap() - 5.09 / 9.0).abs() < 1e-9);
    assert_eq!((got.arms[0].cost.unknown, got.arms[0].cost.simulated), (0, false));
}

#[test]
fn an_unknown_cost_gives_no_word_on_cost() {
    let mut paid = input(&["p p p p p f p p p p", "p p p f p p p p p p"]);
    pay(&mut paid, 0, 0.5, CostSource::Reported);
    pay(&mut paid, 1, 2.0, CostSource::Reported);
    paid.trials[3].cost = None;
    paid.trials[4].cost = Some(Cost { usd: f64::NAN, source: CostSource::Reported });
    let got = compare(&paid);
    assert!(got.verdict.headline.starts_with("Undecided: "), "{}", got.verdict.headline);
    assert_eq!(got.arms[0].cost_per_resolved, None);
    assert_eq!(got.arms[0].cost.unknown, 2);
}

#[test]
fn simulated_costs_are_said_to_be() {
    let mut paid = input(&[&words("p", 8), &words("p", 8)]);
    pay(&mut paid, 0, 0.5, CostSource::Simulated);
    pay(&mut paid, 1, 2.0, CostSource::Simulated);
    assert!(compare(&paid).verdict.headline.contains(", simulated costs)"));
}

#[test]
fn a_margin_that_is_no_number_decides_nothing_by_itself() {
    for margin in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        let mut odd = input(&[&words("ppp", 5), &words("ppp", 5)]);
        odd.margin = margin;
        let got = compare(&odd);
        assert_eq!(got.pairs[0].tasks_needed, None, "{margin}");
        if !margin.is_infinite() {
            assert_eq!(got.pairs[0].conclusion, Conclusion::Undecided, "{margin}");
        }
    }
}

#[test]
fn a_table_of_somebody_else_gives_a_verdict() {
    let mut text = "task,assistant,trial,outcome,cost,seconds\n".to_owned();
    for task in 0..10 {
        text.push_str(&format!("Task {task},\"Aster, large\",1,pass,0.5,10\nTask {task},Birch,1,fail,,\n"));
    }
    let input = from_csv(&read_csv(&text).unwrap(), 0.1).unwrap();
    let got = compare(&input);
    assert_eq!(
        got.verdict.headline,
        "Aster, large solves more tasks than Birch: 100 points more (95% interval 68 to 100, on 10 tasks). \
         Exploratory: no plan fixed this before the trials."
    );
    assert_eq!(got.arms[1].cost_per_resolved, None);
    assert_eq!(got.arms[1].cost.unknown, 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_trials_give_numbers_and_a_sentence(
        arms in prop::collection::vec(prop::collection::vec("[pfixu-]{0,3}", 6), 0..5),
        margin in -0.5f64..1.5, finished: bool, by in 0usize..6,
    ) {
        let text: Vec<String> = arms.iter().map(|arm| {
            arm.iter().map(|w| if w.is_empty() { "-" } else { w.as_str() }).collect::<Vec<_>>().join(" ")
        }).collect();
        let mut one = input(&text.iter().map(String::as_str).collect::<Vec<_>>());
        (one.margin, one.finished) = (margin, finished);
        let got = compare(&one);
        prop_assert!(!got.verdict.headline.contains("NaN") && got.verdict.headline.ends_with('.'));
        for arm in &got.arms {
            prop_assert!(arm.resolved <= arm.trials);
            prop_assert!(arm.rate.as_ref().is_none_or(|r| 0.0 <= r.low && r.low <= r.high && r.high <= 1.0));
        }
        for pair in &got.pairs {
            let better = [Conclusion::ABetter, Conclusion::ASlightlyBetter].contains(&pair.conclusion);
            prop_assert!(!better || pair.difference.as_ref().is_some_and(|d| d.low > 0.0));
        }
        // The order of tasks and of trials changes nothing that is concluded.
        let mut other = one.clone();
        if !other.tasks.is_empty() {
            let by = by % other.tasks.len();
            other.tasks.rotate_left(by);
        }
        other.trials.reverse();
        let again = compare(&other);
        prop_assert_eq!(got.verdict.headline, again.verdict.headline);
        prop_assert_eq!(got.verdict.top, again.verdict.top);
        // Who is first does not matter to what is concluded.
        let mut turned = one.clone();
        turned.assistants.reverse();
        let turned = compare(&turned);
        for (pair, mirror) in got.pairs.iter().zip(turned.pairs.iter().rev()) {
            let d = pair.difference.as_ref().map(|d| (d.estimate, d.low));
            let m = mirror.difference.as_ref().map(|d| (-d.estimate, -d.high));
            if pair.a == mirror.b && pair.b == mirror.a {
                prop_assert_eq!(d.is_some(), m.is_some());
                if let (Some(d), Some(m)) = (d, m) {
                    prop_assert!((d.0 - m.0).abs() < 1e-12 && (d.1 - m.1).abs() < 1e-12);
                }
            }
        }
    }
}
