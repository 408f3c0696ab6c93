//! The rules on existing tests, protected or not: T2 fewer assertions, T4 skip markers.
//!
//! **Invariant:** a test that moved, or got another name and nothing else, is no offence; the work grows with the
//! patch and not with its square.

use std::collections::HashMap;
use std::rc::Rc;

use fairtrial_domain::outcome::RuleId;
use fairtrial_domain::patch::{FileChange, Patch, Side};
use fairtrial_domain::score::Finding;

use super::assertion::{assertions, values};
use super::paths::is_test;
use super::tamper::{place, quote, seen, text};
use super::tests_in::{Language, Test, is_comment, language};
use crate::features::Sources;
use crate::syntax::{Source, TokenKind};

/// A file whose tests can be read.
struct File<'a> {
    change: &'a FileChange,
    language: Language,
    before: Rc<Vec<Test>>,
    after: Rc<Vec<Test>>,
}

/// Returns what T2 and T4 see, in the patch's order.
pub(super) fn weakened<'a>(patch: &'a Patch, sources: &Sources<'a>) -> Vec<Finding> {
    let files: Vec<File<'_>> = patch.files.iter().filter_map(|change| File::of(change, sources)).collect();
    let moved = Moved::of(&files);
    files.iter().flat_map(|file| [file.fewer_assertions(&moved, sources), file.skips()].concat()).collect()
}

/// Tests that stand where they did not stand before, with the most assertions of each name and body.
struct Moved<'a> {
    by_name: HashMap<&'a str, usize>,
    by_body: HashMap<u64, usize>,
}

impl<'a> Moved<'a> {
    fn of(files: &'a [File<'a>]) -> Self {
        let mut moved = Moved { by_name: HashMap::new(), by_body: HashMap::new() };
        for file in files {
            let before = by_name(&file.before);
            for test in file.after.iter().filter(|test| !before.contains_key(test.name.as_str())) {
                let most = moved.by_name.entry(&test.name).or_default();
                *most = test.assertions.max(*most);
                let most = moved.by_body.entry(test.body).or_default();
                *most = test.assertions.max(*most);
            }
        }
        moved
    }

    fn has(&self, test: &Test) -> bool {
        let enough = |most: &usize| *most >= test.assertions;
        self.by_name.get(test.name.as_str()).is_some_and(enough)
            || self.by_body.get(&test.body).is_some_and(enough)
    }
}

/// Returns for each name its first test and the assertions of all.
fn by_name(tests: &[Test]) -> HashMap<&str, (&Test, usize)> {
    let mut named: HashMap<&str, (&Test, usize)> = HashMap::new();
    for test in tests {
        named.entry(&test.name).or_insert((test, 0)).1 += test.assertions;
    }
    named
}

impl<'a> File<'a> {
    fn of(change: &'a FileChange, sources: &Sources<'a>) -> Option<Self> {
        let language = language(&change.path)?;
        let side =
            |side: Option<&'a Side>| text(side).map_or(Rc::default(), |text| sources.tests(text, language));
        let (before, after) = (side(change.before.as_ref()), side(change.after.as_ref()));
        Some(File { change, language, before, after })
    }

    /// T2: an existing test asserts less, or is gone.
    fn fewer_assertions(&self, moved: &Moved<'_>, sources: &Sources<'a>) -> Vec<Finding> {
        let after = by_name(&self.after);
        let mut gone: Vec<(&Test, usize)> = by_name(&self.before).into_values().collect();
        gone.sort_by_key(|(test, _)| test.header);
        // Production code may have a `test_connection` or a `pattern.test("x")`.
        let may_be_none = |had: usize| match self.language {
            Language::Rust => false,
            Language::Python => had == 0 && !is_test(&self.change.path),
            Language::JavaScript | Language::Go | Language::Java => !is_test(&self.change.path),
        };
        let lost = gone.into_iter().filter(|(_, had)| !may_be_none(*had)).filter_map(|(old, had)| {
            let mut offence = true;
            let (line, because) = match after.get(old.name.as_str()) {
                Some((test, has)) if *has < had => {
                    offence = !still_asserted(self.change, old, test, sources);
                    (test.header, format!("test `{}` had {had} assertions and has {has}", old.name))
                }
                Some(_) => return None,
                None if moved.has(old) || self.says_the_same(old, sources) => return None,
                None => (old.header, format!("test `{}` with {had} assertions is gone", old.name)),
            };
            let mut finding = seen(RuleId::FewerAssertions, &self.change.path, Some(line), because, offence);
            finding.was = Some(place(&self.change.path, Some(old.header)));
            Some(finding)
        });
        lost.collect()
    }

