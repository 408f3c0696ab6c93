//! How much harder the touched functions became to follow.

use super::{Files, Sources, Unmeasured};
use crate::syntax::Source;

/// Returns the cognitive complexity of the touched functions after the change minus before it.
///
/// # Errors
/// When no file is in a language that is read, or one is too large.
pub(crate) fn rise<'a>(files: &Files<'a>, sources: &Sources<'a>) -> Result<i64, Unmeasured> {
    let (mut sum, mut read) = (0i64, false);
    for file in &files.files {
        let (Some(before), Some(after)) = (file.before, file.after) else { continue };
        if file.is_made() {
            continue;
        }
        let (old, new) = (sources.get(file.path, before), sources.get(file.path, after));
        let (Ok(old), Ok(new)) = (old.as_ref(), new.as_ref()) else {
            return Err(Unmeasured(format!("too large: `{}` is not read", file.path)));
        };
        if old.grammar.is_none() {
            continue;
        }
        read = true;
        let of = |source: &Source<'_>, hunks: Vec<std::ops::Range<usize>>| -> i64 {
            let touched = |lines: &std::ops::Range<usize>| {
                hunks.iter().any(|hunk| hunk.start < lines.end && lines.start < hunk.end)
            };
            source.functions().iter().filter(|f| touched(&f.lines)).map(|f| i64::from(f.value)).sum()
        };
        // A hunk that only adds touches, in the base, the function that it stands in.
        let wide = |range: &std::ops::Range<usize>| match range.is_empty() {
            true => range.start.saturating_sub(1)..range.start + 1,
            false => range.clone(),
        };
        let inner = |range: &std::ops::Range<usize>| match range.is_empty() {
            true => range.start..range.start,
            false => range.clone(),
        };
        let old_hunks = file.real().map(|h| if h.new.is_empty() { inner(&h.old) } else { wide(&h.old) });
        let new_hunks = file.real().map(|h| if h.old.is_empty() { inner(&h.new) } else { wide(&h.new) });
        sum += of(new, new_hunks.collect()) - of(old, old_hunks.collect());
    }
    if read { Ok(sum) } else { Err(Unmeasured("no file in a language that is read was changed".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;

    #[track_caller]
    fn check(before: &str, after: &str, expected: i64) {
        let patch = patch(&[("m.py", before, after)]);
        let sources = Sources::default();
        assert_eq!(rise(&Files::of(&patch, &sources), &sources), Ok(expected));
    }

    #[test]
    fn only_touched_functions_count() {
        let old = "def a():\n    if x:\n        y()\n\ndef b():\n    return 1\n";
        check(old, &old.replace("return 1", "return 2 if z else 1"), 1);
        check(old, &old.replace("    if x:\n        y()\n", "    y()\n"), -1);
        check(old, &old.replace("        y()\n", "        y()\n        z()\n"), 0);
    }
}
