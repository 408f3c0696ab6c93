//! The screens in the words of their readers.

use fairtrial_tests::Home;
use serde_json::{Value, json};

use crate::window::Window;

/// How the window looks: every screen is pictured in each.
const LOOKS: [(&str, &str); 4] = [("light", "en"), ("dark", "en"), ("dark", "ar"), ("light", "ar")];

/// A trial, by its task and its assistant.
pub(crate) type Trial<'a> = (&'a str, &'a str);

fn cell((task, assistant): Trial<'_>) -> String {
    format!("[data-testid=map-cell][data-task={task}][data-assistant={assistant}]")
}

/// A working assistant's lane at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) assistant: String,
    pub(crate) task: String,
    pub(crate) words: String,
}

impl Window {
    /// Takes a picture of this screen in both themes and both languages, and leaves it light and English.
    pub(crate) async fn pictures(&self, screen: &str) {
        for (theme, language) in LOOKS {
            self.look(theme, language).await;
            self.picture(&format!("{screen}-{theme}-{language}")).await;
        }
        self.look("light", "en").await;
    }

    /// Presses the reader's switches until the window looks as wished.
    pub(crate) async fn look(&self, theme: &str, language: &str) {
        while self.each("[data-testid=theme-switch]", "data-theme").await != [theme] {
            self.press("[data-testid=theme-switch]").await;
        }
        if self.each("[data-testid=language-switch]", "data-locale").await != [language] {
            self.press("[data-testid=language-switch]").await;
        }
        let direction = if language == "ar" { "rtl" } else { "ltr" };
        assert_eq!(self.each("html", "dir").await, [direction]);
        assert_eq!(self.each("html", "data-theme").await, [theme]);
    }

    /// Goes to one of the five places.
    pub(crate) async fn go(&self, place: &str) {
        self.press(&format!("[data-testid=nav-{place}]")).await;
    }

    /// Opens a part of the run.
    pub(crate) async fn open_tab(&self, tab: &str) {
        self.press(&format!("[data-testid=tab-{tab}]")).await;
    }

    // New

    /// Starts the sample comparison with one click and returns the run's id.
    pub(crate) async fn start_sample(&self) -> String {
        self.press("[data-testid=start-sample]").await;
        self.opened_run().await
    }

    /// Starts the sample suite with some assistants only.
    pub(crate) async fn start_suite(&self, assistants: &[&str]) -> String {
        self.press("[data-testid=choose-suite][data-suite=samples]").await;
        for every in ["aster", "birch", "cedar", "dogwood", "elder", "fir"] {
            if !assistants.contains(&every) {
                self.press(&format!("[data-testid=choose-{every}] input")).await;
            }
        }
        self.press("[data-testid=start-suite]").await;
        self.opened_run().await
    }

    /// Tries one instruction in a folder, with who is offered.
    pub(crate) async fn try_here(&self, folder: &str, instruction: &str) -> String {
        self.write("[data-testid=folder]", folder).await;
        self.write("[data-testid=instruction]", instruction).await;
        self.press("[data-testid=start-try]:not(:disabled)").await;
        self.opened_run().await
    }

    async fn opened_run(&self) -> String {
        let address = "the run's own page";
        self.until(address, async |window| {
            let address = window.address().await;
            let run = address.split("#/run/").nth(1)?.split('/').next()?;
            Some(run.to_owned())
        })
        .await
    }

    // Overview

    /// Returns what the map says: a state for each trial.
    pub(crate) async fn map(&self) -> Vec<(String, String, String)> {
        let js = "return [...document.querySelectorAll('[data-testid=map-cell]')]
            .map(({ dataset: d }) => [d.task, d.assistant, d.state])";
        serde_json::from_value(self.script(js, &[]).await).unwrap()
    }

    /// Returns how many trials are over.
    pub(crate) async fn over(&self) -> usize {
        let map = self.map().await;
        map.iter().filter(|(_, _, state)| !["waiting", "working"].contains(&state.as_str())).count()
    }

    /// Returns the lanes as they are now.
    pub(crate) async fn lanes(&self) -> Vec<Lane> {
        let js = "return [...document.querySelectorAll('[data-testid=lane]')].map(lane => [lane.dataset.assistant,
            lane.querySelector('[data-testid=lane-open]').innerText, lane.querySelector('[role=log]').innerText])";
        let lanes: Vec<[String; 3]> = serde_json::from_value(self.script(js, &[]).await).unwrap();
        lanes.into_iter().map(|[assistant, task, words]| Lane { assistant, task, words }).collect()
    }

    /// Waits until nobody works any more.
    pub(crate) async fn wait_for_end(&self) {
        self.until("the run to end", async |window| {
            window.words("[data-testid=run-state]").await.contains("finished").then_some(())
        })
        .await;
    }

    // Diffs

    /// Opens a task's diff, from the map.
    pub(crate) async fn open_diff(&self, task: &str) {
        self.press(&format!("[data-testid=map-task][data-task={task}]")).await;
        self.see("[data-testid=diff-row]").await;
    }

    /// Opens another file of the diff.
    pub(crate) async fn open_file(&self, path: &str) {
        let file = format!("[data-testid=diff-file][data-path='{path}']");
        self.press(&file).await;
        self.see(&format!("{file}[aria-current=true]")).await;
    }

    /// Shows the diff stacked, or in columns.
    pub(crate) async fn show_diff(&self, form: &str) {
        self.press(&format!("[data-testid=form-{form}]")).await;
        self.see(&format!("[data-testid=diff-{form}] [data-testid=diff-row]")).await;
    }

    // Scoreboard

    /// Returns the verdict's first sentence and the sentences behind it by code.
    pub(crate) async fn verdict(&self) -> (String, Vec<String>) {
        self.see("[data-testid=verdict-headline]").await;
        let headline = self.words("[data-testid=verdict-headline]").await;
        (headline, self.each("[data-testid=verdict-part]", "data-part").await)
    }

    // Evidence

    /// Opens a trial's evidence from the map on this screen.
    pub(crate) async fn open_trial(&self, trial: Trial<'_>) {
        self.press(&cell(trial)).await;
        self.see("[data-testid=trial-worth]").await;
    }
}

/// What `fairtrial show` says of the newest run in a data folder.
pub(crate) fn shown(home: &Home) -> Value {
    home.run(&["show", "latest", "--json"]).ended_with(0).json()
}

/// The map cell's word for a trial as `fairtrial show` prints it.
pub(crate) fn state_of(trial: &Value) -> &str {
    if trial["ending"]["ending"] == json!("timed_out") {
        return "timed_out";
    }
    trial["result"]["result"].as_str().unwrap_or("not_evidence")
}
