//! The dimensions of a scorecard that are measured on the patch: size, scope, noise, likeness to the reference,
//! complexity, clones, dependencies, lint, own tests.
//!
//! **Invariant:** missing is missing: no dimension is filled in by a guess.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::outcome::Location;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::score::{Score, ScoreId};
use fairtrial_domain::task::CheckKind;
use fairtrial_patch::overlap::{self, Agreement};
use fairtrial_patch::{Paths, similarity};

use super::Evidence;
use super::checks::verdict_of;
use super::paths::is_test;
use super::scores::{missing, value};
use super::tests_in::language;
use crate::features::{Files, Sources, clones, complexity, lint, locality, manifests, noise, tokens};

pub(super) const SIZE: &str = "min(1, 1.5 · reference churn / churn)";
pub(super) const SIMILARITY: &str =
    "1 − Σ d(patch, reference) / Σ (d(base, patch) + d(base, reference)), by lines";
pub(super) const TOKENS: &str =
    "1 − Σ d(patch, reference) / Σ (d(base, patch) + d(base, reference)), by tokens";
pub(super) const FILES: &str = "files touched by both / files touched by either";
pub(super) const LINES: &str = "F1 of (path, removed or added, line) against the reference";
pub(super) const HUNKS: &str = "F1 of hunks that meet within 3 lines";
pub(super) const DEFINITIONS: &str = "F1 of named definitions touched";
pub(super) const SCOPE: &str = "1 − churn outside / churn";
pub(super) const NOISE: &str = "1 − noise lines / changed lines";
pub(super) const LINT: &str = "exp(−w / 5), w = (3 · new errors + new warnings) / added lines · 100";
pub(super) const COMPLEXITY: &str = "exp(−max(0, rise − reference's rise) / 10)";
pub(super) const DUPLICATION: &str = "1 − tokens in new clones of ≥ 50 tokens / added tokens";
pub(super) const DEPENDENCIES: &str = "1 / (1 + new direct dependencies)";
pub(super) const OWN_TESTS: &str = "own tests that fail on the base and pass on the patch / own tests";

/// A patch and its reference, measured.
pub(super) struct Measured<'a, 's> {
    sources: &'s Sources<'a>,
    own: Files<'a>,
    reference: Option<(&'a Patch, Files<'a>)>,
}

impl<'a, 's> Measured<'a, 's> {
    pub(super) fn of(e: &Evidence<'a>, sources: &'s Sources<'a>) -> Self {
        let own = Files::of(e.patch, sources);
        let reference = e.reference.map(|patch| (patch, Files::of(patch, sources)));
        Measured { sources, own, reference }
    }

    /// Returns every dimension of this module.
    pub(super) fn scores(&self, e: &Evidence<'a>) -> Vec<Score> {
        vec![
            self.size(),
            self.by_lines(e),
            self.by_tokens(e),
            self.against(e, ScoreId::FileSimilarity, FILES, |own, reference| {
                let jaccard = similarity::by_files(own, reference);
                (jaccard, format!("{FILES} = {jaccard:.2}"))
            }),
            self.against(e, ScoreId::LineOverlap, LINES, |own, reference| {
                agreed(LINES, overlap::by_lines(&self.touched(own), &self.touched(reference)))
            }),
            self.against(e, ScoreId::HunkLocality, HUNKS, |own, reference| {
                agreed(HUNKS, overlap::by_hunks(&self.touched(own), &self.touched(reference)))
            }),
            self.definitions(e),
            self.scope(e),
            self.noise(),
            self.lint(e),
            self.complexity(),
            self.duplication(),
            self.dependencies(),
            own_tests(e, self.sources),
        ]
    }

