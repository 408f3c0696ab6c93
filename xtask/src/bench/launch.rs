//! What it costs to start a program in a full cell and to end the cell, beside the least sandbox.
//!
//! A cell does more than `bwrap`: it reads its bundle, lays a workspace over a base, watches, captures and journals.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fairtrial_domain::bundle::{Bundle, Tier, TierChoice, WorkBundle};
use fairtrial_domain::journal::Record;
use fairtrial_domain::task::Limits;

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::workspace::{put, records, script, wrong};
use super::{BenchError, folder, trial, write};

const ROUNDS: usize = 30;
/// Times one sandbox.
const MOST_LAUNCH: f64 = 1.5;
/// What a job may write where its room is held in memory.
const SMALL: u64 = 64 << 20;

/// Measures launches with the programs in `programs`.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let dir = folder(&scratch.join("launch"))?;
    write(&folder(&dir.join("base/tree"))?.join("a"), "a\n")?;
    let cell = programs.join("fairtrial-cell");
    let (mut memory, mut disk, mut sandbox) = (vec![], vec![], vec![]);
    let (mut absent, mut bare, mut job) = (None, vec![], vec![]);
    let nothing = folder(&dir.join("nothing"))?;
    for round in 0..ROUNDS {
        memory.push(launch(&cell, &dir, &format!("memory-{round}"), SMALL)?);
        disk.push(launch(&cell, &dir, &format!("disk-{round}"), Limits::default().disk_bytes)?);
        bare.push(measure(Command::new(&cell).arg("sweep").arg(&nothing))?);
        job.push(measure(&mut Command::new("/bin/true"))?);
        match trial::rooms(1) {
            Ok(cost) => sandbox.push(cost),
            Err(reason) => absent = Some(reason.to_string()),
        }
    }
    let wall = |costs: &[Cost]| costs.iter().map(|cost| cost.wall_ms).collect::<Vec<_>>();
    let cpu = |costs: &[Cost]| costs.iter().map(|cost| cost.cpu_ms).collect::<Vec<_>>();
    let beside = "`bwrap --unshare-all … true`";
    let figure = |what: &str, ours: Vec<f64>, theirs: Vec<f64>| {
        let figure = Figure::new(what, "ms", &ours).beside(beside, &theirs);
        figure.held_to(Budget::Times(MOST_LAUNCH)).unless(absent.as_deref())
    };
    Ok(vec![
        figure("a full cell around `true`, in memory, wall", wall(&memory), wall(&sandbox)),
        figure("a full cell around `true`, in memory, CPU", cpu(&memory), cpu(&sandbox)),
        figure("a full cell around `true`, on disk, wall", wall(&disk), wall(&sandbox)),
        figure("a full cell around `true`, on disk, CPU", cpu(&disk), cpu(&sandbox)),
        Figure::new("of which: a start of the cell's program that does nothing, CPU", "ms", &cpu(&bare)),
        Figure::new("of which: `true` by itself, in the cell as in `bwrap`, CPU", "ms", &cpu(&job)),
    ])
}

fn launch(cell: &Path, dir: &Path, name: &str, disk_bytes: u64) -> Result<Cost, BenchError> {
    let mut assistant = script("")?;
    (assistant.program, assistant.args) = (Some("/bin/true".to_owned()), vec![]);
    let bundle = WorkBundle {
        marker: format!("bench/{name}"),
        base: dir.join("base"),
        instruction: "Do nothing.".to_owned(),
        assistant,
        program: "/bin/true".into(),
        env: BTreeMap::new(),
        limits: Limits { disk_bytes, ..Limits::default() },
        requires: vec![],
        readable: vec![],
        tier: TierChoice::Best,
        meter: None,
        instruction_files: vec![],
        keep: false,
        goes_on: None,
    };
    let at = put(dir, name, &Bundle::Work(bundle))?;
    let cost = measure(Command::new(cell).arg("work").arg(&at))?;
    let records = records(&at)?;
    let full = records.iter().any(|record| matches!(record, Record::Opened { tier: Tier::Full, .. }));
    let whole = records.last() == Some(&Record::Closed);
    if full && whole { Ok(cost) } else { Err(wrong("a launch", "the cell was not isolated, or failed")) }
}
