//! What the meter costs: added time of a request, and the throughput of a stream of 10 MB, beside the same without it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::figure::Figure;
use super::{BenchError, said};

/// MB of the stream.
const STREAM_MB: f64 = 10.0;

/// Runs the measuring program that `build` left in `programs`.
pub(super) fn bench(programs: &Path) -> Result<Vec<Figure>, BenchError> {
    let told = said(&mut Command::new(programs.join("examples/meter-cost")))?;
    let ms: BTreeMap<String, Vec<f64>> = serde_json::from_str(&told)?;
    let of = |name: &str| ms.get(name).cloned().unwrap_or_default();
    let added = |share: f64| vec![at(of("metered"), share) - at(of("direct"), share)];
    let speed = |name: &str| of(name).iter().map(|ms| STREAM_MB / ms * 1000.0).collect::<Vec<_>>();
    Ok(vec![
        Figure::new("a request through the meter", "ms", &of("metered")).beside("without it", &of("direct")),
        Figure::new("what the meter adds, p50", "ms", &added(0.5)),
        Figure::new("what the meter adds, p95", "ms", &added(0.95)),
        Figure::new("a stream of 10 MB through the meter", "MB/s", &speed("metered_stream"))
            .beside("without it", &speed("direct_stream")),
    ])
}

/// Returns the value below which `share` of the values are; 0 where there are none.
fn at(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}
