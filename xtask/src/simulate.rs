//! Runs the simulation of the methods' error rates on the published grid, and holds it to the bars.
//!
//! **Invariant:** the seed is the grid's hash; nobody chooses it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fairtrial_judge::simulate::{
    Bar, Found, LEAST_COVERAGE, MOST_FALSE, MOST_MEAN_COVERAGE, Setting, Summary, beyond, grid, grid_hash,
    quick, simulate, summarise,
};

use crate::bench::{BenchError, folder, made_from, write};

/// Where the result is written.
const RESULT: &str = "docs/results/coverage.md";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// A few cells with few repetitions.
    pub quick: bool,
    /// Write the page into docs/results; for the whole grid only.
    pub write: bool,
}

impl Wish {
    /// Reads the words after `simulate`, or returns `None`.
    pub fn parse(words: &[&str]) -> Option<Wish> {
        let mut wish = Wish::default();
        for word in words {
            match *word {
                "--quick" => wish.quick = true,
                "--write" => wish.write = true,
                _ => return None,
            }
        }
        (!(wish.quick && wish.write)).then_some(wish)
    }
}

/// Why the simulation is not good enough, or could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Cells lie beyond their bars.
    #[error("{table}\n{count} of the bars are missed")]
    Missed {
        /// How many.
        count: u32,
        /// The summary, for people.
        table: String,
    },
    /// A file or git.
    #[error("the result could not be kept")]
    Keep(#[from] BenchError),
}

/// Simulates, writes what is wished for, and returns the summary.
///
/// # Errors
/// When a cell lies beyond its bar by its corrected bound, or the page cannot be written.
pub fn run(root: &Path, wish: &Wish) -> Result<String, SimulateError> {
    let cells = if wish.quick { quick() } else { grid() };
    let seed = grid_hash(&cells);
    let found = all(&cells, seed, if wish.quick { 10 } else { 1 });
    let summary = summarise(&found);
    let table = plain(&summary);
    if wish.write {
        let path = root.join(RESULT);
        folder(path.parent().unwrap_or(root))?;
        write(&path, &page(&made_from(root)?, seed, &found, &summary))?;
    }
    match summary.iter().map(|one| one.failed).sum() {
        0 => Ok(table),
        count => Err(SimulateError::Missed { count, table }),
    }
}

/// How often a cell is simulated: the less a repetition takes, the more.
fn reps(setting: &Setting) -> u32 {
    match setting {
        Setting::Rate { .. } | Setting::Paired { .. } => 40_000,
        Setting::Alike { arms: 2, .. } => 20_000,
        Setting::Alike { .. } => 10_000,
    }
}

/// Simulates every cell, on all cores; the order of the result is that of the cells.
fn all(cells: &[Setting], seed: u64, divide: u32) -> Vec<Found> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(cells.len())));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((at, setting)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    cells.get(at).map(|setting| (at, setting))
                } {
                    let found = simulate(setting, reps(setting) / divide, seed);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, found));
                    }
                }
            });
        }
    });
    let mut found = done.into_inner().unwrap_or_default();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}

fn bar(bar: Bar) -> String {
    match bar {
        Bar::Rate => format!("≥ {LEAST_COVERAGE}, mean ≤ {MOST_MEAN_COVERAGE}"),
        Bar::Paired => format!("≥ {LEAST_COVERAGE}"),
        Bar::False => format!("≤ {MOST_FALSE}"),
        Bar::None => "naive".to_owned(),
    }
}

fn standing(one: &Summary) -> String {
    match (one.bar, one.failed) {
        (Bar::None, _) => String::new(),
        (_, 0) => "held".to_owned(),
        (_, failed) => format!("MISSED in {failed}"),
    }
}

fn plain(summary: &[Summary]) -> String {
    let line = |one: &Summary| {
        format!(
            "{:<48} {:>5} {:.4} {:.4} {:.4}  {:<24} {}",
            one.method,
            one.cells,
            one.min,
            one.mean,
            one.max,
            bar(one.bar),
            standing(one)
        )
    };
    let head = format!("{:<48} cells   least   mean   most  bar", "method");
    std::iter::once(head).chain(summary.iter().map(line)).collect::<Vec<_>>().join("\n")
}

