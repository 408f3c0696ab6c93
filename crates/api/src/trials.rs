//! One trial with its evidence.

use fairtrial_domain::event::{Event, EventKind};
use fairtrial_domain::id::{RunId, TrialKey};
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::patch::{Patch, PatchRef};
use fairtrial_domain::run::TrialRecord;
use fairtrial_patch::measure;

use crate::Api;
use crate::error::ApiError;
use crate::look::{cell_state, count, task_summary};
use crate::view::{FileSummary, TrialView};

/// How many events a trial's view holds; more are asked for.
const FIRST_EVENTS: usize = 500;

/// No text of an event is shown beyond this many bytes; the journal keeps it whole.
const MOST_TEXT: usize = 64 << 10;

impl Api {
    /// Returns everything about one trial.
    pub fn trial(&self, run: &RunId, key: &TrialKey) -> Result<TrialView, ApiError> {
        let mut record = self.trial_record(run, key)?;
        self.advise(run, std::slice::from_mut(&mut record))?;
        let tasks = self.store.tasks(run)?;
        let facts = self.store.facts(run)?;
        let task = tasks.iter().find(|task| task.id == key.task);
        let task = task.ok_or_else(|| ApiError::NoTrial { run: run.clone(), key: key.clone() })?;
        let events = self.all_events(&record)?;
        let files = measure::files(&self.patch(&record)?)
            .into_iter()
            .map(|file| FileSummary { path: file.path, added: file.added, removed: file.removed })
            .collect();
        Ok(TrialView {
            state: cell_state(&record),
            task: task_summary(task, facts.iter().find(|facts| facts.task == task.id)),
            events_total: count(events.len()),
            events: events.into_iter().take(FIRST_EVENTS).collect(),
            files,
            record,
        })
    }

    /// Returns some of a trial's events.
    pub fn events(&self, run: &RunId, key: &TrialKey, from: u32, most: u32) -> Result<Vec<Event>, ApiError> {
        let events = self.all_events(&self.trial_record(run, key)?)?;
        Ok(events.into_iter().skip(from as usize).take(most as usize).collect())
    }

    pub(crate) fn trial_record(&self, run: &RunId, key: &TrialKey) -> Result<TrialRecord, ApiError> {
        let found = self.store.trial(run, key)?;
        found.ok_or_else(|| ApiError::NoTrial { run: run.clone(), key: key.clone() })
    }

    /// Returns a trial's patch; an empty one when none was captured.
    pub(crate) fn patch(&self, record: &TrialRecord) -> Result<Patch, ApiError> {
        self.patch_of(record.patch.as_ref())
    }

    /// Returns a stored patch; an empty one for none.
    pub(crate) fn patch_of(&self, named: Option<&PatchRef>) -> Result<Patch, ApiError> {
        match named {
            Some(patch) => Ok(serde_json::from_slice(&self.store.get_blob(&patch.digest)?)?),
            None => Ok(Patch::default()),
        }
    }

    /// Reads the events of the newest attempt that has any, texts made visible.
    pub(crate) fn all_events(&self, record: &TrialRecord) -> Result<Vec<Event>, ApiError> {
        for journal in record.journals.iter().rev() {
            let text = self.store.get_blob(journal)?;
            let events = events_of(&String::from_utf8_lossy(&text));
            if !events.is_empty() {
                return Ok(events);
            }
        }
        Ok(vec![])
    }
}

/// Returns the events of a journal as they were written: for rules, not for eyes.
pub(crate) fn raw_events(journal: &str) -> Vec<Event> {
    read_events(journal, &|kind| kind)
}

fn events_of(journal: &str) -> Vec<Event> {
    read_events(journal, &|kind| visible(kind, MOST_TEXT))
}

fn read_events(journal: &str, shown: &dyn Fn(EventKind) -> EventKind) -> Vec<Event> {
    let mut launched = 0;
    let mut events = vec![];
    for line in journal.lines() {
        // A torn last line of a lost attempt: what it was is not known, and the attempt says that it was lost.
        let Ok(line) = serde_json::from_str::<JournalLine>(line) else { continue };
        match line.record {
            Record::Launched { .. } => launched = line.at_ms,
            Record::Event { kind } => {
                events.push(Event { at_ms: line.at_ms.saturating_sub(launched), kind: shown(kind) });
            }
            Record::Opened { .. }
            | Record::Phase { .. }
            | Record::LimitReached { .. }
            | Record::Metered { .. }
            | Record::Ended { .. }
            | Record::Contact { .. }
            | Record::Captured { .. }
            | Record::Restored { .. }
            | Record::CheckStarted { .. }
            | Record::Verdict { .. }
            | Record::DoesNotApply { .. }
            | Record::BaseReady { .. }
            | Record::Failed { .. }
            | Record::Closed => {}
        }
    }
    events
}

/// Makes control and direction characters of an event's texts visible and cuts them at `most` bytes, saying how much
/// was cut; line breaks stay.
pub(crate) fn visible(kind: EventKind, most: usize) -> EventKind {
    let show = |text: String| {
        let end = text.floor_char_boundary(most);
        let shown = fairtrial_patch::visible(&text[..end]).into_owned();
        if end == text.len() { shown } else { format!("{shown} … ({} more bytes)", text.len() - end) }
    };
    match kind {
        EventKind::Text { text } => EventKind::Text { text: show(text) },
        EventKind::Thinking { text } => EventKind::Thinking { text: show(text) },
        EventKind::ToolCall { id, name, kind, title } => {
            EventKind::ToolCall { id, name: show(name), kind, title: show(title) }
        }
        EventKind::ToolResult { id, ok, output } => EventKind::ToolResult { id, ok, output: show(output) },
        EventKind::Retry { attempt, fault, message } => {
            EventKind::Retry { attempt, fault, message: show(message) }
        }
        EventKind::Notice { text } => EventKind::Notice { text: show(text) },
        EventKind::Stderr { line } => EventKind::Stderr { line: show(line) },
        EventKind::Unparsed { line } => EventKind::Unparsed { line: show(line) },
        same @ (EventKind::Started { .. }
        | EventKind::Usage { .. }
        | EventKind::Ended { .. }
        | EventKind::Dropped { .. }) => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_timed_from_the_launch_and_shown_visibly() {
        let line =
            |seq, at_ms, record| serde_json::to_string(&JournalLine { v: 1, seq, at_ms, record }).unwrap();
        let text = EventKind::Text { text: "a\u{202e}b".to_owned() };
        let journal = [
            line(0, 40, Record::Launched { argv: vec![], instruction_files: vec![] }),
            line(1, 90, Record::Event { kind: text }),
            "{\"torn".to_owned(),
        ];
        let events = events_of(&journal.join("\n"));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].at_ms, 50);
        assert!(matches!(&events[0].kind, EventKind::Text { text } if !text.contains('\u{202e}')));
    }
}
