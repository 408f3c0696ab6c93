//! From what cells brought to the record of a trial: the one place where evidence becomes an outcome.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::bundle::{JOURNAL_FILE, Tier};
use fairtrial_domain::event::Event;
use fairtrial_domain::id::{Digest, TrialKey};
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::patch::{Patch, PatchRef};
use fairtrial_domain::run::{TaskFacts, TrialRecord};
use fairtrial_domain::score::Overruling;
use fairtrial_domain::steering::Steered;
use fairtrial_domain::task::Task;
use fairtrial_domain::traffic::Traffic;
use fairtrial_domain::usage::Cost;
use fairtrial_domain::verdict::Verdict;
use fairtrial_judge::{Assessment, Evidence, quarantine};
use fairtrial_runner::result::{GradeResult, Round, WorkResult};

use crate::assistants;
use crate::base;
use crate::error::ApiError;
use crate::steering;
use crate::steps::{Surroundings, read_patch};

/// A trial that is over.
pub(crate) struct Ended<'a> {
    pub(crate) key: &'a TrialKey,
    pub(crate) attempts: u32,
    /// At least one; the first is the trial's result.
    pub(crate) rounds: Vec<Round>,
    pub(crate) no_more: Option<String>,
    pub(crate) facts: Option<TaskFacts>,
}

/// Scores a trial, stores its patch and journals as blobs, and returns its record.
pub(crate) fn record(
    around: &Surroundings,
    task: &Task,
    assistant: &Assistant,
    ended: Ended<'_>,
) -> Result<TrialRecord, ApiError> {
    let Ended { key, attempts, rounds, no_more, facts } = ended;
    let (Round { mut work, grade }, more) = around.headline(task, facts.as_ref(), rounds)?;
    let named = work.patch.as_ref();
    let patch = named.map(|named| keep_patch(around, &work.dir, named)).transpose()?.unwrap_or_default();
    // Without a base there is no reference to compare with; the score says that it is missing.
    let reference = base::reference(&around.home, task).unwrap_or(None);
    let assessment =
        assess(around, task, &work, grade.as_ref(), facts.as_ref(), (&patch, reference.as_ref()));
    let kept = blob_of(around, reference.as_ref())?;
    let tier = weaker(work.tier, grade.as_ref().and_then(|grade| grade.tier));
    let tier_reason = work.tier_reason.clone().or_else(|| grade.as_ref()?.tier_reason.clone());
    let fenced = work.fenced && grade.as_ref().is_none_or(|grade| grade.fenced);
    let journals = journals(around, key, attempts)?;
    if let Some(traffic) = &mut work.traffic {
        crate::recording::keep(around, key, &work.dir, traffic)?;
    }
    let served = work.traffic.as_deref().and_then(served);
    let version = work.version.take().or_else(|| around.programs.get(&key.assistant)?.version.clone());
    Ok(TrialRecord {
        key: key.clone(),
        attempts,
        ending: work.ending,
        outcome: assessment.outcome,
        verdicts: grade.map(|grade| grade.verdicts).unwrap_or_default(),
        scores: assessment.scores,
        findings: assessment.findings,
        patch: work.patch,
        flags: work.flags,
        usage: work.usage,
        cost: work.cost,
        seconds: work.seconds,
        tier,
        version: version.clone(),
        model: served.or(work.model).or_else(|| assistant.model.clone()),
        leftovers: work.leftovers,
        journals,
        traffic: work.traffic,
        contacts: work.contacts,
        tier_reason,
        fenced,
        instruction_files: work.instruction_files,
        configuration: assistants::digest_of_configuration(assistant, &around.plan),
        steered: steered(assistant, version.as_deref(), facts.as_ref()),
        bad_lines: work.bad_lines,
        rules: fairtrial_judge::RULES,
        reference: kept,
        overruled: vec![],
        earlier: vec![],
        unparsed: work.unparsed,
        limit: work.limit,
        more,
        no_more,
    })
}

/// Stores a reference as a blob, where there is one.
fn blob_of(around: &Surroundings, reference: Option<&Patch>) -> Result<Option<Digest>, ApiError> {
    let text = reference.map(serde_json::to_vec).transpose()?;
    Ok(text.map(|text| around.store.put_blob(&text)).transpose()?)
}

/// Returns what of its task's base steers an assistant.
fn steered(assistant: &Assistant, version: Option<&str>, facts: Option<&TaskFacts>) -> Option<Box<Steered>> {
    steering::steered(assistant, version, facts?.steering.as_deref()).map(Box::new)
}

/// Returns what a round is worth; `None` when it is no evidence.
pub(crate) fn outcome(
    around: &Surroundings,
    task: &Task,
    round: &Round,
    facts: Option<&TaskFacts>,
) -> Result<Option<Outcome>, ApiError> {
    let patch = match &round.work.patch {
        Some(_) => read_patch(&round.work.dir)?.0,
        None => Patch::default(),
    };
    let reference = base::reference(&around.home, task).unwrap_or(None);
    let about = (&patch, reference.as_ref());
    Ok(assess(around, task, &round.work, round.grade.as_ref(), facts, about).outcome)
}

