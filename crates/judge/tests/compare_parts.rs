//! What a comparison says beside the solved rate, and how it may be looked at: trials in, words and figures out.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{
    Conclusion, Exploratory, Factor, Looks, PairPart, PartKind, Standing, WithheldReason,
};
use fairtrial_domain::id::{AssistantId, Digest, TaskId, TrialKey};
use fairtrial_domain::run::Validity;
use fairtrial_domain::score::ScoreId;
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::usage::{Cost, CostSource};
use fairtrial_judge::compare::{RATIO_MARGIN, SCORE_MARGIN};
use fairtrial_judge::stats::Preferred;
use fairtrial_judge::{
    ArmEntry, BlindVote, ComparisonInput, Design, LaterRound, TaskEntry, TrialEntry, TrialResult, compare,
    english,
};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["aster", "birch", "cedar", "dogwood"];

fn id(arm: usize) -> AssistantId {
    AssistantId::parse(NAMES[arm]).unwrap()
}

fn task(at: usize) -> TaskId {
    TaskId::parse(&format!("t{at}")).unwrap()
}

/// One row per assistant, one letter per task (`p`, `f`, `i`), each tried `trials` times alike.
fn input(rows: &[String], trials: u32) -> ComparisonInput {
    let tasks = rows[0].len();
    let mut entries = vec![];
    for (arm, row) in rows.iter().enumerate() {
        for (at, letter) in row.chars().enumerate() {
            let result = match letter {
                'p' => TrialResult::Pass,
                'i' => TrialResult::Infra,
                _ => TrialResult::Fail,
            };
            entries.extend((1..=trials).map(|trial| TrialEntry {
                key: TrialKey { task: task(at), assistant: id(arm), trial },
                result,
                cost: Some(Cost { usd: 1.0, source: CostSource::Reported }),
                seconds: Some(60.0 + at as f64),
                tier: Some(Tier::Full),
                scores: vec![],
                more: vec![],
            }));
        }
    }
    let entry = |at| TaskEntry {
        id: task(at),
        validity: Validity::Valid,
        canary: false,
        graded: true,
        kind: TaskKind::BugFix,
        repository: None,
    };
    let arm = |arm: usize| ArmEntry {
        id: id(arm),
        title: NAMES[arm].to_uppercase(),
        sample: false,
        own_login: false,
        tool: None,
        model: None,
    };
    ComparisonInput {
        tasks: (0..tasks).map(entry).collect(),
        assistants: (0..rows.len()).map(arm).collect(),
        trials: entries,
        margin: 0.1,
        planned_trials: trials,
        finished: true,
        design: Design {
            standing: Standing::PreRegistered { plan: Digest("p".into()) },
            ..Design::default()
        },
    }
}

