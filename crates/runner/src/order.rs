//! The order of trials: tasks as blocks in plan order, a random permutation inside each block.
//!
//! Interleaving inside a task keeps drift over the session from favouring an assistant. The generator is ours
//! and small, so that a stored seed means the same order on every machine and in every later version.

use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014), with the published constants.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        SplitMix64 { state: seed }
    }

    /// Returns the next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`, each equally likely; 0 when `bound` is 0 or 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        // Values above the last whole multiple of `bound` would favour small results.
        let whole = u64::MAX - (u64::MAX % bound);
        loop {
            let value = self.next_u64();
            if value < whole {
                return value % bound;
            }
        }
    }
}

/// Returns the order in which `task`'s trials start: assistants × trials (from 1), shuffled by Fisher and Yates
/// from the last place down. The sequence starts at `seed` XOR the FNV-1a hash of the task's name, so that a
/// task's order does not depend on which other tasks are planned.
pub fn block(seed: u64, task: &TaskId, assistants: &[AssistantId], trials: u32) -> Vec<TrialKey> {
    let mut keys: Vec<TrialKey> = assistants
        .iter()
        .flat_map(|assistant| {
            (1..=trials).map(|trial| TrialKey { task: task.clone(), assistant: assistant.clone(), trial })
        })
        .collect();
    let mut random = SplitMix64::new(seed ^ fnv1a(task.as_str().as_bytes()));
    for last in (1..keys.len()).rev() {
        keys.swap(last, random.below(last as u64 + 1) as usize);
    }
    keys
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(seed: u64, task: &str, assistants: &[&str], trials: u32) -> String {
        let assistants: Vec<_> = assistants.iter().map(|a| AssistantId::parse(a).unwrap()).collect();
        let keys = block(seed, &TaskId::parse(task).unwrap(), &assistants, trials);
        keys.iter().map(|k| format!("{}{}", k.assistant, k.trial)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_generator_gives_the_published_sequence() {
        let mut random = SplitMix64::new(1_234_567);
        let five: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
        assert_eq!(
            five,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn the_hash_gives_the_published_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_seed_means_one_order_for_ever() {
        assert_eq!(names(7, "fix", &["aster", "birch", "cedar"], 2), ORDER_7);
        assert_eq!(names(7, "fix", &["aster", "birch", "cedar"], 2), ORDER_7);
        assert_ne!(names(8, "fix", &["aster", "birch", "cedar"], 2), ORDER_7);
        assert_ne!(names(7, "add", &["aster", "birch", "cedar"], 2), ORDER_7);
    }
    const ORDER_7: &str = "cedar1 birch2 birch1 cedar2 aster2 aster1";

    #[test]
    fn a_block_holds_every_trial_once() {
        for seed in 0..50 {
            let mut got: Vec<String> =
                names(seed, "fix", &["a", "b", "c"], 3).split(' ').map(str::to_owned).collect();
            got.sort();
            assert_eq!(got, ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]);
        }
        assert_eq!(names(1, "fix", &[], 3), "");
        assert_eq!(names(1, "fix", &["a"], 0), "");
    }

    #[test]
    fn every_assistant_comes_first_about_equally_often() {
        let mut first = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..3000 {
            let order = names(seed, "fix", &["a", "b", "c"], 1);
            *first.entry(order[..1].to_owned()).or_default() += 1;
        }
        // 1000 expected, standard deviation 26: five of them either way.
        assert!(first.values().all(|n| (870..=1130).contains(n)), "{first:?}");
    }

    #[test]
    fn a_bound_is_never_reached() {
        let mut random = SplitMix64::new(1);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!((random.below(0), random.below(1)), (0, 0));
    }
}
