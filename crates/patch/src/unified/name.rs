//! File names in diffs: git's quotes, its `a/` and `b/`, and which names are safe.

/// Returns the two names of a `diff --git` line without their prefixes, when they are the same file's.
pub(super) fn pair(rest: &str) -> Option<(String, bool)> {
    let halves = if rest.starts_with('"') {
        let (old, after) = unquote(rest)?;
        let new = whole(after.strip_prefix(' ')?)?;
        vec![(old, new)]
    } else if rest.ends_with('"') {
        let at = rest.find(" \"")?;
        vec![(rest[..at].to_owned(), whole(&rest[at + 1..])?)]
    } else {
        rest.match_indices(' ').map(|(at, _)| (rest[..at].to_owned(), rest[at + 1..].to_owned())).collect()
    };
    halves.into_iter().find_map(|(old, new)| {
        if old == new {
            return Some((new, false));
        }
        let (old, new) = (prefixed(&old)?, prefixed(&new)?);
        (old == new).then(|| (new.to_owned(), true))
    })
}

/// Returns a whole name: unquoted where it is quoted, else up to a tab.
pub(super) fn whole(text: &str) -> Option<String> {
    if text.starts_with('"') {
        let (name, rest) = unquote(text)?;
        return rest.trim_end().is_empty().then_some(name);
    }
    Some(text.split('\t').next().unwrap_or(text).to_owned())
}

/// Returns what follows one of git's prefixes, or `None` without one.
pub(super) fn prefixed(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('/')?;
    matches!(prefix, "a" | "b" | "c" | "i" | "o" | "w" | "1" | "2").then_some(rest)
}

/// Returns whether a path stays inside a tree and outside git's own files.
pub(super) fn is_safe(path: &str) -> bool {
    !path.contains('\0')
        && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git"))
}

/// Returns `name` as git would write it in a header: in quotes when it holds a control, quote or backslash.
pub(super) fn quote(prefix: &str, name: &str) -> String {
    if !name.chars().any(|c| c.is_ascii_control() || matches!(c, '"' | '\\')) {
        return format!("{prefix}{name}");
    }
    let mut out = format!("\"{prefix}");
    for c in name.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03o}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads a quoted name; returns it and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut rest = text.strip_prefix('"')?;
    loop {
        let at = rest.find(['"', '\\'])?;
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        if rest[at..].starts_with('"') {
            return Some((String::from_utf8(bytes).ok()?, &rest[at + 1..]));
        }
        let escape = rest.as_bytes().get(at + 1)?;
        let mut used = 2;
        bytes.push(match escape {
            b'a' => 7,
            b'b' => 8,
            b't' => 9,
            b'n' => 10,
            b'v' => 11,
            b'f' => 12,
            b'r' => 13,
            b'"' | b'\\' => *escape,
            b'0'..=b'3' => {
                used = 4;
                u8::from_str_radix(rest.get(at + 1..at + 4)?, 8).ok()?
            }
            _ => return None,
        });
        rest = rest.get(at + used..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_names_come_back() {
        for name in ["a b", "tab\there", "q\"uote", "back\\slash", "new\nline", "\u{1b}x", "żółć"] {
            let quoted = quote("b/", name);
            assert_eq!(whole(&quoted).as_deref().and_then(prefixed), Some(name), "{quoted}");
        }
        assert_eq!(whole(r#""a/\303\251""#).as_deref(), Some("a/é"));
        for bad in [r#""a"#, r#""\"#, r#""\9""#, r#""\377""#, r#""\08""#, "\"\\é\""] {
            assert_eq!(whole(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_name_of_a_header_without_other_lines_is_found() {
        for (rest, name) in [
            ("a/x b/x", Some(("x", true))),
            ("a/x b/y b/x b/y", Some(("x b/y", true))),
            ("x x", Some(("x", false))),
            ("b/x b/x", Some(("b/x", false))),
            (r#""a/q\"" "b/q\"""#, Some(("q\"", true))),
            ("a/x b/y", None),
            ("", None),
        ] {
            assert_eq!(pair(rest), name.map(|(name, prefix)| (name.to_owned(), prefix)), "{rest}");
        }
    }

    #[test]
    fn a_path_never_leaves_the_tree() {
        for bad in ["", "/x", "x/../y", "./x", ".git/config", "a/.GIT/x", "x//y", "x/", "a\0"] {
            assert!(!is_safe(bad), "{bad}");
        }
        assert!(is_safe("a/.gitignore") && is_safe("..x/y"));
    }
}
