//! Goes through the tiers, strongest first, until one stands.
//!
//! **Invariant:** a tier that was asked for by name is had or refused, never exchanged for another.

use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::Tier;

use super::tier::{asked, hindrance, refusal};
use super::{Origin, Paths, RoomError, RoomSpec, TierStatus};
use crate::cgroup::Group;
use crate::process::supervise::{StartError, Warden};

type Opened = (TierStatus, Paths, Warden);

/// Makes the strongest room that is not refused; one that goes on with what was kept has its tier.
pub(super) fn stand(
    spec: &RoomSpec<'_>,
    scratch: &Path,
    lowers: &[PathBuf],
    (origin, kept): (Origin, Option<Tier>),
    group: Option<&Group>,
) -> Result<Opened, RoomError> {
    let mut missing: Vec<String> = Vec::new();
    let may = |tier: &Tier| [spec.tier.only(), kept].into_iter().flatten().all(|only| only == *tier);
    for tier in Tier::ALL.into_iter().filter(may) {
        let made = match (hindrance(tier), tier) {
            (Some(reason), _) => Err(reason),
            (None, Tier::Full) => made(super::full(spec, scratch, lowers, origin, group))?,
            #[cfg(target_os = "linux")]
            (None, Tier::Bubblewrap | Tier::Container) => {
                made(super::wrapped::wrapped(tier, spec, scratch, lowers, origin, group))?
            }
            #[cfg(not(target_os = "linux"))]
            (None, Tier::Bubblewrap | Tier::Container) => Err("it is of Linux".to_owned()),
            (None, Tier::Plain) => made(super::plain(spec, scratch, lowers, origin, group))?,
        };
        match made {
            Ok((paths, warden)) => {
                let reason = asked(spec.tier).or_else(|| why(&missing));
                let reason = reason.filter(|_| tier != Tier::Full);
                return Ok((TierStatus { tier, reason }, paths, warden));
            }
            Err(reason) => missing.push(reason),
        }
    }
    if kept.is_some() {
        let why = "its isolation is not to be had any more";
        return Err(RoomError::NotKept { path: scratch.to_owned(), why });
    }
    let tier = spec.tier.only().unwrap_or(Tier::Plain);
    Err(RoomError::NoTier { tier, reason: why(&missing).unwrap_or_default() })
}

/// Joins the reasons of all tiers that are missing, each once.
fn why(missing: &[String]) -> Option<String> {
    let first = |n: usize| !missing[..n].contains(&missing[n]);
    let told: Vec<&str> = (0..missing.len()).filter(|n| first(*n)).map(|n| missing[n].as_str()).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Tells a tier that was refused, with the reason, from a room that was lost.
fn made(room: Result<(Paths, Warden), StartError>) -> Result<Result<(Paths, Warden), String>, RoomError> {
    match room {
        Ok(room) => Ok(Ok(room)),
        Err(StartError::Refused { step, source }) => Ok(Err(refusal(&step, &source))),
        Err(StartError::Lost(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_tier_lacks_is_told_once() {
        let missing = |all: &[&str]| why(&all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            missing(&["no namespaces", "bwrap was killed"]).unwrap(),
            "no namespaces; bwrap was killed"
        );
        assert_eq!(missing(&["started as root", "started as root"]).unwrap(), "started as root");
        assert_eq!(missing(&[]), None);
    }
}
