//! Looks for a task's answer in what its assistants see, and for what its hidden checks ask and nobody was told.
//!
//! **Invariant:** what a reference takes away, or what stands in a file that it changes, is no leak; a name that the
//! hidden checks use is part of the task, so that its instruction may say it.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::audit::AuditEvidence;
use fairtrial_domain::outcome::Location;
use fairtrial_domain::task::Task;
use fairtrial_patch::unified::Unified;

use super::changes::changes;
use super::code::{Kind, Style, Token, tokens, words};

/// Characters from which on a line is one of a kind.
const LONG_LINE: usize = 20;
/// Characters of a line that must be letters or digits.
const LINE_SUBSTANCE: usize = 12;
/// In code, this share of the reference's long lines, and at least two, must stand in one file: single lines repeat.
const CODE_SHARE: f64 = 0.3;
/// Characters from which on a text is a message rather than a word.
const LONG_TEXT: usize = 6;
/// The instruction's place in a task.
const INSTRUCTION: &str = "instruction.md";

/// What to look for, and where it was seen so far.
#[derive(Debug, Default)]
pub struct Clues {
    /// Long lines that the reference adds.
    lines: BTreeSet<String>,
    /// Files that it changes.
    touched: BTreeSet<String>,
    /// Names that it defines and no hidden check uses.
    inner: BTreeSet<String>,
    /// Names that it defines and texts that it holds, which a hidden check asks for: where.
    asked: BTreeMap<String, (Location, Ask)>,
    /// Names and texts that the base, or the instruction, has anyway.
    known: BTreeSet<String>,
    /// Names in the base's code.
    base_code: BTreeSet<String>,
    leaks: Vec<AuditEvidence>,
    /// Inner names seen in the instruction or in prose of the base; leaks if the base's code does not have them.
    named: Vec<(String, Location)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Name,
    Text,
}

impl Clues {
    /// Returns what to look for in a task whose reference is `diff`, after a look at its instruction.
    pub fn of(task: &Task, diff: &Unified) -> Clues {
        let changes = changes(diff);
        let mut clues = Clues::default();
        let removed: BTreeSet<String> =
            changes.iter().flat_map(|c| &c.removed).map(|line| plain(line)).collect();
        let (mut defined, mut texts) = (BTreeSet::new(), BTreeSet::new());
        for change in &changes {
            clues.touched.insert(change.path.to_owned());
            let style = Style::of(change.path);
            clues
                .lines
                .extend(change.added.iter().filter(|line| is_telling(line, style)).map(|line| plain(line)));
            let Some(style) = style else { continue };
            let text = change.added.concat();
            let tokens = tokens(&text, style);
            defined.extend(definitions(&tokens).map(str::to_owned));
            texts.extend(long_texts(&tokens).map(|(text, _)| text.to_owned()));
        }
        clues.lines.retain(|line| !removed.contains(line));
        let mut used = BTreeSet::new();
        for file in &task.hidden {
            let Ok(text) = std::str::from_utf8(&file.content) else { continue };
            used.extend(words(text).map(str::to_owned));
            clues.asked_by(&file.path, text, &defined, &texts);
        }
        clues.inner = defined.into_iter().filter(|name| !used.contains(name) && is_coined(name)).collect();
        clues.read_instruction(&task.instruction);
        clues
    }

    fn asked_by(&mut self, path: &str, text: &str, defined: &BTreeSet<String>, texts: &BTreeSet<String>) {
        let Some(style) = Style::of(path) else { return };
        let tokens = tokens(text, style);
        let own: BTreeSet<&str> = definitions(&tokens).collect();
        let names =
            tokens.iter().filter(|token| token.kind == Kind::Word).map(|token| (token.text, token.line));
        for (name, line) in names.filter(|(name, _)| defined.contains(*name) && !own.contains(name)) {
            self.ask(name, Ask::Name, path, line);
        }
        for (text, line) in long_texts(&tokens).filter(|(text, _)| texts.contains(*text)) {
            self.ask(text, Ask::Text, path, line);
        }
    }

    fn ask(&mut self, what: &str, ask: Ask, path: &str, line: usize) {
        let at = Location { path: format!("tests/files/{path}"), line: u32::try_from(line).ok() };
        self.asked.entry(what.to_owned()).or_insert((at, ask));
    }

    fn read_instruction(&mut self, text: &str) {
        self.know(text);
        let whole = plain(&text.replace('`', " "));
        for line in &self.lines {
            if whole.contains(&plain(&line.replace('`', " "))) {
                self.leaks.push(evidence(INSTRUCTION, line_of(text, line), line));
            }
        }
        self.name_inner(INSTRUCTION, text);
    }

