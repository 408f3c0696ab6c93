//! The dispatcher's rules as scripts: happenings in, requests out, both as text.

use super::*;

/// `a1` stands for the first trial of assistant `a` at the task under way, `t/a1` for that at task `t`.
fn key(text: &str) -> TrialKey {
    let (task, rest) = text.split_once('/').unwrap();
    let (assistant, trial) = rest.split_at(1);
    TrialKey {
        task: TaskId::parse(task).unwrap(),
        assistant: AssistantId::parse(assistant).unwrap(),
        trial: trial.parse().unwrap(),
    }
}

fn happening(text: &str) -> Happening {
    let words: Vec<&str> = text.split(' ').collect();
    let task = |text: &str| TaskId::parse(text).unwrap();
    let ended = |text: &str, end| {
        let (of, attempt) = text.split_once('#').unwrap();
        Happening::AttemptEnded { key: key(of), attempt: attempt.parse().unwrap(), end }
    };
    match words[..] {
        ["begin"] => Happening::Begin,
        ["ready", t] => Happening::TaskReady { task: task(t) },
        ["failed", t] => Happening::TaskFailed { task: task(t), reason: "no base".to_owned() },
        ["over", of] => ended(of, AttemptEnd::Over),
        ["infra", of] => ended(of, AttemptEnd::Infra),
        ["unsolved", of, rounds] => ended(of, AttemptEnd::Unsolved { rounds: rounds.parse().unwrap() }),
        ["recorded", of] => Happening::Recorded { key: key(of) },
        ["lost", of] => {
            let (of, attempt) = of.split_once('#').unwrap();
            Happening::Lost { key: key(of), attempt: attempt.parse().unwrap() }
        }
        ["cancel"] => Happening::CancelAsked,
        ["pause"] => Happening::PauseAsked,
        ["continue"] => Happening::ContinueAsked,
        ["spent", usd] => Happening::BudgetSpent { usd: usd.parse().unwrap() },
        ["tick", seconds] => Happening::Tick { elapsed_sec: seconds.parse().unwrap() },
        ["memory", bytes] => Happening::MemoryFree { bytes: bytes.parse().unwrap() },
        _ => panic!("{text}"),
    }
}

fn said(request: &Request) -> String {
    let name = |key: &TrialKey| format!("{}/{}{}", key.task, key.assistant, key.trial);
    match request {
        Request::PrepareTask { task } => format!("prepare {task}"),
        Request::Start { key, attempt, goes_on: false } => format!("start {}#{attempt}", name(key)),
        Request::Start { key, attempt, goes_on: true } => format!("go on {}#{attempt}", name(key)),
        Request::GoOn { key, attempt, round } => format!("round {round} of {}#{attempt}", name(key)),
        Request::Cancel { key } => format!("cancel {}", name(key)),
        Request::CancelTask { task } => format!("cancel {task}"),
        Request::Lose { key, attempt } => format!("lose {}#{attempt}", name(key)),
        Request::Record { key, attempts } => format!("record {} after {attempts}", name(key)),
        Request::Void { key, attempts, reason } => format!("void {} after {attempts}: {reason}", name(key)),
        Request::Status { status } => format!("status {status:?}"),
        Request::Done { status } => format!("done {status:?}"),
    }
}

fn setup(tasks: &str, assistants: &str, jobs: u32) -> Setup {
    Setup {
        tasks: tasks.split(' ').map(|t| TaskId::parse(t).unwrap()).collect(),
        assistants: assistants.split(' ').map(|a| AssistantId::parse(a).unwrap()).collect(),
        trials: 1,
        seed: 1,
        limits: DispatchLimits { jobs, ..DispatchLimits::default() },
        ..Setup::default()
    }
}

/// Each line: a happening, an arrow, the requests it brings.
fn check(setup: Setup, script: &str) {
    let mut dispatcher = Dispatcher::new(setup);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (before, after) = line.split_once("->").unwrap();
        let requests = dispatcher.handle(happening(before.trim()));
        let got: Vec<String> = requests.iter().map(said).collect();
        assert_eq!(got.join(", "), after.trim(), "at `{line}`");
    }
}

#[test]
fn a_run_prepares_starts_records_and_is_done_once() {
    check(
        setup("t", "a b", 1),
        "begin -> prepare t
         begin ->
         ready t -> start t/b1#1
         over t/b1#1 -> record t/b1 after 1, start t/a1#1
         recorded t/b1 ->
         over t/a1#1 -> record t/a1 after 1
         recorded t/a1 -> done Finished
         begin ->
         cancel ->",
    );
}