fn page(made_from: &str, seed: u64, found: &[Found], summary: &[Summary]) -> String {
    let mut page = format!(
        "# How often the methods err\n\n{made_from}\n\nWritten by `cargo xtask simulate --write`. Seed `{seed:#018x}`, the \
         hash of the grid (FNV-1a over the lines that name its {} cells). A\nsolved rate is simulated with beta-distributed \
         task rates; pairs and fields with logits that share their difficulty (deviation 1 or 3) and have\na part of \
         their own (“suits”, deviation 0 or 1; 0 is one assistant against itself). Shares are of intervals that cover \
         the truth, or of\nsimulations with any false verdict, at any look where it says “each task”. A bar is missed \
         when the one-sided 99.9 % binomial bound of a cell,\ncorrected over all cells that are held to a bar, lies \
         beyond it.\n\n| method | cells | least | mean | most | bar | |\n|-|-|-|-|-|-|-|\n",
        found.len()
    );
    for one in summary {
        page += &format!(
            "| {} | {} | {:.4} | {:.4} | {:.4} | {} | {} |\n",
            one.method,
            one.cells,
            one.min,
            one.mean,
            one.max,
            bar(one.bar),
            standing(one)
        );
    }
    for (title, kind) in [
        ("Solved rate", Kind::Rate),
        ("Difference", Kind::Paired),
        ("Two alike", Kind::Two),
        ("Several alike", Kind::Several),
    ] {
        page += &cells(
            title,
            &found.iter().filter(|cell| Kind::of(&cell.setting) == kind).collect::<Vec<_>>(),
            found,
        );
    }
    page
}

#[derive(PartialEq)]
enum Kind {
    Rate,
    Paired,
    Two,
    Several,
}

impl Kind {
    fn of(setting: &Setting) -> Kind {
        match setting {
            Setting::Rate { .. } => Kind::Rate,
            Setting::Paired { .. } => Kind::Paired,
            Setting::Alike { arms: 2, .. } => Kind::Two,
            Setting::Alike { .. } => Kind::Several,
        }
    }
}

/// Every cell of one kind, with the share of each method; what lies beyond its bar is in bold.
fn cells(title: &str, cells: &[&Found], all: &[Found]) -> String {
    let Some(first) = cells.first() else { return String::new() };
    let held = all.iter().flat_map(|cell| &cell.counts).filter(|count| count.bar != Bar::None).count();
    let names: Vec<&str> =
        first.counts.iter().map(|c| c.method.split_once(": ").map_or(c.method, |(_, name)| name)).collect();
    let mut text = format!(
        "\n## {title}: every cell, {} repetitions\n\n| cell | {} |\n|-|",
        first.reps,
        names.join(" | ")
    );
    text += &"-|".repeat(names.len());
    for cell in cells {
        let share = |count: &fairtrial_judge::simulate::Count| {
            let share = format!("{:.4}", f64::from(count.hits) / f64::from(cell.reps.max(1)));
            if beyond(count, cell.reps, held) { format!("**{share}**") } else { share }
        };
        let shares: Vec<String> = cell.counts.iter().map(share).collect();
        text += &format!("\n| {} | {} |", named(&cell.setting), shares.join(" | "));
    }
    text + "\n"
}

fn named(setting: &Setting) -> String {
    match setting {
        Setting::Rate { tasks, trials, rate, icc } => {
            format!("{tasks} tasks × {trials}, rate {rate}, icc {icc}")
        }
        Setting::Paired { tasks, trials, rate, other, difficulty, suits } => {
            format!("{tasks} × {trials}, {rate} − {other}, difficulty {difficulty}, suits {suits}")
        }
        Setting::Alike { arms, tasks, trials, rate, difficulty, suits } => {
            format!("{arms} alike, {tasks} × {trials}, rate {rate}, difficulty {difficulty}, suits {suits}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_from_words() {
        assert_eq!(Wish::parse(&["--write"]), Some(Wish { quick: false, write: true }));
        assert_eq!(Wish::parse(&["--quick", "--write"]), None, "a part is no result");
        assert_eq!(Wish::parse(&["--seed"]), None);
    }

    #[test]
    fn a_page_has_every_cell_and_says_what_is_beyond_its_bar() {
        let cells = quick();
        let mut found: Vec<Found> = cells.iter().map(|setting| simulate(setting, 30, 1)).collect();
        found[0].counts[0].hits = 0;
        let page = page("Commit `abc`.", 7, &found, &summarise(&found));
        assert_eq!(
            page.lines().filter(|line| line.contains("tasks ×") || line.contains(" suits ")).count(),
            cells.len()
        );
        assert!(page.contains("MISSED in 1") && page.contains("**0.0000**"), "{page}");
    }
}
