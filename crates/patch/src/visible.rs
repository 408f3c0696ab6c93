//! Makes visible what a terminal or browser would obey or hide.

use std::borrow::Cow;

/// Returns `text` with every character that is obeyed or hidden shown as a token: C0 controls as control pictures
/// (`␛`), others by number (`‹U+202E›`). Tabs, line feeds and the `\r` of a `\r\n` stay.
///
/// Covers C0, DEL, C1, bidi controls, zero-width and invisible characters, the byte order mark, line and paragraph
/// separators, tag characters and variation selectors (one after a symbol outside ASCII stays, as emoji need it).
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if is_plain(c, before, next) {
            if let Some(out) = &mut out {
                out.push(c);
            }
        } else {
            token(c, out.get_or_insert_with(|| text[..at].to_owned()));
        }
        before = Some(c);
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn is_plain(c: char, before: Option<char>, next: Option<char>) -> bool {
    match c {
        '\t' | '\n' => true,
        '\r' => next == Some('\n'),
        '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(|b| b >= '\u{2000}' && !is_hidden(b)),
        c => !c.is_control() && !is_hidden(c),
    }
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn token(c: char, out: &mut String) {
    let picture = match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code),
        0x7f => Some('\u{2421}'),
        _ => None,
    };
    match picture {
        Some(picture) => out.push(picture),
        None => out.push_str(&format!("‹U+{:04X}›", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, output: &str) {
        assert_eq!(visible(input), output);
    }

    #[test]
    fn what_is_obeyed_or_hidden_becomes_a_token() {
        check("\u{1b}[31mred", "␛[31mred");
        check("\0\u{7f}\u{85}\u{9b}", "␀␡‹U+0085›‹U+009B›");
        check("a\u{202e}b\u{2066}c", "a‹U+202E›b‹U+2066›c");
        check("\u{feff}x\u{200b}y\u{ad}", "‹U+FEFF›x‹U+200B›y‹U+00AD›");
        check("lone\rcr, and a pair\r\n", "lone␍cr, and a pair\r\n");
        check("end\r", "end␍");
        check("\u{e0041}", "‹U+E0041›");
        check("a\u{fe0f}", "a‹U+FE0F›");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        for plain in ["", "fn main() {\n\tx\n}\n", "żółć 漢字 العربية", "⚠\u{fe0f}"] {
            assert!(matches!(visible(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }
}