    /// Looks at a file of the base as its assistants see it.
    pub fn see(&mut self, path: &str, text: &str) {
        self.know(text);
        if self.touched.contains(path) {
            self.base_code.extend(words(text).map(str::to_owned));
            return;
        }
        let code = Style::of(path).is_some();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = plain(line.trim_start().trim_start_matches(['+', '-', '>', '#', '/', '*', '|']));
            if let Some(known) = self.lines.get(&line) {
                seen.entry(known).or_insert(index + 1);
            }
        }
        let enough = if code { (CODE_SHARE * self.lines.len() as f64).ceil().max(2.0) } else { 1.0 };
        if seen.len() as f64 >= enough {
            self.leaks.extend(seen.iter().map(|(line, at)| evidence(path, Some(*at), line)));
        }
        if code {
            self.base_code.extend(words(text).map(str::to_owned));
        } else {
            self.name_inner(path, text);
        }
    }

    fn know(&mut self, text: &str) {
        let all: BTreeSet<&str> = words(text).collect();
        for (what, (_, ask)) in &self.asked {
            let known = match ask {
                Ask::Name => all.contains(what.as_str()),
                Ask::Text => text.contains(what.as_str()),
            };
            if known {
                self.known.insert(what.clone());
            }
        }
    }

    fn name_inner(&mut self, path: &str, text: &str) {
        for (index, line) in text.lines().enumerate() {
            for word in words(line).filter(|word| self.inner.contains(*word)) {
                let at = Location { path: path.to_owned(), line: u32::try_from(index + 1).ok() };
                self.named.push((word.to_owned(), at));
            }
        }
    }

    /// Returns where the answer can be read: lines of the reference, and names that only it has.
    pub fn leaks(&self) -> Vec<AuditEvidence> {
        let mut once = BTreeSet::new();
        let names = self.named.iter().filter(|(name, _)| !self.base_code.contains(name));
        let names = names.filter(|(name, _)| once.insert(name.as_str()));
        let names = names.map(|(name, at)| AuditEvidence { at: at.clone(), text: name.clone() });
        self.leaks.iter().cloned().chain(names).collect()
    }

    /// Returns what hidden checks ask for and neither the instruction nor the base names.
    pub fn unnamed(&self) -> Vec<AuditEvidence> {
        let unknown = self.asked.iter().filter(|(what, _)| !self.known.contains(*what));
        unknown.map(|(what, (at, _))| AuditEvidence { at: at.clone(), text: what.clone() }).collect()
    }
}

fn evidence(path: &str, line: Option<usize>, text: &str) -> AuditEvidence {
    let line = line.and_then(|line| u32::try_from(line).ok());
    AuditEvidence { at: Location { path: path.to_owned(), line }, text: text.to_owned() }
}

/// Returns a line without its margins, every gap one space.
fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_of(text: &str, wanted: &str) -> Option<usize> {
    text.lines().position(|line| plain(line).contains(wanted)).map(|index| index + 1)
}

/// Returns whether a line of the reference would tell something: long, code, and no import.
fn is_telling(line: &str, style: Option<Style>) -> bool {
    let line = plain(line);
    let substance = line.chars().filter(|c| c.is_alphanumeric()).count();
    let Some(style) = style else { return false };
    let first = tokens(&line, style).first().map(|token| (token.kind, token.text));
    let is_code = match first {
        None | Some((Kind::Comment | Kind::Text, _)) => false,
        Some((Kind::Word, word)) => !["import", "from", "use", "require", "package"].contains(&word),
        Some((Kind::Number | Kind::Mark, text)) => text != "*",
    };
    is_code && line.chars().count() >= LONG_LINE && substance >= LINE_SUBSTANCE
}

/// Returns whether a name is one that nobody writes by chance: no plain English word.
fn is_coined(name: &str) -> bool {
    let inner_capital = name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    name.len() >= 4
        && (name.trim_matches('_').contains('_') || inner_capital || name.chars().any(|c| c.is_ascii_digit()))
}

const DEFINES: &[&str] = &[
    "def",
    "class",
    "fn",
    "func",
    "function",
    "struct",
    "enum",
    "trait",
    "type",
    "interface",
    "const",
    "static",
    "mod",
    "record",
];

/// Returns the names that code defines: functions, types, constants, and attributes of `self` and `this`.
fn definitions<'a>(tokens: &[Token<'a>]) -> impl Iterator<Item = &'a str> {
    let pairs = tokens.windows(2).filter(|pair| pair[0].kind == Kind::Word && pair[1].kind == Kind::Word);
    let defined = pairs.filter(|pair| DEFINES.contains(&pair[0].text)).map(|pair| pair[1].text);
    let own = tokens.windows(4).filter(|four| {
        ["self", "this"].contains(&four[0].text) && four[1].text == "." && four[3].text == "="
    });
    let names: Vec<&'a str> = defined.chain(own.map(|four| four[2].text)).collect();
    names.into_iter()
}

/// Returns the texts that look like messages, with their lines.
fn long_texts<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = (&'a str, usize)> + use<'t, 'a> {
    let texts = tokens.iter().filter(|token| token.kind == Kind::Text);
    texts.filter_map(|token| {
        let inner = token.text.trim_matches(['"', '\'', '`']);
        let long = inner.chars().count() >= LONG_TEXT && inner.contains(' ') && !inner.contains('\n');
        (long && inner.chars().any(char::is_alphabetic)).then_some((inner, token.line))
    })
}

#[cfg(test)]
mod tests;
