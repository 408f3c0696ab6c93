//! Puts small mistakes into a reference, one at a time: the same task always gives the same mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use fairtrial_domain::audit::MutantKind;
use fairtrial_domain::outcome::Location;
use fairtrial_domain::patch::{Content, Patch};
use fairtrial_domain::task::{Task, TaskKind};
use fairtrial_patch::Paths;
use fairtrial_patch::unified::Unified;
use sha2::Digest as _;

use super::changes::{Change, changes};
use super::code::{Kind, Style, Token, tokens};

/// Mutants of one reference.
pub const MOST_MUTANTS: usize = 10;

/// A mutant that was not graded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct MutantDraft {
    /// Where, in the reference's file.
    pub at: Location,
    /// What was done.
    pub kind: MutantKind,
    /// The first line of the text before.
    pub before: String,
    /// The first line of the text after.
    pub after: String,
    /// The reference with the mistake in it.
    pub patch: Patch,
}

/// One replacement in a file of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    kind: MutantKind,
    path: String,
    line: usize,
    range: Range<usize>,
    text: String,
}

/// Returns at most [`MOST_MUTANTS`] mutants of a task's reference, whose diff is `diff` and which as a patch is
/// `reference`. Kinds take turns, and within a kind the task's digest decides.
///
/// Only code is changed, and no test unless tests are what the task asks for.
pub fn mutants(task: &Task, diff: &Unified, reference: &Patch) -> Vec<MutantDraft> {
    let protected = Paths::of(&task.protected);
    let all = changes(diff);
    let wanted = |path: &str| {
        !protected.has(path) && (task.kind == TaskKind::Tests || !is_test(path)) && Style::of(path).is_some()
    };
    let mut by_kind: BTreeMap<MutantKind, Vec<Edit>> = BTreeMap::new();
    for (path, text) in after(reference).filter(|(path, _)| wanted(path)) {
        let here: Vec<&Change<'_>> = all.iter().filter(|change| change.path == path).collect();
        for edit in of_file(path, text, &here, all.len() > 1) {
            by_kind.entry(edit.kind).or_default().push(edit);
        }
    }
    for edits in by_kind.values_mut() {
        edits.sort_by_cached_key(|edit| order(task, edit));
    }
    let texts: BTreeMap<&str, &str> = after(reference).collect();
    take_turns(by_kind).into_iter().filter_map(|edit| draft(reference, &texts, edit)).collect()
}

fn after(patch: &Patch) -> impl Iterator<Item = (&str, &str)> {
    patch.files.iter().filter_map(|file| Some((file.path.as_str(), file.after.as_ref()?.content.as_text()?)))
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part.to_lowercase().contains("test") || part.to_lowercase().contains("spec"))
}

fn order(task: &Task, edit: &Edit) -> Vec<u8> {
    let text = format!("{}\n{}\n{}\n{:?}\n{}", task.digest, edit.path, edit.line, edit.range, edit.text);
    sha2::Sha256::digest(text.as_bytes()).to_vec()
}

/// Takes one of each kind in turn; a line is changed once before any is changed twice.
fn take_turns(by_kind: BTreeMap<MutantKind, Vec<Edit>>) -> Vec<Edit> {
    let mut queues: Vec<Vec<Edit>> = by_kind.into_values().collect();
    let mut taken: Vec<Edit> = vec![];
    let mut lines: BTreeSet<(String, usize)> = BTreeSet::new();
    for fresh_only in [true, false] {
        let mut found = true;
        while found && taken.len() < MOST_MUTANTS {
            found = false;
            for queue in &mut queues {
                let fresh = |edit: &Edit| !fresh_only || !lines.contains(&(edit.path.clone(), edit.line));
                let Some(next) = queue.iter().position(fresh).filter(|_| taken.len() < MOST_MUTANTS) else {
                    continue;
                };
                let edit = queue.remove(next);
                lines.insert((edit.path.clone(), edit.line));
                taken.push(edit);
                found = true;
            }
        }
    }
    taken
}

fn draft(reference: &Patch, texts: &BTreeMap<&str, &str>, edit: Edit) -> Option<MutantDraft> {
    let text = *texts.get(edit.path.as_str())?;
    let mut changed = text.to_owned();
    changed.replace_range(edit.range.clone(), &edit.text);
    let line_of = |text: &str| {
        let start = text.get(..edit.range.start)?.rfind('\n').map_or(0, |at| at + 1);
        Some(text.get(start..)?.lines().next().unwrap_or_default().trim().to_owned())
    };
    let (before, after) = (line_of(text)?, line_of(&changed)?);
    let mut patch = reference.clone();
    let file = patch.files.iter_mut().find(|file| file.path == edit.path)?;
    file.after.as_mut()?.content = Content::Text(changed);
    // A change that is not made leaves its file as it was: a patch holds no such file.
    patch.files.retain(|file| file.before != file.after);
    let at = Location { path: edit.path, line: u32::try_from(edit.line).ok() };
    Some(MutantDraft { at, kind: edit.kind, before, after, patch })
}

