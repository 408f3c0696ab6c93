//! Reads a table of trials that somebody else ran: one line per trial, names in the first line.
//!
//! **Invariant:** a line is read whole or refused with its place and a remedy; nothing is skipped or guessed.

use std::collections::{HashMap, HashSet};

use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::run::Validity;
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::usage::{Cost, CostSource};

use crate::compare::{ArmEntry, ComparisonInput, Design, TaskEntry, TrialEntry, TrialResult};

const REQUIRED: [&str; 4] = ["task", "assistant", "trial", "outcome"];
const OPTIONAL: [&str; 3] = ["cost", "seconds", "answers"];

/// One trial as a table tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvTrial {
    /// The line it starts on, from 1.
    pub line: u32,
    /// The task, as written.
    pub task: String,
    /// The assistant, as written.
    pub assistant: String,
    /// Which try, from 1.
    pub trial: u32,
    /// `pass`, `fail` or `infra`.
    pub outcome: TrialResult,
    /// US dollars; `None` when the field is empty or there is no such column.
    pub cost: Option<f64>,
    /// Wall seconds; `None` when the field is empty or there is no such column.
    pub seconds: Option<f64>,
}

/// Why a table cannot be read. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// There is no first line.
    #[error("line 1: the table is empty; begin it with `task,assistant,trial,outcome`")]
    Empty,
    /// A column must be there and is not.
    #[error("line 1: column `{column}` is missing; the first line must name task, assistant, trial, outcome")]
    MissingColumn {
        /// Which.
        column: &'static str,
    },
    /// A column that is not known.
    #[error(
        "line 1: column `{column}` is not known; use task, assistant, trial, outcome, cost, seconds, answers"
    )]
    UnknownColumn {
        /// As written.
        column: String,
    },
    /// A column stands twice.
    #[error("line 1: column `{column}` stands twice; keep one")]
    RepeatedColumn {
        /// Which.
        column: String,
    },
    /// A line with too few or too many fields.
    #[error("line {line}: {found} fields instead of {expected}; quote a field that holds a comma")]
    Fields {
        /// Where.
        line: u32,
        /// How many there are.
        found: usize,
        /// How many the first line names.
        expected: usize,
    },
    /// A quoted field that never ends, or text beside the quotes.
    #[error("line {line}: {what}; write a quoted field as \"…\" with \"\" for a quote in it")]
    Quote {
        /// Where the field starts.
        line: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A field that does not say what its column asks for.
    #[error("line {line}, column `{column}`: `{text}` is {problem}; {remedy}")]
    Value {
        /// Where.
        line: u32,
        /// In which column.
        column: &'static str,
        /// The field, shortened.
        text: String,
        /// What it is not.
        problem: &'static str,
        /// What to write.
        remedy: &'static str,
    },
    /// The same trial twice.
    #[error(
        "line {line}: trial {trial} of `{assistant}` on `{task}` stands on line {first} already; number trials from 1"
    )]
    Duplicate {
        /// Where.
        line: u32,
        /// Where it stood first.
        first: u32,
        /// The task.
        task: String,
        /// The assistant.
        assistant: String,
        /// Which try.
        trial: u32,
    },
    /// Two names that cannot be told apart once shortened to ids.
    #[error(
        "line {line}, column `{column}`: `{text}` and `{other}` differ only by case or signs; make them differ"
    )]
    Alike {
        /// Where.
        line: u32,
        /// In which column.
        column: &'static str,
        /// The name.
        text: String,
        /// The one it is like.
        other: String,
    },
    /// Lines, but no trial.
    #[error("line 2: there is no trial; write one line per trial")]
    NoTrials,
}

