//! Asks models which of two changes they would merge, both orders each, and keeps what they say beside the run.
//!
//! **Invariant:** how many questions there are and what they may cost is known before anything is spent; no outcome
//! and no verdict changes; who is of a contestant's own family never judges alone.

mod ask;
mod panel;
mod questions;

use std::collections::BTreeMap;
use std::sync::Arc;

use fairtrial_domain::advice::{Asked, Judge};
use fairtrial_domain::comparison::Advice;
use fairtrial_domain::id::RunId;
use fairtrial_domain::run::{RunStatus, TrialRecord};
use fairtrial_domain::score::ScoreId;
use fairtrial_judge::advice::{self, Question};
use fairtrial_runner::machine;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Api;
use crate::audit::cells::Cells;
use crate::error::ApiError;
use crate::runs::blocking;
use ask::{Came, Seat};
use questions::{Open, Ordered};

/// Questions that are asked when nobody says how many.
pub const MOST: u32 = 100;

/// What a user wants to be asked.
#[derive(Debug, Clone)]
pub struct JudgeRequest {
    /// About which run.
    pub run: RunId,
    /// Who is asked, by name.
    pub with: Vec<String>,
    /// Only about the first tasks of the plan.
    pub tasks: Option<u32>,
    /// No more questions than these, each order of a pair being one.
    pub most: u32,
    /// No more US dollars than these.
    pub budget_usd: Option<f64>,
    /// Families of models, by the name of an assistant that judges or is compared; `none` for no family.
    pub families: BTreeMap<String, String>,
    /// Questions at once.
    pub jobs: Option<u32>,
}

/// What would be asked, and what it may cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgePlan {
    /// About which run.
    pub run: RunId,
    /// Who is asked.
    pub judges: Vec<SeatPlan>,
    /// Pairs of changes that are asked about.
    pub pairs: u32,
    /// Questions: two for each pair and judge, without those answered before.
    pub questions: u32,
    /// Questions that were answered before and are not asked again.
    pub answered: u32,
    /// Pairs that both solved, among those asked about: dimension J rests on them.
    pub both_solved: u32,
    /// Pairs of equal changes, of which there is nothing to ask.
    pub equal: u32,
    /// Pairs that are too long for a question.
    pub too_long: u32,
    /// Pairs beyond the bound on questions.
    pub beyond: u32,
    /// Bytes of all questions: what leaves the machine.
    pub bytes: u64,
    /// US dollars that all of it may cost, by assumption; `None` when a price is not known.
    pub usd: Option<f64>,
    /// What that assumes.
    pub assumed: String,
    /// Wall seconds that one question may take.
    pub seconds_each: f64,
}

/// One who is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeatPlan {
    /// Who.
    pub judge: Judge,
    /// Where its questions go; `None` where that is its program's affair.
    pub host: Option<String>,
    /// US dollars that its questions may cost; `None` when its price is not known.
    pub usd: Option<f64>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeResult {
    /// What was to be asked.
    pub plan: JudgePlan,
    /// Questions that came back, read or not.
    pub came: u32,
    /// Questions that were lost to a fault that is not the judge's, and why; asking again asks them again.
    pub lost: Vec<String>,
    /// US dollars that lost questions are known to have cost; `None` when nothing is known of any.
    pub lost_usd: Option<f64>,
    /// Questions that the budget left no room for.
    pub unaffordable: u32,
    /// All that is known now.
    pub advice: Option<Advice>,
}

/// What is told while questions are asked.
#[derive(Debug, Clone, PartialEq)]
pub enum JudgeTold {
    /// Before anything is spent.
    Plan(JudgePlan),
    /// So many of so many questions are over.
    Progress(u32, u32),
}

/// Everything that asking needs.
struct Prepared {
    plan: JudgePlan,
    seats: Vec<Arc<Seat>>,
    open: Vec<Open>,
    ordered: Ordered,
    compared: Vec<String>,
}

impl Api {
    /// Returns what would be asked, and what it may cost. Nothing is asked.
    ///
    /// # Errors
    /// When the run is not finished, a judge cannot start, or it may not judge these contestants.
    pub fn judge_plan(&self, request: &JudgeRequest) -> Result<JudgePlan, ApiError> {
        Ok(self.prepare_judging(request)?.plan)
    }