fn assess(
    around: &Surroundings,
    task: &Task,
    work: &WorkResult,
    grade: Option<&GradeResult>,
    facts: Option<&TaskFacts>,
    (patch, reference): (&Patch, Option<&Patch>),
) -> Assessment {
    let (events, oracle) = (events_of(&work.dir), base::oracle(&around.home, task));
    let judged = Judged {
        ending: &work.ending,
        patch,
        reference,
        verdicts: grade.map(|grade| grade.verdicts.as_slice()).unwrap_or_default(),
        misfit: grade.and_then(|grade| grade.does_not_apply.as_deref()),
        cost: work.cost.as_ref(),
        seconds: work.seconds,
        restored: grade.map(|grade| grade.restored.as_slice()).unwrap_or_default(),
        events: &events,
        oracle: &oracle,
        overruled: &[],
    };
    judge(task, facts, &judged)
}

/// What a trial brought, from cells or from the store.
pub(crate) struct Judged<'a> {
    pub(crate) ending: &'a Ending,
    pub(crate) patch: &'a Patch,
    pub(crate) reference: Option<&'a Patch>,
    pub(crate) verdicts: &'a [Verdict],
    pub(crate) misfit: Option<&'a str>,
    pub(crate) cost: Option<&'a Cost>,
    pub(crate) seconds: f64,
    pub(crate) restored: &'a [String],
    pub(crate) events: &'a [Event],
    pub(crate) oracle: &'a [(String, String)],
    pub(crate) overruled: &'a [Overruling],
}

/// Judges what a trial brought. What is flaky neither passes nor fails anything; the record keeps it as it was seen.
pub(crate) fn judge(task: &Task, facts: Option<&TaskFacts>, judged: &Judged<'_>) -> Assessment {
    let flaky = facts.and_then(|facts| Some(facts.audit.as_ref()?.quarantined.as_slice()));
    let flaky = flaky.unwrap_or_default();
    let spared = |verdicts: Option<&Vec<Verdict>>| {
        verdicts.map(|verdicts| quarantine::spare(verdicts, flaky)).unwrap_or_default()
    };
    fairtrial_judge::assess(&Evidence {
        task: &quarantine::spare_task(task, flaky),
        base_facts: &spared(facts.map(|facts| &facts.base)),
        reference_facts: &spared(facts.and_then(|facts| facts.reference.as_ref())),
        ending: judged.ending,
        patch: judged.patch,
        reference: judged.reference,
        verdicts: &quarantine::spare(judged.verdicts, flaky),
        applies: judged.misfit.map_or(Ok(()), Err),
        cost: judged.cost,
        seconds: judged.seconds,
        restored: judged.restored,
        events: judged.events,
        oracle: judged.oracle,
        overruled: judged.overruled,
    })
}

/// Reads what the assistant said and did in the work that lies in `dir`.
fn events_of(dir: &Path) -> Vec<Event> {
    if dir.as_os_str().is_empty() {
        // There was no cell.
        return vec![];
    }
    let text = std::fs::read(dir.join(JOURNAL_FILE)).unwrap_or_default();
    crate::trials::raw_events(&String::from_utf8_lossy(&text))
}

/// Stores the journals of all attempts, the oldest first.
fn journals(around: &Surroundings, key: &TrialKey, attempts: u32) -> Result<Vec<Digest>, ApiError> {
    let mut kept = vec![];
    for attempt in 1..=attempts {
        let dir = around.attempt_dir(key, attempt);
        for part in ["work", "grade"] {
            kept.extend(keep(around, &dir.join(part).join(JOURNAL_FILE))?);
        }
    }
    Ok(kept)
}

/// Stores the patch as the cell wrote it, under the name that the cell gave it.
pub(crate) fn keep_patch(around: &Surroundings, dir: &Path, named: &PatchRef) -> Result<Patch, ApiError> {
    let (patch, text) = read_patch(dir)?;
    let stored = around.store.put_blob(&text)?;
    if stored == named.digest {
        return Ok(patch);
    }
    Err(ApiError::Internal(format!("the patch in `{}` is not the one that its journal names", dir.display())))
}

/// Returns the model that served most of the output, as its answers say.
fn served(traffic: &Traffic) -> Option<String> {
    let mut output: BTreeMap<&str, u64> = BTreeMap::new();
    for exchange in &traffic.exchanges {
        if let Some(served) = &exchange.served {
            *output.entry(served).or_default() += exchange.usage.output.unwrap_or(0) + 1;
        }
    }
    output.into_iter().max_by_key(|(_, output)| *output).map(|(served, _)| served.to_owned())
}

/// Returns the weaker of two tiers; what never came up weakens nothing.
pub(crate) fn weaker(work: Option<Tier>, grade: Option<Tier>) -> Option<Tier> {
    // The strongest comes first in their order.
    work.max(grade)
}

/// Stores a journal, if it is there.
pub(crate) fn keep(around: &Surroundings, journal: &Path) -> Result<Option<Digest>, ApiError> {
    match std::fs::read(journal) {
        Ok(content) => Ok(Some(around.store.put_blob(&content)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApiError::access("read", journal)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_half_makes_a_trial_plain() {
        use Tier::{Bubblewrap, Full, Plain};
        assert_eq!(weaker(Some(Full), Some(Plain)), Some(Plain));
        assert_eq!(weaker(Some(Plain), None), Some(Plain));
        assert_eq!(weaker(Some(Full), None), Some(Full));
        assert_eq!(weaker(Some(Bubblewrap), Some(Full)), Some(Bubblewrap));
        assert_eq!(weaker(None, Some(Bubblewrap)), Some(Bubblewrap));
        assert_eq!(weaker(None, None), None);
    }
}