#[test]
fn news_that_come_twice_or_late_or_from_nowhere_change_nothing() {
    check(
        setup("t", "a b", 1),
        "begin -> prepare t
         ready u ->
         ready t -> start t/b1#1
         ready t ->
         failed t ->
         over t/a1#1 ->
         over t/b1#2 ->
         over t/b1#1 -> record t/b1 after 1, start t/a1#1
         over t/b1#1 ->
         infra t/b1#1 ->
         over t/a1#1 -> record t/a1 after 1
         recorded t/a1 ->
         recorded t/a1 ->
         recorded t/b1 -> done Finished",
    );
}

#[test]
fn the_next_task_is_prepared_while_the_last_trials_of_this_one_run() {
    check(
        setup("t u v", "a b c", 2),
        "begin -> prepare t
         ready t -> start t/b1#1, prepare u
         ready u -> start t/c1#1
         over t/b1#1 -> record t/b1 after 1, start t/a1#1
         over t/c1#1 -> record t/c1 after 1, start u/c1#1
         over t/a1#1 -> record t/a1 after 1, prepare v",
    );
}

#[test]
fn an_infra_fault_is_tried_again_at_once_and_recorded_after_the_third() {
    check(
        setup("t", "a b", 1),
        "begin -> prepare t
         ready t -> start t/b1#1
         infra t/b1#1 -> lose t/b1#1, start t/b1#2
         lost t/b1#1 ->
         infra t/b1#2 -> lose t/b1#2, start t/b1#3
         infra t/b1#3 -> record t/b1 after 3, start t/a1#1
         recorded t/b1 ->
         over t/a1#1 -> record t/a1 after 1
         recorded t/a1 ->
         lost t/b1#2 -> done Finished",
    );
}

#[test]
fn nothing_starts_after_a_cancel_and_what_is_in_flight_is_ended() {
    check(
        setup("t u", "a b c", 2),
        "begin -> prepare t
         ready t -> start t/b1#1, prepare u
         cancel -> cancel t/b1, cancel u
         cancel ->
         continue ->
         ready u ->
         infra t/b1#1 -> lose t/b1#1
         lost t/b1#1 -> done Cancelled",
    );
}

#[test]
fn a_cancel_during_preparation_blames_no_trial() {
    check(
        setup("t", "a b", 1),
        "begin -> prepare t
         cancel -> cancel t
         failed t -> done Cancelled",
    );
}

#[test]
fn a_trial_that_ends_while_being_cancelled_is_recorded_once() {
    check(
        setup("t", "a", 1),
        "begin -> prepare t
         ready t -> start t/a1#1
         cancel -> cancel t/a1
         over t/a1#1 -> record t/a1 after 1
         over t/a1#1 ->
         recorded t/a1 -> done Cancelled",
    );
}

#[test]
fn a_pause_starts_nothing_and_ends_nothing() {
    check(
        setup("t", "a b", 1),
        "begin -> prepare t
         ready t -> start t/b1#1
         pause -> status Paused
         pause ->
         infra t/b1#1 -> lose t/b1#1
         lost t/b1#1 ->
         tick 5 ->
         continue -> status Running, start t/b1#2
         continue ->",
    );
}

#[test]
fn a_spent_budget_starts_nothing_more_and_lets_trials_end() {
    let money =
        Setup { budget: Budget { usd: Some(1.0), seconds: None, requests: None }, ..setup("t", "a b", 1) };
    check(
        money.clone(),
        "begin -> prepare t
         ready t -> start t/b1#1
         spent 0.4 ->
         spent -3 ->
         spent 0.6 ->
         over t/b1#1 -> record t/b1 after 1
         recorded t/b1 -> done OutOfBudget",
    );
    check(Setup { spent_usd: 1.0, ..money }, "begin -> done OutOfBudget");
    let time =
        Setup { budget: Budget { usd: None, seconds: Some(60.0), requests: None }, ..setup("t", "a b", 1) };
    check(
        time,
        "begin -> prepare t
         tick 59.9 ->
         ready t -> start t/b1#1
         tick 60 ->
         over t/b1#1 -> record t/b1 after 1
         recorded t/b1 -> done OutOfBudget",
    );
}

#[test]
fn a_budget_spent_by_the_last_trial_is_no_stop() {
    let money =
        Setup { budget: Budget { usd: Some(1.0), seconds: None, requests: None }, ..setup("t", "a", 1) };
    check(
        money,
        "begin -> prepare t
         ready t -> start t/a1#1
         spent 2 ->
         over t/a1#1 -> record t/a1 after 1
         recorded t/a1 -> done Finished",
    );
}

