//! Measures what Fairtrial costs, beside baselines of the same run, and compares with the budgets.
//!
//! The caller builds and writes; the measuring is a second process of this program, started through
//! `scripts/as-user`, because cells need an ordinary user and what starts one must not be measured with them.
//!
//! **Invariant:** a figure and its baseline come from one run, and take turns in it.

mod checks;
mod compare;
pub mod figure;
mod launch;
mod measure;
mod meter;
pub mod score;
mod side;
mod start;
mod table;
pub mod tamper;
mod trial;
mod workspace;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use figure::{Figure, Standing};

/// The word that starts the measuring process.
pub const MEASURE: &str = "measure";
/// Where the table is written.
const RESULT: &str = "docs/results/bench.md";

/// A part that can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Starts of the program.
    Start,
    /// One more trial.
    Trial,
    /// A cell around nothing.
    Launch,
    /// Checks on bases that are set up and not.
    Checks,
    /// A workspace's life by repository size.
    Workspace,
    /// The whole comparison.
    Compare,
    /// Requests through the meter.
    Meter,
}

impl Part {
    const ALL: [Part; 7] =
        [Part::Start, Part::Launch, Part::Trial, Part::Checks, Part::Workspace, Part::Compare, Part::Meter];

    fn word(self) -> &'static str {
        match self {
            Part::Start => "start",
            Part::Trial => "trial",
            Part::Launch => "launch",
            Part::Checks => "checks",
            Part::Workspace => "workspace",
            Part::Compare => "compare",
            Part::Meter => "meter",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// Fail when a budget is missed.
    pub check: bool,
    /// Write the table into docs/results.
    pub write: bool,
    /// What to measure; empty means everything.
    pub parts: Vec<Part>,
}

impl Wish {
    /// Reads the words after `bench`, or returns `None`. A table of some parts only is not written.
    pub fn parse(words: &[&str]) -> Option<Wish> {
        let mut wish = Wish::default();
        for word in words {
            match (*word, Part::ALL.into_iter().find(|part| part.word() == *word)) {
                ("--check", _) => wish.check = true,
                ("--write", _) => wish.write = true,
                (_, Some(part)) => wish.parts.push(part),
                (_, None) => return None,
            }
        }
        (!wish.write || wish.parts.is_empty()).then_some(wish)
    }
}

/// Why there is no result, or why it is not good enough.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file.
    #[error("could not access `{path}`")]
    Access {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program did not start.
    #[error("could not run `{program}`")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program failed.
    #[error("`{program}` ended with {how} and said: {said}")]
    Failed {
        /// Which.
        program: String,
        /// Its exit status.
        how: String,
        /// Its last line.
        said: String,
    },
    /// A baseline's program is missing.
    #[error("{program} is not installed (Debian package {package})")]
    Absent {
        /// Which.
        program: &'static str,
        /// What to install.
        package: &'static str,
    },
    /// What was measured is not what was meant.
    #[error("{what} cannot be measured: {why}")]
    Wrong {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// JSON that is not what it should be.
    #[error("a result is not what was expected")]
    Json(#[from] serde_json::Error),
    /// Budgets are missed.
    #[error("{table}\n{count} of the budgets are missed")]
    Missed {
        /// How many.
        count: usize,
        /// All figures, for people.
        table: String,
    },
}

/// Writes an error with its causes in one line.
pub fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Builds the release programs, measures, and returns the table after doing what else is wished for.
pub fn bench(root: &Path, wish: &Wish) -> Result<String, BenchError> {
    let programs = build(root)?;
    let mut measuring = Command::new(root.join("scripts/as-user"));
    let this =
        std::env::current_exe().map_err(|source| BenchError::Access { path: "xtask".into(), source })?;
    measuring
        .arg(this)
        .args(["bench", MEASURE])
        .arg(&programs)
        .args(wish.parts.iter().map(|part| part.word()));
    let told = said(measuring.stderr(Stdio::inherit()))?;
    let mut figures: Vec<Figure> = serde_json::from_str(&told)?;
    if wish.parts.is_empty() {
        figures.extend(score::figures(root)?);
    }
    if wish.write {
        let path = root.join(RESULT);
        folder(path.parent().unwrap_or(root))?;
        write(&path, &page(&made_from(root)?, &figures))?;
    }
    let missed = figures.iter().filter(|figure| figure.standing() == Standing::Missed).count();
    let text = table::plain(&figures);
    if wish.check && missed > 0 {
        return Err(BenchError::Missed { count: missed, table: text });
    }
    Ok(text)
}

/// Measures `parts` with the programs in `programs`, and returns the figures as JSON for `bench`.
pub fn measure(programs: &Path, parts: &[Part]) -> Result<String, BenchError> {
    let scratch =
        tempfile::tempdir().map_err(|source| BenchError::Access { path: std::env::temp_dir(), source })?;
    measure::adopt_orphans()?;
    let mut figures = vec![];
    for part in Part::ALL.into_iter().filter(|part| parts.is_empty() || parts.contains(part)) {
        eprintln!("bench: {}", part.word());
        let new = match part {
            Part::Start => start::bench(programs, scratch.path())?,
            Part::Trial => trial::bench(programs, scratch.path())?,
            Part::Launch => launch::bench(programs, scratch.path())?,
            Part::Checks => checks::bench(programs, scratch.path())?,
            Part::Workspace => workspace::bench(programs, scratch.path())?,
            Part::Compare => compare::bench()?,
            Part::Meter => {
                let mut figures = meter::bench(programs)?;
                figures.extend(side::bench(programs, scratch.path())?);
                figures
            }
        };
        // Said at once too: a bench that is cut short has measured something.
        eprint!("{}", table::plain(&new));
        figures.extend(new);
    }
    Ok(serde_json::to_string(&figures)?)
}

/// Builds the release programs and returns the folder that they are in.
pub(crate) fn build(root: &Path) -> Result<PathBuf, BenchError> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--locked"]);
    cargo.args(["-p", "fairtrial-cli", "-p", "fairtrial-cell", "-p", "fairtrial-direct"]);
    cargo.args(["-p", "fairtrial-wire", "--bins", "--example", "meter-cost"]);
    said(cargo.current_dir(root).stderr(Stdio::inherit()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(root.join(target).join("release"))
}

/// Returns what a program wrote to standard output.
pub(crate) fn said(command: &mut Command) -> Result<String, BenchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| BenchError::Start { program: program.clone(), source })?;
    if !output.status.success() {
        let said =
            String::from_utf8_lossy(&output.stderr).lines().next_back().unwrap_or("see above").to_owned();
        return Err(BenchError::Failed { program, how: output.status.to_string(), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Says what a result was made from: commit, state of the tree, kernel, cores.
pub(crate) fn made_from(root: &Path) -> Result<String, BenchError> {
    let git = |words: &[&str]| said(Command::new("git").args(words).current_dir(root));
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--", ".", ":!docs/results"])?;
    let tree = if changed.is_empty() {
        "a clean tree".to_owned()
    } else {
        format!("a tree with {} changed paths", changed.lines().count())
    };
    let kernel = said(Command::new("uname").args(["-s", "-r", "-m"]))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!("Commit `{commit}`, {tree}; {kernel}, {cores} cores."))
}

fn page(made_from: &str, figures: &[Figure]) -> String {
    format!(
        "# What Fairtrial costs\n\n{made_from}\n\nWritten by `cargo xtask bench --write`: medians with least, most and their \
         number, each beside a baseline that took turns with it. CPU\nis user and system time of a program and all that it \
         started, with the process that `bwrap` leaves behind when it ends;\nMB are 10⁶ bytes. One more trial is the \
         slope between a small and a larger run; a trial is two cells, work and grading. A workspace's life is: provision, ten edits, \
         capture, tear down.\n\n{}",
        table::markdown(figures)
    )
}

pub(crate) fn folder(path: &Path) -> Result<PathBuf, BenchError> {
    fs::create_dir_all(path).map_err(|source| BenchError::Access { path: path.to_owned(), source })?;
    Ok(path.to_owned())
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), BenchError> {
    fs::write(path, text).map_err(|source| BenchError::Access { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_from_words() {
        let wish = |words: &[&str]| Wish::parse(words);
        assert_eq!(wish(&[]), Some(Wish::default()));
        assert_eq!(wish(&["--check", "--write"]), Some(Wish { check: true, write: true, parts: vec![] }));
        assert_eq!(wish(&["trial"]), Some(Wish { parts: vec![Part::Trial], ..Wish::default() }));
        assert_eq!(wish(&["--fast"]), None);
        assert_eq!(wish(&["trial", "--write"]), None, "a part is no result");
    }

    #[test]
    fn a_page_says_what_it_was_made_from() {
        let page = page("Commit `abc`, a clean tree.", &[Figure::new("x", "ms", &[1.0])]);
        assert!(page.contains("\n\nCommit `abc`, a clean tree.\n\n"), "{page}");
        assert!(page.ends_with("| x | 1 ms (1–1, 1) |  |  |  |  |\n"), "{page}");
    }
}
