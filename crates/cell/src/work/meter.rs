//! The meter beside a session: where the back end's traffic can be led through it, the job gets its address and
//! stand-ins for keys, and never the keys.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_backends::{MeterPoint, backend};
use fairtrial_domain::bundle::{RECORDING_FOLDER, WorkBundle};
use fairtrial_domain::task::Network;
use fairtrial_domain::traffic::Traffic;
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use fairtrial_wire::keys::{Key, Veil};
use fairtrial_wire::left::LineIndex;
use fairtrial_wire::meter::{Meter, MeterError, Seen, Settings};
use fairtrial_wire::prices;

use crate::net::Listener;
use crate::room::Room;

/// A meter at work.
pub(super) struct Metered {
    meter: Meter,
    /// What the job takes for its vendor's address.
    pub(super) url: String,
    /// What the job is given instead of secrets: stand-ins for keys, the rest as it is.
    pub(super) secrets: BTreeMap<String, String>,
}

/// Returns whether the bundle asks for a meter that its back end's traffic can be led through. A job that is to have
/// no network gets none, unless a recording answers.
pub(super) fn is_wanted(bundle: &WorkBundle) -> bool {
    let Some(order) = &bundle.meter else { return false };
    let network = bundle.assistant.network != Network::None || order.replay.is_some();
    network && point(bundle).is_some()
}

fn point(bundle: &WorkBundle) -> Option<MeterPoint> {
    backend(bundle.assistant.backend).meter_point(&bundle.assistant)
}

/// Starts the meter behind a door of the room; `None` when none is wanted.
pub(super) fn start(
    bundle: &WorkBundle,
    secrets: &BTreeMap<String, String>,
    folder: &Path,
    room: &Room,
    door: Option<Listener>,
) -> Result<Option<Metered>, MeterError> {
    let (Some(order), Some(point), Some(door)) = (&bundle.meter, point(bundle), door) else {
        return Ok(None);
    };
    let mut given = secrets.clone();
    let mut keys = vec![];
    for (name, value) in &mut given {
        if point.keys.contains(&name.as_str()) {
            let key = Key::new(name, value).map_err(|error| MeterError::Machine {
                what: "draw a stand-in for a key",
                source: std::io::Error::other(error),
            })?;
            value.clone_from(&key.stand_in);
            keys.push(key);
        }
    }
    let settings = Settings {
        upstream: point.upstream,
        keys,
        veil: Veil::new(secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())), 1),
        volatile: vec![bundle.marker.clone()],
        places: places(room),
        index: LineIndex::of(&bundle.base.join("tree")),
        record: order.record.then(|| folder.join(RECORDING_FOLDER)),
        replay: order.replay.clone(),
        most_requests: bundle.limits.requests,
    };
    let meter = Meter::over(door.socket, settings)?;
    Ok(Some(Metered { url: meter.base_url(), meter, secrets: given }))
}

/// Returns the folders that a program may tell its model, and the names that some make of them.
fn places(room: &Room) -> Vec<String> {
    let plain = [room.workspace(), room.home()].map(|place| place.to_string_lossy().into_owned());
    let slugs = plain.clone().map(|place| place.replace(['/', '.'], "-"));
    plain.into_iter().chain(slugs).collect()
}

impl Metered {
    /// Returns the variables that keep other proxies from standing before the meter.
    pub(super) fn env(&self) -> [(String, String); 2] {
        ["no_proxy", "NO_PROXY"].map(|name| (name.to_owned(), "127.0.0.1,localhost".to_owned()))
    }

    /// Returns what was seen so far.
    pub(super) fn seen(&self) -> Seen {
        self.meter.seen()
    }

    /// Stops the meter; returns what it saw, and the cost at list prices where they are known.
    pub(super) fn finish(self, reported: &Usage) -> (Traffic, Option<Cost>) {
        let reported = (reported.source != UsageSource::Unknown).then(|| reported.clone());
        let mut traffic = self.meter.finish(reported);
        let (rows, cost) = prices::cost(&traffic.host, &traffic.exchanges);
        traffic.prices = rows;
        let cost = match cost {
            Ok(_) if traffic.more > 0 => {
                Err(prices::Unpriced("there were more requests than are listed".to_owned()))
            }
            cost => cost,
        };
        match cost {
            Ok(usd) => (traffic, Some(Cost { usd, source: CostSource::Listed })),
            Err(why) => {
                traffic.unpriced = Some(why.0);
                (traffic, None)
            }
        }
    }
}
