//! Keeps the data folder small and whole: what a crash left, bases and content that nobody needs, damage.
//!
//! **Invariant:** nothing is removed while anybody works on a run, and nothing that an unfinished run needs or a
//! recorded one names; a base of a finished run goes only for a size that was asked for, and is made anew when needed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fairtrial_cell::{claim, room};
use fairtrial_domain::id::RunId;
use fairtrial_domain::run::RunStatus;
use fairtrial_domain::values;
use fairtrial_store::{Quiet, Store};

use crate::base;
use crate::error::ApiError;
use crate::home::Home;
use crate::view::RunSummary;
use crate::{Api, untouched};

values! {
    /// What `fairtrial gc` removed, or would remove.
    pub struct Gc {
        /// True when nothing was removed.
        pub dry_run: bool,
        /// Prepared bases that went.
        pub bases: Vec<GoneBase>,
        /// Prepared bases that stay.
        pub kept_bases: u64,
        /// Their bytes.
        pub kept_bytes: u64,
        /// True when they are more than the size that was asked for.
        pub over: bool,
        /// Blobs that went.
        pub blobs: u64,
        /// Their bytes.
        pub blob_bytes: u64,
        /// Pieces of debris of crashes that went.
        pub debris: u64,
    }

    /// A prepared base that went.
    pub struct GoneBase {
        /// Its folder's name.
        pub name: String,
        /// Its bytes.
        pub bytes: u64,
        /// Why, in a sentence fragment.
        pub because: String,
    }

    /// What `fairtrial doctor --repair` found and did.
    #[derive(Default)]
    pub struct Repair {
        /// Blobs that were looked at.
        pub blobs: u64,
        /// What was amiss; empty when all is well.
        pub found: Vec<String>,
        /// What was mended.
        pub done: Vec<String>,
        /// What could not be, with what to do.
        pub left: Vec<String>,
    }
}

/// Removes what crashes left, if nobody works on a run; returns how many pieces. What resists takes space only.
pub(crate) fn clear_debris(home: &Home, store: &Store) -> u64 {
    match store.quiet() {
        Ok(Some(quiet)) => clear(home, store, &quiet),
        // Whoever works clears up later; a folder that cannot be locked says so where it matters.
        Ok(None) | Err(_) => 0,
    }
}

fn clear(home: &Home, store: &Store, quiet: &Quiet<'_>) -> u64 {
    let mut pieces = quiet.clear_unfinished() as u64;
    let gone = |path: &Path| u64::from(room::remove_tree(path).is_ok());
    for path in entries(&home.bases()) {
        let name = name_of(&path);
        // A cell of an app that was killed may still be winding up.
        if name.starts_with('.') && (name.ends_with(".partial") || name.starts_with(".trash-")) {
            pieces += u64::from(claim::remove_debris(&path));
        }
    }
    // These are written before a run has its lock.
    for path in ["samples", "tries"].into_iter().flat_map(|part| entries(&home.data().join(part))) {
        if name_of(&path).ends_with(".tmp") {
            pieces += u64::from(claim::remove_debris(&path));
        }
    }
    for folder in entries(&home.data().join("runs")) {
        let name = name_of(&folder);
        if name.starts_with(untouched::PREFIX) {
            pieces += gone(&folder);
            continue;
        }
        let bundles = ["trials", "tasks"].map(|part| folder.join(part));
        if !bundles.iter().any(|part| part.is_dir()) {
            continue;
        }
        let over = RunId::parse(&name).ok().and_then(|run| store.run(&run).ok());
        match over.map(|row| row.record.status) {
            Some(RunStatus::Finished) => {
                pieces += bundles.iter().filter(|part| part.is_dir()).map(|p| gone(p)).sum::<u64>()
            }
            Some(RunStatus::Running | RunStatus::Paused | RunStatus::Cancelled | RunStatus::OutOfBudget)
            | None => {
                pieces += sweep_rooms(&folder);
            }
        }
    }
    pieces
}

