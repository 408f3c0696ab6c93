//! Long output loses its middle, and says how much.

/// The most bytes of one tool's output that an event carries.
pub const OUTPUT_LIMIT: usize = 16 * 1024;

/// Returns `text` if it has at most `limit` bytes, else its beginning and end around a line that counts what is missing.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(limit / 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 2);
    format!("{}\n[… {} bytes left out …]\n{}", &text[..head], tail - head, &text[tail..])
}

/// Returns the first line of `text`, at most `limit` characters, marked where something is missing.
pub(crate) fn title(text: &str, limit: usize) -> String {
    let trimmed = text.trim();
    let line = trimmed.lines().next().unwrap_or_default();
    let mut title: String = line.chars().take(limit).collect();
    if title.len() < trimmed.len() {
        title.push('…');
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_output_is_untouched_and_long_output_keeps_both_ends() {
        assert_eq!(shorten("héllo", 6), "héllo");
        assert_eq!(shorten("aaaaébbbbé", 4), "aa\n[… 8 bytes left out …]\né");
        assert_eq!(shorten("éé", 1), "\n[… 4 bytes left out …]\n");
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(title("  ls -l\nrm x", 80), "ls -l…");
        assert_eq!(title("abcdef", 3), "abc…");
        assert_eq!(title("abc", 3), "abc");
    }
}
