//! What a check of the sample code base costs on a base whose set-up has been run once for all, beside one that must set
//! up for itself: the tests are built, an environment is made with its installer, invented packages are installed.

use std::fs;
use std::path::Path;
use std::process::Command as Process;

use fairtrial_domain::bundle::{BaseBundle, Bundle, GradeBundle, TierChoice};
use fairtrial_domain::id::CheckId;
use fairtrial_domain::journal::Record;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::{Check, CheckKind, Command, Limits, Network, Repository, ResultFormat};
use fairtrial_domain::verdict::VerdictStatus;

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::workspace::{put, records, wrong};
use super::{BenchError, folder, write};

const ROUNDS: usize = 7;
/// Times a check that sets up for itself.
const MOST_WARM: f64 = 1.0 / 10.0;
/// Packages that the sample in Node, which has none of its own, is given to depend on: as many as a small web project's.
const PACKAGES: usize = 300;

/// A language of the samples.
struct Language {
    name: &'static str,
    /// What must be there.
    program: &'static str,
    setup: &'static str,
    run: &'static str,
}

const LANGUAGES: [Language; 3] = [
    Language {
        name: "Rust",
        program: "cargo",
        setup: "(cd rust && CARGO_TARGET_DIR=target cargo test --offline --no-run)",
        run: "cd rust && CARGO_TARGET_DIR=target cargo test --offline --test query",
    },
    Language {
        name: "Python",
        program: "python3",
        setup: "(cd python && python3 -m venv .venv)",
        run: "cd python && .venv/bin/python -m unittest discover -s tests -t .",
    },
    Language {
        name: "Node",
        program: "node",
        setup: "(cd javascript && npm install --offline --install-links --no-audit --no-fund)",
        // Its files side by side, as many as there are: by itself Node's runner leaves one core of two idle.
        run: "cd javascript && node --require part-7 --test --test-concurrency=3 test/",
    },
];

/// Measures checks with the programs in `programs`.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let cell = programs.join("fairtrial-cell");
    let dir = folder(&scratch.join("checks"))?;
    measure(Process::new("cp").arg("-r").arg(crate::root().join("samples/base")).arg(dir.join("code")))?;
    depend(&dir.join("code/javascript"))?;
    let mut figures = vec![];
    for Language { name, program, setup, run } in LANGUAGES {
        eprintln!("bench: checks of {name}");
        let (mut warm, mut cold) = (vec![], vec![]);
        let [with, without] = ["warm", "cold"].map(|sort| format!("{}-{sort}", name.to_lowercase()));
        prepare(&cell, &dir, &with, program, Some(setup))?;
        prepare(&cell, &dir, &without, program, None)?;
        for round in 0..ROUNDS {
            warm.push(check(&cell, &dir, &with, round, program, run)?.wall_ms);
            cold.push(check(&cell, &dir, &without, round, program, &format!("{setup} && {run}"))?.wall_ms);
        }
        let what = format!("a check of the {name} sample on a base that was set up, wall");
        let figure = Figure::new(what, "ms", &warm).beside("a check that sets up for itself", &cold);
        figures.push(figure.held_to(Budget::Times(MOST_WARM)));
    }
    Ok(figures)
}

/// Writes invented packages beside the sample in Node, and has it depend on them.
fn depend(code: &Path) -> Result<(), BenchError> {
    let mut depends = vec![];
    for number in 0..PACKAGES {
        let package = folder(&code.join(format!("vendor/part-{number}")))?;
        write(&package.join("index.js"), &format!("module.exports = {number};\n"))?;
        let about = format!(r#"{{"name": "part-{number}", "version": "1.0.0", "main": "index.js"}}"#);
        write(&package.join("package.json"), &about)?;
        depends.push((format!("part-{number}"), format!("file:vendor/part-{number}").into()));
    }
    let path = code.join("package.json");
    let text = fs::read(&path).map_err(|source| BenchError::Access { path: path.clone(), source })?;
    let mut about: serde_json::Value = serde_json::from_slice(&text)?;
    about["dependencies"] = serde_json::Value::Object(depends.into_iter().collect());
    write(&path, &about.to_string())
}

fn prepare(
    cell: &Path,
    dir: &Path,
    name: &str,
    program: &str,
    setup: Option<&str>,
) -> Result<(), BenchError> {
    let setup = setup.map(|run| Command { run: run.to_owned(), timeout_sec: 300.0 });
    let bundle = BaseBundle {
        repository: Repository::Folder { path: dir.join("code") },
        setup: setup.into_iter().collect(),
        target: dir.join(name),
        requires: vec![program.to_owned()],
        readable: vec![],
        network: Network::None,
        tier: TierChoice::Best,
    };
    let at = put(dir, &format!("{name}-prepare"), &Bundle::Base(bundle))?;
    measure(Process::new(cell).arg("base").arg(&at))?;
    let ready = |record: &Record| matches!(record, Record::BaseReady { .. });
    let found = records(&at)?;
    if found.iter().any(ready) { Ok(()) } else { Err(wrong("a base", &format!("{found:?}"))) }
}

fn check(
    cell: &Path,
    dir: &Path,
    base: &str,
    round: usize,
    program: &str,
    run: &str,
) -> Result<Cost, BenchError> {
    let check = Check {
        id: CheckId::parse("tests").map_err(|error| wrong("a check", &error.to_string()))?,
        kind: CheckKind::PassToPass,
        run: run.to_owned(),
        format: ResultFormat::Exit,
        report: None,
        tests: vec![],
        timeout_sec: 300.0,
        hidden: false,
    };
    let bundle = GradeBundle {
        marker: format!("bench/{base}/{round}"),
        base: dir.join(base),
        patch: Patch::default(),
        checks: vec![check],
        hidden: vec![],
        protected: vec![],
        requires: vec![program.to_owned()],
        readable: vec![],
        limits: Limits::default(),
        tier: TierChoice::Best,
    };
    let at = put(dir, &format!("{base}-{round}"), &Bundle::Grade(bundle))?;
    let cost = measure(Process::new(cell).arg("grade").arg(&at))?;
    let passed = |record: &Record| matches!(record, Record::Verdict { verdict } if verdict.status == VerdictStatus::Passed);
    let found = records(&at)?;
    if found.iter().any(passed) { Ok(cost) } else { Err(wrong("a check", &format!("{found:?}"))) }
}
