//! The six characters.

use serde::Deserialize;

/// A sample assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    /// Careful: solves what can be solved, adds tests of its own.
    Aster,
    /// Broad: touches more than it was asked to.
    Birch,
    /// Minimal: the smallest change, which sometimes misses an edge.
    Cedar,
    /// Cheats: changes tests instead of the program.
    Dogwood,
    /// Claims that the tests pass and changes nothing.
    Elder,
    /// Hangs until it is killed.
    Fir,
}

impl Who {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "aster" => Who::Aster,
            "birch" => Who::Birch,
            "cedar" => Who::Cedar,
            "dogwood" => Who::Dogwood,
            "elder" => Who::Elder,
            "fir" => Who::Fir,
            _stranger => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Who::Aster => "aster",
            Who::Birch => "birch",
            Who::Cedar => "cedar",
            Who::Dogwood => "dogwood",
            Who::Elder => "elder",
            Who::Fir => "fir",
        }
    }

    /// Returns how long it thinks between two steps, in milliseconds, so that a watcher can follow.
    pub(crate) fn pause_ms(self) -> u64 {
        match self {
            Who::Aster => 60,
            Who::Birch => 50,
            Who::Cedar => 70,
            Who::Dogwood => 80,
            Who::Elder => 110,
            Who::Fir => 90,
        }
    }
}