#[test]
fn a_task_that_cannot_be_prepared_voids_its_trials_and_no_others() {
    check(
        setup("t u", "a b", 1),
        "begin -> prepare t
         failed t -> void t/b1 after 0: no base, void t/a1 after 0: no base, prepare u
         recorded t/a1 ->
         recorded t/b1 ->
         ready u -> start u/a1#1",
    );
}

#[test]
fn short_memory_holds_trials_back_but_never_all() {
    let small = Setup {
        limits: DispatchLimits { jobs: 3, memory_per_trial: Some(100), max_attempts: 3 },
        ..setup("t", "a b c", 3)
    };
    check(
        small,
        "begin -> prepare t
         memory 150 ->
         ready t -> start t/b1#1
         memory 99 ->
         memory 100 -> start t/c1#1
         memory 0 ->
         over t/b1#1 -> record t/b1 after 1
         over t/c1#1 -> record t/c1 after 1, start t/a1#1",
    );
}

#[test]
fn a_resumed_run_goes_on_where_it_was() {
    let resumed = Setup {
        finished: [key("t/b1"), key("u/a1"), key("u/b1"), key("u/c1")].into(),
        past: [
            (key("t/a1"), Past { attempts: 2, faults: 1, open: true }),
            (key("t/c1"), Past { attempts: 1, faults: 0, open: false }),
        ]
        .into(),
        ..setup("t u", "a b c", 1)
    };
    check(
        resumed,
        "begin -> prepare t
         ready t -> start t/c1#2
         over t/c1#2 -> record t/c1 after 2, go on t/a1#2
         recorded t/c1 ->
         infra t/a1#2 -> lose t/a1#2, start t/a1#3
         infra t/a1#3 -> record t/a1 after 3
         lost t/a1#2 ->
         recorded t/a1 -> done Finished",
    );
}

#[test]
fn a_trial_that_lost_every_attempt_before_is_recorded_without_another() {
    let worn = Setup {
        past: [(key("t/a1"), Past { attempts: 4, faults: 3, open: false })].into(),
        ..setup("t", "a", 1)
    };
    check(
        worn,
        "begin -> prepare t
         ready t -> void t/a1 after 4: every attempt was lost before the run was taken up again
         recorded t/a1 -> done Finished",
    );
}

#[test]
fn a_run_with_nothing_left_is_done_at_once() {
    check(Setup { finished: [key("t/a1")].into(), ..setup("t", "a", 1) }, "begin -> done Finished");
    check(Setup { trials: 0, ..setup("t", "a", 1) }, "begin -> done Finished");
    check(
        Setup { limits: DispatchLimits { jobs: 0, ..Default::default() }, ..setup("t", "a", 1) },
        "begin -> prepare t",
    );
}

/// Answers requests in a random order with random fortune and checks the invariants at each step.
fn survive(seed: u64) {
    let mut random = order::SplitMix64::new(seed);
    let jobs = 1 + random.below(4) as u32;
    let mut dispatcher =
        Dispatcher::new(Setup { trials: 2, rounds: 3, seed, ..setup("t u v", "a b c", jobs) });
    let mut open = dispatcher.handle(Happening::Begin);
    let (mut live, mut recorded, mut done, mut stopping) = (0u32, BTreeSet::new(), Vec::new(), false);
    let mut answers = Vec::new();
    for _ in 0..10_000 {
        for request in open.drain(..) {
            assert!(done.is_empty(), "seed {seed}: {} after the end", said(&request));
            match request {
                Request::PrepareTask { task } => {
                    live += 1;
                    let ready = random.below(5) > 0;
                    answers.push(if ready {
                        Happening::TaskReady { task }
                    } else {
                        Happening::TaskFailed { task, reason: "no base".to_owned() }
                    });
                }
                Request::Start { key, attempt, .. } => {
                    assert!(!stopping, "seed {seed}: a start after a cancel");
                    assert!(attempt <= 3, "seed {seed}: a fourth attempt");
                    live += 1;
                    let end = match random.below(3) {
                        0 => AttemptEnd::Infra,
                        1 => AttemptEnd::Over,
                        _ => AttemptEnd::Unsolved { rounds: 1 },
                    };
                    answers.push(Happening::AttemptEnded { key, attempt, end });
                }
                Request::GoOn { key, attempt, round } => {
                    assert!(!stopping, "seed {seed}: a round after a cancel");
                    assert!(round <= 3, "seed {seed}: a fourth round");
                    live += 1;
                    let end = AttemptEnd::Unsolved { rounds: round };
                    answers.push(Happening::AttemptEnded { key, attempt, end });
                }
                Request::Record { key, .. } | Request::Void { key, .. } => {
                    assert!(recorded.insert(key.clone()), "seed {seed}: {key} twice");
                    answers.push(Happening::Recorded { key });
                }
                Request::Lose { key, attempt } => answers.push(Happening::Lost { key, attempt }),
                Request::Done { status } => done.push(status),
                Request::Status { .. } | Request::Cancel { .. } | Request::CancelTask { .. } => {}
            }
            assert!(live <= jobs, "seed {seed}: {live} at once");
        }
        if answers.is_empty() {
            break;
        }
        if random.below(120) == 0 {
            stopping = true;
            open = dispatcher.handle(Happening::CancelAsked);
            continue;
        }
        let answer = answers.swap_remove(random.below(answers.len() as u64) as usize);
        let frees = matches!(
            answer,
            Happening::TaskReady { .. } | Happening::TaskFailed { .. } | Happening::AttemptEnded { .. }
        );
        live -= u32::from(frees);
        open = dispatcher.handle(answer);
    }
    let wanted = if stopping { RunStatus::Cancelled } else { RunStatus::Finished };
    assert_eq!(done, [wanted], "seed {seed}");
    assert!(stopping || recorded.len() == 18, "seed {seed}: {} recorded", recorded.len());
}

