//! Renders a run as an HTML page, JSON, CSV and terminal text. Values in, text out; nothing is read or written.
//!
//! **Invariant:** text that came from tasks, assistants or their patches is never markup and never obeyed: it is
//! escaped and made visible in every form. What is unknown is said to be unknown.

use std::collections::BTreeMap;

use fairtrial_domain::comparison::{Advice, Comparison};
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::run::{RunRecord, TaskFacts, TrialRecord};
use fairtrial_domain::task::{Task, TaskKind};

mod advice;
mod canaries;
mod contacts;
mod csv;
mod findings;
mod html;
mod json;
mod left;
mod markup;
mod notes;
mod rounds;
mod state;
mod terminal;
mod verdict;
mod words;

#[cfg(test)]
mod tests {
    mod reader;
    pub(crate) mod sample;
}

pub use csv::csv;
pub use html::html;
pub use json::{RunJson, SCHEMA, TaskJson, TrialJson, Worth, json};
pub use notes::notes;
pub use state::State;
pub use terminal::{terminal, terminal_comparison, terminal_diff, terminal_preview, terminal_self_test};

/// Follows the name of one who worked with its user's own login.
const OWN_LOGIN: &str = " (own login)";

/// All that a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The run with its plan.
    pub run: &'a RunRecord,
    /// The suite's tasks, in the plan's order; a planned task that is missing here is shown by its name.
    pub tasks: &'a [TaskBrief],
    /// What was known of tasks before their trials.
    pub facts: &'a [TaskFacts],
    /// Every trial that is over.
    pub trials: &'a [TrialRecord],
    /// What may be concluded.
    pub comparison: &'a Comparison,
    /// The patches of trials, where they are at hand.
    pub patches: &'a BTreeMap<TrialKey, Patch>,
    /// When the report is made: RFC 3339, UTC.
    pub generated: &'a str,
    /// True while trials are still to come.
    pub unfinished: bool,
}

/// A task as reports show it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBrief {
    /// Its name.
    pub id: TaskId,
    /// One line for people.
    pub title: String,
    /// What the assistants were told.
    pub instruction: String,
    /// What sort of work it is.
    pub kind: TaskKind,
    /// The main language.
    pub language: Option<String>,
}

impl From<&Task> for TaskBrief {
    fn from(task: &Task) -> Self {
        TaskBrief {
            id: task.id.clone(),
            title: task.title.clone(),
            instruction: task.instruction.clone(),
            kind: task.kind,
            language: task.language.clone(),
        }
    }
}

impl<'a> ReportInput<'a> {
    /// Returns an assistant's name for people; its id when the plan does not know it.
    pub(crate) fn title(&self, id: &'a AssistantId) -> &'a str {
        let found = self.run.plan.assistants.iter().find(|assistant| assistant.id == *id);
        found.map_or(id.as_str(), |assistant| assistant.title.as_str())
    }

    /// Returns an assistant's name for people, as its own text.
    pub(crate) fn title_of(&self, id: &AssistantId) -> String {
        let found = self.run.plan.assistants.iter().find(|assistant| assistant.id == *id);
        found.map_or_else(|| id.to_string(), |assistant| assistant.title.clone())
    }

    /// Returns an assistant's name for people, with the word for a bundled sample.
    pub(crate) fn label(&self, id: &'a AssistantId) -> String {
        let found = self.run.plan.assistants.iter().find(|assistant| assistant.id == *id);
        let sample = found.is_some_and(|assistant| assistant.sample);
        let own = if self.has_own_login(id) { OWN_LOGIN } else { "" };
        format!("{}{}{own}", self.title(id), if sample { " (sample)" } else { "" })
    }

    /// Returns whether an assistant worked with its user's own login.
    pub(crate) fn has_own_login(&self, id: &AssistantId) -> bool {
        self.run.plan.assistants.iter().any(|assistant| assistant.id == *id && assistant.own_login.is_some())
    }

    /// Returns an assistant's place in the plan.
    pub(crate) fn place(&self, id: &AssistantId) -> Option<usize> {
        self.run.plan.assistants.iter().position(|assistant| assistant.id == *id)
    }

    /// Returns a task's name for people; its id when it is not described.
    pub(crate) fn task_title(&self, id: &'a TaskId) -> &'a str {
        let found = self.tasks.iter().find(|task| task.id == *id);
        found.map_or(id.as_str(), |task| task.title.as_str())
    }

    /// Returns the trials of one cell of the map, by number: `None` for one that is not over.
    pub(crate) fn cell(&self, task: &TaskId, assistant: &AssistantId) -> Vec<Option<&'a TrialRecord>> {
        let find = |number| {
            let is = |key: &TrialKey| key.task == *task && key.assistant == *assistant && key.trial == number;
            self.trials.iter().find(|trial| is(&trial.key))
        };
        (1..=self.run.plan.trials).map(find).collect()
    }

    /// Returns how many trials the plan asks for.
    pub(crate) fn planned(&self) -> usize {
        let plan = &self.run.plan;
        plan.tasks.len() * plan.assistants.len() * plan.trials as usize
    }
}

/// Returns what models that judge said of a run, a line each; nothing when none was asked.
pub fn advice(advice: &Advice, run: &RunRecord) -> Vec<String> {
    let title = |id: &AssistantId| {
        let found = run.plan.assistants.iter().find(|assistant| assistant.id == *id);
        found.map_or_else(|| id.to_string(), |assistant| assistant.title.clone())
    };
    advice::advice(advice, &title)
}

/// Returns the letter that stands for the assistant at `place` in the plan, beside its name or its colour.
pub(crate) fn letter(place: usize) -> String {
    let letters = b'A'..=b'Z';
    letters.map(char::from).nth(place).map_or_else(|| format!("#{}", place + 1), String::from)
}