/// Reads a table with the columns task, assistant, trial, outcome (`pass`, `fail` or `infra`) and, where known,
/// cost in US dollars and seconds, in any order. The first line names them. A column answers, which a replay's table
/// has, is for readers.
///
/// # Errors
/// Names the line, the column and the remedy.
pub fn read_csv(text: &str) -> Result<Vec<CsvTrial>, CsvError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = rows(text)?.into_iter();
    let (_, names) = rows.next().ok_or(CsvError::Empty)?;
    let columns = Columns::of(&names)?;
    let mut trials = Vec::new();
    let mut seen: HashMap<(String, String, u32), u32> = HashMap::new();
    for (line, fields) in rows {
        if fields.len() != names.len() {
            return Err(CsvError::Fields { line, found: fields.len(), expected: names.len() });
        }
        let trial = columns.trial(line, &fields)?;
        let key = (trial.task.clone(), trial.assistant.clone(), trial.trial);
        if let Some(first) = seen.insert(key, line) {
            let CsvTrial { task, assistant, trial, .. } = trial;
            return Err(CsvError::Duplicate { line, first, task, assistant, trial });
        }
        trials.push(trial);
    }
    if trials.is_empty() { Err(CsvError::NoTrials) } else { Ok(trials) }
}

/// Makes a comparison's input of a table: every task counts, in the order of first mention, with the isolation
/// unknown. Names become ids in lower case with `-` for what an id cannot hold; titles stay as written.
///
/// # Errors
/// A name of which no id can be made, or two of which the same would be made.
pub fn from_csv(trials: &[CsvTrial], margin: f64) -> Result<ComparisonInput, CsvError> {
    let mut tasks = Names::new("task");
    let mut assistants = Names::new("assistant");
    let mut entries = Vec::new();
    for trial in trials {
        let task = TaskId::parse(&tasks.id(trial.line, &trial.task)?);
        let assistant = AssistantId::parse(&assistants.id(trial.line, &trial.assistant)?);
        let (Ok(task), Ok(assistant)) = (task, assistant) else {
            return Err(not_a_name(trial.line, "task", &trial.task));
        };
        entries.push(TrialEntry {
            key: TrialKey { task, assistant, trial: trial.trial },
            result: trial.outcome,
            cost: trial.cost.map(|usd| Cost { usd, source: CostSource::Reported }),
            seconds: trial.seconds,
            tier: None,
            scores: vec![],
            more: vec![],
        });
    }
    let mut seen = HashSet::new();
    let first_tasks = entries.iter().map(|entry| &entry.key.task).filter(|id| seen.insert(*id));
    let tasks = first_tasks
        .map(|id| TaskEntry {
            id: id.clone(),
            validity: Validity::Valid,
            canary: false,
            graded: true,
            kind: TaskKind::Other,
            repository: None,
        })
        .collect();
    let mut seen = HashSet::new();
    let first_arms = entries.iter().zip(trials).filter(|(entry, _)| seen.insert(&entry.key.assistant));
    let assistants = first_arms
        .map(|(entry, trial)| ArmEntry {
            id: entry.key.assistant.clone(),
            title: trial.assistant.clone(),
            sample: false,
            own_login: false,
            tool: None,
            model: None,
        })
        .collect();
    let planned = trials.iter().map(|trial| (&trial.task, &trial.assistant)).fold(
        HashMap::<_, u32>::new(),
        |mut counts, cell| {
            *counts.entry(cell).or_default() += 1;
            counts
        },
    );
    let planned_trials = planned.into_values().max().unwrap_or(0);
    let design = Design::default();
    Ok(ComparisonInput { tasks, assistants, trials: entries, margin, planned_trials, finished: true, design })
}

/// Names of one column with the ids made of them.
struct Names {
    column: &'static str,
    by_id: HashMap<String, String>,
}

impl Names {
    fn new(column: &'static str) -> Self {
        Names { column, by_id: HashMap::new() }
    }

    fn id(&mut self, line: u32, name: &str) -> Result<String, CsvError> {
        let sign = |c: char| {
            let c = c.to_ascii_lowercase();
            if c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c) { c } else { '-' }
        };
        let id: String = name.chars().map(sign).collect();
        let id = id.trim_start_matches(['-', '_', '.']);
        if id.is_empty() || id.len() > 64 {
            return Err(not_a_name(line, self.column, name));
        }
        let other = self.by_id.entry(id.to_owned()).or_insert_with(|| name.to_owned());
        if other == name {
            Ok(id.to_owned())
        } else {
            let (text, other) = (short(name), short(other));
            Err(CsvError::Alike { line, column: self.column, text, other })
        }
    }
}