#[test]
fn whatever_the_order_of_news_each_trial_is_recorded_once_and_the_run_ends() {
    (0..2000).for_each(survive);
}

#[test]
fn of_those_who_share_a_login_one_works_at_a_time_and_others_pass() {
    let login = |text: &str| (AssistantId::parse(text).unwrap(), "~/.tool".to_owned());
    let setup = Setup { logins: [login("a"), login("b")].into(), ..setup("t", "a b c", 3) };
    check(
        setup,
        "begin -> prepare t
         ready t -> start t/b1#1, start t/c1#1
         over t/c1#1 -> record t/c1 after 1
         recorded t/c1 ->
         infra t/b1#1 -> lose t/b1#1, start t/b1#2
         lost t/b1#1 ->
         over t/b1#2 -> record t/b1 after 2, start t/a1#1
         over t/a1#1 -> record t/a1 after 1
         recorded t/b1 ->
         recorded t/a1 -> done Finished",
    );
}

#[test]
fn a_trial_that_is_not_solved_keeps_its_slot_until_its_rounds_are_spent() {
    check(
        Setup { rounds: 3, ..setup("t", "a b", 1) },
        "begin -> prepare t
         ready t -> start t/b1#1
         unsolved t/b1#1 1 -> round 2 of t/b1#1
         pause -> status Paused
         unsolved t/b1#1 2 -> round 3 of t/b1#1
         continue -> status Running
         unsolved t/b1#1 3 -> record t/b1 after 1, start t/a1#1
         over t/a1#1 -> record t/a1 after 1
         recorded t/b1 ->
         recorded t/a1 -> done Finished",
    );
    // A plan without further rounds asks nobody again.
    check(
        setup("t", "a", 1),
        "begin -> prepare t
         ready t -> start t/a1#1
         unsolved t/a1#1 1 -> record t/a1 after 1",
    );
}

#[test]
fn no_round_starts_after_a_cancel_and_its_trial_waits_to_be_resumed() {
    check(
        Setup { rounds: 2, ..setup("t", "a", 1) },
        "begin -> prepare t
         ready t -> start t/a1#1
         cancel -> cancel t/a1
         unsolved t/a1#1 1 -> done Cancelled",
    );
    check(
        Setup { rounds: 2, ..setup("t", "a", 1) },
        "begin -> prepare t
         ready t -> start t/a1#1
         unsolved t/a1#1 1 -> round 2 of t/a1#1
         cancel -> cancel t/a1
         over t/a1#1 -> record t/a1 after 1
         recorded t/a1 -> done Cancelled",
    );
}

#[test]
fn a_budget_that_is_spent_ends_a_trial_between_its_rounds() {
    check(
        Setup {
            rounds: 2,
            budget: Budget { usd: Some(1.0), seconds: None, requests: None },
            ..setup("t", "a b", 1)
        },
        "begin -> prepare t
         ready t -> start t/b1#1
         spent 1.5 ->
         unsolved t/b1#1 1 -> record t/b1 after 1
         recorded t/b1 -> done OutOfBudget",
    );
}
