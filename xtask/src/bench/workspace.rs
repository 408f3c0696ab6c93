//! What the life of a workspace costs, by the size of its repository: provisioned, edited in ten ways, captured and
//! torn down by `fairtrial-cell work`, beside the same with `git worktree` on the same commit.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::bundle::{
    BUNDLE_FILE, BaseBundle, Bundle, JOURNAL_FILE, PATCH_FILE, Tier, TierChoice, WorkBundle,
};
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::{Limits, Network, Repository};

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::{BenchError, folder, write};

/// Files in the repository, lives of cells, lives of worktrees.
const SIZES: [(usize, usize, usize); 3] = [(1_000, 15, 7), (10_000, 15, 3), (100_000, 15, 1)];
const FILES_IN_FOLDER: usize = 100;
/// The largest repository beside the smallest, medians of wall time.
///
/// Twice, because a life takes some tens of milliseconds on a busy machine, where noise of a few is no growth; a life
/// that read or copied the tree would be a hundred times slower.
const MOST_GROWTH: f64 = 2.0;
/// Ten edits: five files longer, one gone, one renamed, one executable, one new text, one new binary.
const EDITS: &str = "for i in 1 2 3 4 5; do echo more >> d0000/f0$i.txt; done; rm d0001/f01.txt; \
mv d0002/f01.txt d0002/g01.txt; chmod +x d0003/f01.txt; echo new > d0004/new.txt; printf 'a\\0b' > d0005/new.bin";
/// Paths that differ after them: a rename is two.
const CHANGED: usize = 11;

/// Measures lives with the programs in `programs`.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let mut figures = vec![];
    let mut lives: Vec<Vec<f64>> = vec![];
    for (files, cells, trees) in SIZES {
        eprintln!("bench: workspace in {files} files");
        let place = Place::make(programs, &scratch.join(format!("files-{files}")), files)?;
        let found = place.lives(cells, trees)?;
        let title = format!("a workspace's life in {}k files", files / 1_000);
        let once = format!("a base of {}k files, prepared once for all trials, wall", files / 1_000);
        figures.push(Figure::new(once, "ms", &[place.prepared.wall_ms]));
        let beside = "`git worktree`";
        figures.push(
            Figure::new(format!("{title}, wall"), "ms", &walls(&found.0)).beside(beside, &walls(&found.1)),
        );
        figures.push(
            Figure::new(format!("{title}, CPU"), "ms", &cpus(&found.0)).beside(beside, &cpus(&found.1)),
        );
        let peaks: Vec<f64> = found.0.iter().filter_map(|cost| cost.peak_mb).collect();
        figures.push(Figure::new(format!("{title}, peak memory of the cell"), "MB", &peaks));
        lives.push(walls(&found.0));
        place.remove()?;
    }
    if let (Some(small), Some(large)) = (lives.first(), lives.last()) {
        let growth = Figure::new("a workspace's life, wall, largest repository", "ms", large);
        figures.push(growth.beside("smallest repository", small).held_to(Budget::Times(MOST_GROWTH)));
    }
    Ok(figures)
}

fn walls(costs: &[Cost]) -> Vec<f64> {
    costs.iter().map(|cost| cost.wall_ms).collect()
}

fn cpus(costs: &[Cost]) -> Vec<f64> {
    costs.iter().map(|cost| cost.cpu_ms).collect()
}

struct Place {
    dir: PathBuf,
    cell: PathBuf,
    base: PathBuf,
    repository: PathBuf,
    prepared: Cost,
}

impl Place {
    /// Writes a repository of `files` files, prepares it as a base, and clones the base's one commit for git.
    fn make(programs: &Path, dir: &Path, files: usize) -> Result<Place, BenchError> {
        let from = folder(&dir.join("from"))?;
        fill(&from, files)?;
        let (base, repository) = (dir.join("base"), dir.join("repository.git"));
        let bundle = BaseBundle {
            repository: Repository::Folder { path: from },
            setup: vec![],
            target: base.clone(),
            requires: vec![],
            readable: vec![],
            network: Network::None,
            tier: TierChoice::Best,
        };
        let cell = programs.join("fairtrial-cell");
        let at = put(dir, "prepare", &Bundle::Base(bundle))?;
        let prepared = measure(Command::new(&cell).arg("base").arg(&at))?;
        let ready = |record: &Record| matches!(record, Record::BaseReady { .. });
        records(&at)?
            .iter()
            .any(ready)
            .then_some(())
            .ok_or_else(|| wrong("the base", "it was not prepared"))?;
        measure(git().args(["clone", "--quiet", "--bare"]).arg(base.join("tree")).arg(&repository))?;
        Ok(Place { dir: dir.to_owned(), cell, base, repository, prepared })
    }

    /// Returns lives of cells and of worktrees, taken in turns; a first cell warms up and is not told.
    fn lives(&self, cells: usize, trees: usize) -> Result<(Vec<Cost>, Vec<Cost>), BenchError> {
        self.cell_life(0)?;
        let (mut ours, mut theirs) = (vec![], vec![]);
        for turn in 1..=cells.max(trees) {
            if turn <= cells {
                ours.push(self.cell_life(turn)?);
            }
            if turn <= trees {
                theirs.push(self.worktree_life(turn)?);
            }
        }
        Ok((ours, theirs))
    }

