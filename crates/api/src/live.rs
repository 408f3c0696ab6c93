//! A run's newest events, for whoever looks: numbered, bounded, pulled.
//!
//! **Invariant:** numbers never repeat and never go back; what falls out of the queue is counted, and its effect is
//! in the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fairtrial_domain::id::TrialKey;
use fairtrial_domain::journal::Phase;
use fairtrial_domain::run::{RunEvent, RunStatus};
use tokio::sync::Notify;

use crate::view::{LiveBatch, LiveEvent};

/// How many events are kept for those who have not asked yet.
const KEPT: usize = 8192;
/// How many events one answer holds at most, so that an answer fits a frame.
const A_BATCH: usize = 2000;

/// A bounded queue of events.
#[derive(Debug, Default)]
pub(crate) struct Live {
    queue: VecDeque<RunEvent>,
    /// The number of the newest event; the oldest kept one has `newest - queue.len() + 1`.
    newest: u64,
    over: bool,
}

impl Live {
    /// Adds an event.
    pub(crate) fn push(&mut self, event: RunEvent) {
        if self.queue.len() == KEPT {
            self.queue.pop_front();
        }
        self.queue.push_back(event);
        self.newest += 1;
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&mut self) {
        self.over = true;
    }

    /// Returns the number of the newest event.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Returns the events after number `after`, oldest first, at most a batch.
    pub(crate) fn since(&self, after: u64) -> LiveBatch {
        let oldest = self.newest + 1 - self.queue.len() as u64;
        let first = (after + 1).max(oldest);
        let skip = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let events: Vec<LiveEvent> = (first..)
            .zip(self.queue.iter().skip(skip).take(A_BATCH))
            .map(|(seq, event)| LiveEvent { seq, event: event.clone() })
            .collect();
        let next = events.last().map_or(after.max(oldest - 1).min(self.newest), |event| event.seq);
        LiveBatch { dropped: first - (after + 1), over: self.over && next == self.newest, next, events }
    }
}

/// Where a run stands now: its newest events and who is at work.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    live: Live,
    working: BTreeMap<TrialKey, Option<Phase>>,
    status: Option<RunStatus>,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event. Never waits.
    pub(crate) fn tell(&self, event: RunEvent) {
        let mut state = self.state();
        match &event {
            RunEvent::TrialStarted { key, attempt: _ } | RunEvent::RoundStarted { key, round: _ } => {
                state.working.insert(key.clone(), None);
            }
            RunEvent::TrialPhase { key, phase } => {
                state.working.insert(key.clone(), Some(*phase));
            }
            RunEvent::AttemptLost { key, reason: _ } => {
                state.working.remove(key);
            }
            RunEvent::TrialFinished { trial } => {
                state.working.remove(&trial.key);
            }
            RunEvent::StatusChanged { status } => state.status = Some(*status),
            RunEvent::TaskPreparing { .. } | RunEvent::TaskReady { .. } | RunEvent::TrialEvent { .. } => {}
        }
        state.live.push(event);
        drop(state);
        self.news.notify_waiters();
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&self) {
        self.state().live.close();
        self.news.notify_waiters();
    }

    /// Returns the events after a number.
    pub(crate) fn since(&self, after: u64) -> LiveBatch {
        self.state().live.since(after)
    }

    /// Returns the events after a number, waiting until there is at least one or nothing more will come.
    pub(crate) async fn next(&self, after: u64) -> LiveBatch {
        loop {
            let news = self.news.notified();
            let mut news = std::pin::pin!(news);
            // Listens before it looks, so that nothing told in between is missed.
            news.as_mut().enable();
            let batch = self.since(after);
            if !batch.events.is_empty() || batch.over {
                return batch;
            }
            news.await;
        }
    }

    /// Returns who is at work, at which step, and the number of the newest event.
    pub(crate) fn working(&self) -> (BTreeMap<TrialKey, Option<Phase>>, u64) {
        let state = self.state();
        (state.working.clone(), state.live.newest())
    }

    /// Returns where the run stands, once it has been told.
    pub(crate) fn status(&self) -> Option<RunStatus> {
        self.state().status
    }
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::run::RunStatus;

    use super::*;

    fn filled(count: usize) -> Live {
        let mut live = Live::default();
        for _ in 0..count {
            live.push(RunEvent::StatusChanged { status: RunStatus::Running });
        }
        live
    }

    fn check(live: &Live, after: u64, expected: &str) {
        let batch = live.since(after);
        let seqs: Vec<u64> = batch.events.iter().map(|event| event.seq).collect();
        let ends = seqs.first().zip(seqs.last());
        assert_eq!(
            format!("{ends:?} next {} dropped {} over {}", batch.next, batch.dropped, batch.over),
            expected
        );
    }

    #[test]
    fn events_come_once_and_in_order() {
        let mut live = filled(3);
        check(&live, 0, "Some((1, 3)) next 3 dropped 0 over false");
        check(&live, 2, "Some((3, 3)) next 3 dropped 0 over false");
        check(&live, 3, "None next 3 dropped 0 over false");
        live.close();
        check(&live, 0, "Some((1, 3)) next 3 dropped 0 over true");
        check(&Live::default(), 0, "None next 0 dropped 0 over false");
    }

    #[test]
    fn what_fell_out_is_counted() {
        check(&filled(KEPT + 10), 0, "Some((11, 2010)) next 2010 dropped 10 over false");
        check(&filled(KEPT + 10), 5, "Some((11, 2010)) next 2010 dropped 5 over false");
    }
}
