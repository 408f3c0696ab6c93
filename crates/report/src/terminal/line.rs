//! Lines of styled text that know how wide they are.

use unicode_width::UnicodeWidthChar;

use crate::State;

/// How a piece looks where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// Bold.
    Strong,
    /// Less prominent.
    Soft,
    /// An assistant's hue, beside its letter.
    Identity(usize),
    /// What became of a trial.
    Outcome(State),
    /// Put.
    Added,
    /// Removed.
    Removed,
    /// The changed words of a line that was put.
    AddedWord,
    /// The changed words of a line that was removed.
    RemovedWord,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Strong => "1",
            Style::Soft => "2",
            // Blue, magenta and cyan: red, green and yellow have meanings.
            Style::Identity(place) => {
                ["1;34", "1;35", "1;36", "1;94", "1;95", "1;96", "1;37", "1;90"][place % 8]
            }
            Style::Outcome(State::Resolved) | Style::Added => "32",
            Style::Outcome(State::SetAside) | Style::Removed => "31",
            Style::Outcome(State::TimedOut | State::NotEvidence) => "33",
            Style::Outcome(State::Unresolved | State::NoDiff | State::Ungraded | State::Waiting) => "",
            Style::AddedWord => "1;32",
            Style::RemovedWord => "1;31",
        }
    }
}

/// One line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pieces: Vec<(String, Style)>,
}

impl Line {
    pub(super) fn of(text: &str, style: Style) -> Line {
        Line { pieces: vec![(text.to_owned(), style)] }
    }

    pub(super) fn push(&mut self, text: &str, style: Style) {
        self.pieces.push((text.to_owned(), style));
    }

    /// Writes `text` and spaces up to `width` columns.
    pub(super) fn push_wide(&mut self, text: &str, width: usize, style: Style) {
        self.push(text, style);
        self.push(&" ".repeat(width.saturating_sub(width_of(text))), Style::Plain);
    }
}

/// Writes lines, each cut to `width` columns and without spaces at its end.
pub(super) fn text(lines: &[Line], width: usize, colour: bool) -> String {
    let mut out = String::new();
    for line in lines {
        let whole: String = line.pieces.iter().map(|piece| piece.0.as_str()).collect();
        let mut left = cut(&whole, width).trim_end().chars().count();
        let clipped = width_of(&whole) > width;
        for (piece, style) in &line.pieces {
            let mut shown: String = piece.chars().take(left).collect();
            left -= shown.chars().count();
            if clipped && left == 0 && !shown.is_empty() {
                shown.pop();
                shown.push('…');
            }
            match style.code() {
                code if colour && !code.is_empty() && !shown.is_empty() => {
                    out.push_str(&format!("\u{1b}[{code}m{shown}\u{1b}[0m"));
                }
                _ => out.push_str(&shown),
            }
            if left == 0 {
                break;
            }
        }
        out.push('\n');
    }
    out
}

/// Returns text that a terminal shows and does not obey, on one line.
pub(super) fn clean(text: &str) -> String {
    let visible = fairtrial_patch::visible(text);
    let shown = visible.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}'));
    shown.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn columns(c: char) -> usize {
    UnicodeWidthChar::width(c).unwrap_or(0)
}

/// Returns how many columns cleaned text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Cuts cleaned text to `width` columns; a cut text ends in `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut out = head(text, width.saturating_sub(1)).to_owned();
    out.push('…');
    out
}

/// Returns as much of the start of `text` as fits in `width` columns.
fn head(text: &str, width: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += columns(*c);
        taken > width
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Breaks text into lines of at most `width` columns, each after `indent`.
pub(super) fn wrapped(text: &str, indent: &str, width: usize, style: Style) -> Vec<Line> {
    let room = width.saturating_sub(width_of(indent)).max(2);
    let clean = clean(text);
    let mut lines = vec![String::new()];
    for word in clean.split_whitespace() {
        let mut word = word;
        let fits = |line: &String, word: &str| line.is_empty() || width_of(line) + 1 + width_of(word) <= room;
        if !lines.last().is_some_and(|line| fits(line, word)) {
            lines.push(String::new());
        }
        while width_of(word) > room {
            let start = head(word, room);
            lines.insert(lines.len() - 1, start.to_owned());
            word = &word[start.len()..];
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
        .iter()
        .map(|line| Line { pieces: vec![(indent.to_owned(), Style::Soft), (line.clone(), style)] })
        .collect()
}

/// Breaks cleaned pieces at `width` columns without losing a character.
pub(super) fn broken(pieces: &[(String, Style)], width: usize) -> Vec<Vec<(String, Style)>> {
    let width = width.max(2);
    let mut rows: Vec<Vec<(String, Style)>> = vec![vec![]];
    let mut left = width;
    for (text, style) in pieces {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let start = head(rest, left);
            if start.is_empty() {
                rows.push(vec![]);
                left = width;
                continue;
            }
            if let Some(row) = rows.last_mut() {
                row.push((start.to_owned(), *style));
            }
            left -= width_of(start);
            rest = &rest[start.len()..];
        }
    }
    rows
}
