//! Measures what scoring one trial takes: `cargo run --release -p fairtrial-judge --example scoring` prints JSON, for
//! each figure two lists of milliseconds: ours, and those of a plain line diff of the same files, which take turns.
//! `cargo xtask bench score` reads it.
#![expect(clippy::print_stdout, reason = "a measuring program prints")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fairtrial_domain::outcome::Ending;
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use fairtrial_judge::corpus;
use fairtrial_judge::stats::SplitMix;
use fairtrial_judge::{Evidence, assess};
use similar::TextDiff;

/// How often each figure is measured.
const TIMES: usize = 5;
/// How long a plain diff may take before it gives up looking for the shortest.
const PATIENCE: Duration = Duration::from_secs(2);

fn side(text: String) -> Option<Side> {
    Some(Side { mode: FileMode::Regular, content: Content::Text(text) })
}

/// A function of seven lines; `edit` changes three of them.
fn function(python: bool, number: usize, edit: u64) -> String {
    let (a, b) = (number % 17, edit);
    if python {
        format!(
            "def step_{number}(items, limit):\n    total = {b}\n    for item in items:\n        if item.weight > limit + {b}:\n            total += item.weight * {a}\n    return total - {b}\n\n"
        )
    } else {
        format!(
            "fn step_{number}(items: &[Item], limit: u64) -> u64 {{\n    let mut total = {b};\n    for item in items.iter().filter(|item| item.weight > limit + {b}) {{\n        total += item.weight * {a};\n    }}\n    total - {b}\n}}\n"
        )
    }
}

/// A patch of `lines` changed lines over files of about 500 lines, and another one over the same base.
fn patches(lines: usize) -> (Patch, Patch) {
    let mut random = SplitMix::new(7);
    let functions = lines / 6;
    let (mut own, mut reference) = (vec![], vec![]);
    for file in 0..functions.div_ceil(70) {
        let python = file % 2 == 0;
        let path = format!("src/part_{file}.{}", if python { "py" } else { "rs" });
        let range = file * 70..(file * 70 + 70).min(functions);
        let mut text = |edited: bool| -> String {
            range
                .clone()
                .map(|n| function(python, n, if edited { 1 + random.bits() % 1000 } else { 0 }))
                .collect()
        };
        let base = text(false);
        for patch in [&mut own, &mut reference] {
            patch.push(FileChange {
                path: path.clone(),
                before: side(base.clone()),
                after: side(text(true)),
            });
        }
    }
    (Patch { files: own, flags: vec![] }, Patch { files: reference, flags: vec![] })
}

/// One file with many lines, three in ten of them changed here and there.
fn edited(lines: usize, path: &str) -> Patch {
    let mut random = SplitMix::new(11);
    let base: Vec<String> = (0..lines).map(|at| format!("row({at});\n")).collect();
    let mut change = |line: &String| {
        if random.bits() % 10 < 3 { format!("row({});\n", random.bits()) } else { line.clone() }
    };
    let after: String = base.iter().map(&mut change).collect();
    let change = FileChange { path: path.to_owned(), before: side(base.concat()), after: side(after) };
    Patch { files: vec![change], flags: vec![] }
}

/// One file with many lines that a program wrote, few of them alike or nearly all.
fn generated(lines: usize, kinds: u64, path: &str) -> Patch {
    let mut random = SplitMix::new(kinds);
    let mut text =
        || -> String { (0..lines).map(|_| format!("row({});\n", random.bits() % kinds)).collect() };
    let change = FileChange { path: path.to_owned(), before: side(text()), after: side(text()) };
    Patch { files: vec![change], flags: vec![] }
}

/// A plain line diff of every file.
fn plain(patch: &Patch) -> f64 {
    let begin = Instant::now();
    for change in &patch.files {
        let text = |side: &Option<Side>| {
            side.as_ref().and_then(|side| side.content.as_text()).unwrap_or_default().to_owned()
        };
        let (before, after) = (text(&change.before), text(&change.after));
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
        assert!(!diff.ops().is_empty());
    }
    begin.elapsed().as_secs_f64() * 1e3
}

fn measure(patch: &Patch, reference: Option<&Patch>) -> [Vec<f64>; 2] {
    let case = corpus::read("=== honest a patch\n").expect("a case").remove(0);
    let task = corpus::task(&case);
    let one = || {
        let begin = Instant::now();
        let got = assess(&Evidence {
            task: &task,
            base_facts: &[],
            reference_facts: &[],
            ending: &Ending::Finished,
            patch,
            reference,
            verdicts: &[],
            applies: Ok(()),
            cost: None,
            seconds: 1.0,
            restored: &[],
            events: &[],
            oracle: &[],
            overruled: &[],
        });
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        assert!(!got.scores.is_empty());
        ms
    };
    let both: Vec<(f64, f64)> = (0..TIMES).map(|_| (one(), plain(patch))).collect();
    let (ours, beside) = both.into_iter().unzip();
    [ours, beside]
}

fn main() {
    let (own, reference) = patches(10_000);
    let (one, other) = (generated(100_000, 6, "data.txt"), generated(100_000, 6, "data.txt"));
    let over_one = FileChange { after: other.files[0].after.clone(), ..one.files[0].clone() };
    let other = Patch { files: vec![over_one], flags: vec![] };
    let figures = BTreeMap::from([
        ("scoring a patch of 10,000 lines against a reference", measure(&own, Some(&reference))),
        (
            "scoring 100,000 generated lines, all unlike",
            measure(&generated(100_000, 1 << 40, "data.js"), None),
        ),
        ("scoring 100,000 generated lines, three in ten changed", measure(&edited(100_000, "data.js"), None)),
        ("scoring 100,000 generated lines, six alike", measure(&generated(100_000, 6, "data.js"), None)),
        ("scoring 100,000 lines of text, six alike, against a reference", measure(&one, Some(&other))),
    ]);
    let figures = serde_json::to_string(&figures).expect("numbers under names");
    println!("{figures}");
}