    /// Asks, and stores each answer as it comes. What was answered before is not asked again.
    ///
    /// # Errors
    /// As [`Api::judge_plan`]; and when an answer cannot be stored. Lost questions are no error.
    pub async fn judge(
        self: &Arc<Self>,
        request: JudgeRequest,
        told: impl Fn(JudgeTold) + Send + Sync,
    ) -> Result<JudgeResult, ApiError> {
        let (api, asked) = (Arc::clone(self), request.clone());
        let prepared = blocking(move || api.prepare_judging(&asked)).await?;
        told(JudgeTold::Plan(prepared.plan.clone()));
        let mut result = JudgeResult {
            plan: prepared.plan.clone(),
            came: 0,
            lost: vec![],
            lost_usd: None,
            unaffordable: 0,
            advice: None,
        };
        if !prepared.open.is_empty() {
            self.ask_all(&request, prepared, &mut result, &told).await?;
        }
        let (api, run) = (Arc::clone(self), request.run.clone());
        result.advice = blocking(move || Ok(api.comparison(&run)?.advice)).await?;
        Ok(result)
    }

    /// Returns a run's trials, each with dimension J as models that were asked have it.
    pub(crate) fn advised_trials(&self, run: &RunId) -> Result<Vec<TrialRecord>, ApiError> {
        let mut trials = self.store.trials(run)?;
        self.advise(run, &mut trials)?;
        Ok(trials)
    }

    /// Puts dimension J on the cards of trials. What is stored of them stays as it is.
    pub(crate) fn advise(&self, run: &RunId, trials: &mut [TrialRecord]) -> Result<(), ApiError> {
        let asked = self.store.advice(run)?;
        if asked.is_empty() {
            return Ok(());
        }
        let solved = self.store.trials(run)?;
        let solved =
            solved.iter().filter(|one| questions::is_solved(one)).map(|one| one.key.clone()).collect();
        for trial in trials {
            let told = advice::score(&trial.key, &asked, &solved);
            trial
                .scores
                .iter_mut()
                .filter(|one| one.id == ScoreId::Judge)
                .for_each(|one| *one = told.clone());
        }
        Ok(())
    }

    async fn ask_all(
        self: &Arc<Self>,
        request: &JudgeRequest,
        prepared: Prepared,
        result: &mut JudgeResult,
        told: &(impl Fn(JudgeTold) + Send + Sync),
    ) -> Result<(), ApiError> {
        let Prepared { plan, seats, open, ordered, compared } = prepared;
        let api = Arc::clone(self);
        let scratch = blocking(move || api.scratch()).await?;
        let jobs = request.jobs.unwrap_or_else(|| machine::default_jobs(machine::MEMORY_PER_TRIAL)).max(1);
        let cells = Arc::new(Cells::new(self.home.clone(), self.launcher()?, &scratch, jobs));
        let room = Arc::new(ask::room(&scratch.folder)?);
        cells.base(&room).await.map_err(|lost| ApiError::BadRequest(lost.0))?;
        let mut money = Money { left: request.budget_usd };
        let mut waiting = open.into_iter().enumerate();
        let mut at_work: JoinSet<Came> = JoinSet::new();
        loop {
            while at_work.len() < jobs as usize {
                let Some((number, one)) = waiting.next() else { break };
                let seat = Arc::clone(&seats[one.seat]);
                if !money.take(seat.usd_each(one.bytes)) {
                    result.unaffordable += 1;
                    continue;
                }
                let question: Question = ordered.question(&one);
                let (cells, room) = (Arc::clone(&cells), Arc::clone(&room));
                at_work.spawn(async move { ask::ask(&cells, &room, seat, number, one, question).await });
            }
            let Some(ended) = at_work.join_next().await else { break };
            let came = ended.map_err(|error| ApiError::Internal(error.to_string()))?;
            let spent = came.spent_usd();
            money.settle(came.expected_usd, spent);
            match came.into_asked(&self.store, &compared)? {
                Ok(asked) => self.keep_advice(&request.run, *asked, result).await?,
                Err(lost) => {
                    result.lost.push(lost);
                    result.lost_usd = known(result.lost_usd, spent);
                }
            }
            let over = result.came + count(result.lost.len()) + result.unaffordable;
            told(JudgeTold::Progress(over, plan.questions));
        }
        Ok(())
    }

