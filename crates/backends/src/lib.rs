//! How each assistant is started, and how the lines it writes become events. One file per back end.
//!
//! **Invariant:** pure. Nothing here spawns, sleeps, reads a clock or touches the disk; and nothing an assistant
//! writes is lost: a line becomes at least one event, unless its type is listed by name as silent.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::event::EventKind;
use serde_json::Value;

mod acp;
mod aider;
mod amp;
mod auggie;
mod classify;
mod claude_code;
mod claude_shaped;
mod cline;
mod codex;
mod command;
pub mod config;
mod configuration;
mod copilot;
mod cursor;
mod direct;
mod droid;
mod ending;
mod gemini;
mod goose;
mod kiro;
mod known;
mod mini_swe_agent;
mod opencode;
mod pi;
mod qwen;
mod sample;
mod shorten;
mod steering;
mod value;

pub use configuration::{Configuration, configuration};
pub use ending::{Progress, StoppedBy, ending, metered};
pub use known::{AcpProgram, Driven, Features, Known, Takes, acp_programs, alias, known, takes};
pub use sample::samples;
pub use shorten::{OUTPUT_LIMIT, shorten};
pub use steering::{Steering, places};

/// Returns the back end of a kind.
pub fn backend(kind: BackendKind) -> &'static dyn Backend {
    match kind {
        BackendKind::ClaudeCode => &claude_code::ClaudeCode,
        BackendKind::Codex => &codex::Codex,
        BackendKind::Gemini => &gemini::Gemini,
        BackendKind::Qwen => &qwen::Qwen,
        BackendKind::Opencode => &opencode::Opencode::ORIGINAL,
        BackendKind::Kilo => &opencode::Opencode::KILO,
        BackendKind::Copilot => &copilot::Copilot,
        BackendKind::Droid => &droid::Droid,
        BackendKind::Pi => &pi::Pi,
        BackendKind::Cline => &cline::Cline,
        BackendKind::Aider => &aider::Aider,
        BackendKind::MiniSweAgent => &mini_swe_agent::MiniSweAgent,
        BackendKind::Cursor => &cursor::Cursor,
        BackendKind::Amp => &amp::Amp,
        BackendKind::Auggie => &auggie::Auggie,
        BackendKind::Goose => &goose::Goose,
        BackendKind::Kiro => &kiro::Kiro,
        BackendKind::Acp => &acp::Acp,
        BackendKind::Direct => &direct::Direct,
        BackendKind::Command => &command::Command,
        BackendKind::Sample => &sample::Sample,
    }
}

