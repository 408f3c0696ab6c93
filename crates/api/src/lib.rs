//! One function per use case: the only crate that composes the others. It never prints, exits or holds interface state.

pub mod call;
pub mod view;

mod assistants;
mod audit;
mod base;
mod compare;
mod crossing;
mod diffs;
mod doctor;
mod environment;
mod error;
mod export;
mod home;
mod judging;
mod live;
mod login;
mod look;
mod plan;
mod preflight;
mod readiness;
mod record;
mod recording;
mod repository;
mod rescore;
mod rounds;
mod runs;
mod spent;
mod steering;
mod steps;
mod trials;
mod trying;
mod untouched;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fairtrial_domain::id::RunId;
use fairtrial_store::Store;

pub use audit::AuditTold;
pub use compare::{Choice, read_weights};
pub use doctor::Doctor;
pub use error::{ApiError, describe};
pub use fairtrial_patch::visible;
pub use home::Home;
pub use judging::{JudgePlan, JudgeRequest, JudgeResult, JudgeTold, MOST as MOST_QUESTIONS, SeatPlan};
pub use recording::Replayed;
pub use rescore::{Changed, Rescored};
pub use upkeep::{Gc, GoneBase, Repair};

/// A data folder that is open, with the runs that this process works on.
#[derive(Debug)]
pub struct Api {
    home: Home,
    store: Arc<Store>,
    runs: Mutex<BTreeMap<RunId, runs::Working>>,
}

impl Api {
    /// Opens the data folder.
    ///
    /// # Errors
    /// When it cannot be used, or a newer version of the product wrote it.
    pub fn open(home: Home) -> Result<Arc<Api>, ApiError> {
        let store = Arc::new(Store::open(home.data())?);
        upkeep::clear_debris(&home, &store);
        Ok(Arc::new(Api { home, store, runs: Mutex::default() }))
    }
}
