//! Closing the window ends what it started, loses nothing that was over, and the run can go on.

use std::collections::BTreeMap;

use fairtrial_tests::{Home, processes_of, wait_for};
use serde_json::Value;

use crate::screens::shown;
use crate::window::{Window, skipped};

#[tokio::test]
async fn closing_the_window_ends_its_cells_and_the_run_can_go_on() {
    if skipped() {
        return;
    }
    let home = Home::new();
    let window = Window::open(&home).await;
    let run = window.start_suite(&["aster", "cedar"]).await;
    let at_work = window
        .until("trials to be over while others are at work", async |window| {
            let cells = processes_of(&run);
            (window.over().await >= 3 && !cells.is_empty()).then_some(cells)
        })
        .await;
    window.close_amid_work().await;
    wait_for("cells to end", || processes_of(&run).is_empty().then_some(()));

    let kept = attempts(&shown(&home));
    assert!((3..12).contains(&kept.len()), "closed amid the run, with {at_work:?} at work: {kept:?}");
    let after = home.run(&["resume", "latest", "--json"]).ended_with(0).json();
    assert_eq!(after["run"]["id"], run.as_str());
    let whole = attempts(&after);
    assert_eq!(whole.len(), 12);
    for (trial, attempts) in &kept {
        assert_eq!(whole[trial], *attempts, "{trial} was over and ran again");
    }
}

/// Trials by name with their attempts.
fn attempts(run: &Value) -> BTreeMap<String, u64> {
    let named = |trial: &Value| {
        (format!("{}/{}", trial["task"], trial["assistant"]), trial["attempts"].as_u64().unwrap())
    };
    run["trials"].as_array().unwrap().iter().map(named).collect()
}
