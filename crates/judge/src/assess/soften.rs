//! T3 and T5: what an existing test demands less than before, and failures in it that are swallowed.
//!
//! **Invariant:** a test is compared with itself by name; what only reads otherwise is no offence.

use std::collections::{BTreeMap, HashMap};

use fairtrial_domain::outcome::RuleId;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::score::Finding;

use super::assertion::{Assertion, assertions, plain, values};
use super::swallow;
use super::tamper::{place, seen, text};
use super::tests_in::{Test, language};
use crate::features::Sources;
use crate::syntax::{Source, Token, TokenKind};

/// One test with what its tokens say.
struct Read<'a> {
    test: Test,
    tokens: &'a [Token],
    assertions: Vec<Assertion>,
}

impl<'a> Read<'a> {
    fn of(test: Test, source: &'a Source<'_>) -> Self {
        let first = decorated(source, test.header).map_or(test.first, |first| first.min(test.first));
        let tokens = source.on_lines(&(first..test.last + 1));
        let assertions = assertions(source, tokens);
        Read { test, tokens, assertions }
    }
}

/// Returns the first line of the decorators of the definition on a line, where they take more than one.
fn decorated(source: &Source<'_>, line: usize) -> Option<usize> {
    let text = source.text.lines().nth(line)?;
    let column = text.len() - text.trim_start().len();
    let point = tree_sitter::Point { row: line, column };
    let mut node = source.root()?.descendant_for_point_range(point, point)?;
    loop {
        if matches!(node.kind(), "decorated_definition" | "method_declaration") {
            return Some(node.start_position().row);
        }
        if node.start_position().row < line && node.kind() != "modifiers" {
            return None;
        }
        node = node.parent()?;
    }
}

/// Returns what T3 and T5 see, in the patch's order.
pub(super) fn softened<'a>(patch: &'a Patch, sources: &Sources<'a>) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in &patch.files {
        let Some(language) = language(&change.path) else { continue };
        let sides = text(change.before.as_ref()).zip(text(change.after.as_ref()));
        let Some((before, after)) = sides else { continue };
        let (old_tests, new_tests) = (sources.tests(before, language), sources.tests(after, language));
        if old_tests.is_empty() || new_tests.is_empty() {
            continue;
        }
        let (old, new) = (sources.get(&change.path, before), sources.get(&change.path, after));
        let (Ok(old), Ok(new)) = (old.as_ref(), new.as_ref()) else { continue };
        let mut by_name: HashMap<&str, &Test> = HashMap::new();
        new_tests.iter().for_each(|test| {
            by_name.entry(&test.name).or_insert(test);
        });
        let mut once = std::collections::HashSet::new();
        for test in old_tests.iter().filter(|test| once.insert(test.name.clone())) {
            let Some(same) = by_name.get(test.name.as_str()) else { continue };
            let (was, is) = (Read::of(test.clone(), old), Read::of((*same).clone(), new));
            if code(&was, old) == code(&is, new) {
                continue;
            }
            found.extend(weakened(&change.path, (&was, old), (&is, new)));
            found.extend(fewer_cases(&change.path, (&was, old), (&is, new)));
            found.extend(swallow::swallowed(&change.path, (&was.test, old), (&is.test, new)));
        }
    }
    found
}

fn code<'s>(read: &Read<'_>, source: &Source<'s>) -> Vec<&'s str> {
    read.tokens.iter().filter(|t| t.kind != TokenKind::Comment).map(|t| source.text_of(t)).collect()
}

type Side<'a, 'b> = (&'b Read<'a>, &'b Source<'a>);

fn weakened(path: &str, was: Side<'_, '_>, is: Side<'_, '_>) -> Vec<Finding> {
    let (old, new) = unmatched(&was.0.assertions, &is.0.assertions);
    let mut lost = lost_values(was, is);
    let mut found = Vec::new();
    let mut report = |because: String, old: usize, new: usize| {
        let mut finding = seen(RuleId::WeakenedAssertion, path, Some(new), because, true);
        finding.was = Some(place(path, Some(old)));
        found.push(finding);
    };
    let name = &was.0.test.name;
    for (a, b) in pairs(&old, &new) {
        if b.level < a.level {
            let because = format!(
                "an assertion of test `{name}` demanded {} and demands {}",
                a.level.words(),
                b.level.words()
            );
            report(because, a.line, b.line);
        } else if b.level == a.level && a.positive != b.positive {
            report(format!("an assertion of test `{name}` demands the opposite"), a.line, b.line);
        } else if b.level == a.level
            && let Some(how) = loosened(&a.tokens, &b.tokens)
        {
            report(format!("an assertion of test `{name}` lets more through: `{how}`"), a.line, b.line);
        } else if b.level == a.level && !stricter(&a.tokens, &b.tokens) {
            let gone = a.values.iter().find(|value| lost.get(*value).is_some_and(|count| *count > 0));
            if let Some(value) = gone {
                report(format!("test `{name}` no longer expects {value}"), a.line, b.line);
            } else if let Some((from, to)) = flipped(a, b) {
                report(format!("test `{name}` expected {from} and expects {to}"), a.line, b.line);
            }
        }
        a.values.iter().for_each(|value| {
            lost.remove(value);
        });
    }
    if found.is_empty() {
        found.extend(changed_value(path, was, is, &lost));
    }
    found
}