/// Returns what to start, like `Backend::launch`; a session is taken up again only where the back end can.
///
/// # Errors
/// As `Backend::launch`, and where a session is to be resumed that cannot be.
pub fn start(backend: &dyn Backend, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError> {
    if spec.resume.is_some() && !backend.can_resume(spec.assistant) {
        return Err(LaunchError::NoResume { assistant: spec.assistant.id.to_string() });
    }
    backend.launch(spec)
}

/// How one kind of assistant is driven.
pub trait Backend: Send + Sync {
    /// Returns what to start, from settings alone.
    ///
    /// # Errors
    /// When the settings cannot start this back end, in a sentence with the remedy.
    fn launch(&self, spec: &LaunchSpec<'_>) -> Result<Launch, LaunchError>;

    /// Returns a reader for one session, from its first line on.
    fn reader(&self) -> Box<dyn Reader>;

    /// Returns where this assistant's model answers and which secrets are sent there, when its traffic can be led
    /// through our meter: its address can be set, and its key is a plain word in a header. `None` otherwise.
    fn meter_point(&self, _assistant: &Assistant) -> Option<MeterPoint> {
        None
    }

    /// Returns the reader of the session that `spec` starts. One that must answer its program needs it.
    fn session(&self, _spec: &LaunchSpec<'_>) -> Result<Box<dyn Reader>, LaunchError> {
        Ok(self.reader())
    }

    /// Returns the program's usual name, looked up on the PATH when the assistant names none.
    fn default_program(&self) -> Option<&'static str>;

    /// Returns whether the cost of a finished session will be known: from the stream, or from the user's prices.
    fn cost_known(&self, assistant: &Assistant) -> bool {
        assistant.price.is_some()
    }

    /// Returns whether a session that ended well says so in its stream. Without such an event the exit code is
    /// all there is.
    fn expects_terminal_event(&self) -> bool {
        true
    }

    /// Returns whether silence can mean a model request in flight: true where the stream shows tool calls as they
    /// start.
    fn shows_requests(&self) -> bool {
        true
    }

    /// Returns whether it asks before a tool runs, so that a tool can be denied.
    fn asks_permission(&self) -> bool {
        false
    }

    /// Returns whether it can go on with a session of its own that has ended: `LaunchSpec::resume`. Where it cannot, a
    /// trial has one round.
    fn can_resume(&self, _assistant: &Assistant) -> bool {
        false
    }

    /// Returns what of a repository its program obeys unasked, in a version where that is known; `None` where its rules
    /// are not known.
    fn steering(&self, _assistant: &Assistant, _version: Option<&str>) -> Option<Steering> {
        None
    }

    /// Returns the names of line types that are read and yield no event, for people and for tests. A name is a `type`,
    /// or a `type` and what tells its sort, with a slash between.
    fn silent(&self) -> &'static [&'static str] {
        &[]
    }
}

/// What a launch is made from. Everything comes in; nothing is looked up.
#[derive(Debug, Clone, Copy)]
pub struct LaunchSpec<'a> {
    /// Who works.
    pub assistant: &'a Assistant,
    /// What it is told.
    pub instruction: &'a str,
    /// The resolved program.
    pub program: &'a Path,
    /// The folder it works in, as it sees it.
    pub workspace: &'a Path,
    /// Its private home, as it sees it.
    pub home: &'a Path,
    /// Values of the secrets it was given, by variable.
    pub secrets: &'a BTreeMap<String, String>,
    /// Variables passed on from the app's environment.
    pub env: &'a BTreeMap<String, String>,
    /// The address of our meter, which stands in the vendor's place; then `secrets` holds stand-ins for keys.
    pub meter: Option<&'a str>,
    /// The session to go on with, by the program's own name; `None` begins one.
    pub resume: Option<&'a str>,
}

impl<'a> LaunchSpec<'a> {
    /// Returns the address to send model requests to, where it is not the vendor's own.
    pub fn base_url(&self) -> Option<&'a str> {
        self.meter.or(self.assistant.base_url.as_deref())
    }
}

/// Where the meter sends what it is asked, and what it puts in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterPoint {
    /// The address that the program would have used.
    pub upstream: String,
    /// Variables whose values are keys for it: the job gets stand-ins, the meter puts the values in.
    pub keys: &'static [&'static str],
}

/// What to start.
#[derive(Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables to set beside the cell's own few (PATH, HOME and the like). Holds the secrets: never write it.
    pub env: BTreeMap<String, String>,
    /// What it reads on standard input.
    pub stdin: Input,
    /// Files to write before the start: path relative to the home, and contents.
    pub files: Vec<(String, String)>,
    /// Files to hand to the reader after the end: paths relative to the home.
    pub collect: Vec<String>,
}

/// What a program reads on standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// A text, then the end.
    Text(String),
    /// What its reader has to say, until the reader is done.
    Talk,
}

impl Launch {
    /// Returns a launch that reads nothing and needs no files.
    fn new(argv: Vec<String>, env: BTreeMap<String, String>) -> Self {
        Self { argv, env, stdin: Input::Nothing, files: vec![], collect: vec![] }
    }
}

impl std::fmt::Debug for Launch {
    /// Names the variables and never shows their values, for some are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Launch")
            .field("argv", &self.argv)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("stdin", &self.stdin)
            .field("files", &self.files)
            .field("collect", &self.collect)
            .finish()
    }
}

/// Why an assistant cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// It would start and fail to sign in.
    #[error(
        "assistant `{assistant}` has no key: add `secrets = {{ {variable} = {{ env = \"{variable}\" }} }}` to its table"
    )]
    NoKey {
        /// The assistant.
        assistant: String,
        /// The variable its program reads.
        variable: &'static str,
    },
    /// It does not choose a model by itself.
    #[error(
        "assistant `{assistant}` names no model, and its back end has no default: add `model = \"…\"` to its table"
    )]
    NoModel {
        /// The assistant.
        assistant: String,
    },
    /// A path that cannot be handed over as text.
    #[error("the path `{path}` is not valid UTF-8: use another folder or program")]
    Path {
        /// The path, with replacement characters.
        path: String,
    },
    /// Its session cannot be taken up again.
    #[error("assistant `{assistant}` cannot resume a session: its trials have one round")]
    NoResume {
        /// The assistant.
        assistant: String,
    },
    /// A setting that this back end does not have.
    #[error("assistant `{assistant}` sets `{field}`, which its back end does not take: remove it")]
    Setting {
        /// The assistant.
        assistant: String,
        /// The field.
        field: &'static str,
    },
}

