//! Stacked rows as terminal text.

use fairtrial_domain::diff::{Span, Stacked, StackedRow};

use super::NARROWEST;
use super::line::{self, Line, Style, broken, clean, wrapped};
use crate::letter;

/// Columns of line number and sign.
const GUTTER: usize = 8;
const TAB: usize = 4;

/// Returns files in stacked form, in lines of at most `width` columns (24 at least). `authors` names the patches in
/// their order; an index without a name shows its letter alone. Long lines go on below with `↪`.
pub fn terminal_diff(files: &[Stacked], authors: &[String], width: usize, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let mut lines = Vec::new();
    for (at, file) in files.iter().enumerate() {
        if at > 0 {
            lines.push(Line::default());
        }
        lines.extend(wrapped(&file.path, "", width, Style::Strong));
        if !file.untouched.is_empty() {
            let said = format!("untouched by {}", names(&file.untouched, authors));
            lines.extend(wrapped(&said, "  ", width, Style::Soft));
        }
        if let Some(note) = &file.note {
            lines.extend(wrapped(note, "  ", width, Style::Soft));
        }
        file.rows.iter().for_each(|row| lines.extend(self::row(row, authors, width)));
    }
    line::text(&lines, width, colour)
}

fn names(who: &[u32], authors: &[String]) -> String {
    let name = |at: &u32| {
        let place = *at as usize;
        authors.get(place).map_or_else(|| letter(place), |name| format!("{} {name}", letter(place)))
    };
    who.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn row(row: &StackedRow, authors: &[String], width: usize) -> Vec<Line> {
    match row {
        StackedRow::Base { line, text } => {
            let span = Span { text: text.clone(), changed: false };
            content(&line.to_string(), " ", &[span], (Style::Plain, Style::Plain), width)
        }
        StackedRow::Removed { line, spans, .. } => {
            content(&line.to_string(), "-", spans, (Style::Removed, Style::RemovedWord), width)
        }
        StackedRow::Added { spans, .. } => content("", "+", spans, (Style::Added, Style::AddedWord), width),
        StackedRow::Gap { lines, .. } => {
            vec![Line::of(&format!("{:>5} … {lines} unchanged", ""), Style::Soft)]
        }
        StackedRow::Authors { who, removes } => {
            let verb = match (removes, who.len()) {
                (true, 1) => "removes",
                (true, _) => "remove",
                (false, 1) => "puts",
                (false, _) => "put",
            };
            let style = who.first().map_or(Style::Soft, |at| Style::Identity(*at as usize));
            wrapped(&format!("{} {verb}", names(who, authors)), "   ── ", width, style)
        }
    }
}

fn content(number: &str, sign: &str, spans: &[Span], styles: (Style, Style), width: usize) -> Vec<Line> {
    let mut column = 0;
    let pieces: Vec<(String, Style)> = spans
        .iter()
        .map(|span| (tabs(&span.text, &mut column), if span.changed { styles.1 } else { styles.0 }))
        .collect();
    let rows = broken(&pieces, width - GUTTER);
    let line = |(at, pieces): (usize, Vec<(String, Style)>)| {
        let mut line = Line::default();
        if at == 0 {
            line.push(&format!("{number:>5} "), Style::Soft);
            line.push(&format!("{sign} "), styles.0);
        } else {
            line.push("      ↪ ", Style::Soft);
        }
        pieces.iter().for_each(|(text, style)| line.push(text, *style));
        line
    };
    rows.into_iter().enumerate().map(line).collect()
}

/// Cleans text and replaces each tab with spaces up to the next stop.
fn tabs(text: &str, column: &mut usize) -> String {
    let mut out = String::new();
    for (at, part) in text.split('\t').enumerate() {
        if at > 0 {
            let spaces = TAB - *column % TAB;
            out.push_str(&" ".repeat(spaces));
            *column += spaces;
        }
        let part = clean(part);
        *column += line::width_of(&part);
        out.push_str(&part);
    }
    out
}
