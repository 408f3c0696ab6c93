//! What stood in a file before, where a coarse comparison counts more lines as touched than were.

use std::collections::HashMap;

use fairtrial_patch::hunks::Hunks;

/// The old lines of a coarse comparison's hunks, each as often as it stood there.
pub(crate) struct Stood<'a>(HashMap<&'a str, u32>);

impl<'a> Stood<'a> {
    /// Returns them; none where the comparison is exact.
    pub(crate) fn where_coarse(hunks: &Hunks, before: &'a str) -> Stood<'a> {
        let mut known = HashMap::new();
        if hunks.coarse {
            let lines: Vec<&str> = before.lines().collect();
            for line in hunks.all.iter().flat_map(|hunk| hunk.old.clone()).filter_map(|line| lines.get(line))
            {
                *known.entry(*line).or_insert(0) += 1;
            }
        }
        Stood(known)
    }

    /// Returns whether a line stood there, and counts it off.
    pub(crate) fn takes(&mut self, line: Option<&&str>) -> bool {
        let left = line.and_then(|line| self.0.get_mut(*line)).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_stood_is_taken_as_often_as_it_stood_and_only_from_a_coarse_comparison() {
        let hunk = fairtrial_patch::hunks::Hunk { old: 0..3, new: 0..4 };
        for coarse in [true, false] {
            let hunks = Hunks { all: vec![hunk.clone()], coarse };
            let mut stood = Stood::where_coarse(&hunks, "a\nb\na\nc\n");
            let taken = ["a", "a", "a", "b", "c"].map(|line| stood.takes(Some(&line)));
            assert_eq!(taken, [coarse, coarse, false, coarse, false]);
        }
    }
}
