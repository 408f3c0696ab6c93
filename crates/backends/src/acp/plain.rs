//! Text without what a terminal would obey.

/// Returns `text` without escape sequences: colours, cursor movements, titles, links.
pub(super) fn plain(text: &str) -> String {
    if !text.contains('\u{1b}') {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            kept.push(c);
            continue;
        }
        match rest.next() {
            // Up to a letter or a sign that ends it.
            Some('[') => skip(&mut rest, |c| ('@'..='~').contains(&c)),
            Some(']' | 'P' | '^' | '_') => {
                let mut escaped = false;
                skip(&mut rest, |c| {
                    let end = c == '\u{7}' || (escaped && c == '\\');
                    escaped = c == '\u{1b}';
                    end
                });
            }
            Some(_) | None => {}
        }
    }
    kept
}

/// Skips up to and with the first character that ends a sequence.
fn skip(rest: &mut std::str::Chars<'_>, mut ends: impl FnMut(char) -> bool) {
    while rest.next().is_some_and(|c| !ends(c)) {}
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn only_what_is_to_be_read_is_left() {
        for (text, left) in [
            ("plain", "plain"),
            ("\u{1b}[1;32mgreen\u{1b}[0m é", "green é"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7} on", "link on"),
            ("\u{1b}]0;title\u{7}a\u{1b}7b", "ab"),
            ("cut \u{1b}[3", "cut "),
            ("cut \u{1b}", "cut "),
        ] {
            assert_eq!(plain(text), left, "{text:?}");
        }
    }
}
