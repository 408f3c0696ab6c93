//! What a reference changes, in the lines of the files as it leaves them.

use fairtrial_patch::unified::{Action, FileDiff, HunkLine, LineKind, Unified};

/// A stretch of lines that a reference changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change<'a> {
    /// The file as it is called afterwards.
    pub(super) path: &'a str,
    /// The first line after the change, from 1; where lines only go, the line that follows them.
    pub(super) start: usize,
    /// Lines that come, with their ends.
    pub(super) added: Vec<&'a str>,
    /// Lines that go, with their ends.
    pub(super) removed: Vec<&'a str>,
}

/// Returns every stretch of changed lines, in the diff's order. A file that goes has none: nothing of it can be changed.
pub(super) fn changes(diff: &Unified) -> Vec<Change<'_>> {
    diff.files.iter().flat_map(of_file).collect()
}

fn of_file(file: &FileDiff) -> Vec<Change<'_>> {
    match file.action {
        Action::Delete { .. } => return vec![],
        Action::Create { .. } | Action::Modify { .. } | Action::Rename { .. } | Action::Copy { .. } => {}
    }
    let path = file.action.path();
    let mut found: Vec<Change<'_>> = vec![];
    // How many lines earlier hunks have added, less those that they took.
    let mut ahead: isize = 0;
    for hunk in &file.hunks {
        let first = hunk.old_start + usize::from(hunk.old_lines == 0);
        let mut line = first.saturating_add_signed(ahead);
        let mut open = false;
        for HunkLine { kind, text } in &hunk.lines {
            if *kind == LineKind::Context {
                open = false;
                line += 1;
                continue;
            }
            if !open {
                found.push(Change { path, start: line, added: vec![], removed: vec![] });
                open = true;
            }
            let Some(change) = found.last_mut() else { continue };
            if *kind == LineKind::Added {
                change.added.push(text);
                line += 1;
                ahead += 1;
            } else {
                change.removed.push(text);
                ahead -= 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_they_are_afterwards() {
        let diff = "--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n-a\n+A\n+B\n b\n c\n@@ -9,2 +10,2 @@\n d\n-e\n+E\n\
            --- /dev/null\n+++ b/y\n@@ -0,0 +1,2 @@\n+1\n+2\n";
        let diff = fairtrial_patch::unified::parse(diff).unwrap();
        let said: Vec<String> = changes(&diff)
            .iter()
            .map(|c| format!("{}:{} -{} +{}", c.path, c.start, c.removed.len(), c.added.len()))
            .collect();
        assert_eq!(said, ["x:1 -1 +2", "x:11 -1 +1", "y:1 -0 +2"]);
    }
}
