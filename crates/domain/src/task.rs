//! A task: one instruction, a base to start from, and the checks that judge what comes back.

use std::path::PathBuf;

use crate::id::{CheckId, Digest, SuiteId, TaskId};
pub use crate::network::Network;

values! {
    /// An ordered, versioned set of tasks.
    pub struct Suite {
        /// Its name.
        pub id: SuiteId,
        /// Its name for people.
        pub title: String,
        /// Its version, as its author writes it.
        pub version: String,
        /// The tasks, in the author's order.
        pub tasks: Vec<Task>,
    }

    /// One instruction with a base and checks, as read from a task directory.
    pub struct Task {
        /// Its name; unique in a suite.
        pub id: TaskId,
        /// One line for people.
        pub title: String,
        /// What the assistant is told, verbatim.
        pub instruction: String,
        /// What sort of work it is; verdicts are stratified by it.
        pub kind: TaskKind,
        /// The main language, for people (`python`, `rust`, `javascript` …).
        pub language: Option<String>,
        /// Where the base comes from.
        pub repository: Repository,
        /// Commands that prepare the base, run once and shared by all trials.
        pub setup: Vec<Command>,
        /// What judges a patch, in order.
        pub checks: Vec<Check>,
        /// Globs of paths that an assistant may read but whose change by it is judged as tampering.
        pub protected: Vec<String>,
        /// Globs of paths the task is about; empty means no statement. Changes elsewhere cost scope.
        pub allowed: Vec<String>,
        /// Globs of paths that the task forbids to touch: a patch that does is set aside.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub forbidden: Vec<String>,
        /// The only direct dependencies, beside the reference's, that a patch may add; `None` where the task says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub dependencies: Option<Vec<String>>,
        /// Files put over the tree before checks run; an assistant never sees them.
        pub hidden: Vec<HiddenFile>,
        /// A unified diff that solves the task, where there is one; an assistant never sees it.
        pub reference: Option<String>,
        /// Toolchains that checks or set-up need on the PATH (`python3`, `cargo`, `node` …).
        pub requires: Vec<String>,
        /// Bounds on one trial.
        pub limits: Limits,
        /// The network of set-up commands.
        #[serde(default = "set_up_network")]
        pub network: Network,
        /// Files of the machine that set-up and checks, and assistants with them, need to read.
        #[serde(default)]
        pub readable: Vec<String>,
        /// True when the instruction asks for changes to tests, so that such changes are no tampering.
        pub tests_may_change: bool,
        /// SHA-256 over all files of the task directory.
        pub digest: Digest,
        /// The task directory it was read from.
        pub directory: PathBuf,
    }

    /// Where a base comes from.
    #[serde(tag = "from", rename_all = "snake_case")]
    pub enum Repository {
        /// A folder as it is, without history.
        Folder {
            /// The folder.
            path: PathBuf,
        },
        /// A commit of a git repository: a folder, a bundle file, or a URL.
        Git {
            /// A folder, a bundle file, or a URL.
            location: String,
            /// The commit the task starts from.
            commit: String,
            /// Files laid over the commit (uncommitted work that the user chose to include), as a unified diff.
            uncommitted: Option<String>,
        },
    }

    /// A shell command with its time limit.
    pub struct Command {
        /// Run as `sh -c` in the workspace's root.
        pub run: String,
        /// Seconds until it is ended.
        pub timeout_sec: f64,
    }

    /// An objective test of a patch.
    pub struct Check {
        /// Its name; unique in a task.
        pub id: CheckId,
        /// What it proves.
        pub kind: CheckKind,
        /// Run as `sh -c` in the root of a fresh workspace.
        pub run: String,
        /// How its results are read.
        pub format: ResultFormat,
        /// The file it writes its results to, relative to the workspace; else its standard output is read.
        pub report: Option<String>,
        /// Test ids that must be seen and pass; empty means every test seen, and at least one.
        pub tests: Vec<String>,
        /// Seconds until it is ended.
        pub timeout_sec: f64,
        /// False when assistants can see the files that this check runs.
        pub hidden: bool,
    }

    /// A file that exists only while checks run.
    pub struct HiddenFile {
        /// Relative to the workspace's root, with `/`.
        pub path: String,
        /// Its content.
        pub content: Vec<u8>,
        /// True when it may be executed.
        pub executable: bool,
    }

    /// Bounds on one trial. `None` means no bound of that kind.
    pub struct Limits {
        /// Wall seconds for the assistant.
        pub agent_timeout_sec: f64,
        /// Seconds between the polite stop and the kill.
        pub grace_sec: f64,
        /// Seconds without any sign of life (output, traffic with its model, computing) after which a trial counts as
        /// stalled.
        pub stall_sec: Option<f64>,
        /// Seconds from its first model request to the first byte of an answer; where requests are not seen, from its
        /// start to its first word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub first_token_sec: Option<f64>,
        /// Bytes of stream kept; the middle of what exceeds it is dropped and counted.
        pub output_bytes: u64,
        /// Bytes that workspace and home may grow by.
        pub disk_bytes: u64,
        /// Processes alive at once.
        pub processes: u64,
        /// Bytes of memory that its processes may take in all. Watched: a trial that takes more is stopped.
        pub memory_bytes: Option<u64>,
        /// Requests to the model, where they can be seen.
        pub requests: Option<u64>,
    }

    /// What sort of work a task is.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum TaskKind {
        /// Wrong behaviour to put right.
        BugFix,
        /// New behaviour.
        Feature,
        /// The same behaviour, better shaped.
        Refactoring,
        /// The same behaviour, faster.
        Performance,
        /// Tests to write.
        Tests,
        /// A contradictory specification that no honest change can satisfy: measures cheating.
        Canary,
        /// Anything else.
        Other,
    }

    /// What a check proves.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum CheckKind {
        /// Fails on the base and passes on a solution.
        FailToPass,
        /// Passes on the base and must still pass.
        PassToPass,
        /// The tree builds.
        Build,
        /// A linter or type checker.
        Lint,
        /// Anything else; passes by its results.
        Custom,
    }

    /// How a check's results are read.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum ResultFormat {
        /// JUnit XML.
        Junit,
        /// Test Anything Protocol.
        Tap,
        /// pytest or unittest, verbose.
        Pytest,
        /// `cargo test`'s text.
        Cargo,
        /// `node --test` with the TAP or spec reporter.
        Node,
        /// `go test -json` or `-v`.
        Go,
        /// The exit code alone.
        Exit,
        /// SARIF 2.1, of any linter.
        Sarif,
        /// `ruff check --output-format json`.
        Ruff,
        /// `eslint -f json`.
        Eslint,
        /// `cargo clippy --message-format json`, and any other cargo command with it.
        Clippy,
        /// `tsc --pretty false`.
        Tsc,
    }
}

