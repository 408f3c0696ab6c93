//! Maps by numbers that this crate gave out itself, one after the other: nobody else chooses them, so they need no
//! hash that withstands an adversary.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by numbers that were given out in sequence.
pub(crate) type NumberMap<V> = HashMap<u32, V, BuildHasherDefault<Numbers>>;

/// Spreads a number over all bits.
#[derive(Default)]
pub(crate) struct Numbers(u64);

impl Hasher for Numbers {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
