//! What the life of a workspace costs, by the size of its repository: provisioned, edited in ten ways, captured and
//! torn down by `fairtrial-cell work`, beside the same with git and with copies of the same commit; on the disk of the
//! temporary folder and in memory.

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
use fairtrial_judge::stats::SplitMix;

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::{BenchError, folder, write};

/// A file system in memory that every Linux has.
const MEMORY: &str = "/dev/shm";
/// A workspace's life in the largest repository in memory, in milliseconds.
const MOST_LIFE: f64 = 30.0;
/// The same beside a worktree.
const MOST_OF_WORKTREE: f64 = 1.0 / 300.0;
/// The largest repository beside the smallest, medians of wall time.
const MOST_GROWTH: f64 = 1.5;
const ON_DISK: &str = "on disk";
const IN_MEMORY: &str = "in memory";
const SIZES: [Size; 3] = [
    Size { files: 1_000, cells: 15, others: 5, copies_on_disk: true },
    Size { files: 10_000, cells: 15, others: 2, copies_on_disk: true },
    Size { files: 100_000, cells: 15, others: 3, copies_on_disk: false },
];
/// Why not, where they are not.
const NO_COPIES: &str = "at this size only in memory: it takes too long";
const FILES_IN_FOLDER: usize = 100;
/// The sizes of files: half are below the median, and their mean is about 5.6 kB.
const MEDIAN_BYTES: f64 = 2_600.0;
/// The standard deviation of their logarithm.
const SPREAD: f64 = 1.25;
const LEAST_BYTES: f64 = 40.0;
const MOST_BYTES: f64 = 200_000.0;
const WORDS: [&str; 16] = [
    "fn", "let", "return", "match", "order", "shelf", "reader", "amount", "self.", "Option", "// when",
    "due", "==", "import", "const", "value(",
];
/// Ten edits: five files longer, one gone, one renamed, one executable, one new text, one new binary.
const EDITS: &str = "for i in 1 2 3 4 5; do echo more >> d0000/f0$i.txt; done; rm d0001/f01.txt; \
mv d0002/f01.txt d0002/g01.txt; chmod +x d0003/f01.txt; echo new > d0004/new.txt; printf 'a\\0b' > d0005/new.bin";
/// Paths that differ after them: a rename is two.
const CHANGED: usize = 11;

/// A size to measure at.
#[derive(Clone, Copy)]
struct Size {
    /// Files in the repository.
    files: usize,
    /// Lives of cells.
    cells: usize,
    /// Lives of each other way.
    others: usize,
    /// Whether on a disk there are others than `git worktree`.
    copies_on_disk: bool,
}

/// Another way to a workspace: what it is called, how it is made at `$1` from the repository `$2` or the tree `$3`, and
/// how it is taken away.
struct Way {
    name: &'static str,
    make: &'static str,
    remove: &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        name: "`git worktree`",
        make: "git -C \"$2\" worktree add --quiet --detach \"$1\" HEAD",
        remove: "git -C \"$2\" worktree remove --force \"$1\"",
    },
    Way {
        name: "`git clone --shared`",
        make: "git clone --quiet --shared \"$2\" \"$1\"",
        remove: "rm -rf \"$1\"",
    },
    Way { name: "`cp -a`", make: "cp -a \"$3\" \"$1\"", remove: "rm -rf \"$1\"" },
    Way { name: "`cp --reflink`", make: "cp -a --reflink=always \"$3\" \"$1\"", remove: "rm -rf \"$1\"" },
];

