//! Alters what tests expect, so that code which is honestly run fails them. A runner that reports such tests as
//! passed does not say what the code does.
//!
//! **Invariant:** total on any text; nothing changes but literals, expected values and the sense of assertions. The
//! same text is always altered alike, so that what a reference's run shows can be asked of a patch's.

mod lex;
mod place;

use std::ops::Range;

use fairtrial_domain::task::HiddenFile;

use lex::{Kind, Piece, language, pieces};

/// Hidden files of which at least one expects something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Altered {
    /// All of them, in the order given.
    pub files: Vec<HiddenFile>,
    /// How many expectations were altered.
    pub places: u64,
}

/// Alters what the tests among `hidden` expect; `None` where nothing is found to alter.
pub fn alter(hidden: &[HiddenFile]) -> Option<Altered> {
    let mut altered = Altered { files: hidden.to_vec(), places: 0 };
    for file in &mut altered.files {
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        if let Some((text, places)) = altered_text(&file.path, text) {
            file.content = text.into_bytes();
            altered.places += places;
        }
    }
    (altered.places > 0).then_some(altered)
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    at: Range<usize>,
    to: String,
}

fn altered_text(path: &str, text: &str) -> Option<(String, u64)> {
    let language = language(path)?;
    let pieces = pieces(text, language);
    let mut edits: Vec<Edit> = Vec::new();
    let mut places = 0;
    for found in place::places(text, &pieces, language) {
        let mut more = found.edits(text, &pieces, language);
        more.sort_by_key(|edit| (edit.at.start, edit.at.end));
        // An assertion inside another is altered by the outer one.
        let free = more.first().is_some_and(|e| edits.last().is_none_or(|last| last.at.end <= e.at.start));
        let apart = more.windows(2).all(|pair| pair[0].at.end <= pair[1].at.start);
        if free && apart {
            places += 1;
            edits.append(&mut more);
        }
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut from = 0;
    for edit in &edits {
        out.push_str(&text[from..edit.at.start]);
        out.push_str(&edit.to);
        from = edit.at.end;
    }
    out.push_str(&text[from..]);
    (places > 0).then_some((out, places))
}

/// Returns another literal of the same kind in the place of `piece`; `None` for what is no literal.
fn other(text: &str, piece: &Piece) -> Option<Edit> {
    let said = &text[piece.at.clone()];
    match &piece.kind {
        Kind::Number => other_number(said, piece.at.start).map(|to| Edit { at: piece.at.clone(), to }),
        Kind::Text(inner) => other_text(text, inner.clone()),
        Kind::Word => {
            let to = match said {
                "True" => "False",
                "False" => "True",
                "true" => "false",
                "false" => "true",
                _ => return None,
            };
            Some(Edit { at: piece.at.clone(), to: to.to_owned() })
        }
        Kind::Pattern | Kind::Mark(_) | Kind::Line => None,
    }
}

fn other_number(said: &str, at: usize) -> Option<String> {
    let step = small(said, at);
    let radix = match said.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        Some(_) | None => 10,
    };
    // Of a prefixed number the first digit, for its last letters may be its type.
    let digits = if radix == 10 {
        said.bytes().take_while(|b| b.is_ascii_digit() || b"._".contains(b)).count()
    } else {
        said.len().min(3)
    };
    let at = said[..digits].rfind(|c: char| c.is_ascii_hexdigit())?;
    let old = said[at..=at].chars().next()?.to_digit(radix)?;
    let mut new = (old + 1 + step % (radix - 1)) % radix;
    // A leading zero would be another way to write a number.
    if new == 0 && at == 0 && said.len() > 1 {
        new = 1 + u32::from(old == 1);
    }
    Some(format!("{}{}{}", &said[..at], char::from_digit(new, radix)?, &said[at + 1..]))
}

/// Changes one letter or digit in front of the first escape or place-holder.
fn other_text(text: &str, inner: Range<usize>) -> Option<Edit> {
    let said = &text[inner.clone()];
    let plain = said.find(['\\', '{', '}', '%', '$']).unwrap_or(said.len());
    let letters: Vec<(usize, u8)> =
        said.bytes().enumerate().take(plain).filter(|(_, b)| b.is_ascii_alphanumeric()).collect();
    if letters.is_empty() {
        return Some(Edit { at: inner.start..inner.start, to: "x".to_owned() });
    }
    let (at, old) = letters[small(said, inner.start) as usize % letters.len()];
    let step = 1 + u8::try_from(small(said, inner.start) % 7).unwrap_or(0);
    let turned = |from: u8, count: u8| from + (old - from + step) % count;
    let new = match old {
        b'0'..=b'9' => turned(b'0', 10),
        b'a'..=b'z' => turned(b'a', 26),
        _ => turned(b'A', 26),
    };
    let at = inner.start + at;
    Some(Edit { at: at..at + 1, to: char::from(new).to_string() })
}

/// A small number that depends on a text and its place, the same on every machine (FNV-1a): what is given and what is
/// expected are not altered alike.
fn small(text: &str, at: usize) -> u32 {
    let bytes = at.to_le_bytes().into_iter().chain(text.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 7) % 1009
}

#[cfg(test)]
mod tests;
