//! Where two stretches of lines differ, as `git diff --histogram` reads it: the longest run of equal lines stays, of
//! equally long ones the one whose rarest line is rarest, and what is before and behind it is looked at in the same way.
//!
//! The `similar` crate has this algorithm too and agrees with it, which a test holds; here its steps are counted, since
//! it is quadratic where lines stand twice each.
//!
//! **Invariant:** bounded by counted steps, so that the same input always gives the same answer.

use std::ops::Range;

use similar::DiffOp;
use similar::algorithms::{Capture, Compact, DiffHook, NoFinishHook, Replace, myers};

use crate::distance::Work;

/// A line that stands more often than this in the old stretch is no beginning of a run.
const FREQUENT: u32 = 64;

/// Steps that the search for runs may take in one comparison; what is still open then goes to the Myers algorithm.
const SEARCHED: u64 = 50_000_000;

/// Stretches of fewer lines than this on a side are never said to have nearly nothing in common.
const LARGE: usize = 512;
/// Lines at both ends that show a stretch to be merely shifted.
const ENDS: usize = 9;

/// No line.
const NONE: u32 = u32::MAX;

/// The hook that puts operations into the form in which `similar` gives them.
type Told<'a> = Compact<'a, 'a, [u32], [u32], Replace<Capture>>;

/// Two sequences of lines as numbers from 0, with what the search for runs keeps.
pub(crate) struct Histogram<'a> {
    old: &'a [u32],
    new: &'a [u32],
    /// The first old line of each number in the stretch that is looked at.
    first: Vec<u32>,
    /// How often each number stands there.
    count: Vec<u32>,
    /// For each old line the next one with its number.
    next: Vec<u32>,
    left: u64,
}

/// A run of equal lines.
#[derive(Debug, Clone, Copy)]
struct Run {
    old: usize,
    new: usize,
    length: usize,
    rarest: u32,
}

enum Found {
    Run(Run),
    /// No line stands on both sides.
    Nothing,
    /// What stands on both sides is too frequent, or the steps are spent.
    TooMuch,
}

enum Task {
    Compare(Range<usize>, Range<usize>),
    Keep(Run),
}

impl<'a> Histogram<'a> {
    /// Prepares the comparison of stretches of two sequences.
    pub(crate) fn new(old: &'a [u32], new: &'a [u32]) -> Self {
        let numbers = old.iter().max().map_or(0, |most| *most as usize + 1);
        Histogram {
            old,
            new,
            first: vec![NONE; numbers],
            count: vec![0; numbers],
            next: vec![NONE; old.len()],
            left: SEARCHED,
        }
    }

    /// Returns how a stretch became another; `None` when that would take more than is left of `work`.
    pub(crate) fn compare(
        &mut self,
        of_old: Range<usize>,
        of_new: Range<usize>,
        work: &mut Work,
    ) -> Option<Vec<DiffOp>> {
        let mut told = Compact::new(Replace::new(Capture::new()), self.old, self.new);
        if self.nearly_unlike(&of_old, &of_new) {
            let Ok(()) = told.delete(of_old.start, of_old.len(), of_new.start);
            let Ok(()) = told.insert(of_old.start, of_new.start, of_new.len());
        } else {
            self.tell(of_old, of_new, &mut told, work)?;
        }
        let Ok(()) = told.finish();
        Some(told.into_inner().into_inner().into_ops())
    }

