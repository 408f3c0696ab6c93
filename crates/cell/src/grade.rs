//! Judges a patch: base + patch, protected files as in the base, hidden files on top, each check in a fresh room.
//!
//! A hidden check that passed runs a second time with what its tests expect altered (see `alter`), so that whoever
//! reads the verdicts can tell a runner that says what the code does from one that says what it was told to.
//!
//! **Invariant:** the bundle does not say who made the patch; no check sees what another check's programs wrote, nor
//! whether it is run for the first time.

pub mod alter;
mod control;
pub mod layer;
pub(crate) mod shell;
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{BUNDLE_FILE, Bundle, GradeBundle};
use fairtrial_domain::journal::{Phase, Record};
use fairtrial_domain::task::{Check, HiddenFile, Network, ResultFormat};
use fairtrial_domain::verdict::Verdict;

use crate::checks::{self, Ran, Reading};
use crate::journal::{Journal, JournalError, chain};
use crate::process::{Cancel, Why};
use crate::room::{Changes, Room, RoomError, RoomSpec};
use crate::toolchain::{Host, Toolchain, ToolchainError};
use crate::tree::{SideError, Stack};

pub use layer::LayerError;
use shell::{Said, shell};
use stage::Staged;

/// Bytes of a report file that are read.
const MAX_REPORT: u64 = 64 << 20;

/// Why a patch could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum GradeError {
    /// The bundle cannot be read, or is not for this.
    #[error("`{path}` is no grade bundle")]
    Bundle {
        /// Which.
        path: PathBuf,
        /// Why; `None` when it is a bundle for something else.
        source: Option<serde_json::Error>,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file of ours could not be read or written.
    #[error("could not read or write `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A hidden file or a report is at a place where none can be.
    #[error("the task names an impossible path")]
    Place {
        /// Why.
        source: LayerError,
    },
    /// A program that checks need is missing.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// A room failed.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The cell was told to stop.
    #[error("grading was stopped")]
    Cancelled,
}

impl GradeError {
    /// Returns whether another try would fail alike.
    fn is_lasting(&self) -> bool {
        match self {
            GradeError::Place { .. } | GradeError::Toolchain(_) => true,
            GradeError::Room(error) => error.is_lasting(),
            GradeError::Bundle { .. }
            | GradeError::Journal(_)
            | GradeError::File { .. }
            | GradeError::Cancelled => false,
        }
    }
}

/// Judges the patch of the grade bundle in `dir` and writes the journal there. What keeps it from judging is a
/// `Failed` record, not an error; an error means that the journal itself could not be begun or ended.
pub fn grade(dir: &Path, cancel: &Cancel) -> Result<(), GradeError> {
    let bundle = read(dir)?;
    let mut grading = Grading { bundle: &bundle, dir, cancel, journal: Journal::create(dir)?, opened: false };
    let judged = grading.judge();
    let _ = fs::remove_dir_all(grading.over());
    match judged {
        Ok(()) => {}
        Err(GradeError::Journal(error)) => return Err(error.into()),
        Err(error) => {
            grading.journal.write(Record::Failed { reason: chain(&error), lasting: error.is_lasting() })?;
        }
    }
    Ok(grading.journal.write(Record::Closed)?)
}

fn read(dir: &Path) -> Result<GradeBundle, GradeError> {
    let path = dir.join(BUNDLE_FILE);
    let text = fs::read(&path).map_err(|source| GradeError::File { path: path.clone(), source })?;
    match serde_json::from_slice(&text) {
        Ok(Bundle::Grade(bundle)) => Ok(bundle),
        Ok(Bundle::Work(_) | Bundle::Base(_)) => Err(GradeError::Bundle { path, source: None }),
        Err(source) => Err(GradeError::Bundle { path, source: Some(source) }),
    }
}

struct Grading<'a> {
    bundle: &'a GradeBundle,
    dir: &'a Path,
    cancel: &'a Cancel,
    journal: Journal,
    opened: bool,
}