fn rows(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn part(parts: &[PairPart], kind: PartKind) -> &PairPart {
    parts.iter().find(|part| part.part == kind).unwrap()
}

#[test]
fn a_live_verdict_needs_the_sequential_test() {
    let mut live = input(&["p".repeat(20), "f".repeat(20)], 1);
    live.finished = false;
    let reason = |input: &ComparisonInput| compare(input).verdict.sentences[0].code.clone();
    assert_eq!(reason(&live), "withheld_unfinished");
    live.design.looks = Looks::EveryTask;
    // Six tasks are through, the seventh with one assistant only.
    let place = |trial: &TrialEntry| trial.key.task.as_str()[1..].parse::<usize>().unwrap();
    let all = live.trials.clone();
    live.trials.retain(|trial| place(trial) < 6 || place(trial) == 6 && trial.key.assistant == id(0));
    let got = compare(&live);
    assert_eq!(got.pairs[0].conclusion, Conclusion::Undecided);
    assert_eq!(got.arms[0].trials, 6, "a half task is no look");
    live.trials = all.into_iter().filter(|trial| place(trial) < 7).collect();
    let got = compare(&live);
    assert_eq!(got.pairs[0].early.as_ref().unwrap().decided_after, Some(7));
    assert!(
        got.verdict.headline.ends_with("Decided after 7 of 20 planned tasks by the sequential test."),
        "{}",
        got.verdict.headline
    );
}

#[test]
fn tasks_added_without_a_plan_are_judged_by_their_evidence() {
    let mut growing = input(&["p".repeat(7), "f".repeat(7)], 1);
    growing.design.looks = Looks::Growing;
    let got = compare(&growing);
    assert_eq!(got.pairs[0].conclusion, Conclusion::Undecided, "seven of seven are evidence 15.9");
    let mut more = input(&["p".repeat(8), "f".repeat(8)], 1);
    more.design.looks = Looks::Growing;
    let got = compare(&more);
    assert_eq!(got.pairs[0].conclusion, Conclusion::ABetter);
    assert!(got.pairs[0].early.as_ref().unwrap().evidence.unwrap() > 20.0);
}

#[test]
fn no_worse_is_said_where_better_is_not_known() {
    // Ahead on 3 of 60 tasks, behind on none.
    let got = compare(&input(&["p".repeat(60), format!("{}fff", "p".repeat(57))], 1));
    assert!(got.pairs[0].not_worse.a && !got.pairs[0].not_worse.b);
    assert!(
        got.verdict.headline.starts_with(
            "ASTER solves no fewer tasks than BIRCH by 10 points or more; whether it solves more is undecided"
        ),
        "{}",
        got.verdict.headline
    );
}

#[test]
fn the_price_of_settling_is_told_in_tasks_money_and_hours() {
    let got = compare(&input(&rows(&["ppfppfpppf", "pffpffppfp"]), 2));
    let price = got.pairs[0].price.clone().unwrap();
    assert_eq!((price.trials, price.usd), (price.tasks * 4, Some(f64::from(price.tasks) * 4.0)));
    assert!((price.hours.unwrap() - f64::from(price.tasks) * 4.0 * 64.5 / 3600.0).abs() < 1e-9);
    let mut sample = input(&rows(&["ppfppfpppf", "pffpffppfp"]), 2);
    sample.trials[0].cost = Some(Cost { usd: 1.0, source: CostSource::Simulated });
    assert_eq!(compare(&sample).pairs[0].price.as_ref().unwrap().usd, None, "no money is made up");
}

#[test]
fn a_verdict_must_hold_for_lost_trials_as_well_and_shows_its_bounds() {
    let got = compare(&input(&rows(&["pppppppppi", "ffffffffff"]), 1));
    let lost = got.pairs[0].lost.clone().unwrap();
    assert_eq!((lost.excluded, lost.best), (1.0, 1.0));
    assert!(got.pairs[0].p_as_failed.is_some());
    assert_eq!(got.pairs[0].conclusion, Conclusion::ABetter);
}

#[test]
fn faster_and_smaller_are_told_on_the_tasks_that_carry_them() {
    let mut both = input(&["p".repeat(9), "ppppppppf".to_owned()], 2);
    for trial in &mut both.trials {
        let (slow, at) = (trial.key.assistant == id(1), trial.key.task.as_str().len());
        let wobble = f64::from(trial.key.trial) + trial.key.task.as_str().as_bytes()[at - 1] as f64 % 7.0;
        trial.seconds = Some(if slow { 100.0 } else { 50.0 } + wobble);
        trial.scores = vec![(ScoreId::Size, if slow { 0.3 } else { 0.8 } + wobble / 100.0)];
    }
    let got = compare(&both);
    let parts = &got.pairs[0].parts;
    assert_eq!(part(parts, PartKind::Time).conclusion, Conclusion::ABetter);
    let size = part(parts, PartKind::Score(ScoreId::Size));
    assert_eq!((size.conclusion, size.effect.as_ref().unwrap().n), (Conclusion::ABetter, 8));
    assert_eq!(part(parts, PartKind::Consistency).conclusion, Conclusion::Undecided);
    let codes: Vec<&str> = got.verdict.details.iter().map(|one| one.code.as_str()).collect();
    assert!(codes.contains(&"takes_less") && codes.contains(&"scores"), "{codes:?}");
    assert!(got.verdict.headline.starts_with("ASTER takes "), "{}", got.verdict.headline);
    // A mirror says the mirror.
    both.assistants.reverse();
    assert_eq!(part(&compare(&both).pairs[0].parts, PartKind::Time).conclusion, Conclusion::BBetter);
}

#[test]
fn kinds_of_tasks_are_told_apart() {
    let mut kinds = input(&[format!("{}{}", "p".repeat(8), "f".repeat(8)), "f".repeat(16)], 1);
    kinds.tasks[8..].iter_mut().for_each(|task| task.kind = TaskKind::Feature);
    let got = compare(&kinds);
    let told: Vec<_> = got.strata.iter().map(|s| (s.kind, s.tasks, s.pairs[0].conclusion)).collect();
    assert_eq!(
        told,
        [(TaskKind::BugFix, 8, Conclusion::ABetter), (TaskKind::Feature, 8, Conclusion::Undecided)]
    );
    assert_eq!(got.verdict.details.last().unwrap().code, "kind_open");
}

#[test]
fn tasks_of_one_repository_can_be_counted_once() {
    let mut shared = input(&["p".repeat(8), "f".repeat(8)], 1);
    for (at, task) in shared.tasks.iter_mut().enumerate() {
        task.repository = Some(format!("r{}", at / 2));
    }
    let by = compare(&shared).pairs[0].by_repository.clone().unwrap();
    assert_eq!((by.estimate, by.n), (1.0, 4));
    shared.tasks.iter_mut().for_each(|task| task.repository = None);
    assert_eq!(compare(&shared).pairs[0].by_repository, None);
}

#[test]
fn tool_and_model_are_taken_apart_where_they_cross() {
    // The tool decides everything, the model nothing.
    let mut crossed = input(&["p".repeat(10), "p".repeat(10), "f".repeat(10), "f".repeat(10)], 1);
    for (at, arm) in crossed.assistants.iter_mut().enumerate() {
        arm.tool = Some(["one", "other"][at / 2].to_owned());
        arm.model = Some(["large", "small"][at % 2].to_owned());
    }
    let got = compare(&crossed).factors.unwrap();
    let told: Vec<_> = got.effects.iter().map(|e| (e.factor, e.by.estimate, e.over.len())).collect();
    assert_eq!(told, [(Factor::Tool, 1.0, 2), (Factor::Model, 0.0, 2)]);
    assert_eq!((got.interactions.len(), got.interactions[0].by.estimate), (1, 0.0));
    crossed.assistants[1].model = None;
    assert!(compare(&crossed).factors.unwrap().interactions.is_empty());
    crossed.assistants.iter_mut().for_each(|arm| arm.model = None);
    assert_eq!(compare(&crossed).factors, None);
}

#[test]
fn weights_make_a_score_that_says_where_it_turns() {
    let mut chosen = input(&["ppppppppff".to_owned(), "ppppppffff".to_owned()], 2);
    for trial in chosen.trials.iter_mut().filter(|trial| trial.result == TrialResult::Pass) {
        trial.scores = vec![(ScoreId::Size, if trial.key.assistant == id(0) { 0.2 } else { 0.9 })];
    }
    assert_eq!(compare(&chosen).weighted, None, "no score until somebody chooses weights");
    let weights = [("solved", 3.0), ("size", 1.0), ("scope", 1.0)];
    chosen.design.weights = Some(weights.map(|(name, weight)| (name.to_owned(), weight)).into());
    let got = compare(&chosen).weighted.unwrap();
    assert_eq!(got.missing, ["scope"]);
    assert!((got.scores[0].score - (0.8 * 3.0 + 0.2) / 4.0).abs() < 1e-9, "{got:?}");
    let size = got.flips.iter().find(|flip| flip.criterion == "size").unwrap();
    assert!((size.at.unwrap() - 0.2 / 0.9).abs() < 1e-9 && size.weight == 0.25, "{size:?}");
}

#[test]
fn blind_votes_give_strengths_with_bounds() {
    let mut voted = input(&["p".repeat(12), "p".repeat(12)], 1);
    for at in 0..12 {
        for reviewer in 0..2 {
            let (left, right) = if at % 2 == 0 { (0, 1) } else { (1, 0) };
            let first = at % 4 != 3;
            let preferred = match (first, left == 0, at == 6) {
                (_, _, true) => Preferred::Tie,
                (true, true, _) | (false, false, _) => Preferred::Left,
                (true, false, _) | (false, true, _) => Preferred::Right,
            };
            let reviewer = format!("r{reviewer}");
            voted.design.votes.push(BlindVote {
                task: task(at),
                left: id(left),
                right: id(right),
                preferred,
                reviewer,
            });
        }
    }
    let got = compare(&voted).votes.unwrap();
    assert_eq!((got.votes, got.tasks, got.alpha), (24, 12, Some(1.0)));
    let aster = &got.strengths[0];
    assert!(aster.strength > 0.0 && aster.preferred > 0.5 && aster.low.unwrap() < aster.strength, "{got:?}");
    assert!(got.left.is_some() && got.tie.unwrap() > 0.0);
    voted.design.votes.truncate(1);
    assert!(compare(&voted).votes.unwrap().missing.is_some());
}

#[test]
fn rounds_add_up_and_round_one_stays_the_headline() {
    let mut rounds = input(&["pppff".to_owned(), "fffff".to_owned()], 1);
    for trial in
        rounds.trials.iter_mut().filter(|t| t.key.assistant == id(0) && t.result == TrialResult::Fail)
    {
        let solved = trial.key.task == task(3);
        trial.more = vec![LaterRound { solved: Some(solved), usd: Some(0.5), seconds: None }];
    }
    let got = compare(&rounds);
    assert_eq!(got.arms[0].rate.as_ref().unwrap().estimate, 0.6);
    let told: Vec<_> =
        got.arms[0].rounds.iter().map(|r| (r.round, r.rate.as_ref().unwrap().estimate, r.usd)).collect();
    assert_eq!(told, [(1, 0.6, Some(5.0)), (2, 0.8, Some(6.0))]);
    assert_eq!(got.arms[0].rounds[1].seconds, None, "an unknown time stays unknown");
    assert!(got.arms[1].rounds.is_empty());
    // One whose round was lost to a fault is no evidence from there on: four tasks are left, all solved.
    let lost = rounds.trials.iter_mut().find(|t| t.key.assistant == id(0) && t.key.task == task(4)).unwrap();
    lost.more[0].solved = None;
    let got = compare(&rounds);
    let told: Vec<_> = got.arms[0].rounds.iter().map(|r| r.rate.as_ref().unwrap().estimate).collect();
    assert_eq!(told, [0.6, 1.0]);
}

#[test]
fn several_tries_have_their_chances() {
    let mut tries = input(&["pppp".to_owned(), "ffff".to_owned()], 2);
    tries.trials[0].result = TrialResult::Fail;
    let pass = compare(&tries).arms[0].pass_k.clone();
    assert_eq!(pass.len(), 2);
    assert_eq!((pass[0].any, pass[0].all), (0.875, 0.875));
    assert_eq!((pass[1].any, pass[1].all, pass[1].n), (1.0, 0.75, 4));
}

#[test]
fn what_was_not_fixed_before_is_said_at_once() {
    let mut free = input(&["p".repeat(9), "f".repeat(9)], 1);
    free.design.standing =
        Standing::Exploratory { reasons: vec![Exploratory::OtherMargin, Exploratory::AssistantsLeftOut] };
    let got = compare(&free);
    assert!(
        got.verdict.headline.ends_with(
            "Exploratory: the margin is not the plan's. Exploratory: assistants of the plan were left out."
        ),
        "{}",
        got.verdict.headline
    );
    assert_eq!(got.basis.unwrap().standing, free.design.standing);
}

#[test]
fn a_word_for_every_reason_to_withhold() {
    use WithheldReason::*;
    for reason in [OneTask, Ungraded, InfraAsymmetry, NoEvidence, NotIsolated, MixedTiers, Unfinished] {
        let word = serde_json::to_value(reason).unwrap();
        assert!(
            fairtrial_judge::compare::template(&format!("withheld_{}", word.as_str().unwrap())).is_some()
        );
    }
}

/// Two who solve everything on twelve tasks, twice: the first's costs and times are `ratio` of the second's, give or
/// take `spread` by turns.
fn paid(ratio: f64, spread: f64) -> ComparisonInput {
    let mut input = input(&["p".repeat(12), "p".repeat(12)], 2);
    for trial in &mut input.trials {
        let at: usize = trial.key.task.as_str()[1..].parse().unwrap();
        let turn = if at.is_multiple_of(2) { 1.0 + spread } else { 1.0 - spread };
        let factor = if trial.key.assistant == id(0) { ratio * turn } else { 1.0 };
        trial.cost = Some(Cost { usd: factor, source: CostSource::Reported });
        trial.seconds = Some(90.0 * factor);
    }
    input
}

/// Every sentence on a part of the only pair that names cost or time, in English.
fn details(input: &ComparisonInput) -> Vec<String> {
    let title = |id: &AssistantId| id.as_str().to_uppercase();
    compare(input).verdict.details.iter().map(|one| english(one, &title)).collect()
}

#[track_caller]
fn says(input: &ComparisonInput, kind: PartKind, expected: Conclusion, sentence: &str) {
    let got = compare(input);
    assert_eq!(part(&got.pairs[0].parts, kind).conclusion, expected);
    let told = details(input);
    assert!(told.iter().any(|one| one == sentence), "{told:#?}");
}

#[test]
fn a_cost_is_better_or_better_below_the_margin_that_matters() {
    says(
        &paid(0.5, 0.2),
        PartKind::CostPerSolved,
        Conclusion::ABetter,
        "ASTER costs 50% less per solved task than BIRCH (95% interval 43 to 56%).",
    );
    let small = "ASTER costs 8% less per solved task than BIRCH (95% interval 5 to 11%), which is below the \
                 margin that matters: a factor of 1.25.";
    says(&paid(0.92, 0.05), PartKind::CostPerSolved, Conclusion::ASlightlyBetter, small);
    let headline = compare(&paid(0.92, 0.05)).verdict.headline;
    assert!(!headline.contains("costs"), "what does not matter does not lead: {headline}");
    let mut turned = paid(0.92, 0.05);
    turned.assistants.reverse();
    says(&turned, PartKind::CostPerSolved, Conclusion::BSlightlyBetter, small);
}

#[test]
fn a_cost_and_a_time_are_equal_when_the_interval_is_inside_the_factor() {
    for (kind, words) in [(PartKind::CostPerSolved, "cost per solved task"), (PartKind::Time, "time")] {
        let (low, high) = if kind == PartKind::Time { ("0.93", "1.06") } else { ("0.94", "1.07") };
        says(
            &paid(1.0, 0.1),
            kind,
            Conclusion::Equivalent,
            &format!(
                "ASTER and BIRCH are equal in {words}, within a factor of 1.25 (95% interval {low} to {high}, \
                 on 12 tasks)."
            ),
        );
    }
    let mut sample = paid(1.0, 0.1);
    sample.trials[0].cost = Some(Cost { usd: 1.0, source: CostSource::Simulated });
    assert!(details(&sample).iter().any(|one| one.ends_with("on 12 tasks, simulated costs).")));
}

#[test]
fn an_open_cost_says_what_settling_it_would_take() {
    let open = paid(0.9, 0.5);
    let got = compare(&open);
    let cost = part(&got.pairs[0].parts, PartKind::CostPerSolved);
    let price = cost.price.clone().unwrap();
    assert_eq!((cost.margin, cost.tasks_needed), (Some(RATIO_MARGIN), Some(43)));
    assert_eq!((price.tasks, price.trials), (31, 124));
    // Two trials of either on 31 tasks: 0.9 and 1 dollars, 81 and 90 seconds.
    assert!(
        (price.usd.unwrap() - 117.8).abs() < 1e-9 && (price.hours.unwrap() - 2.945).abs() < 1e-9,
        "{price:?}"
    );
    let start = "Whether ASTER or BIRCH is better in cost per solved task is undecided. ";
    let about = "About 31 more tasks would detect a factor of 1.25 with 80% power";
    let text = format!("{start}{about}: $118 and 3 hours of trials.");
    says(&open, PartKind::CostPerSolved, Conclusion::Undecided, &text);

    let mut sample = paid(0.9, 0.5);
    sample.trials[0].cost = Some(Cost { usd: 1.35, source: CostSource::Simulated });
    let text = format!("{start}{about}: 3 hours of trials, at a cost that is not known.");
    says(&sample, PartKind::CostPerSolved, Conclusion::Undecided, &text);

    let mut timeless = paid(0.9, 0.5);
    timeless.trials.iter_mut().for_each(|trial| trial.seconds = None);
    let text = format!("{start}{about}: $118, in a time that is not known.");
    says(&timeless, PartKind::CostPerSolved, Conclusion::Undecided, &text);
    timeless.trials[0].cost = Some(Cost { usd: 1.35, source: CostSource::Simulated });
    let text = format!("{start}{about}, at a cost and in a time that are not known.");
    says(&timeless, PartKind::CostPerSolved, Conclusion::Undecided, &text);
}

#[test]
fn tasks_that_would_have_shown_the_margin_are_said_to() {
    says(
        &paid(0.9, 0.26),
        PartKind::CostPerSolved,
        Conclusion::Undecided,
        "Whether ASTER or BIRCH is better in cost per solved task is undecided. The 12 tasks at hand would have \
         detected a factor of 1.25 with 80% power; the difference may be smaller.",
    );
}

#[test]
fn what_has_no_figure_is_withheld_with_its_reason() {
    let mut unknown = paid(0.5, 0.2);
    unknown.trials[3].cost = None;
    let which = "Which of ASTER and BIRCH ";
    let text = format!("{which}costs less per solved task cannot be said: a cost is unknown.");
    says(&unknown, PartKind::CostPerSolved, Conclusion::Withheld, &text);
    unknown.trials[3].seconds = Some(f64::NAN);
    let text = format!("{which}takes less time cannot be said: a time is unknown.");
    says(&unknown, PartKind::Time, Conclusion::Withheld, &text);
    let even = input(&["p".repeat(12), "p".repeat(12)], 1);
    let text = format!("{which}takes less time cannot be said: every task has the same ratio of times.");
    says(&even, PartKind::Time, Conclusion::Withheld, &text);
    let text = format!(
        "{which}solves tasks in all of their trials more often cannot be said: fewer than two tasks with two \
         trials each."
    );
    says(&even, PartKind::Consistency, Conclusion::Withheld, &text);
}

#[test]
fn a_score_is_small_equal_or_open_by_ten_points_and_its_price_counts_tasks_without_a_value() {
    let size = PartKind::Score(ScoreId::Size);
    let scored = |apart: f64, spread: f64, with_a_value: usize| {
        let mut input = paid(1.0, 0.1);
        for trial in &mut input.trials {
            let at: usize = trial.key.task.as_str()[1..].parse().unwrap();
            let turn = if at.is_multiple_of(2) { spread } else { -spread };
            let value = if trial.key.assistant == id(0) { 0.5 + apart + turn } else { 0.5 };
            trial.scores = if at < with_a_value { vec![(ScoreId::Size, value)] } else { vec![] };
        }
        input
    };
    let small = "ASTER is ahead of BIRCH in size, on tasks both solved: 4 points (95% interval 2 to 6, on 12 \
                 tasks), which is below the margin that matters: 10 points.";
    says(&scored(0.04, 0.02, 12), size, Conclusion::ASlightlyBetter, small);
    let equal =
        "ASTER and BIRCH are equal in size, within 10 points (95% interval \u{2212}3 to 3, on 12 tasks).";
    says(&scored(0.0, 0.05, 12), size, Conclusion::Equivalent, equal);
    let got = compare(&scored(0.0, 0.3, 6));
    let open = part(&got.pairs[0].parts, size).clone();
    let (needed, price) = (open.tasks_needed.unwrap(), open.price.unwrap());
    assert_eq!(open.margin, Some(SCORE_MARGIN));
    assert_eq!(price.tasks, 2 * (needed - 6), "every second task gave a value");
    assert_eq!(open.conclusion, Conclusion::Undecided);
}

#[test]
fn nothing_but_the_solved_rate_is_decided_before_all_planned_tasks_are_in() {
    let mut live = paid(0.5, 0.2);
    live.design.looks = Looks::EveryTask;
    assert_eq!(part(&compare(&live).pairs[0].parts, PartKind::CostPerSolved).conclusion, Conclusion::ABetter);
    live.finished = false;
    let cost = part(&compare(&live).pairs[0].parts, PartKind::CostPerSolved).clone();
    assert_eq!(cost.conclusion, Conclusion::Withheld);
    assert!(cost.effect.is_some() && cost.missing.unwrap().starts_with("the run has not finished"));
    let told = details(&live);
    let early =
        told.iter().filter(|one| one.starts_with("Cost, time, consistency and the scorecard are told when"));
    assert_eq!(early.count(), 1, "{told:#?}");
}

/// Amounts as they come, and as nobody would expect them.
fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 0.01f64..100.0,
        1 => prop::sample::select(vec![0.0, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE, -1.0, f64::NAN, f64::INFINITY]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn parts_are_mirrored_when_sides_change_and_nothing_is_no_number(
        letters in prop::collection::vec("[ppppfi]{2}", 2..16),
        amounts in prop::collection::vec((amount(), amount(), 0.0f64..=1.0), 64),
        planned in prop::sample::select(vec![1u32, 2, 3, u32::MAX]),
        margin in prop::sample::select(vec![0.1, 1e-9, 0.0, 1e6]),
    ) {
        let row = |arm: usize| letters.iter().map(|pair| pair.chars().nth(arm).unwrap()).collect::<String>();
        let mut one = input(&[row(0), row(1)], 2);
        (one.planned_trials, one.margin) = (planned, margin);
        for (trial, (usd, seconds, score)) in one.trials.iter_mut().zip(amounts.iter().cycle()) {
            trial.cost = Some(Cost { usd: *usd, source: CostSource::Reported });
            trial.seconds = Some(*seconds);
            trial.scores = vec![(ScoreId::Size, *score)];
        }
        let mut turned = one.clone();
        turned.assistants.reverse();
        let (one, turned) = (compare(&one), compare(&turned));
        for (a, b) in one.pairs[0].parts.iter().zip(&turned.pairs[0].parts) {
            let mirror = match b.conclusion {
                Conclusion::ABetter => Conclusion::BBetter,
                Conclusion::BBetter => Conclusion::ABetter,
                Conclusion::ASlightlyBetter => Conclusion::BSlightlyBetter,
                Conclusion::BSlightlyBetter => Conclusion::ASlightlyBetter,
                same @ (Conclusion::Equivalent | Conclusion::Undecided | Conclusion::Withheld) => same,
            };
            prop_assert_eq!(a.conclusion, mirror, "{:?} {:?}", a, b);
            prop_assert_eq!(&a.missing, &b.missing);
            prop_assert_eq!(a.margin, b.margin);
            prop_assert!(a.tasks_needed.unwrap_or(0).abs_diff(b.tasks_needed.unwrap_or(0)) <= 1);
            if let (Some(x), Some(y)) = (&a.effect, &b.effect) {
                let ratio = matches!(a.part, PartKind::CostPerSolved | PartKind::Time);
                let apart = |x: f64, y: f64| if ratio { (x.ln() + y.ln()).abs() } else { (x + y).abs() };
                prop_assert!(apart(x.estimate, y.estimate) < 1e-9, "{:?} {:?}", x, y);
                prop_assert!(apart(x.low, y.high) < 1e-9 && apart(x.high, y.low) < 1e-9, "{:?} {:?}", x, y);
            }
            for price in [&a.price, &b.price].into_iter().flatten() {
                prop_assert!(price.tasks > 0 && [price.usd, price.hours].iter().flatten().all(|x| x.is_finite()));
            }
        }
        for told in one.verdict.details.iter().chain(&turned.verdict.details) {
            let text = english(told, &|id| id.to_string());
            prop_assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains('?'), "{}", text);
        }
    }
}