    fn touched(&self, patch: &'a Patch) -> Vec<overlap::Touched<'a>> {
        overlap::touched(patch, |before, after| self.sources.hunks(before, after))
    }

    fn size(&self) -> Score {
        let id = ScoreId::Size;
        let Some((_, reference)) = &self.reference else { return missing(id, NO_REFERENCE, SIZE) };
        let (own, theirs) = (self.own.churn(), reference.churn());
        if own == 0 {
            return missing(id, "no line was changed", SIZE);
        }
        if theirs == 0 {
            return missing(id, "the reference changes no line", SIZE);
        }
        let size = (1.5 * theirs as f64 / own as f64).min(1.0);
        value(id, size, format!("min(1, 1.5 · {theirs} / {own}) = {size:.2}"), self.paths())
    }

    fn paths(&self) -> Vec<Location> {
        self.own.files.iter().map(|file| Location { path: file.path.to_owned(), line: None }).collect()
    }

    /// Scores the patch against the reference, where there is one and something was changed.
    fn against(
        &self,
        e: &Evidence<'a>,
        id: ScoreId,
        formula: &str,
        measure: impl Fn(&'a Patch, &'a Patch) -> (f64, String),
    ) -> Score {
        match &self.reference {
            None => missing(id, NO_REFERENCE, formula),
            Some(_) if e.patch.is_empty() => missing(id, NOTHING, formula),
            Some((reference, _)) => {
                let (got, formula) = measure(e.patch, reference);
                value(id, got, formula, paths_of(reference))
            }
        }
    }

    fn by_lines(&self, e: &Evidence<'a>) -> Score {
        let id = ScoreId::Similarity;
        let Some((reference, _)) = &self.reference else { return missing(id, NO_REFERENCE, SIMILARITY) };
        if e.patch.is_empty() {
            return missing(id, NOTHING, SIMILARITY);
        }
        match similarity::by_lines(e.patch, reference) {
            Ok(got) => value(id, got, format!("{SIMILARITY} = {got:.2}"), paths_of(reference)),
            Err(why) => missing(id, &why.to_string(), SIMILARITY),
        }
    }

    fn by_tokens(&self, e: &Evidence<'a>) -> Score {
        let id = ScoreId::TokenSimilarity;
        let Some((reference, _)) = &self.reference else { return missing(id, NO_REFERENCE, TOKENS) };
        if e.patch.is_empty() {
            return missing(id, NOTHING, TOKENS);
        }
        match tokens::similarity(e.patch, reference, self.sources) {
            Ok(got) => value(id, got, format!("{TOKENS} = {got:.2}"), paths_of(reference)),
            Err(why) => missing(id, &why.to_string(), TOKENS),
        }
    }

    fn definitions(&self, e: &Evidence<'a>) -> Score {
        let id = ScoreId::DefinitionLocality;
        let Some((reference, theirs)) = &self.reference else {
            return missing(id, NO_REFERENCE, DEFINITIONS);
        };
        if e.patch.is_empty() {
            return missing(id, NOTHING, DEFINITIONS);
        }
        let touched = |files| locality::touched(files, self.sources);
        match (touched(&self.own), touched(theirs)) {
            (Ok(own), Ok(theirs)) if own.is_empty() && theirs.is_empty() => {
                missing(id, "no file in a language that is read was changed", DEFINITIONS)
            }
            (Ok(own), Ok(theirs)) => {
                let (got, formula) = agreed(DEFINITIONS, locality::agreement(&own, &theirs));
                value(id, got, formula, paths_of(reference))
            }
            (Err(why), _) | (_, Err(why)) => missing(id, &why.to_string(), DEFINITIONS),
        }
    }

    fn scope(&self, e: &Evidence<'a>) -> Score {
        let id = ScoreId::Scope;
        if e.task.allowed.is_empty() && e.reference.is_none() {
            return missing(id, "the task does not say what it is about", SCOPE);
        }
        let all = self.own.churn();
        if all == 0 {
            return missing(id, "no line was changed", SCOPE);
        }
        let allowed = Paths::of(&e.task.allowed);
        let in_reference =
            |path: &str| e.reference.is_some_and(|r| r.files.iter().any(|change| change.path == path));
        let outside = |path: &str| !allowed.has(path) && !is_test(path) && !in_reference(path);
        let out: Vec<usize> =
            (0..self.own.files.len()).filter(|at| outside(self.own.files[*at].path)).collect();
        let lines: u64 = out.iter().map(|at| self.own.churn_of(*at)).sum();
        let scope = 1.0 - lines as f64 / all as f64;
        let place = |at: usize| Location { path: self.own.files[at].path.to_owned(), line: None };
        let evidence = out.into_iter().map(place).collect();
        value(id, scope, format!("1 − {lines} / {all} = {scope:.2}"), evidence)
    }

    fn noise(&self) -> Score {
        let (id, all, noise) = (ScoreId::Noise, self.own.lines(), self.own.noise());
        if all == 0 {
            return missing(id, "no line was changed", NOISE);
        }
        let mut classes: BTreeMap<noise::Class, usize> = BTreeMap::new();
        let mut places = Vec::new();
        for file in &self.own.files {
            for (hunk, class) in file.hunks.iter().zip(&file.noise) {
                let Some(class) = class else { continue };
                *classes.entry(*class).or_default() += hunk.old.len() + hunk.new.len();
                places.push(super::tamper::place(file.path, Some(hunk.new.start)));
            }
        }
        let told: Vec<String> = classes.iter().map(|(class, n)| format!("{} {n}", class.words())).collect();
        let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
        let score = 1.0 - noise as f64 / all as f64;
        value(id, score, format!("1 − {noise} / {all} = {score:.2}{told}"), places)
    }

    fn lint(&self, e: &Evidence<'a>) -> Score {
        let id = ScoreId::Lint;
        let mut checks = e.task.checks.iter().filter(|check| check.kind == CheckKind::Lint).peekable();
        if checks.peek().is_none() {
            return missing(id, "the task declares no linter", LINT);
        }
        let mut hunks = BTreeMap::new();
        let mut added = 0u64;
        for file in &self.own.files {
            added += file.hunks.iter().map(|hunk| hunk.new.len() as u64).sum::<u64>();
            hunks.insert(file.path, file.hunks.as_slice());
        }
        let mut sum = lint::LintDelta::default();
        for check in checks {
            let report = |verdicts| {
                let found = verdict_of(verdicts, &check.id)?.findings.as_ref()?;
                Some(found.iter().filter_map(lint::LintFinding::of).collect::<Vec<_>>())
            };
            let (Some(before), Some(after)) = (report(e.base_facts), report(e.verdicts)) else {
                let why = format!("check `{}` left no report that could be read whole", check.id);
                return missing(id, &why, LINT);
            };
            let delta = lint::delta(&before, &after, &hunks);
            sum.errors += delta.errors;
            sum.warnings += delta.warnings;
            sum.places.extend(delta.places);
        }
        let Some(score) = lint::score(&sum, added) else { return missing(id, "no line was added", LINT) };
        let places = sum.places.iter().map(|(path, line)| Location { path: path.clone(), line: Some(*line) });
        let formula =
            format!("exp(−w / 5) = {score:.2}, w = (3 · {} + {}) / {added} · 100", sum.errors, sum.warnings);
        value(id, score, formula, places.collect())
    }

    fn complexity(&self) -> Score {
        let id = ScoreId::Complexity;
        let Some((_, reference)) = &self.reference else { return missing(id, NO_REFERENCE, COMPLEXITY) };
        match (complexity::rise(&self.own, self.sources), complexity::rise(reference, self.sources)) {
            (Ok(own), Ok(theirs)) => {
                let score = (-((own - theirs).max(0) as f64) / 10.0).exp();
                let formula = format!("exp(−max(0, {own} − {theirs}) / 10) = {score:.2}");
                value(id, score, formula, self.paths())
            }
            (Err(why), _) => missing(id, &why.to_string(), COMPLEXITY),
            (_, Err(why)) => missing(id, &format!("the reference: {why}"), COMPLEXITY),
        }
    }

    fn duplication(&self) -> Score {
        let id = ScoreId::Duplication;
        match clones::clones(&self.own, self.sources) {
            Err(why) => missing(id, &why.to_string(), DUPLICATION),
            Ok(found) if found.added == 0 => missing(id, "no code was added", DUPLICATION),
            Ok(found) => {
                let score = 1.0 - found.cloned as f64 / found.added as f64;
                let formula = format!("1 − {} / {} = {score:.2}", found.cloned, found.added);
                let place = |(path, line): &(String, usize)| super::tamper::place(path, Some(*line));
                value(id, score, formula, found.places.iter().map(place).collect())
            }
        }
    }

    fn dependencies(&self) -> Score {
        let id = ScoreId::Dependencies;
        let new = |files: &Files<'_>| {
            manifests::added(
                files.files.iter().filter_map(|file| Some((file.path, file.before?, file.after?))),
            )
        };
        let theirs = self.reference.as_ref().map_or(Ok(BTreeMap::new()), |(_, files)| new(files));
        match (new(&self.own), theirs) {
            (Err(why), _) | (_, Err(why)) => missing(id, &why.to_string(), DEPENDENCIES),
            (Ok(mut own), Ok(theirs)) => {
                own.retain(|name, _| !theirs.contains_key(name));
                let score = 1.0 / (1.0 + own.len() as f64);
                let names: Vec<&str> = own.keys().map(String::as_str).collect();
                let told = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
                let places = own.values().map(|path| Location { path: path.clone(), line: None }).collect();
                value(id, score, format!("1 / (1 + {}) = {score:.2}{told}", own.len()), places)
            }
        }
    }
}

