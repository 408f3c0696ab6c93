//! Says what isolation a room has, and what this machine offers.

use std::path::Path;

use fairtrial_domain::bundle::{Tier, TierChoice, TierReport};
use fairtrial_domain::task::{Limits, Network};

use super::{Room, RoomError, RoomSpec, make, remove, tier};
use crate::cgroup::Group;
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
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Detected {
    /// The isolation it offers.
    #[serde(flatten)]
    pub status: TierStatus,
    /// What stands around a room beside its namespaces, and what does not.
    pub notes: Vec<String>,
    /// Every tier: what it promises, and what keeps this machine from it.
    pub tiers: Vec<TierReport>,
}

/// Returns what isolation this machine offers, by making a room of each tier in the folder `scratch`, which must not
/// exist.
pub fn detect(scratch: &Path) -> Result<Detected, RoomError> {
    let base = scratch.join("base");
    make(&base.join("tree"))?;
    let tried = [
        (Tier::Full, TierChoice::Full),
        (Tier::Bubblewrap, TierChoice::Bubblewrap),
        (Tier::Container, TierChoice::Container),
    ]
    .map(|(tier, choice)| missing(&scratch.join(tier::name(tier)), &base, choice).map(|why| (tier, why)));
    remove::discard(scratch)?;
    let tried: Vec<_> = tried.into_iter().chain([Ok((Tier::Plain, None))]).collect::<Result<_, _>>()?;
    let (first, _) = tried.iter().find(|(_, why)| why.is_none()).unwrap_or(&tried[tried.len() - 1]);
    let reason = tried.first().and_then(|(_, why)| why.clone());
    let status = TierStatus { tier: *first, reason };
    let fenced = Group::make(&Limits { memory_bytes: Some(1 << 30), ..Limits::default() })
        .is_some_and(|group| group.bounds());
    let notes = tier::notes(status.tier, fenced && tier::is_grouped(status.tier));
    Ok(Detected { notes, status, tiers: tried.into_iter().map(|(tier, why)| tier.report(why)).collect() })
}

/// Returns what keeps this machine from a tier.
fn missing(room: &Path, base: &Path, choice: TierChoice) -> Result<Option<String>, RoomError> {
    let opened = Room::open(&RoomSpec {
        scratch: room,
        base,
        tier: choice,
        network: Network::None,
        doors: 0,
        readable: &[],
        own: &[],
        limits: &Limits::default(),
        marker: "detect",
        cancel: Cancel::new(),
    });
    match opened {
        Ok(room) => room.close().map(|()| None),
        Err(RoomError::NoTier { reason, .. }) => Ok(Some(reason)),
        Err(error) => Err(error),
    }
}
