//! Cells without a run, so many at once: gradings for audits and preflights, questions to models that judge.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use fairtrial_domain::bundle::{Bundle, JOURNAL_FILE, TierChoice, WorkBundle};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::Task;
use fairtrial_runner::cell::{CellEnd, follow};
use fairtrial_runner::launch::{LocalLauncher, Mode};
use fairtrial_runner::result::{CellLost, GradeResult, WorkResult};
use fairtrial_runner::steps::PreparedCell;
use tokio::sync::{Mutex, Semaphore, watch};

use super::step_dir;
use crate::base;
use crate::error::{ApiError, describe};
use crate::home::Home;
use crate::runs::{GRACE, blocking};
use crate::steps::write_bundle;
use crate::untouched::Scratch;

/// How often a cell is tried that is lost for no lasting reason.
const TRIES: u32 = 2;

/// Why a grading did not come back: no fault of the task's texts.
#[derive(Debug, Clone)]
pub(crate) struct Lost(pub(crate) String);

/// Where the cells of one audit or preflight run.
pub(crate) struct Cells {
    pub(crate) home: Home,
    launcher: LocalLauncher,
    folder: PathBuf,
    marker: String,
    places: Semaphore,
    /// Tasks may share a base: one is made at a time.
    making: Mutex<()>,
}

impl Cells {
    pub(crate) fn new(home: Home, launcher: LocalLauncher, scratch: &Scratch, jobs: u32) -> Cells {
        Cells {
            home,
            launcher,
            folder: scratch.folder.clone(),
            marker: scratch.id.to_string(),
            places: Semaphore::new(jobs as usize),
            making: Mutex::new(()),
        }
    }

    /// Prepares a task's base, where it is not there yet.
    pub(crate) async fn base(&self, task: &Arc<Task>) -> Result<(), Lost> {
        let _one = self.making.lock().await;
        let (home, of) = (self.home.clone(), Arc::clone(task));
        let bundle = blocking(move || {
            let bundle = base::base_bundle(&home, &of)?;
            Ok((!base::is_ready(&bundle.target)).then_some(bundle))
        });
        let Some(bundle) = bundle.await.map_err(lost)? else { return Ok(()) };
        let bundle = Bundle::Base(bundle);
        let take = |end: CellEnd| end.fold.base(&end.died).map(|_| ());
        let cell = PreparedCell::without_secrets(step_dir(&self.folder, task, "base"));
        self.run(Mode::Base, cell, &bundle, TRIES, take).await
    }

    /// Grades one patch several times; all must come back.
    pub(crate) async fn repeatedly(
        self: &Arc<Self>,
        task: &Arc<Task>,
        name: &str,
        patch: &Patch,
        times: u32,
    ) -> Result<Vec<GradeResult>, Lost> {
        let patches = vec![patch.clone(); times as usize];
        self.each(task, name, patches).await.into_iter().collect()
    }

    /// Grades each of several patches, in their order.
    pub(crate) async fn each(
        self: &Arc<Self>,
        task: &Arc<Task>,
        name: &str,
        patches: Vec<Patch>,
    ) -> Vec<Result<GradeResult, Lost>> {
        let mut under_way = tokio::task::JoinSet::new();
        let mut grades = vec![Err(Lost("its cell was not started".to_owned())); patches.len()];
        for (index, patch) in patches.into_iter().enumerate() {
            let (cells, task, name) = (Arc::clone(self), Arc::clone(task), format!("{name}-{index}"));
            under_way.spawn(async move { (index, cells.grade(&task, &name, patch).await) });
        }
        while let Some(ended) = under_way.join_next().await {
            if let Ok((index, grade)) = ended {
                grades[index] = grade;
            }
        }
        grades
    }

    async fn grade(&self, task: &Task, name: &str, patch: Patch) -> Result<GradeResult, Lost> {
        let marker = format!("{}/{}/{name}", self.marker, task.id);
        let bundle = base::grade_bundle(&self.home, task, patch, marker, TierChoice::Best).map_err(lost)?;
        let bundle = Bundle::Grade(bundle);
        let take = |end: CellEnd| end.fold.grade(&end.dir, &end.died);
        let cell = PreparedCell::without_secrets(step_dir(&self.folder, task, name));
        self.run(Mode::Grade, cell, &bundle, TRIES, take).await
    }

    /// Lets an assistant work once, and returns what came of it with its journal. What is lost is not tried again:
    /// it may have been paid for.
    pub(crate) async fn work(
        &self,
        task: &Task,
        name: &str,
        bundle: WorkBundle,
        secrets: BTreeMap<String, String>,
    ) -> Result<(WorkResult, Vec<u8>), Lost> {
        let cell = PreparedCell { dir: step_dir(&self.folder, task, name), secrets };
        let take = |end: CellEnd| {
            let work = end.fold.work(&end.dir, &end.died);
            let journal = std::fs::read(end.dir.join(JOURNAL_FILE)).unwrap_or_default();
            Ok((work, journal))
        };
        self.run(Mode::Work, cell, &Bundle::Work(bundle), 1, take).await
    }

    /// Returns the mark by which a new cell's processes are found: of all these cells, and then its own name.
    pub(crate) fn mark(&self, name: &str) -> String {
        format!("{}/{name}", self.marker)
    }

    /// Runs one cell and takes what it brought; its folder is gone afterwards.
    async fn run<T>(
        &self,
        mode: Mode,
        cell: PreparedCell,
        bundle: &Bundle,
        mut tries: u32,
        take: impl Fn(CellEnd) -> Result<T, CellLost>,
    ) -> Result<T, Lost> {
        let _place = self.places.acquire().await.map_err(|_| Lost("it was given up".to_owned()))?;
        let dir = &cell.dir;
        loop {
            write_bundle(dir, bundle).map_err(|error| Lost(describe(&error)))?;
            let (_keep, never) = watch::channel(false);
            let taken = take(follow(&self.launcher, mode, &cell, never, GRACE, |_| ()).await);
            // What resists takes space until the whole audit's folder goes.
            let _ = fairtrial_cell::room::sweep(dir);
            let _ = std::fs::remove_dir_all(dir);
            tries -= 1;
            match taken {
                Ok(taken) => return Ok(taken),
                Err(error) if error.lasting || tries == 0 => return Err(Lost(error.reason)),
                Err(_) => {}
            }
        }
    }
}

fn lost(error: ApiError) -> Lost {
    Lost(describe(&error))
}
