//! How far reviewers agree: Krippendorff's α.

use std::collections::BTreeMap;

/// How far apart two labels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The same or not.
    Nominal,
    /// By rank: as far as the labels that lie between.
    Ordinal,
}

/// Returns Krippendorff's α of labels by unit, each unit holding the labels that reviewers gave it (Computing
/// Krippendorff's Alpha-Reliability, 2011). 1 is full agreement, 0 what chance would give. `None` when no unit has two
/// labels, or when all labels are the same, since then nothing could have disagreed.
pub fn krippendorff(units: &[Vec<u32>], scale: Scale) -> Option<f64> {
    let pairable: Vec<&Vec<u32>> = units.iter().filter(|unit| unit.len() > 1).collect();
    let mut totals: BTreeMap<u32, f64> = BTreeMap::new();
    for label in pairable.iter().copied().flatten() {
        *totals.entry(*label).or_default() += 1.0;
    }
    let all: f64 = totals.values().sum();
    let (mut observed, mut expected) = (0.0, 0.0);
    for unit in pairable {
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        for label in unit {
            *counts.entry(*label).or_default() += 1.0;
        }
        let apart = |(a, n): (&u32, &f64)| -> f64 {
            counts.iter().map(|(b, m)| n * m * distance(&totals, *a, *b, scale)).sum()
        };
        observed += counts.iter().map(apart).sum::<f64>() / (unit.len() as f64 - 1.0);
    }
    for (a, n) in &totals {
        expected += totals.iter().map(|(b, m)| n * m * distance(&totals, *a, *b, scale)).sum::<f64>();
    }
    let alpha = 1.0 - (all - 1.0) * observed / expected;
    alpha.is_finite().then_some(alpha)
}

fn distance(totals: &BTreeMap<u32, f64>, a: u32, b: u32, scale: Scale) -> f64 {
    if a == b {
        return 0.0;
    }
    match scale {
        Scale::Nominal => 1.0,
        Scale::Ordinal => {
            let between: f64 = totals.range(a.min(b)..=a.max(b)).map(|(_, n)| n).sum();
            let ends = totals.get(&a).unwrap_or(&0.0) + totals.get(&b).unwrap_or(&0.0);
            (between - ends / 2.0).powi(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn where_nothing_can_disagree_there_is_no_agreement() {
        for scale in [Scale::Nominal, Scale::Ordinal] {
            assert_eq!(krippendorff(&[], scale), None);
            assert_eq!(krippendorff(&[vec![1], vec![2]], scale), None);
            assert_eq!(krippendorff(&[vec![1, 1], vec![1, 1]], scale), None);
            assert_eq!(krippendorff(&[vec![1, 1], vec![2, 2]], scale), Some(1.0));
        }
    }

    proptest! {
        #[test]
        fn order_changes_nothing(mut units in prop::collection::vec(prop::collection::vec(0u32..4, 0..4), 1..12)) {
            let first = krippendorff(&units, Scale::Ordinal);
            units.reverse();
            units.iter_mut().for_each(|unit| unit.reverse());
            let again = krippendorff(&units, Scale::Ordinal);
            prop_assert_eq!(first.is_some(), again.is_some());
            prop_assert!(first.is_none_or(|a| (a - again.unwrap()).abs() < 1e-9 && a <= 1.0 + 1e-9));
        }
    }
}
