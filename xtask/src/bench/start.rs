//! What a start costs: the program that only says its version, and one that opens an empty data folder.

use std::path::Path;
use std::process::Command;

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::{BenchError, folder};

const ROUNDS: usize = 20;
/// CPU milliseconds.
const MOST_START: f64 = 100.0;
/// MB.
pub(super) const MOST_PEAK: f64 = 60.0;

/// Measures starts of the programs in `programs`, beside a shell that does nothing.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let fairtrial = programs.join("fairtrial");
    let (mut version, mut runs, mut shell) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let home = folder(&scratch.join(format!("start-{round}")))?;
        version.push(measure(Command::new(&fairtrial).arg("--version"))?);
        runs.push(measure(Command::new(&fairtrial).arg("runs").arg("--home").arg(&home))?);
        shell.push(measure(Command::new("sh").args(["-c", ":"]))?);
    }
    let cpu = |costs: &[Cost]| costs.iter().map(|cost| cost.cpu_ms).collect::<Vec<_>>();
    let wall = |costs: &[Cost]| costs.iter().map(|cost| cost.wall_ms).collect::<Vec<_>>();
    let peaks: Vec<f64> = runs.iter().filter_map(|cost| cost.peak_mb).collect();
    let idle = "sh -c :";
    Ok(vec![
        Figure::new("`fairtrial --version`, CPU", "ms", &cpu(&version))
            .beside(idle, &cpu(&shell))
            .held_to(Budget::Most(MOST_START)),
        Figure::new("`fairtrial runs`, empty data folder, CPU", "ms", &cpu(&runs))
            .beside(idle, &cpu(&shell))
            .held_to(Budget::Most(MOST_START)),
        Figure::new("`fairtrial runs`, empty data folder, wall", "ms", &wall(&runs))
            .beside(idle, &wall(&shell)),
        Figure::new("`fairtrial runs`, peak memory", "MB", &peaks).held_to(Budget::Most(MOST_PEAK)),
    ])
}
