//! Runs git where it may run: on repositories of the user, with a configuration of ours alone.
//!
//! **Invariant:** no hook, filter, credential helper or other configuration of user or repository is executed.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How ways of transport may be named in a location.
const PROTOCOLS: &str = "file:git:http:https:ssh";
/// Set for every call; on the command line, where they outrank the repository's own.
const SETTINGS: [&str; 12] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.logAllRefUpdates=false",
    "credential.helper=",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.directory=*",
];
/// Handed through from the cell's environment: where programs, the user's keys and the way out are.
const HANDED: [&str; 7] =
    ["PATH", "HOME", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "HTTPS_PROXY", "SSL_CERT_FILE"];

/// Why git did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("could not start `git`: install it")]
    Start {
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The sub-command.
        command: String,
        /// The end of what it said.
        message: String,
    },
}

/// One repository as git is to see it.
#[derive(Debug, Clone, Default)]
pub(super) struct Git {
    dir: Option<PathBuf>,
    work: Option<PathBuf>,
    index: Option<PathBuf>,
    from: Option<PathBuf>,
}

impl Git {
    /// The repository whose data are in `dir`, wherever it is called.
    pub(super) fn at(dir: &Path) -> Git {
        Git { dir: Some(dir.to_owned()), ..Git::default() }
    }

    /// Looks for the repository from `folder`, as a user would.
    pub(super) fn from(folder: &Path) -> Git {
        Git { from: Some(folder.to_owned()), ..Git::default() }
    }

    /// The same with files in `work` and an index file of its own.
    pub(super) fn with(&self, work: &Path, index: &Path) -> Git {
        Git { work: Some(work.to_owned()), index: Some(index.to_owned()), ..self.clone() }
    }

    /// The same with files in `work`.
    pub(super) fn over(&self, work: &Path) -> Git {
        Git { work: Some(work.to_owned()), ..self.clone() }
    }

    /// Runs git and returns what it printed, without the last line's end.
    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, GitError> {
        self.feed(args, b"")
    }

    /// Runs git with something to read.
    pub(super) fn feed<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<String, GitError> {
        let failed = |source| GitError::Start { source };
        let mut child = self.command(args).spawn().map_err(failed)?;
        let mut stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|l| !l.starts_with("hint:")).collect();
        let command = args.first().map(|a| a.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        Err(GitError::Failed { command, message: lines[lines.len().saturating_sub(4)..].join("; ") })
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new("git");
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(HANDED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
        command.envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_ALLOW_PROTOCOL", PROTOCOLS),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=30"),
            ("LC_ALL", "C"),
        ]);
        let mut set = |name: &str, value: &Option<PathBuf>| {
            if let Some(value) = value {
                command.env(name, value);
            }
        };
        set("GIT_DIR", &self.dir);
        set("GIT_WORK_TREE", &self.work);
        set("GIT_INDEX_FILE", &self.index);
        if let Some(folder) = self.from.as_ref().or(self.work.as_ref()) {
            command.current_dir(folder);
        }
        command.args(SETTINGS.iter().flat_map(|s| ["-c", s]).map(OsString::from));
        command.args(args);
        command
    }
}