const NO_REFERENCE: &str = "the task has no reference patch";
const NOTHING: &str = "nothing was changed";

fn agreed(formula: &str, got: Agreement) -> (f64, String) {
    let Agreement { precision, recall, f1 } = got;
    (f1, format!("{formula} = {f1:.2} (precision {precision:.2}, recall {recall:.2})"))
}

fn paths_of(patch: &Patch) -> Vec<Location> {
    patch.files.iter().map(|change| Location { path: change.path.clone(), line: None }).collect()
}

/// Own tests are counted; what they do on the base is known only where somebody ran them there.
fn own_tests<'a>(e: &Evidence<'a>, sources: &Sources<'a>) -> Score {
    let id = ScoreId::OwnTests;
    let mut added = 0usize;
    for change in &e.patch.files {
        let Some(language) = language(&change.path) else { continue };
        let names = |side: Option<&'a fairtrial_domain::patch::Side>| -> BTreeSet<String> {
            let text = side.and_then(|side| side.content.as_text()).unwrap_or_default();
            sources.tests(text, language).iter().map(|test| test.name.clone()).collect()
        };
        added += names(change.after.as_ref()).difference(&names(change.before.as_ref())).count();
    }
    match added {
        0 => missing(id, "the patch adds no test", OWN_TESTS),
        1 => missing(id, "the patch adds 1 test, which nobody ran on the base", OWN_TESTS),
        many => missing(id, &format!("the patch adds {many} tests, which nobody ran on the base"), OWN_TESTS),
    }
}
