//! What the store gives back beside the domain's own values.

use std::path::PathBuf;

use fairtrial_domain::id::TrialKey;
use fairtrial_domain::run::RunRecord;

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub record: RunRecord,
    /// Trials recorded.
    pub done: u32,
    /// Trials planned.
    pub planned: u32,
}

/// An attempt as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRow {
    /// Which trial.
    pub key: TrialKey,
    /// From 1.
    pub attempt: u32,
    /// Where it stands.
    pub state: AttemptState,
    /// Its bundle's folder.
    pub dir: PathBuf,
    /// Why it was lost.
    pub reason: Option<String>,
    /// US dollars that it is known to have cost, where it was lost.
    pub usd: Option<f64>,
    /// Seconds since 1970.
    pub started: u64,
    /// Seconds since 1970; `None` while it is not over.
    pub ended: Option<u64>,
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// Under way, or it was when its process ended.
    Started,
    /// Lost to a fault that counts against the trial's attempts.
    Lost,
    /// Lost because the app ended; counts against nothing.
    Interrupted,
    /// Its trial was recorded from it.
    Done,
}

/// An attempt that is given up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lost<'a> {
    /// Whose doing it was.
    pub loss: Loss,
    /// Why, for people.
    pub reason: &'a str,
    /// US dollars that it is known to have cost.
    pub usd: Option<f64>,
}

/// Why an attempt is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A fault of ours or the vendor's.
    Fault,
    /// The app ended under it.
    Interrupted,
}

impl AttemptState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            AttemptState::Started => "started",
            AttemptState::Lost => "lost",
            AttemptState::Interrupted => "interrupted",
            AttemptState::Done => "done",
        }
    }

    /// The table's CHECK admits no other word.
    pub(crate) fn of_word(word: &str) -> AttemptState {
        match word {
            "started" => AttemptState::Started,
            "interrupted" => AttemptState::Interrupted,
            "done" => AttemptState::Done,
            _ => AttemptState::Lost,
        }
    }
}

impl From<Loss> for AttemptState {
    fn from(loss: Loss) -> AttemptState {
        match loss {
            Loss::Fault => AttemptState::Lost,
            Loss::Interrupted => AttemptState::Interrupted,
        }
    }
}
