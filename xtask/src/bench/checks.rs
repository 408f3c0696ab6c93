//! What a check of the sample code base costs on a base whose set-up has built it, beside one without set-up.

use std::path::Path;
use std::process::Command as Process;

use fairtrial_domain::bundle::{BaseBundle, Bundle, GradeBundle, TierChoice};
use fairtrial_domain::id::CheckId;
use fairtrial_domain::journal::Record;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::{Check, CheckKind, Command, Limits, Network, Repository, ResultFormat};
use fairtrial_domain::verdict::VerdictStatus;

use super::figure::Figure;
use super::measure::{Cost, measure};
use super::workspace::{put, records, wrong};
use super::{BenchError, folder};

const ROUNDS: usize = 5;

/// A language of the samples: its name, what it needs, its set-up and its tests.
const LANGUAGES: [(&str, &str, &str, &str); 3] = [
    (
        "Rust",
        "cargo",
        "cd rust && CARGO_TARGET_DIR=target cargo test --offline --no-run",
        "cd rust && CARGO_TARGET_DIR=target cargo test --offline --test query",
    ),
    (
        "Python",
        "python3",
        "cd python && python3 -m compileall -q .",
        "cd python && python3 -m unittest discover -s tests -t .",
    ),
    ("Node", "node", "true", "cd javascript && node --test test/"),
];

/// Measures checks with the programs in `programs`.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let cell = programs.join("fairtrial-cell");
    let dir = folder(&scratch.join("checks"))?;
    let mut figures = vec![];
    for (language, program, setup, run) in LANGUAGES {
        eprintln!("bench: checks of {language}");
        let (mut warm, mut cold) = (vec![], vec![]);
        let name = language.to_lowercase();
        prepare(&cell, &dir, &format!("{name}-warm"), program, Some(setup))?;
        prepare(&cell, &dir, &format!("{name}-cold"), program, None)?;
        for round in 0..ROUNDS {
            warm.push(check(&cell, &dir, &format!("{name}-warm"), round, program, run)?.wall_ms);
            cold.push(check(&cell, &dir, &format!("{name}-cold"), round, program, run)?.wall_ms);
        }
        let what = format!("a check of the {language} sample on a base that was set up, wall");
        figures.push(Figure::new(what, "ms", &warm).beside("without set-up", &cold));
    }
    Ok(figures)
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
        repository: Repository::Folder { path: crate::root().join("samples/base") },
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