    async fn keep_advice(
        self: &Arc<Self>,
        run: &RunId,
        asked: Asked,
        result: &mut JudgeResult,
    ) -> Result<(), ApiError> {
        let (api, run) = (Arc::clone(self), run.clone());
        blocking(move || Ok(api.store.put_advice(&run, &asked)?)).await?;
        result.came += 1;
        Ok(())
    }

    fn prepare_judging(&self, request: &JudgeRequest) -> Result<Prepared, ApiError> {
        let row = self.store.run(&request.run)?;
        if row.record.status != RunStatus::Finished {
            let what = format!("run {} is not finished: a judge sees what a run came to", request.run);
            return Err(ApiError::BadRequest(what));
        }
        if request.budget_usd.is_some_and(|usd| !(usd > 0.0 && usd.is_finite())) {
            return Err(ApiError::BadRequest("a budget must be more than zero".to_owned()));
        }
        let trials = self.store.trials(&request.run)?;
        let known = self.store.advice(&request.run)?;
        let panel = panel::panel(&self.home, &row.record.plan, &trials, &known, request)?;
        let found = questions::questions(self, &row.record.plan, &trials, &known, &panel, request)?;
        let questions::Found { mut plan, open, ordered } = found;
        for (place, seat) in panel.seats.iter().enumerate() {
            let mine = open.iter().filter(|one| one.seat == place);
            let usd = mine.map(|one| seat.usd_each(one.bytes)).sum::<Option<f64>>();
            plan.judges.push(SeatPlan { judge: seat.judge.clone(), host: seat.host(), usd });
        }
        plan.usd = plan.judges.iter().map(|one| one.usd).sum();
        if let (Some(unknown), Some(_)) =
            (plan.judges.iter().find(|one| one.usd.is_none()), request.budget_usd)
        {
            return Err(ApiError::BadRequest(format!(
                "the price of {} is not known, so a budget in money would not bound it: enter its price in \
                 assistants.toml, or bound the questions with --most",
                unknown.judge.title
            )));
        }
        Ok(Prepared { plan, seats: panel.seats, open, ordered, compared: panel.compared })
    }
}

/// What may still be spent.
struct Money {
    left: Option<f64>,
}

impl Money {
    /// Sets aside what a question may cost; false when that is more than is left.
    fn take(&mut self, usd: Option<f64>) -> bool {
        match (&mut self.left, usd) {
            (None, _) => true,
            (Some(left), Some(usd)) if usd <= *left => {
                *left -= usd;
                true
            }
            (Some(_), _) => false,
        }
    }

    /// Puts what it did cost in place of what it might have.
    fn settle(&mut self, expected: Option<f64>, spent: Option<f64>) {
        if let (Some(left), Some(expected), Some(spent)) = (&mut self.left, expected, spent) {
            *left += expected - spent;
        }
    }
}

/// Adds what is known; nothing known is not nothing spent.
fn known(so_far: Option<f64>, more: Option<f64>) -> Option<f64> {
    so_far.into_iter().chain(more).reduce(|all, one| all + one)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_never_promised_twice() {
        let mut money = Money { left: Some(1.0) };
        assert!(money.take(Some(0.6)) && !money.take(Some(0.6)) && !money.take(None));
        money.settle(Some(0.6), Some(0.1));
        assert!(money.take(Some(0.6)) && !money.take(Some(0.6)));
        money.settle(Some(0.6), None);
        assert!(!money.take(Some(0.6)), "what is not known may have cost all of it");
        assert!(Money { left: None }.take(None));
    }

    #[test]
    fn what_lost_questions_cost_is_added_up_as_far_as_it_is_known() {
        let all = |spent: &[Option<f64>]| spent.iter().fold(None, |so_far, one| known(so_far, *one));
        assert_eq!(all(&[]), None);
        assert_eq!(all(&[None, None]), None);
        assert_eq!(all(&[Some(0.5), None, Some(0.25)]), Some(0.75));
    }
}