    fn cell_life(&self, turn: usize) -> Result<Cost, BenchError> {
        let bundle = WorkBundle {
            marker: format!("bench/{turn}"),
            base: self.base.clone(),
            instruction: "Edit ten files.".to_owned(),
            assistant: editor()?,
            program: "/bin/sh".into(),
            env: std::collections::BTreeMap::new(),
            limits: Limits::default(),
            requires: vec![],
            readable: vec![],
            tier: TierChoice::Best,
            meter: None,
        };
        let at = put(&self.dir, &format!("life-{turn}"), &Bundle::Work(bundle))?;
        let cost = measure(Command::new(&self.cell).arg("work").arg(&at))?;
        let full = |record: &Record| matches!(record, Record::Opened { tier: Tier::Full, .. });
        let patch = at.join(PATCH_FILE);
        let patch: Patch = match fs::read(&patch) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(_) => {
                return Err(wrong("a workspace's life", &format!("no patch was taken: {:?}", records(&at)?)));
            }
        };
        if !records(&at)?.iter().any(full) {
            return Err(wrong("a workspace's life", "the workspace was not isolated"));
        }
        match patch.files.len() {
            CHANGED => Ok(cost),
            other => Err(wrong("a workspace's life", &format!("the patch has {other} paths, not {CHANGED}"))),
        }
    }

    fn worktree_life(&self, turn: usize) -> Result<Cost, BenchError> {
        let tree = self.dir.join(format!("tree-{turn}"));
        let life = format!(
            "set -e; git worktree add --quiet --detach \"$1\" HEAD; cd \"$1\"; {EDITS}; git add -A; \
             git diff --cached --binary --no-renames HEAD; cd /; git -C \"$2\" worktree remove --force \"$1\""
        );
        let mut command = Command::new("sh");
        command.args(["-c", &life, "life"]).arg(&tree).arg(&self.repository).current_dir(&self.repository);
        let cost = measure(quiet(&mut command))?;
        match cost.output.lines().filter(|line| line.starts_with("diff --git ")).count() {
            CHANGED => Ok(cost),
            other => Err(wrong("a worktree's life", &format!("the diff has {other} paths, not {CHANGED}"))),
        }
    }

    fn remove(&self) -> Result<(), BenchError> {
        fs::remove_dir_all(&self.dir).map_err(|source| BenchError::Access { path: self.dir.clone(), source })
    }
}

/// Writes a bundle into a folder of its own.
fn put(dir: &Path, name: &str, bundle: &Bundle) -> Result<PathBuf, BenchError> {
    let at = folder(&dir.join(name))?;
    write(&at.join(BUNDLE_FILE), &serde_json::to_string(bundle)?)?;
    Ok(at)
}

fn fill(root: &Path, files: usize) -> Result<(), BenchError> {
    for number in 0..files {
        let dir = root.join(format!("d{:04}", number / FILES_IN_FOLDER));
        if number % FILES_IN_FOLDER == 0 {
            folder(&dir)?;
        }
        let mut text = String::new();
        for line in 0..8 {
            // Writing to a string does not fail.
            let _ = writeln!(text, "line {line} of file {number}");
        }
        write(&dir.join(format!("f{:02}.txt", number % FILES_IN_FOLDER)), &text)?;
    }
    Ok(())
}

fn editor() -> Result<Assistant, BenchError> {
    let id = AssistantId::parse("editor").map_err(|error| wrong("an assistant", &error.to_string()))?;
    Ok(Assistant {
        program: Some("/bin/sh".to_owned()),
        args: vec!["-c".to_owned(), EDITS.to_owned()],
        ..Assistant::new(id, "Editor", BackendKind::Command)
    })
}

fn git() -> Command {
    let mut command = Command::new("git");
    quiet(&mut command);
    command
}

/// Keeps the user's configuration of git out of it.
fn quiet(command: &mut Command) -> &mut Command {
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1")
}

fn records(dir: &Path) -> Result<Vec<Record>, BenchError> {
    let path = dir.join(JOURNAL_FILE);
    let text = fs::read_to_string(&path).map_err(|source| BenchError::Access { path, source })?;
    text.lines().map(|line| Ok(serde_json::from_str::<JournalLine>(line)?.record)).collect()
}

fn wrong(what: &str, why: &str) -> BenchError {
    BenchError::Wrong { what: what.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lives_change_the_same_paths() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fill(&tree, 600).unwrap();
        let run = |script: &str| {
            let done = quiet(Command::new("sh").args(["-c", script]).current_dir(&tree)).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap()
        };
        run("git init --quiet; git add -A; git -c user.name=a -c user.email=a@b commit --quiet -m x");
        run(EDITS);
        let diff = run("git add -A; git diff --cached --binary --no-renames HEAD");
        assert_eq!(diff.lines().filter(|line| line.starts_with("diff --git ")).count(), CHANGED);
    }
}
