//! Cells as processes: what they are given, and that none is left behind.

use std::time::{Duration, Instant};

use fairtrial_domain::run::RunStatus;
use fairtrial_runner::launch::wait_until_gone;
use fairtrial_runner::run::Control;

use crate::scripted::{HANG, Scripted, Stage, alive, pid, until};

fn cancel_at_work(steps: &Scripted, told: &str) {
    if told == "told t/a1 Working" {
        steps.control.try_send(Control::Cancel).unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_cell_may_close_its_journal_first() {
    let (status, steps, _root) = Stage {
        pick: |what| {
            what.starts_with("work").then_some(
                "trap 'ended cancelled; closed; exit 0' TERM; working; while :; do sleep 0.01; done",
            )
        },
        hear: Box::new(cancel_at_work),
        grace: Duration::from_secs(30),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Cancelled);
    assert_eq!(steps.lines("finished"), ["finished t/a1 after 1: cancelled"]);
    let journal = std::fs::read_to_string(steps.dir("work t/a1#1").join("journal.jsonl")).unwrap();
    assert!(journal.ends_with("\"closed\"}}\n"), "{journal}");
}

#[tokio::test]
async fn a_cell_is_known_to_live_until_it_is_gone() {
    let (status, steps, _root) = Stage {
        pick: |what| what.starts_with("work").then_some(HANG),
        hear: Box::new(|steps, told| {
            if told == "told t/a1 Working" {
                assert!(!wait_until_gone(&steps.dir("work t/a1#1"), Duration::ZERO));
                steps.note("seen alive".to_owned());
            }
            cancel_at_work(steps, told);
        }),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!((status.unwrap(), steps.count("seen alive")), (RunStatus::Cancelled, 1));
    assert!(wait_until_gone(&steps.dir("work t/a1#1"), Duration::from_secs(5)));
    assert!(wait_until_gone(&steps.dir("never made"), Duration::ZERO));
}

#[tokio::test]
async fn a_cell_that_does_not_listen_is_killed_with_its_group_after_the_grace() {
    let started = Instant::now();
    let (status, steps, _root) = Stage {
        assistants: "a b c",
        jobs: 1,
        setup: |mut setup| {
            setup.assistants.truncate(1);
            setup
        },
        pick: |what| {
            what.starts_with("work").then_some(
                "trap '' TERM; tail -f /dev/null & echo $! > child; working; while :; do sleep 0.01; done",
            )
        },
        hear: Box::new(cancel_at_work),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Cancelled);
    assert!(started.elapsed() >= Duration::from_millis(300), "killed without grace");
    let dir = steps.dir("work t/a1#1");
    let child = std::fs::read_to_string(dir.join("child")).unwrap();
    until("the cell's group is gone", || !alive(&pid(&dir)) && !alive(&child));
    assert_eq!(steps.lines("finished"), ["finished t/a1 after 1: cancelled"]);
}

#[tokio::test]
async fn a_cell_that_dies_takes_its_group_with_it() {
    let (_, steps, _root) = Stage {
        pick: |what| {
            (what == "work t/a1#1").then_some("tail -f /dev/null & echo $! > child; working; kill -9 $$")
        },
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(steps.lines("finished"), ["finished t/a1 after 2: finished graded"]);
    let child = std::fs::read_to_string(steps.dir("work t/a1#1").join("child")).unwrap();
    until("the cell's group is gone", || !alive(&child));
}

#[tokio::test]
async fn a_cancel_while_grading_records_no_verdict() {
    let (status, steps, _root) = Stage {
        pick: |what| {
            (what == "grade t/a1#1")
                .then_some(r#"say '"record":"phase","phase":"checking"'; exec tail -f /dev/null"#)
        },
        hear: Box::new(|steps, told| {
            if told == "told t/a1 Checking" {
                steps.control.try_send(Control::Cancel).unwrap();
            }
        }),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Cancelled);
    assert_eq!(steps.lines("finished"), ["finished t/a1 after 1: cancelled"]);
    assert!(!alive(&pid(&steps.dir("grade t/a1#1"))));
}

#[tokio::test]
async fn a_cancel_ends_a_preparation_and_blames_no_trial() {
    let (status, steps, _root) = Stage {
        pick: |what| (what == "base t").then_some("exec tail -f /dev/null"),
        hear: Box::new(|steps, told| {
            if told == "told t preparing" {
                steps.control.try_send(Control::Cancel).unwrap();
            }
        }),
        ..Stage::default()
    }
    .play()
    .await;
    assert_eq!(status.unwrap(), RunStatus::Cancelled);
    assert_eq!((steps.count("finished"), steps.count("base t")), (0, 1));
}

#[tokio::test]
async fn a_cell_gets_the_listed_variables_and_its_secrets_and_no_others() {
    let (_, steps, _root) = Stage {
        pick: |what| {
            what.starts_with("work")
                .then_some("env -u PWD -u OLDPWD -u _ -u SHLVL > env; ended finished; closed")
        },
        secrets: [("API_KEY".to_owned(), "hush".to_owned())].into(),
        ..Stage::default()
    }
    .play()
    .await;
    let env = std::fs::read_to_string(steps.dir("work t/a1#1").join("env")).unwrap();
    let mut names: Vec<&str> = env.lines().filter(|line| !line.starts_with("PATH=")).collect();
    names.sort_unstable();
    let parent = format!("FAIRTRIAL_PARENT={}", std::process::id());
    assert_eq!(names, [parent.as_str(), "FAIRTRIAL_SECRET_API_KEY=hush"]);
}

#[test]
fn a_secret_is_never_in_debug_output() {
    let cell = fairtrial_runner::steps::PreparedCell {
        dir: "/b".into(),
        secrets: [("KEY".to_owned(), "hush".to_owned())].into(),
    };
    assert_eq!(format!("{cell:?}"), r#"PreparedCell { dir: "/b", secrets: ["KEY"] }"#);
}

#[tokio::test]
async fn dropping_a_run_leaves_no_cell_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("work-t-a1-1");
    let root = tempfile::Builder::new().disable_cleanup(true).prefix("r").tempdir_in(folder.path()).unwrap();
    let dir = dir.parent().unwrap().join(root.path().file_name().unwrap()).join("work-t-a1-1");
    let stage = Stage { root, pick: |what| what.starts_with("work").then_some(HANG), ..Stage::default() };
    let run = tokio::spawn(stage.play());
    while !std::fs::read_to_string(dir.join("journal.jsonl")).unwrap_or_default().contains("working") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let cell = pid(&dir);
    run.abort();
    drop(run.await);
    until("the cell is gone", || !alive(&cell));
}

#[tokio::test]
async fn a_cell_program_that_is_missing_is_said_by_name() {
    use fairtrial_runner::launch::{Launcher, LocalLauncher, Mode};
    let folder = tempfile::tempdir().unwrap();
    let launcher = LocalLauncher::new("/absent/fairtrial-cell".into(), Default::default()).unwrap();
    let cell = fairtrial_runner::steps::PreparedCell::without_secrets(folder.path().to_owned());
    let error = launcher.launch(Mode::Work, &cell).await.err().unwrap();
    let wanted =
        format!("could not start the cell program /absent/fairtrial-cell for {}", folder.path().display());
    assert_eq!(error.to_string(), wanted);
}