fn not_a_name(line: u32, column: &'static str, text: &str) -> CsvError {
    let remedy = "write at most 64 characters with a letter a-z or a digit among them";
    CsvError::Value { line, column, text: short(text), problem: "no name", remedy }
}

/// At most 40 characters, with control characters escaped.
fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

/// Where each column stands.
struct Columns {
    places: HashMap<&'static str, usize>,
}

impl Columns {
    fn of(names: &[String]) -> Result<Self, CsvError> {
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase();
            let known = REQUIRED.iter().chain(&OPTIONAL).find(|known| **known == name);
            let Some(known) = known else { return Err(CsvError::UnknownColumn { column: short(&name) }) };
            if places.insert(*known, place).is_some() {
                return Err(CsvError::RepeatedColumn { column: name });
            }
        }
        match REQUIRED.into_iter().find(|column| !places.contains_key(column)) {
            Some(column) => Err(CsvError::MissingColumn { column }),
            None => Ok(Columns { places }),
        }
    }

    fn get<'a>(&self, fields: &'a [String], column: &str) -> &'a str {
        let field = self.places.get(column).and_then(|&place| fields.get(place));
        field.map_or("", |field| field.trim())
    }

    fn trial(&self, line: u32, fields: &[String]) -> Result<CsvTrial, CsvError> {
        let bad = |column, problem, remedy| {
            let text = short(self.get(fields, column));
            CsvError::Value { line, column, text, problem, remedy }
        };
        let name = |column| match self.get(fields, column) {
            "" => Err(bad(column, "no name", "write one")),
            name => Ok(name.to_owned()),
        };
        let number = |column| match self.get(fields, column) {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
                _ => Err(bad(column, "no number from 0 up", "write digits with a point, or leave it empty")),
            },
        };
        let trial = self.get(fields, "trial").parse::<u32>().ok().filter(|trial| *trial > 0);
        let outcome = match self.get(fields, "outcome") {
            "pass" => TrialResult::Pass,
            "fail" => TrialResult::Fail,
            "infra" => TrialResult::Infra,
            _ => return Err(bad("outcome", "no outcome", "write pass, fail or infra")),
        };
        Ok(CsvTrial {
            line,
            task: name("task")?,
            assistant: name("assistant")?,
            trial: trial.ok_or_else(|| bad("trial", "no trial number", "count from 1"))?,
            outcome,
            cost: number("cost")?,
            seconds: number("seconds")?,
        })
    }
}

/// Splits a table into rows with the line each starts on; blank lines are left out.
/// Returns the fields of each line that has any, with the line's number from 1.
pub(crate) fn rows(text: &str) -> Result<Vec<(u32, Vec<String>)>, CsvError> {
    let mut rows = Vec::new();
    let mut rest = text;
    let mut line = 1u32;
    while !rest.is_empty() {
        let start = line;
        let mut fields = Vec::new();
        loop {
            let (field, after) = field(rest, line)?;
            line = line.saturating_add(newlines(&rest[..rest.len() - after.len()]));
            fields.push(field);
            rest = after;
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
        rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
        line = line.saturating_add(1);
        if fields.len() > 1 || fields.iter().any(|field| !field.trim().is_empty()) {
            rows.push((start, fields));
        }
    }
    Ok(rows)
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// Reads one field; what follows starts with a comma, a line end or nothing.
fn field(text: &str, line: u32) -> Result<(String, &str), CsvError> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let end = if text[..end].ends_with('\r') && !text[end..].starts_with(',') { end - 1 } else { end };
        let field = &text[..end];
        if field.contains('"') {
            return Err(CsvError::Quote { line, what: "a quote stands inside a field" });
        }
        let after = text[end..].strip_prefix('\r').filter(|after| after.is_empty()).unwrap_or(&text[end..]);
        return Ok((field.to_owned(), after));
    };
    let mut field = String::new();
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            return Err(CsvError::Quote { line, what: "a quoted field does not end" });
        };
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if after.is_empty() || after.starts_with([',', '\n']) || after.starts_with("\r\n") => {
                return Ok((field, after));
            }
            None => return Err(CsvError::Quote { line, what: "text follows a closing quote" }),
        }
    }
}