/// Removes rooms whose cell died, and nothing else of a run that may go on.
fn sweep_rooms(run: &Path) -> u64 {
    let mut open = vec![(run.to_owned(), 0)];
    let mut pieces = 0;
    while let Some((folder, depth)) = open.pop() {
        let rooms =
            || entries(&folder).into_iter().filter(|path| path.join("room.lock").exists()).count() as u64;
        let before = rooms();
        if before > 0 {
            // One that a cell still holds stays.
            let _resisted = room::sweep(&folder);
            pieces += before - rooms();
        } else if depth < 6 {
            open.extend(
                entries(&folder).into_iter().filter(|path| path.is_dir()).map(|path| (path, depth + 1)),
            );
        }
    }
    pieces
}

/// A prepared base on disk.
struct Prepared {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Api {
    /// Removes what nobody needs any more. With `max_bytes` bases of finished runs go too until what is left fits,
    /// those used longest ago first.
    ///
    /// # Errors
    /// While anybody works on a run.
    pub fn gc(&self, max_bytes: Option<u64>, dry_run: bool) -> Result<Gc, ApiError> {
        let Some(quiet) = self.store.quiet()? else {
            return Err(ApiError::BadRequest(
                "runs are at work: clear up when they are over, or stop them".to_owned(),
            ));
        };
        let debris = if dry_run { 0 } else { clear(&self.home, &self.store, &quiet) };
        let needs = self.needed_bases()?;
        let mut bases = self.bases();
        bases.sort_by_key(|one| one.used);
        let mut kept: u64 = bases.iter().map(|one| one.bytes).sum();
        let (mut gone, mut kept_bases) = (vec![], 0);
        for one in bases {
            let because = match needs.get(&one.path) {
                None => Some("no run refers to it"),
                Some(Need::Finished) if max_bytes.is_some_and(|most| kept > most) => {
                    Some("only finished runs refer to it, and there is more than the size given")
                }
                Some(Need::Finished | Need::Unfinished) => None,
            };
            let Some(because) = because else {
                kept_bases += 1;
                continue;
            };
            if !dry_run {
                remove(&one.path)?;
            }
            kept -= one.bytes;
            gone.push(GoneBase { name: name_of(&one.path), bytes: one.bytes, because: because.to_owned() });
        }
        let waste = quiet.remove_waste(dry_run)?;
        Ok(Gc {
            dry_run,
            bases: gone,
            kept_bases,
            kept_bytes: kept,
            over: max_bytes.is_some_and(|most| kept > most),
            blobs: waste.blobs as u64,
            blob_bytes: waste.bytes,
            debris,
        })
    }

    /// Looks through the data folder and mends what can be mended.
    ///
    /// # Errors
    /// While anybody works on a run, or when the database cannot be read at all.
    pub fn repair(&self) -> Result<Repair, ApiError> {
        let Some(quiet) = self.store.quiet()? else {
            return Err(ApiError::BadRequest(
                "runs are at work: repair when they are over, or stop them".to_owned(),
            ));
        };
        let mut repair = Repair::default();
        let debris = clear(&self.home, &self.store, &quiet);
        if debris > 0 {
            repair.found.push(format!("{debris} pieces of debris that a crash left"));
            repair.done.push("removed the debris".to_owned());
        }
        let audit = self.store.audit()?;
        repair.blobs = audit.blobs as u64;
        if !audit.database.is_empty() {
            repair.found.extend(audit.database.iter().map(|line| format!("the database: {line}")));
            self.store.reindex()?;
            match self.store.audit()?.database.first() {
                None => repair.done.push("made the database's indexes anew; it is whole".to_owned()),
                Some(line) => {
                    repair.left.push(format!("the database: {line}: restore store.db from a backup"))
                }
            }
        }
        for digest in &audit.missing {
            repair.found.push(format!("content {digest} is missing, and a run refers to it"));
            repair.left.push(format!("{}: restore it from a backup", self.place(&digest.0)));
        }
        for (digest, named) in &audit.damaged {
            repair.found.push(format!("content {digest} is not what its name says"));
            match named {
                true => repair.left.push(format!("{}: restore it from a backup", self.place(&digest.0))),
                false => {
                    quiet.remove_damaged(digest)?;
                    repair.done.push(format!("removed damaged content {digest}: nothing refers to it"));
                }
            }
        }
        if audit.waste.blobs > 0 {
            let (blobs, bytes) = (audit.waste.blobs, audit.waste.bytes);
            repair.found.push(format!(
                "{blobs} blobs ({bytes} bytes) that no run names: `fairtrial gc` removes them"
            ));
        }
        for path in self.bases().into_iter().map(|one| one.path).filter(|path| !base::is_ready(path)) {
            repair.found.push(format!("base {} is not whole", name_of(&path)));
            remove(&path)?;
            repair.done.push(format!("removed base {}: it is made anew when it is needed", name_of(&path)));
        }
        Ok(repair)
    }