    fn tell(
        &mut self,
        of_old: Range<usize>,
        of_new: Range<usize>,
        told: &mut Told<'a>,
        work: &mut Work,
    ) -> Option<()> {
        let mut tasks = vec![Task::Compare(of_old, of_new)];
        while let Some(task) = tasks.pop() {
            let (mut old, mut new) = match task {
                Task::Compare(old, new) => (old, new),
                Task::Keep(run) => {
                    let Ok(()) = told.equal(run.old, run.new, run.length);
                    continue;
                }
            };
            let pairs = self.old[old.clone()].iter().zip(&self.new[new.clone()]);
            let same = pairs.take_while(|(a, b)| a == b).count();
            if same > 0 {
                let Ok(()) = told.equal(old.start, new.start, same);
                (old.start, new.start) = (old.start + same, new.start + same);
            }
            let pairs = self.old[old.clone()].iter().rev().zip(self.new[new.clone()].iter().rev());
            let same = pairs.take_while(|(a, b)| a == b).count();
            if same > 0 {
                (old.end, new.end) = (old.end - same, new.end - same);
                tasks.push(Task::Keep(Run { old: old.end, new: new.end, length: same, rarest: 0 }));
            }
            if old.is_empty() || new.is_empty() {
                if !old.is_empty() {
                    let Ok(()) = told.delete(old.start, old.len(), new.start);
                } else if !new.is_empty() {
                    let Ok(()) = told.insert(old.start, new.start, new.len());
                }
                continue;
            }
            match self.longest(&old, &new, work)? {
                Found::Run(run) => {
                    tasks.push(Task::Compare(run.old + run.length..old.end, run.new + run.length..new.end));
                    tasks.push(Task::Keep(run));
                    tasks.push(Task::Compare(old.start..run.old, new.start..run.new));
                }
                Found::Nothing => {
                    let Ok(()) = told.delete(old.start, old.len(), new.start);
                    let Ok(()) = told.insert(old.end, new.start, new.len());
                }
                Found::TooMuch => {
                    // Its search ends after about the root of the lines in each of its steps.
                    let lines = (old.len() + new.len()) as u64;
                    work.spend(lines * lines.isqrt())?;
                    let mut told = NoFinishHook::new(&mut *told);
                    let Ok(()) = myers::diff_deadline(&mut told, self.old, old, self.new, new, None);
                }
            }
        }
        Some(())
    }

    /// Returns the run that stays; `None` when `work` is spent.
    fn longest(&mut self, old: &Range<usize>, new: &Range<usize>, work: &mut Work) -> Option<Found> {
        for at in old.clone().rev() {
            let line = self.old[at] as usize;
            self.next[at] = self.first[line];
            self.first[line] = u32::try_from(at).unwrap_or(NONE);
            self.count[line] += 1;
        }
        let mut steps = (old.len() + new.len()) as u64;
        let found = self.search(old, new, &mut steps);
        for line in &self.old[old.clone()] {
            (self.first[*line as usize], self.count[*line as usize]) = (NONE, 0);
        }
        self.left = self.left.saturating_sub(steps);
        work.spend(steps)?;
        Some(found)
    }

    fn search(&self, old: &Range<usize>, new: &Range<usize>, steps: &mut u64) -> Found {
        let mut best: Option<Run> = None;
        let mut common = false;
        let count_of = |line: u32| self.count.get(line as usize).copied().unwrap_or(0);
        // The lines around this one that stand on both sides: no run goes further.
        let mut around = new.start..new.start;
        for at in new.clone() {
            let line = self.new[at] as usize;
            let count = count_of(self.new[at]);
            common |= count > 0;
            if count > 0 && at >= around.end {
                let ahead = self.new[at..new.end].iter().take_while(|line| count_of(**line) > 0).count();
                around = at..at + ahead;
            }
            let short = best.is_some_and(|best| around.len() < best.length);
            if count == 0 || count > FREQUENT || short {
                continue;
            }
            if *steps > self.left {
                return Found::TooMuch;
            }
            let mut there = self.first[line];
            while there != NONE {
                let run = self.run(old, new, (there as usize, at), steps);
                there = self.next[there as usize];
                if let Some(run) = run.filter(|run| best.is_none_or(|best| run.stays_before(&best))) {
                    best = Some(run);
                }
            }
        }
        match best {
            Some(run) => Found::Run(run),
            None if common => Found::TooMuch,
            None => Found::Nothing,
        }
    }

    /// Returns the run through a pair of equal lines; `None` when an earlier pair leads to it.
    fn run(
        &self,
        old: &Range<usize>,
        new: &Range<usize>,
        (x, y): (usize, usize),
        steps: &mut u64,
    ) -> Option<Run> {
        let room = (x - old.start).min(y - new.start);
        let mut rarest = self.count[self.old[x] as usize];
        let mut back = 0;
        *steps += 1;
        while back < room && self.old[x - back - 1] == self.new[y - back - 1] {
            let count = self.count[self.old[x - back - 1] as usize];
            *steps += 1;
            if count <= FREQUENT {
                return None;
            }
            rarest = rarest.min(count);
            back += 1;
        }
        let ahead = self.old[x..old.end].iter().zip(&self.new[y..new.end]).take_while(|(a, b)| a == b);
        let mut length = back;
        for (line, _) in ahead {
            rarest = rarest.min(self.count[*line as usize]);
            length += 1;
        }
        *steps += length as u64;
        Some(Run { old: x - back, new: y - back, length, rarest })
    }

