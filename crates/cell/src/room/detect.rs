//! Says what isolation a room has, and what this machine offers.

use std::path::Path;

use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::task::{Limits, Network};

use super::{Room, RoomError, RoomSpec, make, remove, tier};
use crate::process::Cancel;

/// What isolation this machine offers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TierStatus {
    /// The strongest.
    pub tier: Tier,
    /// Why it is not more; `None` when it is the full one.
    pub reason: Option<String>,
}

/// What a look at this machine found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Detected {
    /// The isolation it offers.
    #[serde(flatten)]
    pub status: TierStatus,
    /// What stands around a room beside its namespaces, and what does not.
    pub notes: Vec<String>,
}

/// Returns what isolation this machine offers, by making a room in the folder `scratch`, which must not exist.
pub fn detect(scratch: &Path) -> Result<Detected, RoomError> {
    let base = scratch.join("base");
    make(&base.join("tree"))?;
    let limits = Limits::default();
    let opened = Room::open(&RoomSpec {
        scratch: &scratch.join("room"),
        base: &base,
        tier: TierChoice::Best,
        network: Network::None,
        doors: 0,
        readable: &[],
        own: &[],
        limits: &limits,
        marker: "detect",
        cancel: Cancel::new(),
    });
    let status = opened.and_then(|room| {
        let status = room.status.clone();
        room.close().map(|()| status)
    });
    remove::discard(scratch)?;
    status.map(|status| Detected { notes: tier::notes(status.tier), status })
}