    /// Returns whether a test with a new name holds every assertion that a gone one held, in whatever layout.
    fn says_the_same(&self, old: &Test, sources: &Sources<'a>) -> bool {
        let sides = text(self.change.before.as_ref()).zip(text(self.change.after.as_ref()));
        let Some((before, after)) = sides else { return false };
        let (was, is) = (sources.get(&self.change.path, before), sources.get(&self.change.path, after));
        let (Ok(was), Ok(is)) = (was.as_ref(), is.as_ref()) else { return false };
        let of = |source: &Source<'_>, test: &Test| -> Vec<Vec<String>> {
            let tokens = source.on_lines(&(test.first..test.last + 1));
            assertions(source, tokens).into_iter().map(|one| one.tokens).collect()
        };
        let (wanted, known) = (of(was, old), by_name(&self.before));
        let fresh = self.after.iter().filter(|test| !known.contains_key(test.name.as_str())).take(NESTED);
        !wanted.is_empty()
            && fresh.map(|test| of(is, test)).any(|held| wanted.iter().all(|one| held.contains(one)))
    }

    /// T4: a marker that keeps an existing test from running, or a test that leaves at once.
    fn skips(&self) -> Vec<Finding> {
        let (path, rule) = (&self.change.path, RuleId::SkippedTest);
        let Some(new) = text(self.change.after.as_ref()).filter(|_| self.may_hold_tests()) else {
            return vec![];
        };
        let before = by_name(&self.before);
        let mut left: HashMap<&str, usize> = HashMap::new();
        for line in text(self.change.before.as_ref()).unwrap_or("").lines() {
            *left.entry(line.trim()).or_default() += 1;
        }
        let mut found = Vec::new();
        for (at, line) in new.lines().enumerate() {
            let count = left.entry(line.trim()).or_default();
            let stood = *count > 0;
            *count = count.saturating_sub(1);
            let Some(marker) = marker(line, self.language).filter(|_| !stood) else { continue };
            // A panic that was expected before may be expected in other words.
            let before_text = text(self.change.before.as_ref()).unwrap_or("");
            if marker == "#[should_panic"
                && new.matches(marker).count() <= before_text.matches(marker).count()
            {
                continue;
            }
            let inside = around(&self.after, at);
            let weakens = inside.is_none_or(|test| before.contains_key(test.name.as_str()));
            let offence = self.change.before.is_some() && (marker.contains("only") || weakens);
            let whose = inside.map_or("tests".to_owned(), |test| format!("test `{}`", test.name));
            found.push(seen(
                rule,
                path,
                Some(at),
                format!("{whose} got a skip marker: {}", quote(line)),
                offence,
            ));
        }
        for test in self.after.iter().filter(|test| leaves(test)) {
            if before.get(test.name.as_str()).is_some_and(|(old, _)| !leaves(old)) {
                let because = format!("test `{}` leaves before it asserts anything", test.name);
                found.push(seen(rule, path, Some(test.header), because, true));
            }
        }
        found
    }

    /// Rust keeps tests beside the code; elsewhere a call like `.skip(` is a test's only in a test file, or in
    /// Python beside tests.
    fn may_hold_tests(&self) -> bool {
        match self.language {
            Language::Rust => true,
            Language::Python => is_test(&self.change.path) || self.before.iter().any(|t| t.assertions > 0),
            Language::JavaScript | Language::Go | Language::Java => is_test(&self.change.path),
        }
    }
}

/// Returns whether a test with fewer assertions asserts as much: helpers of its file assert for it, or a loop holds
/// every value that the single assertions held.
fn still_asserted<'a>(change: &'a FileChange, old: &Test, new: &Test, sources: &Sources<'a>) -> bool {
    let Some((before, after)) = text(change.before.as_ref()).zip(text(change.after.as_ref())) else {
        return false;
    };
    let (was, is) = (sources.get(&change.path, before), sources.get(&change.path, after));
    let (Ok(was), Ok(is)) = (was.as_ref(), is.as_ref()) else { return false };
    let lines = |test: &Test| test.first..test.last + 1;
    let (old_tokens, new_tokens) = (was.on_lines(&lines(old)), is.on_lines(&lines(new)));
    if with_helpers(is, new) >= with_helpers(was, old) {
        return true;
    }
    let (had, has) = (values(was, old_tokens), values(is, new_tokens));
    let loops = ["for", "each", "parametrize", "forEach", "while"];
    let looped =
        new_tokens.iter().any(|token| token.kind == TokenKind::Code && loops.contains(&is.text_of(token)));
    let asserts = !assertions(is, new_tokens).is_empty();
    looped && asserts && !had.is_empty() && had.keys().all(|value| has.contains_key(value))
}

