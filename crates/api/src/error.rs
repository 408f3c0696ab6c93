//! What can go wrong in a use case, with a code to switch on and a sentence to read.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use fairtrial_domain::id::{RunId, TrialKey};

use crate::view::ErrorDto;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no place for the data folder.
    #[error("there is no home folder to keep runs in: set FAIRTRIAL_HOME, or pass --home DIR")]
    NoHome,
    /// A file or folder could not be used.
    #[error("could not {doing} `{path}`")]
    Access {
        /// What was tried (`read`, `write`, `make`).
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program of ours is not beside this one.
    #[error("the program `{0}` is missing beside this one: build or install all of Fairtrial")]
    ProgramMissing(String),
    /// The request cannot be carried out as it stands.
    #[error("{0}")]
    BadRequest(String),
    /// Task directories with problems.
    #[error("the tasks in `{path}` cannot be used:\n{listing}")]
    Tasks {
        /// The suite's folder.
        path: PathBuf,
        /// One problem a line: file, line, what, remedy.
        listing: String,
    },
    /// `assistants.toml` cannot be used.
    #[error("`{path}` cannot be used: {message}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Line, what, remedy.
        message: String,
    },
    /// No such run.
    #[error("there is no run `{0}`: `fairtrial runs` lists them")]
    NoRun(String),
    /// No such trial, or it is not over.
    #[error("run {run} has no finished trial {key}")]
    NoTrial {
        /// The run.
        run: RunId,
        /// The trial.
        key: TrialKey,
    },
    /// Another process works on the run.
    #[error("run {run} is being worked on by {holder}: wait for it, or stop it there")]
    Busy {
        /// The run.
        run: RunId,
        /// Who holds it.
        holder: String,
    },
    /// A run could not go on.
    #[error("run {run} stopped: {reason}; what was recorded is kept, and `fairtrial resume {run}` goes on")]
    RunFailed {
        /// Which.
        run: RunId,
        /// Why, with its causes.
        reason: String,
    },
    /// The checks fail on the untouched base.
    #[error(
        "the check fails before anybody changed anything:\n{0}\nmend the base, choose another check, or go on with --accept-red-base"
    )]
    RedBase(String),
    /// The working tree has changes that nobody asked to include.
    #[error(
        "`{repository}` has uncommitted changes (files: {count}, the first is `{first}`): commit them, or include them with --include-uncommitted"
    )]
    Dirty {
        /// The repository.
        repository: PathBuf,
        /// How many files.
        count: usize,
        /// One of them.
        first: String,
    },
    /// git said no.
    #[error("git could not {doing} in `{repository}`: {said}")]
    Git {
        /// What was tried.
        doing: &'static str,
        /// Where.
        repository: PathBuf,
        /// Its last words.
        said: String,
    },
    /// The store said no.
    #[error("the data folder could not be used")]
    Store(#[from] fairtrial_store::StoreError),
    /// A patch could not be read or applied.
    #[error("the {whose} does not fit")]
    Patch {
        /// Whose patch.
        whose: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A comparison table could not be read.
    #[error("the table could not be read")]
    Csv(#[from] fairtrial_judge::CsvError),
    /// A table of votes could not be read.
    #[error("the votes could not be read")]
    Votes(#[from] fairtrial_judge::VotesError),
    /// A value could not be written as JSON.
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A background task ended badly: a fault of ours.
    #[error("a part of Fairtrial stopped unexpectedly: {0}")]
    Internal(String),
}

impl ApiError {
    /// Returns the code that interfaces switch on.
    pub fn code(&self) -> &'static str {
        match self {
            ApiError::NoHome => "no_home",
            ApiError::Access { .. } => "access",
            ApiError::ProgramMissing(_) => "program_missing",
            ApiError::BadRequest(_) => "bad_request",
            ApiError::Tasks { .. } => "tasks",
            ApiError::Config { .. } => "config",
            ApiError::NoRun(_) => "no_run",
            ApiError::NoTrial { .. } => "no_trial",
            ApiError::Busy { .. } => "busy",
            ApiError::RunFailed { .. } => "run_failed",
            ApiError::RedBase(_) => "red_base",
            ApiError::Dirty { .. } => "dirty",
            ApiError::Git { .. } => "git",
            ApiError::Store(_) => "store",
            ApiError::Patch { .. } => "patch",
            ApiError::Csv(_) => "csv",
            ApiError::Votes(_) => "votes",
            ApiError::Json(_) | ApiError::Internal(_) => "internal",
        }
    }

    /// Returns a maker of the error for a file that was named on the command line or in a request and cannot be read.
    pub fn given(path: &std::path::Path) -> impl FnOnce(io::Error) -> ApiError {
        move |error| ApiError::BadRequest(format!("could not read `{}`: {error}", path.display()))
    }

    /// Returns an [`ApiError::Access`] maker for `path`.
    pub fn access(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> ApiError {
        let path = path.into();
        move |source| ApiError::Access { doing, path, source }
    }
}

/// Returns the error and its causes as one sentence.
pub fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

impl From<ApiError> for ErrorDto {
    fn from(error: ApiError) -> ErrorDto {
        ErrorDto { code: error.code().to_owned(), message: describe(&error) }
    }
}