/// Returns every mistake that can be put into one file.
fn of_file(path: &str, text: &str, here: &[&Change<'_>], several: bool) -> Vec<Edit> {
    let Some(style) = Style::of(path) else { return vec![] };
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let edit = |kind, line, range, text: String| Edit { kind, path: path.to_owned(), line, range, text };
    let mut found = vec![];
    let added: BTreeSet<usize> =
        here.iter().flat_map(|change| change.start..change.start + change.added.len()).collect();
    let tokens = tokens(text, style);
    let code: Vec<Token<'_>> = tokens.into_iter().filter(|token| token.kind != Kind::Comment).collect();
    for (index, token) in code.iter().enumerate().filter(|(_, token)| added.contains(&token.line)) {
        if on_import(&code, index) {
            continue;
        }
        let range = token.at..token.at + token.text.len();
        if let Some(other) = operator(text, &code, index) {
            found.push(edit(MutantKind::Operator, token.line, range.clone(), other.to_owned()));
        }
        if let Some(other) = constant(token) {
            found.push(edit(MutantKind::Constant, token.line, range, other));
        }
        if let Some((range, other)) = condition(text, &code, index, style) {
            found.push(edit(MutantKind::Condition, token.line, range, other));
        }
    }
    for line in &added {
        if let Some((range, other)) = statement(text, &code, &starts, *line, style) {
            found.push(edit(MutantKind::Statement, *line, range, other));
        }
    }
    for change in here.iter().filter(|change| several && is_code(change, style)) {
        let byte = |line: usize| starts.get(line - 1).copied().unwrap_or(text.len());
        let range = byte(change.start)..byte(change.start + change.added.len());
        found.push(edit(MutantKind::Hunk, change.start, range, change.removed.concat()));
    }
    found
}

/// Returns whether a change is about more than comments, blank lines and imports.
fn is_code(change: &Change<'_>, style: Style) -> bool {
    change.added.iter().chain(&change.removed).any(|line| {
        let code = tokens(line, style);
        code.first().is_some_and(|first| first.kind != Kind::Comment && first.kind != Kind::Text)
            && !on_import(&code, 0)
    })
}

const IMPORTS: &[&str] = &["import", "from", "use", "include", "require", "package", "export"];

/// Returns whether a token's line begins as an import does. `export` re-exports only with `from` or braces, but to
/// leave such a line alone costs little.
fn on_import(code: &[Token<'_>], index: usize) -> bool {
    let line = code[index].line;
    let first = code[..=index].iter().rposition(|token| token.line != line).map_or(0, |before| before + 1);
    IMPORTS.contains(&code[first].text)
        && !(code[first].text == "export" && code.get(first + 1).is_some_and(|next| next.text != "{"))
}

/// Returns the operator that takes this one's place; `None` for what is no operator between two values.
fn operator(text: &str, code: &[Token<'_>], index: usize) -> Option<&'static str> {
    let token = code[index];
    let (before, after) = (code.get(index.checked_sub(1)?)?, code.get(index + 1)?);
    let spaced = text[..token.at].ends_with(' ') && text[token.at + token.text.len()..].starts_with(' ');
    let value = |token: &Token<'_>| match token.kind {
        Kind::Word | Kind::Number => true,
        Kind::Mark => [")", "]"].contains(&token.text),
        Kind::Text | Kind::Comment => false,
    };
    let arithmetic = spaced && value(before) && after.kind != Kind::Text;
    match token.text {
        "==" => Some("!="),
        "!=" => Some("=="),
        "===" => Some("!=="),
        "!==" => Some("==="),
        "&&" if spaced => Some("||"),
        "||" if spaced => Some("&&"),
        "and" => Some("or"),
        "or" => Some("and"),
        // Not `<` to `<=`: at the border both often mean the same.
        "<" if spaced => Some(">"),
        "<=" if spaced => Some(">="),
        ">" if spaced => Some("<"),
        ">=" if spaced => Some("<="),
        "+" if arithmetic => Some("-"),
        "-" if arithmetic => Some("+"),
        "*" if arithmetic => Some("+"),
        "/" | "%" if arithmetic => Some("*"),
        "+=" if after.kind != Kind::Text => Some("-="),
        "-=" => Some("+="),
        _other => None,
    }
}

fn constant(token: &Token<'_>) -> Option<String> {
    match (token.kind, token.text) {
        (Kind::Word, "true") => Some("false".to_owned()),
        (Kind::Word, "false") => Some("true".to_owned()),
        (Kind::Word, "True") => Some("False".to_owned()),
        (Kind::Word, "False") => Some("True".to_owned()),
        (Kind::Number, number) => {
            let plain = number.replace('_', "");
            let (whole, rest) =
                plain.split_at(plain.find(|c: char| !c.is_ascii_digit()).unwrap_or(plain.len()));
            let more = whole.parse::<u64>().ok()?.checked_add(1)?;
            // Hexadecimal and exponents stay as they are: the digits mean something else there.
            (rest.is_empty() || rest.starts_with('.')).then(|| format!("{more}{rest}"))
        }
        (Kind::Word | Kind::Text | Kind::Mark | Kind::Comment, _) => None,
    }
}

/// Returns the condition of an `if` turned round, where it stands on one line.
fn condition(text: &str, code: &[Token<'_>], index: usize, style: Style) -> Option<(Range<usize>, String)> {
    let token = code[index];
    if !(token.text == "if" || (token.text == "elif" && style == Style::Python)) {
        return None;
    }
    let rest = &code[index + 1..];
    let first = rest.first()?;
    let mut depth = 0_i32;
    let mut end = None;
    for token in rest {
        if token.line != first.line {
            return None;
        }
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            ":" if depth == 0 && style == Style::Python => end = Some(token.at),
            "{" if depth == 0 && style != Style::Python => end = Some(token.at),
            // A condition that binds a name, or has a statement before it.
            "let" | ";" | ":=" => return None,
            _other => {}
        }
        if depth == 0 && token.text == ")" && style == Style::Braces && first.text == "(" {
            end = Some(token.at + 1);
        }
        if end.is_some() {
            break;
        }
    }
    let range = first.at..text[..end?].trim_end().len();
    let asked = text.get(range.clone())?;
    let turned = match style {
        Style::Python => format!("not ({asked})"),
        Style::Rust => format!("!({asked})"),
        Style::Braces if asked.starts_with('(') => format!("(!{asked})"),
        Style::Braces => format!("!({asked})"),
        Style::Shell => return None,
    };
    Some((range, turned))
}

/// Words that begin what cannot go without breaking the syntax, or the names, around it.
const STAY: &[&str] = &[
    "def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "return",
    "async", "import", "from", "pass", "let", "const", "var", "use", "export", "pub", "fn", "func", "type",
    "struct", "break", "continue", "throw", "raise", "static", "yield", "case", "match", "switch", "do",
    "package", "final",
];

/// Returns the statement on a line, where the whole of it stands there, and what takes its place.
fn statement(
    text: &str,
    code: &[Token<'_>],
    starts: &[usize],
    line: usize,
    style: Style,
) -> Option<(Range<usize>, String)> {
    let start = *starts.get(line - 1)?;
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let inside: Vec<&Token<'_>> =
        code.iter().filter(|token| token.line == line && token.at >= start).collect();
    let (first, last) = (inside.first()?, inside.last()?);
    if first.kind != Kind::Word || STAY.contains(&first.text) || last.at + last.text.len() > end {
        return None;
    }
    let depth = |tokens: &mut dyn Iterator<Item = &Token<'_>>, open: &[&str], close: &[&str]| {
        tokens.map(|t| i32::from(open.contains(&t.text)) - i32::from(close.contains(&t.text))).sum::<i32>()
    };
    let all = (&["(", "[", "{"][..], &[")", "]", "}"][..]);
    if depth(&mut inside.iter().copied(), all.0, all.1) != 0 {
        return None;
    }
    // Braces hold blocks where they are no data; within other brackets a line is a part of an expression.
    let (open, close) = if style == Style::Python { all } else { (&["(", "["][..], &[")", "]"][..]) };
    if depth(&mut code.iter().take_while(|token| token.at < start), open, close) != 0 {
        return None;
    }
    let range = first.at..last.at + last.text.len();
    match style {
        Style::Python if last.text != ":" && !last.text.ends_with('\\') => Some((range, "pass".to_owned())),
        Style::Rust | Style::Braces if last.text == ";" => {
            // In the middle of a chain the line before does not end.
            let before = code.iter().rev().find(|token| token.at < start);
            let ended = before.is_none_or(|token| [";", "{", "}"].contains(&token.text));
            ended.then_some((range, String::new()))
        }
        Style::Python | Style::Rust | Style::Braces | Style::Shell => None,
    }
}

#[cfg(test)]
mod tests;