/// Assertions that do not stand on the other side word for word.
fn unmatched<'b>(old: &'b [Assertion], new: &'b [Assertion]) -> (Vec<&'b Assertion>, Vec<&'b Assertion>) {
    let rest = |these: &'b [Assertion], those: &[Assertion]| -> Vec<&'b Assertion> {
        let mut left: HashMap<&[String], usize> = HashMap::new();
        those.iter().for_each(|one| *left.entry(&one.tokens).or_default() += 1);
        let stays = |one: &&Assertion| match left.get_mut(one.tokens.as_slice()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            Some(_) | None => true,
        };
        these.iter().filter(stays).collect()
    };
    (rest(old, new), rest(new, old))
}

/// Assertions of one test that are paired by how alike they are.
const PAIRED: usize = 200;

/// Pairs each old assertion with the new one that it is most like; what is left over is no pair.
fn pairs<'b>(old: &[&'b Assertion], new: &[&'b Assertion]) -> Vec<(&'b Assertion, &'b Assertion)> {
    let mut free: Vec<&Assertion> = new.iter().take(PAIRED).copied().collect();
    let mut found = Vec::new();
    for a in old.iter().take(PAIRED) {
        let best = (0..free.len()).max_by_key(|at| (alike(a, free[*at]), std::cmp::Reverse(*at)));
        if let Some(at) = best {
            found.push((*a, free.remove(at)));
        }
    }
    found
}

/// Shared tokens in thousandths of both sides.
fn alike(a: &Assertion, b: &Assertion) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    a.tokens.iter().for_each(|token| *left.entry(token).or_default() += 1);
    let shared = b.tokens.iter().filter(|token| match left.get_mut(token.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        Some(_) | None => false,
    });
    shared.count() * 2000 / (a.tokens.len() + b.tokens.len()).max(1)
}

/// Values that stand in the old test more often than in the new one.
fn lost_values(was: Side<'_, '_>, is: Side<'_, '_>) -> BTreeMap<String, usize> {
    let (old, new) = (values(was.1, was.0.tokens), values(is.1, is.0.tokens));
    let lost = old.into_iter().filter_map(|(value, count)| {
        let left = count.saturating_sub(new.get(&value).copied().unwrap_or(0));
        (left > 0).then_some((value, left))
    });
    lost.collect()
}

/// Truth values are no literals in most grammars; one that took another's place is a changed expectation.
fn flipped(a: &Assertion, b: &Assertion) -> Option<(String, String)> {
    let words = |one: &Assertion| -> Vec<String> {
        one.values.iter().filter(|value| value.starts_with(char::is_alphabetic)).cloned().collect()
    };
    let (old, new) = (words(a), words(b));
    let differ = old.iter().zip(&new).find(|(x, y)| x != y);
    let same_else = a.tokens.len() == b.tokens.len();
    differ.filter(|_| same_else).map(|(x, y)| (x.clone(), y.clone()))
}

/// Words that take away from what is compared, or let anything stand in for a part of it.
const LOOSE: [&str; 27] = [
    "or",
    "||",
    "ANY",
    "anything",
    "Anything",
    "any",
    "anyString",
    "anyInt",
    "sorted",
    "set",
    "Set",
    "lower",
    "toLowerCase",
    "strip",
    "trim",
    "round",
    "ElementsMatch",
    "assertCountEqual",
    "containsInAnyOrder",
    "arrayContaining",
    "objectContaining",
    "to_lowercase",
    "ToLower",
    "TrimSpace",
    "assertDictContainsSubset",
    "sort",
    "stringContaining",
];

/// Returns the word or sign by which an assertion lets more through than before.
fn loosened(old: &[String], new: &[String]) -> Option<String> {
    let count = |tokens: &[String], word: &str| tokens.iter().filter(|token| *token == word).count();
    let loose = LOOSE.iter().find(|word| count(new, word) > count(old, word)).map(|word| (*word).to_owned());
    let wild = || {
        let rises = count(new, "_") > count(old, "_") && new.len() <= old.len();
        rises.then(|| "_".to_owned())
    };
    let bound = || {
        let same = old.len() == new.len();
        let mut differ = old.iter().zip(new).filter(|(a, b)| a != b);
        let (first, second) = (differ.next(), differ.next());
        match (first, second) {
            (Some((a, b)), None) if same && *b == format!("{a}=") && [">", "<"].contains(&a.as_str()) => {
                Some(b.clone())
            }
            (_, _) => None,
        }
    };
    loose.or_else(wild).or_else(bound)
}

