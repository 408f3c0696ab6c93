//! A whole sample comparison in the window, from one click to the line that a result rests on.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_tests::Home;
use serde_json::Value;

use crate::screens::{Lane, shown, state_of};
use crate::window::{Window, skipped};

#[tokio::test]
async fn a_whole_sample_comparison_is_started_watched_and_read_in_the_window() {
    if skipped() {
        return;
    }
    let home = Home::new();
    let window = Window::open(&home).await;
    places_without_a_run(&window).await;

    window.go("new").await;
    let run = window.start_sample().await;
    a_lane_moves_and_the_map_fills(&window).await;
    window.wait_for_end().await;
    assert_eq!(shown(&home)["run"]["id"], run.as_str());
    window.pictures("overview").await;

    the_map_says_what_the_record_says(&window, &home).await;
    diffs_show_who_changed_what(&window).await;
    the_verdict_is_the_one_on_record(&window, &home).await;
    a_set_aside_trial_shows_file_and_line(&window).await;
    places_with_a_run(&window, &run).await;
    window.close().await;
}

async fn places_without_a_run(window: &Window) {
    window.pictures("new-first").await;
    for place in ["runs", "review", "decide", "library"] {
        window.go(place).await;
        window.pictures(&format!("{place}-empty")).await;
    }
}

async fn a_lane_moves_and_the_map_fills(window: &Window) {
    let (before, after) = window
        .until("a lane to move", {
            let mut seen = vec![];
            async move |window| {
                let now = window.lanes().await;
                let grown = now.iter().find_map(|lane| {
                    let before = seen
                        .iter()
                        .find(|old: &&Lane| (&old.assistant, &old.task) == (&lane.assistant, &lane.task))?;
                    (!before.words.trim().is_empty() && lane.words.len() > before.words.len())
                        .then(|| (before.words.clone(), lane.words.clone()))
                });
                seen = now;
                grown
            }
        })
        .await;
    assert_ne!(before, after);
    let first = window.over().await;
    window.until("the map to fill", async |window| (window.over().await > first).then_some(())).await;
    window.see("[data-testid=run-live]").await;
    assert!(window.over().await < 36, "the map filled while the run was live");
    window.pictures("overview-live").await;
}

async fn the_map_says_what_the_record_says(window: &Window, home: &Home) {
    let of_map: BTreeMap<String, String> =
        window.map().await.into_iter().map(|(task, who, state)| (format!("{task}/{who}"), state)).collect();
    let record = shown(home);
    let of_record: BTreeMap<String, String> = record["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trial| {
            let key = format!("{}/{}", trial["task"].as_str().unwrap(), trial["assistant"].as_str().unwrap());
            (key, state_of(trial).to_owned())
        })
        .collect();
    assert_eq!(of_map.len(), 36);
    assert_eq!(of_map, of_record);
}

async fn diffs_show_who_changed_what(window: &Window) {
    window.open_diff("long-weekends").await;
    window.show_diff("stacked").await;
    // Three change this file, and not alike.
    window.open_file("python/lending/opening.py").await;
    window
        .until("lines that were removed", async |window| {
            let rows = window.each("[data-testid=diff-row]", "data-kind").await;
            rows.iter().any(|kind| kind == "removed").then_some(())
        })
        .await;
    let kinds = window.each("[data-testid=diff-row]", "data-kind").await;
    assert!(kinds.iter().any(|kind| kind == "added"), "nobody added a line: {kinds:?}");
    let authors = window.words("[data-testid=diff-stacked]").await;
    for who in ["Aster", "Birch", "Cedar"] {
        assert!(authors.contains(who), "{who} is not among the authors of {authors}");
    }
    window.pictures("diffs-stacked").await;
    window.show_diff("columns").await;
    window.pictures("diffs-columns").await;
    window.show_diff("stacked").await;
}

async fn the_verdict_is_the_one_on_record(window: &Window, home: &Home) {
    window.open_tab("scoreboard").await;
    let (headline, mut parts) = window.verdict().await;
    let comparison = &shown(home)["comparison"];
    let on_record = comparison["verdict"]["details"].as_array().unwrap();
    let mut codes: Vec<&str> = on_record.iter().map(|sentence| sentence["code"].as_str().unwrap()).collect();
    // The window puts what is decided first.
    codes.sort_unstable();
    parts.sort_unstable();
    assert_eq!(parts, codes);
    // Five tasks count, and no five tasks decide anything: whoever leads, nobody is named.
    assert!(!headline.contains(" solves more tasks than "), "{headline}");
    assert_eq!(named(&headline), Vec::from_iter(open_between(comparison)), "{headline}");
    window.pictures("scoreboard").await;
}

/// The sample assistants that a sentence names, in the order of the alphabet.
fn named(sentence: &str) -> Vec<&'static str> {
    let all = ["aster", "birch", "cedar", "dogwood", "elder", "fir"];
    all.into_iter().filter(|who| sentence.to_lowercase().contains(who)).collect()
}

/// Who is at the top and not decided from somebody else there.
fn open_between(comparison: &Value) -> BTreeSet<&str> {
    let verdict = &comparison["verdict"];
    let top = verdict["top"].as_array().unwrap();
    let undecided = verdict["parts"].as_array().unwrap().iter().filter(|part| part["part"] == "undecided");
    let pairs = undecided.filter(|part| top.contains(&part["a"]) && top.contains(&part["b"]));
    pairs.flat_map(|part| [part["a"].as_str().unwrap(), part["b"].as_str().unwrap()]).collect()
}

async fn a_set_aside_trial_shows_file_and_line(window: &Window) {
    window.open_trial(("long-weekends", "dogwood")).await;
    assert_eq!(window.each("[data-testid=trial-worth]", "data-state").await, ["set_aside"]);
    assert_eq!(window.words("[data-testid=rule-location]").await, "python/tests/test_due_dates.py:11");
    window.pictures("evidence-set-aside").await;
    window.open_tab("evidence").await;
    window.pictures("evidence-choose").await;
    window.open_trial(("long-weekends", "cedar")).await;
    window.pictures("evidence-unresolved").await;
}

async fn places_with_a_run(window: &Window, run: &str) {
    window.go("runs").await;
    window.see(&format!("[data-testid=run-row][data-run='{run}']")).await;
    window.pictures("runs").await;
    window.go("new").await;
    window.see(&format!("[data-testid=recent-run][data-run='{run}']")).await;
    window.pictures("new").await;
    window.press("[data-testid=choose-suite][data-suite=samples]").await;
    window.see("[data-testid=suite-form] ol li").await;
    window.pictures("new-suite").await;
    for overlay in ["palette", "help"] {
        for (theme, language) in [("light", "en"), ("dark", "en"), ("dark", "ar"), ("light", "ar")] {
            window.look(theme, language).await;
            window.press(&format!("[data-testid=open-{overlay}]")).await;
            window.see(&format!("[data-testid={overlay}]")).await;
            window.picture(&format!("{overlay}-{theme}-{language}")).await;
            window.dismiss().await;
        }
    }
}
