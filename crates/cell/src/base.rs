//! Prepares the tree that all trials of a task start from: exported, committed once, set up in a room.
//!
//! **Invariant:** a prepared base is whole or absent, holds one commit that tells nothing of the repository it comes
//! from, and nothing of the user's configuration took part in it.

mod commit;
mod export;
mod folder;
mod git;
mod setup;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{BUNDLE_FILE, BaseBundle, BaseInfo, Bundle};
use fairtrial_domain::journal::{Phase, Record};
use fairtrial_domain::task::Repository;
use fairtrial_fault as fault;

use crate::claim::Claim;
use crate::journal::{Journal, JournalError, chain};
use crate::process::Cancel;
use crate::room::{RoomError, remove_tree};
use crate::toolchain::ToolchainError;
use crate::tree::{LAYER, TREE};

pub use git::GitError;

/// The file of a prepared base that says what it is.
pub const BASE_FILE: &str = "base.json";

/// Why a base could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The bundle cannot be read, or is not for this.
    #[error("`{path}` is no base bundle")]
    Bundle {
        /// Which.
        path: PathBuf,
        /// Why; `None` when it is a bundle for something else.
        source: Option<serde_json::Error>,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no repository.
    #[error("`{location}` is no git repository, bundle file or URL: correct the task's repository")]
    NoRepository {
        /// Where it was looked for.
        location: String,
    },
    /// The repository lacks the commit.
    #[error("`{location}` has no commit `{commit}`: {remedy}")]
    MissingCommit {
        /// Which repository.
        location: String,
        /// Which commit.
        commit: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The uncommitted changes do not fit.
    #[error("the uncommitted changes do not fit commit `{commit}` of `{location}`: take them again")]
    Uncommitted {
        /// Of which repository.
        location: String,
        /// Over which commit.
        commit: String,
        /// What git says.
        source: GitError,
    },
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file could not be read or written.
    #[error("could not copy or write `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A set-up command failed.
    #[error("the set-up command `{command}` {how}; it said last: {said}")]
    Setup {
        /// Which.
        command: String,
        /// Its exit code, or what stopped it.
        how: String,
        /// Its last lines.
        said: String,
    },
    /// A program that set-up needs is missing.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The room for set-up failed.
    #[error(transparent)]
    Room(#[from] RoomError),
}

impl BaseError {
    /// Returns whether another try would fail alike. Set-up commands and git may have met a network that was down.
    fn is_lasting(&self) -> bool {
        match self {
            BaseError::NoRepository { .. } | BaseError::Uncommitted { .. } | BaseError::Toolchain(_) => true,
            BaseError::Room(error) => error.is_lasting(),
            BaseError::Bundle { .. }
            | BaseError::Journal(_)
            | BaseError::MissingCommit { .. }
            | BaseError::Git(_)
            | BaseError::File { .. }
            | BaseError::Setup { .. } => false,
        }
    }
}

/// Does what the base bundle in `dir` says and writes its journal there. A base that cannot be prepared is a
/// `Failed` record, not an error; an error means that the journal itself could not be begun or ended.
pub fn prepare(dir: &Path, cancel: &Cancel) -> Result<(), BaseError> {
    let bundle = read(dir)?;
    let mut journal = Journal::create(dir)?;
    match make(&bundle, dir, cancel, &mut journal) {
        Ok(info) => journal.write(Record::BaseReady { info })?,
        Err(BaseError::Journal(error)) => return Err(error.into()),
        Err(error) => {
            journal.write(Record::Failed { reason: chain(&error), lasting: error.is_lasting() })?;
        }
    }
    Ok(journal.write(Record::Closed)?)
}

fn read(dir: &Path) -> Result<BaseBundle, BaseError> {
    let path = dir.join(BUNDLE_FILE);
    let text = fs::read(&path).map_err(|source| BaseError::File { path: path.clone(), source })?;
    match serde_json::from_slice(&text) {
        Ok(Bundle::Base(bundle)) => Ok(bundle),
        Ok(Bundle::Work(_) | Bundle::Grade(_)) => Err(BaseError::Bundle { path, source: None }),
        Err(source) => Err(BaseError::Bundle { path, source: Some(source) }),
    }
}

fn make(
    bundle: &BaseBundle,
    dir: &Path,
    cancel: &Cancel,
    journal: &mut Journal,
) -> Result<BaseInfo, BaseError> {
    if let Some(info) = ready(&bundle.target) {
        return Ok(info);
    }
    journal.write(Record::Phase { phase: Phase::Provisioning })?;
    let name = bundle.target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parent = bundle.target.parent().unwrap_or(Path::new("."));
    let partial = parent.join(format!(".{name}.{}.partial", std::process::id()));
    let claimed = Claim::make(&partial).map_err(|source| BaseError::File { path: partial.clone(), source });
    let _claim = claimed?;
    let made =
        fill(bundle, dir, &partial, cancel, journal).and_then(|info| publish(&partial, &bundle.target, info));
    discard(&partial);
    made
}

/// Returns what a base is that was prepared before.
fn ready(target: &Path) -> Option<BaseInfo> {
    serde_json::from_slice(&fs::read(target.join(BASE_FILE)).ok()?).ok()
}

fn fill(
    bundle: &BaseBundle,
    dir: &Path,
    partial: &Path,
    cancel: &Cancel,
    journal: &mut Journal,
) -> Result<BaseInfo, BaseError> {
    let work = partial.join("work");
    fs::create_dir(&work).map_err(|source| BaseError::File { path: work.clone(), source })?;
    let tree = partial.join(TREE);
    match &bundle.repository {
        Repository::Folder { path } => {
            folder::copy(path, &tree)?;
            folder::split(&tree, &partial.join(LAYER))?;
        }
        Repository::Git { location, commit, uncommitted } => {
            export::export(location, commit, uncommitted.as_deref(), &tree, &work)?;
        }
    }
    let info = commit::digest(&tree)?;
    commit::commit(&tree, info.files)?;
    if !bundle.setup.is_empty() {
        setup::run(bundle, dir, partial, cancel, journal)?;
    }
    Ok(info)
}

/// Gives a whole base its name. Where another cell was faster, its base stays: it is made from the same things.
fn publish(partial: &Path, target: &Path, info: BaseInfo) -> Result<BaseInfo, BaseError> {
    discard(&partial.join("work"));
    let file = partial.join(BASE_FILE);
    let error = |path: &Path| {
        let path = path.to_owned();
        move |source| BaseError::File { path, source }
    };
    let text = serde_json::to_vec(&info).map_err(|e| error(&file)(e.into()))?;
    fault::point("base write").and_then(|()| fs::write(&file, text)).map_err(error(&file))?;
    match fault::point("base rename").and_then(|()| fs::rename(partial, target)) {
        Ok(()) => Ok(info),
        Err(source) => ready(target).ok_or_else(|| error(target)(source)),
    }
}

/// Removes what is left of a try, as far as it can: it has no name that anything looks for. Caches of some tools hold
/// folders that nobody may write to.
fn discard(path: &Path) {
    let _ = remove_tree(path);
}