/// Counts the assertions of a test, and for each call of a helper in its file those of the helper.
fn with_helpers(source: &Source<'_>, test: &Test) -> usize {
    let lines = test.first..test.last + 1;
    let tokens = source.on_lines(&lines);
    let mut helpers: HashMap<String, usize> = HashMap::new();
    for definition in source.definitions().iter().filter(|d| !lines.contains(&d.lines.start)) {
        let held = assertions(source, source.on_lines(&definition.lines)).len();
        let name = definition.name.rsplit('.').next().unwrap_or_default();
        if held > 0 && !name.to_ascii_lowercase().starts_with("test") {
            helpers.insert(name.to_owned(), held);
        }
    }
    let calls = tokens.windows(2).filter(|pair| source.text_of(&pair[1]) == "(");
    let helped: usize = calls.filter_map(|pair| helpers.get(source.text_of(&pair[0]))).sum();
    assertions(source, tokens).len() + helped
}

/// Tests inside of tests are looked for this deep.
const NESTED: usize = 64;

/// Returns the innermost test around a line.
fn around(tests: &[Test], at: usize) -> Option<&Test> {
    let started = tests.partition_point(|test| test.first <= at);
    tests[..started].iter().rev().take(NESTED).find(|test| at <= test.last)
}

/// Returns whether the first thing a test does is to leave.
fn leaves(test: &Test) -> bool {
    let exits = ["sys.exit(", "os._exit(", "process.exit(", "std::process::exit(", "os.Exit("];
    test.starts_with.as_deref().is_some_and(|line| {
        let line = line.trim_end_matches(';');
        ["return", "return None", "return True", "return Ok(())"].contains(&line)
            || exits.iter().any(|exit| line.starts_with(exit))
    })
}

/// What keeps a test from running in JavaScript and TypeScript.
const SCRIPT_MARKERS: &[&str] = &[
    "it.skip(",
    "test.skip(",
    "describe.skip(",
    "suite.skip(",
    "xit(",
    "xtest(",
    "xdescribe(",
    "test.todo(",
    "it.todo(",
    "it.only(",
    "test.only(",
    "describe.only(",
    "skip: true",
    "skip: \"",
    "skip: '",
    "skip: `",
    "skip:true",
    "todo: true",
    "only: true",
    "only:true",
    "t.skip(",
    "this.skip(",
    "test.fixme(",
    "it.fails(",
    "test.fails(",
    "it.failing(",
    "test.failing(",
    "it.skipIf(",
    "test.skipIf(",
    "describe.skipIf(",
    "describe.todo(",
    ".skip.each(",
    "if (false)",
];

/// Returns the skip marker on a line of code.
fn marker(line: &str, language: Language) -> Option<&'static str> {
    let code = line.trim_start();
    let has = |markers: &[&'static str]| markers.iter().find(|marker| code.contains(**marker)).copied();
    // A build line is a comment that decides whether the file is built at all.
    if language == Language::Go && (code.starts_with("//go:build ") || code.starts_with("// +build ")) {
        return Some("//go:build");
    }
    if is_comment(code, language) {
        return None;
    }
    match language {
        Language::Python if code.starts_with("if False:") || code.starts_with("if 0:") => Some("if False"),
        Language::Python => has(&[
            "mark.skip",
            "mark.xfail",
            "pytest.skip(",
            "pytest.xfail(",
            "unittest.skip",
            "unittest.expectedFailure",
            "skipTest(",
            "SkipTest(",
            "raise SkipTest",
            "raise unittest.SkipTest",
            "__test__ = False",
            "pytest.importorskip(",
        ])
        .filter(|marker| starts_word(code, marker))
        .or_else(|| skip_decorator(code)),
        Language::Rust => {
            let found = has(&["#[ignore", ", ignore", "#[should_panic", "#[cfg(any())]", "if false {"]);
            found.filter(|_| code.starts_with("#[") || code.starts_with("if false"))
        }
        Language::JavaScript => {
            has(SCRIPT_MARKERS).filter(|marker| marker.starts_with('.') || starts_word(code, marker))
        }
        Language::Go => has(&["t.Skip(", "t.Skipf(", "t.SkipNow(", "if false {"]),
        Language::Java => has(&[
            "@Disabled",
            "@Ignore",
            "@EnabledIf",
            "assumeTrue(false",
            "assumeFalse(true",
            "Assumptions.abort(",
            "if (false)",
        ]),
    }
}

/// Returns `@skip` and its kin as unittest names them: `@skip_cache` is a decorator of somebody else.
fn skip_decorator(code: &str) -> Option<&'static str> {
    let name = code.strip_prefix('@')?.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    ["skip", "skipIf", "skipUnless", "skipif", "expectedFailure"].contains(&name).then_some("@skip")
}

/// Returns whether `part` begins a word of `code`: `exit(` holds no `xit(`.
fn starts_word(code: &str, part: &str) -> bool {
    code.match_indices(part).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
