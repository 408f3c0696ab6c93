//! What a run has used up so far, time and money, so that a bound on the whole run holds across crashes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fairtrial_domain::id::RunId;
use fairtrial_domain::run::TrialRecord;

use crate::Api;
use crate::error::ApiError;
use crate::runs::blocking;

/// A crash forgets at most this much of a run's time.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// The time of a run that this process works on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    before_sec: f64,
    since: Instant,
}

impl Spent {
    /// Starts the clock; earlier processes worked on the run for `before_sec`.
    pub(crate) fn from(before_sec: f64) -> Spent {
        Spent { before_sec, since: Instant::now() }
    }

    /// Returns the seconds that the run was worked on by now.
    pub(crate) fn seconds(self) -> f64 {
        self.before_sec + self.since.elapsed().as_secs_f64()
    }

    /// Writes them down every few seconds, until it is dropped.
    pub(crate) async fn keep(self, api: &Arc<Api>, run: &RunId) -> Infallible {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            let (api, run) = (Arc::clone(api), run.clone());
            // A store that refuses ends the run at its next record, and says so there.
            let _ = blocking(move || api.put_worked_sec(&run, self.seconds())).await;
        }
    }
}

impl Api {
    /// Returns the wall seconds that a run was worked on, by whichever process, gaps left out.
    pub(crate) fn worked_sec(&self, run: &RunId) -> Result<f64, ApiError> {
        let kept = self.store.setting(&worked_of(run))?;
        Ok(kept.and_then(|text| text.parse().ok()).unwrap_or_default())
    }

    pub(crate) fn put_worked_sec(&self, run: &RunId, seconds: f64) -> Result<(), ApiError> {
        Ok(self.store.set_setting(&worked_of(run), Some(&format!("{seconds:.1}")))?)
    }

    /// Returns the US dollars that a run is known to have cost: its trials, and the attempts that were lost.
    pub(crate) fn spent_usd(&self, run: &RunId, trials: &[TrialRecord]) -> Result<f64, ApiError> {
        let lost: f64 = self.store.attempts(run)?.iter().filter_map(|row| row.usd).sum();
        let costs = trials
            .iter()
            .flat_map(|trial| std::iter::once(&trial.cost).chain(trial.more.iter().map(|round| &round.cost)));
        let told = costs.flatten().map(|cost| cost.usd);
        // An empty sum of floats is minus zero, which reads as a debt.
        Ok(told.fold(0.0, |sum, usd| sum + usd) + lost.max(0.0))
    }
}

fn worked_of(run: &RunId) -> String {
    format!("worked seconds {run}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Home;

    #[test]
    fn time_is_kept_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let api = || Api::open(Home::find(Some(folder.path().to_path_buf())).unwrap()).unwrap();
        let run = RunId::parse("20261122-160800-7f3a").unwrap();
        assert_eq!(api().worked_sec(&run).unwrap(), 0.0);
        api().put_worked_sec(&run, 61.25).unwrap();
        let kept = api().worked_sec(&run).unwrap();
        assert!((61.0..61.5).contains(&kept), "{kept}");
        assert!(Spent::from(kept).seconds() >= kept);
    }
}
