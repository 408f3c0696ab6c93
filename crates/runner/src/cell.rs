//! Follows one cell from start to end: its journal as it grows, and the ladder that ends it.

use std::path::PathBuf;
use std::time::Duration;

use fairtrial_domain::journal::JournalLine;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::journal::{Batch, JournalError, JournalReader};
use crate::launch::{Launcher, Mode, Running};
use crate::result::Fold;
use crate::steps::PreparedCell;

/// How long a line may lie in a journal before it is told.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A cell that is gone.
#[derive(Debug)]
pub struct CellEnd {
    /// Its bundle.
    pub dir: PathBuf,
    /// What it said.
    pub fold: Fold,
    /// How its process ended, or why it could not be started or read.
    pub died: String,
    /// True when it was asked to end.
    pub stopped: bool,
}

/// Starts a cell and follows it until it is gone. `stop` turning true asks it to end, and kills it `grace`
/// later. `told` hears every line; it must not block.
pub async fn follow(
    launcher: &dyn Launcher,
    mode: Mode,
    cell: &PreparedCell,
    mut stop: watch::Receiver<bool>,
    grace: Duration,
    mut told: impl FnMut(&JournalLine) + Send,
) -> CellEnd {
    let mut end = CellEnd {
        dir: cell.dir.clone(),
        fold: Fold::default(),
        died: String::new(),
        stopped: *stop.borrow(),
    };
    if end.stopped {
        end.died = "it was cancelled before it began".to_owned();
        return end;
    }
    let mut running = match launcher.launch(mode, cell).await {
        Ok(running) => running,
        Err(error) => {
            end.died = match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            };
            return end;
        }
    };
    let mut journal = JournalReader::new(&cell.dir);
    match wait(running.as_mut(), &mut journal, &mut stop, grace, &mut end, &mut told).await {
        Ok(died) => end.died = died,
        Err(error) => {
            running.kill();
            running.wait().await;
            // A journal that cannot be read is worth nothing, whatever was read of it.
            end.fold = Fold::default();
            end.died = error.to_string();
        }
    }
    end
}

async fn wait(
    running: &mut dyn Running,
    journal: &mut JournalReader,
    stop: &mut watch::Receiver<bool>,
    grace: Duration,
    end: &mut CellEnd,
    told: &mut (impl FnMut(&JournalLine) + Send),
) -> Result<String, JournalError> {
    let mut kill_at: Option<Instant> = None;
    let mut look_at = Instant::now() + LOOK_EVERY;
    let mut watched = true;
    let died = loop {
        let killing = kill_at.unwrap_or(look_at);
        tokio::select! {
            died = running.wait() => break died,
            () = sleep_until(look_at) => {
                take(journal.poll()?, end, told);
                look_at = Instant::now() + LOOK_EVERY;
            }
            changed = stop.changed(), if watched => {
                // Whoever could ask for it is gone: the run itself is being dropped.
                watched = changed.is_ok();
                if watched && *stop.borrow() && !end.stopped {
                    end.stopped = true;
                    running.terminate();
                    kill_at = Some(Instant::now() + grace);
                }
            }
            () = sleep_until(killing), if kill_at.is_some() => {
                running.kill();
                kill_at = None;
            }
        }
    };
    loop {
        let batch = journal.poll()?;
        if batch == Batch::default() {
            return Ok(died);
        }
        take(batch, end, told);
    }
}

fn take(batch: Batch, end: &mut CellEnd, told: &mut (impl FnMut(&JournalLine) + Send)) {
    end.fold.take_bad(batch.bad.len() as u64);
    for line in &batch.lines {
        end.fold.take(&line.record);
        told(line);
    }
}