/// Measures lives with the programs in `programs`, in memory and on the disk of `scratch`. What each size needs is made
/// in memory and copied to the disk.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let memory =
        tempfile::tempdir_in(MEMORY).map_err(|source| BenchError::Access { path: MEMORY.into(), source })?;
    let mut figures = vec![];
    let mut lives = [vec![], vec![]];
    for size in SIZES {
        let name = format!("files-{}", size.files);
        eprintln!("bench: workspace in {} files", size.files);
        let made = Place::make(programs, &memory.path().join(&name), size.files)?;
        let once =
            format!("a base of {}k files in memory, prepared once for all trials, wall", size.files / 1_000);
        figures.push(Figure::new(once, "ms", &[made.prepared.wall_ms]));
        let copied = made.copy(&scratch.join(&name))?;
        for (at, lives) in [copied, made].iter().zip(&mut lives) {
            figures.extend(at.figures(size, lives)?);
            at.remove()?;
        }
    }
    for (place, lives) in [ON_DISK, IN_MEMORY].iter().zip(&lives) {
        if let (Some(small), Some(large)) = (lives.first(), lives.last()) {
            let figure =
                Figure::new(format!("a workspace's life {place}, wall, largest repository"), "ms", large);
            figures.push(figure.beside("smallest repository", small).held_to(Budget::Times(MOST_GROWTH)));
        }
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
    name: &'static str,
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
        Ok(Place { name: IN_MEMORY, dir: dir.to_owned(), cell, base, repository, prepared })
    }

    /// Copies what lives need to `dir`, on the disk.
    fn copy(&self, dir: &Path) -> Result<Place, BenchError> {
        let to = folder(dir)?;
        measure(Command::new("cp").arg("-a").arg(&self.base).arg(&self.repository).arg(&to))?;
        let inside = |path: &Path| path.file_name().map_or_else(|| to.clone(), |name| to.join(name));
        let (base, repository) = (inside(&self.base), inside(&self.repository));
        let (cell, prepared) = (self.cell.clone(), self.prepared.clone());
        Ok(Place { name: ON_DISK, dir: to, cell, base, repository, prepared })
    }

    /// Measures lives, keeps what those of cells took, and returns the figures.
    fn figures(&self, size: Size, kept: &mut Vec<Vec<f64>>) -> Result<Vec<Figure>, BenchError> {
        let (ours, theirs) = self.lives(size)?;
        let is_largest = SIZES.last().is_some_and(|last| last.files == size.files);
        let held = is_largest && self.name == IN_MEMORY;
        let title = format!("a workspace's life in {}k files {}", size.files / 1_000, self.name);
        let wall = || Figure::new(format!("{title}, wall"), "ms", &walls(&ours));
        let mut figures = vec![];
        for (number, (way, costs)) in WAYS.iter().zip(&theirs).enumerate() {
            let figure = wall().beside(way.name, &walls(costs));
            let figure =
                if held && number == 0 { figure.held_to(Budget::Times(MOST_OF_WORKTREE)) } else { figure };
            let why = self.absent(number, size).map(|why| format!("{}: {why}", way.name));
            figures.push(figure.unless(why.as_deref()));
        }
        if held {
            figures.push(wall().held_to(Budget::Most(MOST_LIFE)));
        }
        let trees = theirs.first().map(|costs| cpus(costs)).unwrap_or_default();
        figures.push(Figure::new(format!("{title}, CPU"), "ms", &cpus(&ours)).beside(WAYS[0].name, &trees));
        let peaks: Vec<f64> = ours.iter().filter_map(|cost| cost.peak_mb).collect();
        figures.push(Figure::new(format!("{title}, peak memory of the cell"), "MB", &peaks));
        kept.push(walls(&ours));
        Ok(figures)
    }

    /// Returns lives of cells and of each other way, taken in turns; a first cell warms up and is not told.
    fn lives(&self, size: Size) -> Result<(Vec<Cost>, Vec<Vec<Cost>>), BenchError> {
        self.cell_life(0)?;
        let mut ours = vec![];
        let mut theirs: Vec<Vec<Cost>> = WAYS.iter().map(|_| vec![]).collect();
        for turn in 1..=size.cells.max(size.others) {
            if turn <= size.cells {
                ours.push(self.cell_life(turn)?);
            }
            for (number, way) in WAYS.iter().enumerate().filter(|_| turn <= size.others) {
                if self.absent(number, size).is_none() {
                    theirs[number].push(self.other_life(way, turn)?);
                }
            }
        }
        Ok((ours, theirs))
    }

    /// Returns why a way is not measured here.
    fn absent(&self, way: usize, size: Size) -> Option<&'static str> {
        if WAYS[way].make.contains("reflink") && !self.has_reflinks() {
            return Some("this file system has none");
        }
        (way > 0 && self.name == ON_DISK && !size.copies_on_disk).then_some(NO_COPIES)
    }

    fn has_reflinks(&self) -> bool {
        let mut copy = Command::new("cp");
        copy.arg("--reflink=always").arg(self.base.join("base.json")).arg(self.dir.join("reflink"));
        copy.output().is_ok_and(|done| done.status.success())
    }

    fn cell_life(&self, turn: usize) -> Result<Cost, BenchError> {
        let bundle = WorkBundle {
            marker: format!("bench/{turn}"),
            base: self.base.clone(),
            instruction: "Edit ten files.".to_owned(),
            assistant: script(EDITS)?,
            program: "/bin/sh".into(),
            env: std::collections::BTreeMap::new(),
            limits: Limits::default(),
            requires: vec![],
            readable: vec![],
            tier: TierChoice::Best,
            meter: None,
            instruction_files: vec![],
            keep: false,
            goes_on: None,
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

    fn other_life(&self, way: &Way, turn: usize) -> Result<Cost, BenchError> {
        let tree = self.dir.join(format!("tree-{turn}"));
        let life = format!(
            "set -e; {}; cd \"$1\"; {EDITS}; git add -A; git diff --cached --binary --no-renames HEAD; cd /; {}",
            way.make, way.remove
        );
        let mut command = Command::new("sh");
        command.args(["-c", &life, "life"]).arg(&tree).arg(&self.repository).arg(self.base.join("tree"));
        let cost = measure(quiet(command.current_dir(&self.dir)))?;
        match cost.output.lines().filter(|line| line.starts_with("diff --git ")).count() {
            CHANGED => Ok(cost),
            other => Err(wrong(way.name, &format!("the diff has {other} paths, not {CHANGED}"))),
        }
    }

    fn remove(&self) -> Result<(), BenchError> {
        fs::remove_dir_all(&self.dir).map_err(|source| BenchError::Access { path: self.dir.clone(), source })
    }
}

/// Writes a bundle into a folder of its own.
pub(super) fn put(dir: &Path, name: &str, bundle: &Bundle) -> Result<PathBuf, BenchError> {
    let at = folder(&dir.join(name))?;
    write(&at.join(BUNDLE_FILE), &serde_json::to_string(bundle)?)?;
    Ok(at)
}

/// Writes `files` files of text whose sizes are spread as those of source code are: log-normal around a median.
fn fill(root: &Path, files: usize) -> Result<(), BenchError> {
    for number in 0..files {
        let dir = root.join(format!("d{:04}", number / FILES_IN_FOLDER));
        if number % FILES_IN_FOLDER == 0 {
            folder(&dir)?;
        }
        write(&dir.join(format!("f{:02}.txt", number % FILES_IN_FOLDER)), &text(number))?;
    }
    Ok(())
}

/// Returns lines of words, of a size and a content that are the same for a number in every run.
fn text(number: usize) -> String {
    let mut random = SplitMix::new(number as u64);
    let size = (MEDIAN_BYTES * (SPREAD * random.normals().0).exp()).clamp(LEAST_BYTES, MOST_BYTES);
    let mut text = String::new();
    let mut line = 0;
    while text.len() < size as usize {
        // Writing to a string does not fail.
        let _ = write!(text, "{} ", WORDS[random.below(WORDS.len())]);
        if random.below(4) == 0 {
            let _ = write!(text, "{:x}", random.below(1 << 16));
        }
        if random.below(9) == 0 {
            line += 1;
            let _ = writeln!(text, "; // {number}:{line}");
        }
    }
    text.push('\n');
    text
}

/// Returns an assistant that does what a shell script says.
pub(super) fn script(script: &str) -> Result<Assistant, BenchError> {
    let id = AssistantId::parse("editor").map_err(|error| wrong("an assistant", &error.to_string()))?;
    Ok(Assistant {
        program: Some("/bin/sh".to_owned()),
        args: vec!["-c".to_owned(), script.to_owned()],
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

pub(super) fn records(dir: &Path) -> Result<Vec<Record>, BenchError> {
    let path = dir.join(JOURNAL_FILE);
    let text = fs::read_to_string(&path).map_err(|source| BenchError::Access { path, source })?;
    text.lines().map(|line| Ok(serde_json::from_str::<JournalLine>(line)?.record)).collect()
}

pub(super) fn wrong(what: &str, why: &str) -> BenchError {
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