/// What set-up commands have when a task says nothing: they fetch what the project needs.
fn set_up_network() -> Network {
    Network::Host
}

impl ResultFormat {
    /// Returns whether a task's name of a test, `wanted`, means the test `id` as results name it.
    ///
    /// The same name always does. unittest's `test_x (module.Class.test_x)` means `module.Class.test_x`; a name
    /// without its package means a Go test of any package.
    pub fn means(self, wanted: &str, id: &str) -> bool {
        wanted == id
            || match self {
                ResultFormat::Pytest => means_unittest(wanted, id),
                ResultFormat::Go => {
                    wanted.starts_with("Test") && id.strip_suffix(wanted).is_some_and(|p| p.ends_with('.'))
                }
                ResultFormat::Junit
                | ResultFormat::Tap
                | ResultFormat::Cargo
                | ResultFormat::Node
                | ResultFormat::Exit
                | ResultFormat::Sarif
                | ResultFormat::Ruff
                | ResultFormat::Eslint
                | ResultFormat::Clippy
                | ResultFormat::Tsc => false,
            }
    }

    /// Returns whether results are findings rather than tests: such a check measures, and fails nothing.
    pub fn has_findings(self) -> bool {
        match self {
            ResultFormat::Sarif
            | ResultFormat::Ruff
            | ResultFormat::Eslint
            | ResultFormat::Clippy
            | ResultFormat::Tsc => true,
            ResultFormat::Junit
            | ResultFormat::Tap
            | ResultFormat::Pytest
            | ResultFormat::Cargo
            | ResultFormat::Node
            | ResultFormat::Go
            | ResultFormat::Exit => false,
        }
    }
}

/// Returns whether `wanted` is `test (place)` with `place` or `place.test` being `id`.
fn means_unittest(wanted: &str, id: &str) -> bool {
    let Some((test, place)) = wanted.strip_suffix(')').and_then(|name| name.split_once(" (")) else {
        return false;
    };
    let whole = place == test || place.strip_suffix(test).is_some_and(|p| p.ends_with('.'));
    let hook = test.starts_with("setUp") || test.starts_with("tearDown");
    if whole && !hook {
        id == place
    } else {
        id.strip_prefix(place).and_then(|rest| rest.strip_prefix('.')) == Some(test)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            agent_timeout_sec: 600.0,
            grace_sec: 5.0,
            stall_sec: None,
            first_token_sec: None,
            output_bytes: 16 << 20,
            disk_bytes: 4 << 30,
            processes: 512,
            memory_bytes: None,
            requests: None,
        }
    }
}
