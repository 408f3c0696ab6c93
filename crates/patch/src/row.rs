//! What stacked and column rows share: limits, notes and the folding of unchanged stretches.

use std::ops::Range;

use fairtrial_domain::patch::{Content, FileMode, Side};

use crate::lines;

/// A line shows at most this many characters; a token counts the rest.
pub const CLIP_CHARS: usize = 400;
/// A version with more lines than this has no rows.
pub const DISPLAY_LINES: usize = 100_000;
/// A version with more bytes than this has no rows.
pub const DISPLAY_BYTES: usize = 8 << 20;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Returns why versions of a file cannot be shown as rows, or `None` when they can.
pub(crate) fn note(base: Option<&Side>, afters: &[Option<&Side>]) -> Option<String> {
    let all = || std::iter::once(base).chain(afters.iter().copied());
    if all().any(|side| lines::text(side).is_none()) {
        return Some("binary content".to_owned());
    }
    if all().filter_map(lines::text).any(|text| text.len() > DISPLAY_BYTES) {
        return Some(format!("too large to show: more than {} MiB", DISPLAY_BYTES >> 20));
    }
    if all().filter_map(lines::text).any(|text| text.bytes().filter(|b| *b == b'\n').count() >= DISPLAY_LINES)
    {
        return Some(format!("too large to show: {DISPLAY_LINES} lines or more"));
    }
    let base = base?;
    let touched = || afters.iter().filter(|after| **after != Some(base));
    let mode_only = |after: &&Option<&Side>| after.is_some_and(|after| after.content == base.content);
    let first = (*touched().next()?)?;
    touched()
        .all(|after| mode_only(&after))
        .then(|| format!("only its mode changes, from {} to {}", mode(base.mode), mode(first.mode)))
}

fn mode(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Regular => "regular",
        FileMode::Executable => "executable",
        FileMode::Symlink => "symlink",
    }
}

/// Returns whether versions of a file end lines in different ways, so that line ends must be shown.
pub(crate) fn mixed_ends<'a>(sides: impl Iterator<Item = Option<&'a Side>>) -> bool {
    let (mut pairs, mut alone) = (false, false);
    for side in sides.flatten() {
        if let Content::Text(text) = &side.content {
            for line in lines::split(text).iter().filter(|line| line.ends_with('\n')) {
                let pair = line.ends_with("\r\n");
                pairs |= pair;
                alone |= !pair;
            }
        }
    }
    pairs && alone
}

/// A row to show, or rows to fold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// This row.
    Show(usize),
    /// These unchanged rows, at least two.
    Fold(Range<usize>),
}

/// Folds unchanged rows (`plain`) further than three rows from a changed one; a single row is not folded.
pub(crate) fn fold(plain: &[bool]) -> Vec<Piece> {
    let mut near = vec![false; plain.len()];
    for at in (0..plain.len()).filter(|at| !plain[*at]) {
        let end = (at + CONTEXT + 1).min(plain.len());
        near[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        let far = near[at..].iter().take_while(|near| !**near).count();
        if far > 1 {
            pieces.push(Piece::Fold(at..at + far));
            at += far;
        } else {
            pieces.push(Piece::Show(at));
            at += 1;
        }
    }
    pieces
}

/// Returns a number for the interface; displayed versions are far below its range.
pub(crate) fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_stays_and_the_rest_folds() {
        let plain: Vec<bool> = (0..12).map(|at| at != 6).collect();
        let shown = (3..10).map(Piece::Show);
        let expected: Vec<Piece> =
            [Piece::Fold(0..3)].into_iter().chain(shown).chain([Piece::Fold(10..12)]).collect();
        assert_eq!(fold(&plain), expected);
        assert_eq!(fold(&[true; 3]), [Piece::Fold(0..3)]);
        assert_eq!(fold(&[true]), [Piece::Show(0)]);
        assert_eq!(fold(&[]), []);
    }
}
