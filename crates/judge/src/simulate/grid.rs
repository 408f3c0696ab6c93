//! The grid that is published: every combination is a cell, and its hash is the seed.

use super::Setting;

/// Returns the whole grid.
pub fn grid() -> Vec<Setting> {
    let mut cells = vec![];
    for tasks in [5, 10, 20, 30, 50] {
        for trials in [1, 3, 5] {
            for rate in [0.2, 0.5, 0.8, 0.95] {
                // One trial has nothing to be correlated with.
                let iccs: &[f64] = if trials == 1 { &[0.5] } else { &[0.1, 0.3, 0.5, 0.7, 0.9] };
                cells.extend(iccs.iter().map(|&icc| Setting::Rate { tasks, trials, rate, icc }));
            }
        }
    }
    let shapes = || [1.0, 3.0].into_iter().flat_map(|hard| [0.0, 1.0].map(|suits| (hard, suits)));
    for tasks in [5, 10, 20, 50] {
        for trials in [1, 3, 5] {
            for (rate, other) in
                [(0.5, 0.5), (0.7, 0.7), (0.9, 0.9), (0.7, 0.55), (0.9, 0.75), (0.7, 0.3), (0.9, 0.5)]
            {
                cells.extend(shapes().map(|(difficulty, suits)| Setting::Paired {
                    tasks,
                    trials,
                    rate,
                    other,
                    difficulty,
                    suits,
                }));
            }
        }
    }
    let alike = |cells: &mut Vec<Setting>, arms: &[u32], tasks: &[u32], trials: &[u32], rates: &[f64]| {
        for &arms in arms {
            for &tasks in tasks {
                for &trials in trials {
                    for &rate in rates {
                        cells.extend(shapes().map(|(difficulty, suits)| Setting::Alike {
                            arms,
                            tasks,
                            trials,
                            rate,
                            difficulty,
                            suits,
                        }));
                    }
                }
            }
        }
    };
    alike(&mut cells, &[2], &[4, 5, 6, 8, 10, 20, 50], &[1, 3, 5], &[0.5, 0.7, 0.9]);
    alike(&mut cells, &[3, 4, 5], &[6, 10, 20, 50], &[1, 3], &[0.5, 0.8]);
    cells
}

/// Returns a small part that shows every method and takes a few seconds unoptimised.
pub fn quick() -> Vec<Setting> {
    let alike =
        |arms, tasks, trials, rate| Setting::Alike { arms, tasks, trials, rate, difficulty: 3.0, suits: 1.0 };
    let paired = |tasks, trials, rate, other| Setting::Paired {
        tasks,
        trials,
        rate,
        other,
        difficulty: 1.0,
        suits: 1.0,
    };
    vec![
        Setting::Rate { tasks: 10, trials: 1, rate: 0.8, icc: 0.5 },
        Setting::Rate { tasks: 10, trials: 5, rate: 0.5, icc: 0.9 },
        Setting::Rate { tasks: 20, trials: 3, rate: 0.95, icc: 0.5 },
        Setting::Rate { tasks: 50, trials: 5, rate: 0.8, icc: 0.7 },
        paired(10, 1, 0.9, 0.9),
        paired(20, 3, 0.7, 0.3),
        paired(50, 3, 0.9, 0.75),
        alike(2, 5, 3, 0.5),
        alike(2, 20, 3, 0.7),
        alike(2, 50, 1, 0.5),
        alike(3, 20, 1, 0.5),
        alike(5, 10, 3, 0.8),
    ]
}

/// Returns one cell of each kind.
pub fn small() -> Vec<Setting> {
    let cells = quick();
    [0, 5, 8, 10].into_iter().filter_map(|at| cells.get(at).copied()).collect()
}

/// Returns a cell in words, which no other cell has.
pub(super) fn label(setting: &Setting) -> String {
    format!("{setting:?}")
}

/// FNV-1a over 64 bits.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the hash of a grid, the seed of its simulation: FNV-1a over the lines that name its cells.
pub fn grid_hash(cells: &[Setting]) -> u64 {
    hash(&cells.iter().map(label).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_cell_stands_twice_and_another_grid_has_another_seed() {
        let cells = grid();
        let labels: BTreeSet<String> = cells.iter().map(label).collect();
        assert_eq!(labels.len(), cells.len());
        assert_ne!(grid_hash(&cells), grid_hash(&cells[1..]));
    }
}