    /// Returns whether two large stretches share so few lines that these are chance.
    fn nearly_unlike(&mut self, old: &Range<usize>, new: &Range<usize>) -> bool {
        let shorter = old.len().min(new.len());
        if shorter < LARGE || self.is_shifted(old, new) {
            return false;
        }
        let most = (shorter / 1024).clamp(1, 64);
        self.old[old.clone()].iter().for_each(|line| self.count[*line as usize] = 1);
        let stands = |line: &&u32| self.count.get(**line as usize).is_some_and(|count| *count > 0);
        let common = self.new[new.clone()].iter().filter(stands).take(most + 1).count();
        self.old[old.clone()].iter().for_each(|line| self.count[*line as usize] = 0);
        common <= most
    }

    /// Returns whether the first or last line of one side stands near the same end of the other.
    fn is_shifted(&self, old: &Range<usize>, new: &Range<usize>) -> bool {
        let (old, new) = (&self.old[old.clone()], &self.new[new.clone()]);
        let at = |lines: &[u32], skip: usize| (lines[skip], lines[lines.len() - 1 - skip]);
        let (first, other) = (at(old, 0), at(new, 0));
        (0..ENDS.min(old.len()).min(new.len())).any(|skip| {
            let (a, b) = (at(old, skip), at(new, skip));
            b.0 == first.0 || other.0 == a.0 || b.1 == first.1 || other.1 == a.1
        })
    }
}

impl Run {
    fn stays_before(&self, other: &Run) -> bool {
        let key = |run: &Run| (std::cmp::Reverse(run.length), run.rarest, run.old, run.new);
        key(self) < key(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use similar::{Algorithm, capture_diff_slices};

    /// Numbers a sequence from 0, as lines are.
    fn dense(a: &[u32], b: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut known = std::collections::HashMap::new();
        let mut ids = |lines: &[u32]| -> Vec<u32> {
            let id = |line: &u32| {
                let next = u32::try_from(known.len()).unwrap();
                *known.entry(*line).or_insert(next)
            };
            lines.iter().map(id).collect()
        };
        (ids(a), ids(b))
    }

    fn ours(a: &[u32], b: &[u32]) -> Option<Vec<DiffOp>> {
        Histogram::new(a, b).compare(0..a.len(), 0..b.len(), &mut Work::default())
    }

    proptest! {
        #[test]
        fn it_agrees_with_similar(
            kinds in 1u32..200,
            a in proptest::collection::vec(0u32..200, 0..300),
            b in proptest::collection::vec(0u32..200, 0..300),
        ) {
            let less = |lines: &[u32]| lines.iter().map(|line| line % kinds).collect::<Vec<_>>();
            let (a, b) = dense(&less(&a), &less(&b));
            prop_assert_eq!(ours(&a, &b), Some(capture_diff_slices(Algorithm::Histogram, &a, &b)));
        }
    }

    /// Numbers that look random.
    fn drawn(seed: u64, many: usize, kinds: u64) -> Vec<u32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((state >> 33) % kinds).unwrap()
        };
        (0..many).map(|_| next()).collect()
    }

    #[test]
    fn it_agrees_with_similar_on_long_files() {
        for kinds in [3, 40, 600, 2_500, 200_000, 4_000_000] {
            let (a, b) = dense(&drawn(kinds, 2_500, kinds), &drawn(kinds + 1, 2_200, kinds));
            assert_eq!(ours(&a, &b).unwrap(), capture_diff_slices(Algorithm::Histogram, &a, &b), "{kinds}");
            let mut edited = a.clone();
            (0..edited.len()).step_by(7).for_each(|at| edited[at] = b[at % b.len()]);
            edited.rotate_right(3);
            let (a, edited) = dense(&a, &edited);
            let expected = capture_diff_slices(Algorithm::Histogram, &a, &edited);
            assert_eq!(ours(&a, &edited).unwrap(), expected, "{kinds}");
        }
    }

    #[test]
    fn lines_that_stand_twice_each_take_no_more_than_the_steps_allowed() {
        let half = 50_000u32;
        let old: Vec<u32> = (0..half).chain(0..half).collect();
        // Every line of the old side, a new one behind each: runs of one line, all alike.
        let mut fresh = half..;
        let new: Vec<u32> = old.iter().flat_map(|line| [*line, fresh.next().unwrap()]).collect();
        let mut work = Work::default();
        let mut histogram = Histogram::new(&old, &new);
        // What the search leaves is too much for the Myers algorithm as well.
        assert_eq!(histogram.compare(0..old.len(), 0..new.len(), &mut work), None);
        assert_eq!(histogram.left, 0);
        assert!(work.left() < Work::default().left() - SEARCHED);
    }
}