/// Returns whether the only thing that changed is a bound or a tolerance, and that it lets less through.
fn stricter(old: &[String], new: &[String]) -> bool {
    if old.len() != new.len() {
        return false;
    }
    let mut differ = (0..old.len()).filter(|at| old[*at] != new[*at]);
    let (Some(at), None) = (differ.next(), differ.next()) else { return false };
    let (Ok(was), Ok(is)) = (old[at].parse::<f64>(), new[at].parse::<f64>()) else { return false };
    let before = at.checked_sub(1).map_or("", |at| old[at].as_str());
    let key = if before == "=" { at.checked_sub(2).map_or("", |at| old[at].as_str()) } else { before };
    let name = old.join("").to_ascii_lowercase();
    match key {
        "<" | "<=" => is < was,
        ">" | ">=" => is > was,
        "places" => is > was,
        "delta" | "abs" | "rel" | "rel_tol" | "abs_tol" | "rtol" | "atol" => is < was,
        "," if name.contains("tobecloseto") => is > was,
        "," if ["indelta", "inepsilon", "closeto", "almostequal"].iter().any(|word| name.contains(word)) => {
            is < was
        }
        _ => false,
    }
}

/// What a line holds, its values masked, and the values.
type Masked = BTreeMap<usize, (Vec<String>, Vec<String>)>;

fn masked(side: Side<'_, '_>) -> Masked {
    let mut lines = Masked::new();
    let header = side.0.test.header;
    for token in side.0.tokens.iter().filter(|t| t.kind != TokenKind::Comment && t.line != header) {
        let (mask, values) = lines.entry(token.line).or_default();
        if token.kind == TokenKind::Literal {
            mask.push("…".to_owned());
            values.push(plain(side.1.text_of(token)));
        } else {
            mask.push(side.1.text_of(token).to_owned());
        }
    }
    lines
}

/// T2 for tables: a row that has siblings of its shape is gone, and its values with it.
fn fewer_cases(path: &str, was: Side<'_, '_>, is: Side<'_, '_>) -> Option<Finding> {
    let (old, new, lost) = (masked(was), masked(is), lost_values(was, is));
    let row = |mask: &[String]| {
        let opens = mask.first().is_some_and(|t| ["(", "{", "[", "…", "#"].contains(&t.as_str()));
        let ends = mask.last().is_some_and(|t| [",", ")", "}", "]"].contains(&t.as_str()));
        opens && ends && mask.iter().any(|t| t == "…")
    };
    let count = |lines: &Masked, mask: &[String]| {
        lines
            .values()
            .filter(|(other, _)| {
                other.as_slice() == mask || other.get(..mask.len() - 1) == mask.get(..mask.len() - 1)
            })
            .count()
    };
    for (line, (mask, values)) in old.iter().filter(|(_, (mask, _))| row(mask)) {
        let gone = !values.is_empty() && values.iter().any(|value| lost.contains_key(value));
        let stays = new.values().any(|(other, held)| other == mask && held == values);
        let (had, has) = (count(&old, mask), count(&new, mask));
        if gone && !stays && had > 1 && has < had && has > 0 {
            let because = format!("test `{}` had {had} cases and has {has}", was.0.test.name);
            let mut finding = seen(RuleId::FewerAssertions, path, Some(is.0.test.header), because, true);
            finding.was = Some(place(path, Some(*line)));
            return Some(finding);
        }
    }
    None
}

/// Returns a value outside of assertions that was replaced where nothing else of its line was: an expectation kept in
/// a table or a variable.
fn changed_value(
    path: &str,
    was: Side<'_, '_>,
    is: Side<'_, '_>,
    lost: &BTreeMap<String, usize>,
) -> Option<Finding> {
    let (old, new) = (masked(was), masked(is));
    let mut left: HashMap<&(Vec<String>, Vec<String>), usize> = HashMap::new();
    new.values().for_each(|line| *left.entry(line).or_default() += 1);
    let mut gone = Vec::new();
    for (line, tokens) in &old {
        match left.get_mut(tokens) {
            Some(count) if *count > 0 => *count -= 1,
            Some(_) | None => gone.push((line, tokens)),
        }
    }
    let waits = |mask: &[String]| {
        mask.iter().any(|t| {
            let t = t.to_ascii_lowercase();
            ["sleep", "timeout", "settimeout", "wait", "log", "logf", "print", "printf", "println"]
                .contains(&t.as_str())
                || t.contains("timeout")
        })
    };
    let fails = |mask: &[String]| {
        mask.windows(3)
            .any(|w| w[0] == "t" && w[1] == "." && (w[2].starts_with("Error") || w[2].starts_with("Fatal")))
    };
    for (line, (mask, values)) in gone {
        let value = values.iter().find(|value| lost.get(*value).is_some_and(|count| *count > 0));
        let Some(value) = value.filter(|_| !waits(mask) && !fails(mask) && mask.len() > 1) else { continue };
        let twin = new.iter().find(|(_, other)| other.0 == *mask && left.get(*other).is_some_and(|n| *n > 0));
        if let Some((at, _)) = twin {
            let because = format!("test `{}` no longer holds the value {value}", was.0.test.name);
            let mut finding = seen(RuleId::WeakenedAssertion, path, Some(*at), because, true);
            finding.was = Some(place(path, Some(*line)));
            return Some(finding);
        }
    }
    None
}
