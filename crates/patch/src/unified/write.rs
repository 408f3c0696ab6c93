//! Writes a patch as a unified diff that `git apply` takes.

use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::name::quote;
use crate::lines::{Interner, split, text};

/// Opens a line that names a binary change, which the diff does not carry.
pub(super) const BINARY_NOTE: &str = "# Binary files differ, not in this diff: ";

const CONTEXT: usize = 3;

/// Writes `patch` as git would, with three lines of context and without hashes.
///
/// Binary changes are named in comment lines at the top, so that `git apply` takes the rest; [`super::parse`]
/// refuses a diff with such lines, because it is not the whole patch.
pub fn write(patch: &Patch) -> String {
    let mut out = String::new();
    for file in patch.files.iter().filter(|file| is_binary(file)) {
        out.push_str(&format!("{BINARY_NOTE}{}\n", quote("", &file.path)));
    }
    for file in patch.files.iter().filter(|file| !is_binary(file)) {
        write_file(file, &mut out);
    }
    out
}

/// Returns whether what changes in `file` is binary on either side.
fn is_binary(file: &FileChange) -> bool {
    let (before, after) = (file.before.as_ref(), file.after.as_ref());
    let same = before.map(|side| &side.content) == after.map(|side| &side.content);
    !same && (text(before).is_none() || text(after).is_none())
}

fn write_file(file: &FileChange, out: &mut String) {
    match (&file.before, &file.after) {
        (None, None) => {}
        (None, Some(after)) => create(&file.path, after, out),
        (Some(before), None) => delete(&file.path, before, out),
        (Some(before), Some(after)) if before == after => {}
        // Git writes a file that becomes a symlink as a removal and an addition.
        (Some(before), Some(after)) if is_link(before) != is_link(after) => {
            delete(&file.path, before, out);
            create(&file.path, after, out);
        }
        (Some(before), Some(after)) => {
            open(&file.path, out);
            if before.mode != after.mode {
                out.push_str(&format!("old mode {}\nnew mode {}\n", digits(before.mode), digits(after.mode)));
            }
            body(&file.path, Some(before), Some(after), out);
        }
    }
}

fn is_link(side: &Side) -> bool {
    side.mode == FileMode::Symlink
}

fn open(path: &str, out: &mut String) {
    out.push_str(&format!("diff --git {} {}\n", quote("a/", path), quote("b/", path)));
}

fn create(path: &str, after: &Side, out: &mut String) {
    open(path, out);
    out.push_str(&format!("new file mode {}\n", digits(after.mode)));
    body(path, None, Some(after), out);
}

fn delete(path: &str, before: &Side, out: &mut String) {
    open(path, out);
    out.push_str(&format!("deleted file mode {}\n", digits(before.mode)));
    body(path, Some(before), None, out);
}

fn digits(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Regular => "100644",
        FileMode::Executable => "100755",
        FileMode::Symlink => "120000",
    }
}

/// Writes names and hunks; nothing when the texts are equal.
fn body(path: &str, before: Option<&Side>, after: Option<&Side>, out: &mut String) {
    let side = |side: Option<&Side>| match side.map(|side| &side.content) {
        Some(Content::Text(text)) => text.clone(),
        Some(Content::Binary(_)) | None => String::new(),
    };
    let (old_text, new_text) = (side(before), side(after));
    if old_text == new_text {
        return;
    }
    let name = |prefix: &str, side: Option<&Side>| match side {
        None => "/dev/null".to_owned(),
        // Git ends a name that holds a space with a tab.
        Some(_) => format!("{}{}", quote(prefix, path), if path.contains(' ') { "\t" } else { "" }),
    };
    out.push_str(&format!("--- {}\n+++ {}\n", name("a/", before), name("b/", after)));
    let (old, new) = (split(&old_text), split(&new_text));
    let mut interner = Interner::default();
    let (old_ids, new_ids) = (interner.ids(&old), interner.ids(&new));
    let ops = capture_diff_slices(Algorithm::Histogram, &old_ids, &new_ids);
    for group in group_diff_ops(ops, CONTEXT) {
        hunk(&group, &old, &new, out);
    }
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str], out: &mut String) {
    let (Some(first), Some(last)) = (ops.first(), ops.last()) else { return };
    let range = |start: usize, end: usize| match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        lines => format!("{},{lines}", start + 1),
    };
    out.push_str(&format!(
        "@@ -{} +{} @@\n",
        range(first.old_range().start, last.old_range().end),
        range(first.new_range().start, last.new_range().end)
    ));
    for op in ops {
        match op.tag() {
            DiffTag::Equal => old[op.old_range()].iter().for_each(|text| line(' ', text, out)),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                old[op.old_range()].iter().for_each(|text| line('-', text, out));
                new[op.new_range()].iter().for_each(|text| line('+', text, out));
            }
        }
    }
}

fn line(sign: char, text: &str, out: &mut String) {
    out.push(sign);
    out.push_str(text);
    if !text.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}