impl Grading<'_> {
    /// The base with the patch over it.
    fn over(&self) -> PathBuf {
        self.dir.join("over")
    }

    fn judge(&mut self) -> Result<(), GradeError> {
        let tools = Host::here().resolve(&self.bundle.requires)?;
        self.journal.write(Record::Phase { phase: Phase::Provisioning })?;
        let staged = stage::stage(self.bundle, &self.bundle.hidden, &self.over())?;
        // The isolation is part of the result, so it is said even where no check runs.
        if self.bundle.checks.is_empty() || matches!(staged, Staged::DoesNotApply { .. }) {
            let room = self.room(&tools)?;
            room.close()?;
        }
        let restored = match staged {
            Staged::DoesNotApply { path } => return Ok(self.journal.write(Record::DoesNotApply { path })?),
            Staged::Ready { restored } => restored,
        };
        for path in restored {
            self.journal.write(Record::Restored { path })?;
        }
        self.journal.write(Record::Phase { phase: Phase::Checking })?;
        let altered = alter::alter(&self.bundle.hidden);
        for (at, check) in self.bundle.checks.iter().enumerate() {
            self.journal.write(Record::CheckStarted { check: check.id.clone() })?;
            // Laid anew for each run, or the age of a file would tell which run it is.
            if at > 0 && altered.is_some() {
                self.lay_again(&self.bundle.hidden)?;
            }
            let mut verdict = self.check(check, &tools)?;
            if let Some(altered) = altered.as_ref().filter(|_| check.hidden && verdict.status.passed()) {
                self.lay_again(&altered.files)?;
                let again = self.check(check, &tools)?;
                verdict.control = Some(control::control(altered.places, &verdict, &again));
            }
            self.journal.write(Record::Verdict { verdict })?;
        }
        Ok(())
    }

    /// Lays the patch over the base once more, with other hidden files.
    fn lay_again(&self, hidden: &[HiddenFile]) -> Result<(), GradeError> {
        let over = self.over();
        fs::remove_dir_all(&over).map_err(|source| GradeError::File { path: over.clone(), source })?;
        stage::stage(self.bundle, hidden, &over).map(drop)
    }

    fn room(&mut self, tools: &Toolchain) -> Result<Room, GradeError> {
        let over = self.over();
        let base = if over.is_dir() { &over } else { &self.bundle.base };
        let host = Host::here();
        let named = host.expand(&self.bundle.readable);
        let readable: Vec<PathBuf> = tools.readable.iter().cloned().chain(named).collect();
        let room = Room::open(&RoomSpec {
            scratch: &self.dir.join("room"),
            base,
            tier: self.bundle.tier,
            network: Network::None,
            doors: 0,
            readable: &readable,
            own: &[],
            limits: &self.bundle.limits,
            marker: &self.bundle.marker,
            cancel: self.cancel.clone(),
        })?;
        room.link_home(&host.in_home(&self.bundle.readable))?;
        if !self.opened {
            self.journal.opened(&room)?;
            self.opened = true;
        }
        Ok(room)
    }

    fn check(&mut self, check: &Check, tools: &Toolchain) -> Result<Verdict, GradeError> {
        if self.cancel.asked() {
            return Err(GradeError::Cancelled);
        }
        let mut room = self.room(tools)?;
        let said = shell(
            &mut room,
            tools,
            &check.run,
            check.timeout_sec,
            self.bundle.limits.output_bytes,
            &BTreeMap::new(),
        );
        let changes = room.rest();
        let verdict = said.map_err(GradeError::from).and_then(|said| found(check, &said, &changes));
        room.close()?;
        verdict
    }
}

fn found(check: &Check, said: &Said, changes: &Changes) -> Result<Verdict, GradeError> {
    let ran = match (said.end.why, said.end.exit.code) {
        (Why::Cancelled, _) => return Err(GradeError::Cancelled),
        (Why::TimedOut | Why::Stalled, _) => Ran::TimedOut,
        (Why::DiskLimit | Why::MemoryLimit | Why::Refused | Why::Outstayed, _) | (Why::ByItself, None) => {
            Ran::Killed
        }
        (Why::ByItself, Some(code)) => Ran::Exit(code),
    };
    let reading = reading(check, said, changes);
    let status = checks::verdict(check, &reading, ran, &said.text);
    // Half a report is no clean bill.
    let whole = status.passed();
    let mut output = said.tail.clone();
    if let Some(problem) = &reading.problem {
        output.push_str(&format!("\n[how its results were read: {problem}]\n"));
    }
    let exit = match ran {
        Ran::Exit(code) => Some(code),
        Ran::Killed | Ran::TimedOut => None,
    };
    Ok(Verdict {
        check: check.id.clone(),
        kind: check.kind,
        status,
        tests: reading.tests,
        findings: reading.findings.filter(|_| whole),
        exit,
        seconds: said.end.seconds,
        output: checks::tail(&output),
        control: None,
    })
}

fn reading(check: &Check, said: &Said, changes: &Changes) -> Reading {
    if check.format == ResultFormat::Exit {
        return Reading::default();
    }
    let Some(report) = &check.report else {
        let mut reading = checks::read(check.format, &said.text);
        if said.dropped > 0 {
            reading
                .problem
                .get_or_insert_with(|| format!("{} bytes of its output were left out", said.dropped));
        }
        return reading;
    };
    let workspace = match changes {
        Changes::Upper { upper, lowers } => Stack::new([std::slice::from_ref(upper), lowers].concat()),
        Changes::Copy { tree, lowers: _ } => Stack::new(vec![tree.clone()]),
    };
    let problem = match workspace.bytes(Path::new(report), MAX_REPORT) {
        Ok(Some(bytes)) => return checks::read(check.format, &String::from_utf8_lossy(&bytes)),
        Ok(None) => format!("the report `{report}` was not written"),
        Err(error @ (SideError::TooLarge { .. } | SideError::NoFile | SideError::Io(_))) => {
            format!("the report `{report}` cannot be read: {error}")
        }
    };
    Reading { problem: Some(problem), ..Reading::default() }
}