/// Reads one session. Lines come without their line break.
pub trait Reader: Send {
    /// Reads a line of standard output.
    fn stdout(&mut self, line: &str) -> Vec<EventKind>;

    /// Reads a line of standard error.
    fn stderr(&mut self, line: &str) -> Vec<EventKind> {
        vec![EventKind::Stderr { line: line.to_owned() }]
    }

    /// Reads a file that the launch names in `collect`, once the process has ended and before `finish`. One that is not
    /// there is not handed over.
    fn file(&mut self, _path: &str, _text: &str) -> Vec<EventKind> {
        vec![]
    }

    /// Returns the lines to write to standard input now, each without its break. Asked at the start and after every
    /// line that was read.
    fn say(&mut self) -> Vec<String> {
        vec![]
    }

    /// Returns whether all is said: standard input is closed, and the process should end soon.
    fn done(&self) -> bool {
        false
    }

    /// Takes note that the session is to stop; what to say about it comes from `say`.
    fn stop(&mut self) {}

    /// Returns what is left to say once the process has ended.
    fn finish(&mut self, exit: ProcessExit) -> Vec<EventKind>;
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessExit {
    /// Its exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<i32>,
}

/// Reads a line of JSON; one that is none, or whose meaning `read` does not know, is kept as it is.
fn json_line(line: &str, read: impl FnOnce(&Value) -> Option<Vec<EventKind>>) -> Vec<EventKind> {
    if line.trim().is_empty() {
        return vec![];
    }
    let events = serde_json::from_str::<Value>(line).ok().and_then(|value| read(&value));
    events.unwrap_or_else(|| vec![EventKind::Unparsed { line: line.to_owned() }])
}

/// Refuses what a back end does not take.
fn refuse(spec: &LaunchSpec<'_>, field: &'static str, set: bool) -> Result<(), LaunchError> {
    if set { Err(LaunchError::Setting { assistant: spec.assistant.id.to_string(), field }) } else { Ok(()) }
}

/// Returns the first of `keys` that is set, or says that the first should be.
fn key(
    spec: &LaunchSpec<'_>,
    env: &BTreeMap<String, String>,
    keys: &'static [&'static str],
) -> Result<&'static str, LaunchError> {
    keys.iter().find(|key| env.contains_key(**key)).copied().ok_or_else(|| LaunchError::NoKey {
        assistant: spec.assistant.id.to_string(),
        variable: keys.first().copied().unwrap_or_default(),
    })
}

/// Returns the model, which this back end cannot do without.
fn model<'a>(spec: &LaunchSpec<'a>) -> Result<&'a str, LaunchError> {
    spec.assistant
        .model
        .as_deref()
        .ok_or_else(|| LaunchError::NoModel { assistant: spec.assistant.id.to_string() })
}

/// Returns the program and `arguments`.
fn argv(spec: &LaunchSpec<'_>, arguments: &[&str]) -> Result<Vec<String>, LaunchError> {
    let program = text(spec.program)?;
    Ok([program.as_str()].iter().chain(arguments).map(|word| (*word).to_owned()).collect())
}

fn text(path: &Path) -> Result<String, LaunchError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| LaunchError::Path { path: path.to_string_lossy().into_owned() })
}

/// Returns the variables of a launch: the back end's defaults, then what was passed on, then the assistant's own,
/// then its secrets; the later wins.
fn variables(spec: &LaunchSpec<'_>, defaults: &[(&str, &str)]) -> BTreeMap<String, String> {
    let defaults = defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let given = [spec.env, &spec.assistant.env, spec.secrets].into_iter().flatten();
    defaults.chain(given.map(|(name, value)| (name.clone(), value.clone()))).collect()
}
