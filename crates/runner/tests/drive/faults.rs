//! What a run does when something goes wrong in or around it.

use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::plan::Budget;
use fairtrial_domain::run::RunStatus;
use fairtrial_runner::dispatch::{Past, Setup};
use fairtrial_runner::harvest::{self, Harvest, StoredAttempt, StoredState};
use fairtrial_runner::run::{Control, RunError};

use crate::scripted::{GRADE, HANG, Scripted, Stage, WORK, alive, kill, pid};

#[tokio::test]
async fn every_trial_of_every_task_is_worked_graded_and_finished_once() {
    let stage = Stage { tasks: "t u", assistants: "a b c", ..Stage::default() };
    let (status, steps, _root) = stage.play().await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    let wanted: Vec<String> = ["t/a1", "t/b1", "t/c1", "u/a1", "u/b1", "u/c1"]
        .iter()
        .map(|of| format!("finished {of} after 1: finished graded"))
        .collect();
    assert_eq!(steps.lines("finished"), wanted);
    assert_eq!((steps.count("work "), steps.count("grade "), steps.count("base ")), (6, 8, 2));
    assert_eq!(steps.lines("told status"), ["told status Finished"]);
}

#[tokio::test]
async fn a_killed_cell_costs_one_attempt() {
    let (status, steps, _root) = Stage {
        assistants: "a b",
        pick: |what| (what == "work t/a1#1").then_some(HANG),
        hear: Box::new(|steps, told| {
            if told == "told t/a1 Working" && steps.count("told t/a1 Working") == 1 {
                kill(&pid(&steps.dir("work t/a1#1")));
            }
        }),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(
        steps.lines("lost"),
        ["lost t/a1#1: the cell died before its journal was whole: signal: 9 (SIGKILL)"]
    );
    assert_eq!(
        steps.lines("finished"),
        ["finished t/a1 after 2: finished graded", "finished t/b1 after 1: finished graded"]
    );
    assert_eq!(steps.count("grade t/a1#1"), 0);
}

#[tokio::test]
async fn a_fault_that_stays_ends_as_infrastructure_after_three_attempts() {
    let (status, steps, _root) = Stage {
        pick: |what| what.starts_with("work").then_some("echo 'no space left' >&2; exit 3"),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    let why = "the cell died before its journal was whole: exit status: 3, after saying: no space left";
    assert_eq!(steps.lines("lost"), [format!("lost t/a1#1: {why}"), format!("lost t/a1#2: {why}")]);
    assert_eq!(steps.lines("finished"), [format!("finished t/a1 after 3: infra ({why})")]);
}

#[tokio::test]
async fn a_lost_grade_is_repeated_without_the_work() {
    let (status, steps, _root) = Stage {
        // The first try leaves a mark and dies.
        pick: |what| (what == "grade t/a1#1").then_some("[ -e tried ] || { : > tried; kill -9 $$; }; closed"),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(steps.lines("finished"), ["finished t/a1 after 1: finished graded"]);
    assert_eq!((steps.count("work "), steps.count("grade t/a1#1"), steps.count("lost")), (1, 2, 0));
}

#[tokio::test]
async fn a_patch_that_cannot_be_judged_is_not_paid_for_twice() {
    let (_, steps, _root) =
        Stage { pick: |what| what.starts_with("grade t/").then_some("exit 1"), ..Stage::default() }
            .play()
            .await;
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 1: infra (its patch could not be judged: the cell died before its journal was \
          whole: exit status: 1)"
        ]
    );
    assert_eq!((steps.count("work "), steps.count("grade t/a1#1")), (1, 3));
}

#[tokio::test]
async fn a_task_without_a_base_voids_its_trials_and_the_others_go_on() {
    let (status, steps, _root) = Stage {
        tasks: "t u",
        pick: |what| {
            (what == "base t").then_some(r#"say '"record":"failed","reason":"no such commit"'; closed"#)
        },
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 0: infra (preparing the base: no such commit)",
            "finished u/a1 after 1: finished graded"
        ]
    );
    assert_eq!((steps.count("base t"), steps.count("work t")), (3, 0));
}

#[tokio::test]
async fn a_missing_program_is_that_trials_infrastructure() {
    let (status, steps, _root) = Stage {
        assistants: "a b",
        pick: |what| what.starts_with("work t/a1").then_some("HERE"),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(
        steps.lines("finished"),
        ["finished t/a1 after 3: infra (the program is missing)", "finished t/b1 after 1: finished graded"]
    );
}

#[tokio::test]
async fn what_would_fail_again_is_recorded_after_one_attempt() {
    let (status, steps, _root) = Stage {
        assistants: "a b",
        pick: |what| {
            let failed = r#"say '"record":"failed","reason":"no such program","lasting":true'; closed"#;
            (what.starts_with("work t/a1") || what == "grade t/b1#1").then_some(failed)
        },
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 1: infra (no such program)",
            "finished t/b1 after 1: infra (its patch could not be judged: no such program)"
        ]
    );
    assert_eq!((steps.count("work t/a1"), steps.count("grade t/b1#1"), steps.count("lost")), (1, 1, 0));
}

#[tokio::test]
async fn a_full_disk_ends_the_run_and_every_cell_of_it() {
    let (status, steps, _root) = Stage {
        assistants: "a b",
        pick: |what| match what {
            "work t/b1#1" => Some(HANG),
            "work t/a1#1" => {
                Some("until [ -s ../work-t-b1-1/journal.jsonl ]; do :; done; ended finished; closed")
            }
            "finish t/a1" => Some("EVERYWHERE"),
            _ => None,
        },
        ..Stage::default()
    }
    .play()
    .await;
    let error = status.unwrap_err();
    assert!(matches!(error, RunError::Step(_)), "{error:?}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is full");
    assert!(!alive(&pid(&steps.dir("work t/b1#1"))));
    assert_eq!(steps.count("finished"), 0);
}

#[tokio::test]
async fn a_spent_budget_starts_no_more_trials() {
    let (status, steps, _root) = Stage {
        assistants: "a b c",
        jobs: 1,
        pick: |what| {
            what.starts_with("work").then_some(r#"ended finished '{"usd":0.6,"source":"reported"}'; closed"#)
        },
        setup: |setup| Setup { budget: Budget { usd: Some(1.0), seconds: None, requests: None }, ..setup },
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::OutOfBudget);
    assert_eq!((steps.count("work "), steps.count("finished")), (2, 2));
}

#[tokio::test]
async fn time_that_earlier_processes_spent_starts_no_trial() {
    let (status, steps, _root) = Stage {
        setup: |setup| Setup { budget: Budget { usd: None, seconds: Some(60.0), requests: None }, ..setup },
        elapsed_sec: 61.0,
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::OutOfBudget);
    assert_eq!((steps.count("base"), steps.count("work ")), (0, 0));
}

#[tokio::test]
async fn a_lost_attempt_costs_what_its_tokens_cost() {
    let (status, steps, _root) = Stage {
        jobs: 1,
        pick: |what| {
            let used = r#"say '"record":"event","kind":{"type":"usage","usage":{"input_uncached":1,"cache_read":null,"cache_write":null,"output":7,"reasoning":null,"requests":null,"source":"stream"},"cost":null}'"#;
            what.starts_with("work").then_some(used)
        },
        setup: |setup| Setup { budget: Budget { usd: Some(6.0), seconds: None, requests: None }, ..setup },
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::OutOfBudget);
    assert_eq!((steps.count("work "), steps.count("lost "), steps.count("finished")), (1, 1, 0));
}

#[tokio::test]
async fn a_pause_lets_trials_end_and_starts_none_until_continued() {
    let (status, steps, _root) = Stage {
        assistants: "a b",
        jobs: 1,
        hear: Box::new(|steps, told| match told {
            "told t/b1 started #1" => steps.control.try_send(Control::Pause).unwrap(),
            "told status Paused" => {
                assert_eq!(steps.count("started"), 1);
                steps.control.try_send(Control::Continue).unwrap();
            }
            _ => {}
        }),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    let told: Vec<String> =
        steps.said.lock().unwrap().iter().filter(|l| l.starts_with("told status")).cloned().collect();
    assert_eq!(told, ["told status Paused", "told status Running", "told status Finished"]);
    assert_eq!(steps.count("finished"), 2);
}

fn key(assistant: &str) -> TrialKey {
    let assistant = AssistantId::parse(assistant).unwrap();
    TrialKey { task: TaskId::parse("t").unwrap(), assistant, trial: 1 }
}

/// Runs one script as a bundle and waits for it, as an earlier process would have.
fn left_behind(stage: &Stage, mode: &str, of: &str, script: &str) -> std::path::PathBuf {
    let steps = Scripted {
        root: stage.root.path().to_owned(),
        pick: |_| None,
        said: Default::default(),
        hear: Box::new(|_, _| ()),
        control: tokio::sync::mpsc::channel(1).0,
        secrets: Default::default(),
    };
    let cell = steps.bundle_for_test(mode, of, script);
    std::process::Command::new("/bin/sh").arg(mode).current_dir(&cell).status().unwrap();
    cell
}

/// Returns what was interrupted, and why.
fn interrupted(resume: &harvest::Resume) -> Vec<(TrialKey, u32, String)> {
    let each = resume.interrupted.iter();
    each.map(|(key, attempt, work)| (key.clone(), *attempt, work.fault().unwrap_or_default().to_owned()))
        .collect()
}

#[tokio::test]
async fn what_an_earlier_process_finished_is_not_run_again() {
    let mut stage = Stage { assistants: "a b c d", ..Stage::default() };
    let stored = |assistant: &str, work: &str, grade: Option<&str>| {
        let of = format!("t/{assistant}1#1");
        let work_dir = left_behind(&stage, "work", &of, work);
        let grade_dir = match grade {
            Some(grade) => left_behind(&stage, "grade", &of, grade),
            None => stage.root.path().join("absent"),
        };
        let later = vec![];
        StoredAttempt {
            key: key(assistant),
            attempt: 1,
            state: StoredState::Open,
            work_dir,
            grade_dir,
            later,
        }
    };
    let all = [
        stored("a", WORK, Some(GRADE)),
        stored("b", WORK, None),
        stored("c", "working", None),
        stored("d", r#"working; ended cancelled '{"usd":0.5,"source":"reported"}'; closed"#, None),
    ];
    let failed = stored("e", r#"ended finished; say '"record":"failed","reason":"no space"'; closed"#, None);
    let Harvest::Lost { work } = harvest::harvest(&failed.work_dir, &failed.grade_dir) else { panic!() };
    assert_eq!(work.fault(), Some("no space"));
    let resume = harvest::resume(&all);
    assert!(matches!(resume.harvested[&key("a")].last, Harvest::Finish { .. }));
    assert!(matches!(resume.harvested[&key("b")].last, Harvest::Grade { .. }));
    let why = "the app ended while the assistant was at work";
    assert_eq!(interrupted(&resume), [(key("c"), 1, why.to_owned()), (key("d"), 1, why.to_owned())]);
    assert_eq!(
        resume.interrupted[1].2.cost.as_ref().map(|cost| cost.usd),
        Some(0.5),
        "what it cost is known"
    );
    assert_eq!(resume.past[&key("c")], Past { attempts: 1, faults: 0, open: false });
    stage.harvested = resume.harvested;
    stage.setup = |setup| {
        let open = |open| Past { attempts: 1, faults: 0, open };
        let past = [("a", true), ("b", true), ("c", false), ("d", false)];
        Setup { past: past.iter().map(|(a, is)| (key(a), open(*is))).collect(), ..setup }
    };
    let (status, steps, _root) = stage.play().await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(steps.lines("work "), ["work t/c1#2", "work t/d1#2"]);
    assert_eq!(steps.lines("grade t/"), ["grade t/b1#1", "grade t/c1#2", "grade t/d1#2"]);
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 1: finished graded",
            "finished t/b1 after 1: finished graded",
            "finished t/c1 after 2: finished graded",
            "finished t/d1 after 2: finished graded"
        ]
    );
}

#[test]
fn attempts_that_were_lost_before_count_as_they_should() {
    let stored = |attempt, state| StoredAttempt {
        key: key("a"),
        attempt,
        state,
        work_dir: "/absent".into(),
        grade_dir: "/absent".into(),
        later: vec![],
    };
    let resume = harvest::resume(&[
        stored(2, StoredState::Interrupted),
        stored(1, StoredState::Lost),
        stored(3, StoredState::Open),
    ]);
    assert_eq!(resume.past[&key("a")], Past { attempts: 3, faults: 1, open: false });
    let why = "the app ended before the cell had begun";
    assert_eq!(interrupted(&resume), [(key("a"), 3, why.to_owned())]);
}

/// Solves nothing, until its second round.
const SOLVED: &str = r#"say '"record":"restored","path":"solved"'; closed"#;

#[tokio::test]
async fn a_trial_goes_on_until_it_is_solved_or_its_rounds_are_spent() {
    let stage = Stage {
        assistants: "a b c",
        setup: |setup| Setup { rounds: 3, ..setup },
        pick: |what| match what {
            "grade t/a1#1 round 2" => Some(SOLVED),
            // A round that is lost takes none with it.
            "work t/c1#1 round 2" => Some("working; exit 1"),
            _ => None,
        },
        ..Stage::default()
    };
    let (status, steps, _root) = stage.play().await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 1: finished graded in 2 rounds",
            "finished t/b1 after 1: finished graded in 3 rounds",
            "finished t/c1 after 1: infra (the cell died before its journal was whole: exit status: 1) in 2 rounds",
        ]
    );
    assert_eq!(steps.count("started t/"), 3, "a round is no attempt");
    assert_eq!(steps.lines("told t/b1 round"), ["told t/b1 round 2", "told t/b1 round 3"]);
    assert_eq!(steps.count("after t/c1"), 1, "nothing follows a round that was lost");
    assert_eq!(steps.count("after t/b1"), 2, "nobody asks behind the last round");
}

#[tokio::test]
async fn rounds_that_are_whole_outlive_the_app() {
    let mut stage = Stage { assistants: "a b", ..Stage::default() };
    let begun = |of: &str, work: &str, grade: &str| {
        (left_behind(&stage, "work", of, work), left_behind(&stage, "grade", of, grade))
    };
    let attempt = |assistant: &str, later: Vec<_>| {
        let (work_dir, grade_dir) = begun(&format!("t/{assistant}1#1"), WORK, GRADE);
        StoredAttempt {
            key: key(assistant),
            attempt: 1,
            state: StoredState::Open,
            work_dir,
            grade_dir,
            later,
        }
    };
    // The app ended between two rounds of one trial, and in the second of another.
    let second = begun("t/b1#1 round 2", "working", "");
    let resume = harvest::resume(&[attempt("a", vec![]), attempt("b", vec![second])]);
    assert_eq!(interrupted(&resume), []);
    assert_eq!(resume.past[&key("b")], Past { attempts: 1, faults: 0, open: true });
    assert_eq!(resume.harvested[&key("b")].before.len(), 1);
    stage.harvested = resume.harvested;
    stage.setup = |setup| {
        let past = ["a", "b"].map(|a| (key(a), Past { attempts: 1, faults: 0, open: true }));
        Setup { rounds: 2, past: past.into(), ..setup }
    };
    stage.pick = |what| (what == "grade t/a1#1 round 2").then_some(SOLVED);
    let (status, steps, _root) = stage.play().await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(steps.lines("work "), ["work t/a1#1 round 2"], "the first round is not worked on again");
    assert_eq!(
        steps.lines("finished"),
        [
            "finished t/a1 after 1: finished graded in 2 rounds",
            "finished t/b1 after 1: infra (the app ended while the assistant was at work) in 2 rounds",
        ]
    );
}

#[tokio::test]
async fn a_damaged_grade_of_an_earlier_round_is_made_again() {
    let mut stage = Stage { assistants: "a b", ..Stage::default() };
    let begun = |of: &str, grade: &str| {
        (left_behind(&stage, "work", of, WORK), left_behind(&stage, "grade", of, grade))
    };
    let attempt = |assistant: &str| {
        let (work_dir, grade_dir) = begun(&format!("t/{assistant}1#1"), "exit 1");
        let later = vec![begun(&format!("t/{assistant}1#1 round 2"), GRADE)];
        let (key, state) = (key(assistant), StoredState::Open);
        StoredAttempt { key, attempt: 1, state, work_dir, grade_dir, later }
    };
    stage.harvested = harvest::resume(&[attempt("a"), attempt("b")]).harvested;
    stage.setup = |setup| {
        let past = ["a", "b"].map(|a| (key(a), Past { attempts: 1, faults: 0, open: true }));
        Setup { rounds: 2, past: past.into(), ..setup }
    };
    // One cannot be judged this time either.
    stage.pick = |what| (what == "grade t/b1#1").then_some("exit 1");
    let (status, steps, _root) = stage.play().await;
    assert_eq!(status.unwrap(), RunStatus::Finished);
    assert_eq!(steps.lines("work "), Vec::<String>::new());
    assert_eq!(steps.count("grade t/a1#1"), 1);
    assert_eq!(steps.lines("grade t/b1#1 round 2"), Vec::<String>::new());
    assert_eq!(
        steps.lines("rounds"),
        [
            "rounds t/a1: finished graded, finished graded",
            "rounds t/b1: infra (its patch could not be judged: the cell died before its journal was whole: exit status: \
             1), finished graded"
        ]
    );
}
