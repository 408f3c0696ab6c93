//! `fairtrial gc`, `doctor --repair` and `tasks preflight`: what goes, what is mended, what is missing; and sizes as
//! people write them.

use std::process::ExitCode;
use std::sync::Arc;

use fairtrial_api::{Api, ApiError};

use crate::args::GcArgs;
use crate::audit::wrap;
use crate::commands::{say, say_json, width};

/// Clears up and says what went.
pub(crate) fn gc(api: &Api, args: &GcArgs) -> Result<(), ApiError> {
    let gone = api.gc(args.max_size, args.dry_run)?;
    if args.json.json {
        return say_json(&gone);
    }
    let went = if gone.dry_run { "would go" } else { "removed" };
    for base in &gone.bases {
        say(&format!("{went}: base {} ({}), {}", &base.name[..12], size(base.bytes), base.because));
    }
    say(&format!(
        "{went}: {} bases ({}), {} blobs that no run names ({}), {} pieces of debris",
        gone.bases.len(),
        size(gone.bases.iter().map(|base| base.bytes).sum()),
        gone.blobs,
        size(gone.blob_bytes),
        gone.debris
    ));
    say(&format!("kept: {} bases ({})", gone.kept_bases, size(gone.kept_bytes)));
    if gone.over {
        say("What is kept is more than the size given: it belongs to runs that are not finished.");
    }
    Ok(())
}

/// Looks through the data folder, mends what it can and says so.
pub(crate) fn repair(api: &Api, json: bool) -> Result<(), ApiError> {
    let repair = api.repair()?;
    if json {
        return say_json(&repair);
    }
    say(&format!("looked at: the database and {} blobs", repair.blobs));
    let lists = [("found", &repair.found), ("done", &repair.done), ("left", &repair.left)];
    for (word, lines) in lists {
        lines.iter().for_each(|line| say(&format!("{word}: {line}")));
    }
    if repair.found.is_empty() {
        say("Nothing is amiss.");
    }
    Ok(())
}

/// Tries set-up and checks on untouched bases, and says what they lack; ends with 4 when something does.
pub(crate) async fn preflight(api: &Arc<Api>, suite: &str, json: bool) -> Result<ExitCode, ApiError> {
    let found = api.preflight(suite).await?;
    if json {
        say_json(&found)?;
    } else {
        let (mut lines, width) = (vec![], width());
        for one in &found {
            let (mark, word) = if one.problems.is_empty() {
                ("+", "runs in a cell")
            } else {
                ("!", "does not run in a cell")
            };
            lines.push(format!("{mark} {:<24} {word}", one.task.as_str()));
            for problem in one.problems.iter().flat_map(|problem| problem.lines()) {
                wrap(&mut lines, "    ", problem, width);
            }
            for allow in &one.allow {
                wrap(&mut lines, "  - ", &allow.because, width);
                let Some(line) = &allow.line else {
                    wrap(&mut lines, "    ", &allow.gives_away, width);
                    continue;
                };
                // Whole, to be copied.
                lines.push(format!("      {line}"));
                wrap(&mut lines, "    gives away: ", &allow.gives_away, width);
            }
        }
        if found.iter().flat_map(|one| &one.allow).any(|allow| allow.line.is_some()) {
            lines.push("Lines go under [metadata.fairtrial] in the task's task.toml.".to_owned());
        }
        lines.iter().for_each(|line| say(line));
    }
    let red = found.iter().any(|one| !one.problems.is_empty());
    Ok(if red { ExitCode::from(4) } else { ExitCode::SUCCESS })
}

/// Writes a size for people, in steps of a thousand.
pub(crate) fn size(bytes: u64) -> String {
    let steps = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match steps.into_iter().find(|(step, _)| bytes >= *step) {
        Some((step, unit)) => format!("{:.1} {unit}", bytes as f64 / step as f64),
        None => format!("{bytes} B"),
    }
}

/// Why a text is no size.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadSize;

impl std::fmt::Display for BadSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("write a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")
    }
}

impl std::error::Error for BadSize {}

/// Reads a size as people write it.
pub(crate) fn bytes_of(text: &str) -> Result<u64, BadSize> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _odd => return Err(BadSize),
    };
    let bytes = number.parse::<f64>().map_err(|_| BadSize)? * factor;
    // A size beyond 2^63 is a typing error.
    if bytes.is_finite() && bytes < 9.2e18 { Ok(bytes as u64) } else { Err(BadSize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("1.5kB", 1500), ("10GB", 10_000_000_000), ("2 MiB", 2 << 20)]
        {
            assert_eq!(bytes_of(text), Ok(bytes), "{text}");
        }
        for bad in ["", "GB", "-1", "1e9", "10 apples", "1..2", "99999999TB"] {
            assert_eq!(bytes_of(bad), Err(BadSize), "{bad}");
        }
        assert_eq!([size(999), size(1500), size(2_000_000)], ["999 B", "1.5 kB", "2.0 MB"]);
    }
}
