//! What scoring takes: a large patch, and generated files that must not stall it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::figure::{Budget, Figure, Standing};
use super::{BenchError, said, table};

/// A patch of 10,000 lines is scored within this, in milliseconds.
const PATCH: f64 = 250.0;
/// A generated file of 100,000 lines holds a score up no longer than this, in milliseconds.
const GENERATED: f64 = 2000.0;

/// What our figures stand beside.
const BESIDE: &str = "a plain line diff";

/// Builds the measuring program, measures, and returns the figures.
///
/// # Errors
/// When it does not build or run.
pub(super) fn figures(root: &Path) -> Result<Vec<Figure>, BenchError> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--release", "--locked", "-p", "fairtrial-judge", "--example", "scoring"]);
    let told = said(cargo.current_dir(root))?;
    let measured: BTreeMap<String, [Vec<f64>; 2]> = serde_json::from_str(&told)?;
    let budget = |what: &str| Budget::Most(if what.contains("of 10,000 lines") { PATCH } else { GENERATED });
    let figure = |(what, [ours, plain]): (&String, &[Vec<f64>; 2])| {
        Figure::new(what.clone(), "ms", ours).beside(BESIDE, plain).held_to(budget(what))
    };
    Ok(measured.iter().map(figure).collect())
}

/// Measures, and returns the table.
///
/// # Errors
/// When it does not build or run, or with `check` a budget is missed.
pub fn score(root: &Path, check: bool) -> Result<String, BenchError> {
    let figures = figures(root)?;
    let text = table::plain(&figures);
    let missed = figures.iter().filter(|figure| figure.standing() == Standing::Missed).count();
    if check && missed > 0 {
        return Err(BenchError::Missed { count: missed, table: text });
    }
    Ok(text)
}
