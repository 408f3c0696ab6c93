//! What a room holds when its jobs are over.

use fairtrial_domain::bundle::Tier;

use super::{COPY, Changes, Room};
use crate::process::supervise::Warden;

impl Room {
    /// Ends the room's processes and mounts, and returns what jobs changed. No job can run after it.
    pub fn freeze(&mut self) -> Changes {
        self.empty();
        self.changes()
    }

    /// Returns what jobs changed, to be read only: no job lives or can run after it, but in the full tier the walls
    /// may still be falling. `close` waits for that.
    pub fn rest(&mut self) -> Changes {
        match self.status.tier {
            Tier::Full => self.leaving = self.warden.take().map(Warden::leave).or(self.leaving.take()),
            // The warden is what ends what it guards.
            Tier::Bubblewrap | Tier::Container | Tier::Plain => self.empty(),
        }
        self.changes()
    }

    fn changes(&self) -> Changes {
        let lowers = self.paths.lowers.clone();
        match self.status.tier {
            Tier::Full => Changes::Upper { upper: self.paths.store.upper(), lowers },
            Tier::Bubblewrap | Tier::Container | Tier::Plain => {
                Changes::Copy { tree: self.paths.scratch.join(COPY), lowers }
            }
        }
    }
}