    /// Returns all runs, newest first, with what each takes on disk.
    pub fn runs_with_bytes(&self) -> Result<Vec<RunSummary>, ApiError> {
        let mut runs = self.runs()?;
        for run in &mut runs {
            run.bytes = Some(self.run_bytes(&run.id)?);
        }
        Ok(runs)
    }

    /// Returns the bytes that a run takes on disk: its content, which other runs may share, and its folder.
    pub fn run_bytes(&self, run: &RunId) -> Result<u64, ApiError> {
        Ok(self.store.run_bytes(run)?)
    }

    fn place(&self, digest: &str) -> String {
        let (head, tail) = digest.split_at(2.min(digest.len()));
        self.home.data().join("blobs").join(head).join(tail).display().to_string()
    }

    fn bases(&self) -> Vec<Prepared> {
        let named = |path: &PathBuf| name_of(path).len() == 64 && path.is_dir();
        entries(&self.home.bases())
            .into_iter()
            .filter(named)
            .map(|path| {
                let used = fs::metadata(path.join("base.json")).and_then(|found| found.modified());
                Prepared { bytes: bytes(&path), used: used.unwrap_or(SystemTime::UNIX_EPOCH), path }
            })
            .collect()
    }

    /// Returns the bases that runs refer to, and whether one of them may go on.
    fn needed_bases(&self) -> Result<BTreeMap<PathBuf, Need>, ApiError> {
        let mut needs = BTreeMap::new();
        for row in self.store.runs()? {
            let need = match row.record.status {
                RunStatus::Finished | RunStatus::OutOfBudget => Need::Finished,
                RunStatus::Running | RunStatus::Paused | RunStatus::Cancelled => Need::Unfinished,
            };
            for task in self.store.tasks(&row.record.id)? {
                let of = needs.entry(base::folder(&self.home, &task)?).or_insert(need);
                *of = (*of).max(need);
            }
        }
        Ok(needs)
    }
}

/// Who needs a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Finished,
    Unfinished,
}

/// Notes that a base is used now, so that others go before it. One that cannot be marked goes earlier, no more.
pub(crate) fn mark_used(folder: &Path) {
    let marked = File::options().append(true).open(folder.join("base.json"));
    let _unmarked = marked.and_then(|file| file.set_modified(SystemTime::now()));
}

/// Takes a folder's name away first, so that no half of it is ever taken for a whole.
fn remove(folder: &Path) -> Result<(), ApiError> {
    let trash = folder.with_file_name(format!(".trash-{}", name_of(folder)));
    fs::rename(folder, &trash).map_err(ApiError::access("remove", folder))?;
    room::remove_tree(&trash).map_err(ApiError::access("remove", &trash))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Returns the bytes of all files below a folder, each counted once however many names it has.
fn bytes(top: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let (mut open, mut seen, mut sum) = (vec![top.to_owned()], BTreeSet::new(), 0);
    while let Some(folder) = open.pop() {
        for path in entries(&folder) {
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => open.push(path),
                Ok(found) if seen.insert((found.dev(), found.ino())) => sum += found.len(),
                Ok(_) | Err(_) => {}
            }
        }
    }
    sum
}
