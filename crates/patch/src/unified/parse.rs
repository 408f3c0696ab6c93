//! Reads a unified diff as git, `diff -u` and `git format-patch` write it.

use fairtrial_domain::patch::FileMode;

use super::name;
use super::{Action, FileDiff, Hunk, HunkLine, LineKind, Unified, UnifiedError};

/// Reads a diff. Text around file headers (a commit message, a signature) is skipped; an empty text is an empty diff.
///
/// # Errors
/// When a line cannot stand where it stands, a path is unsafe, or a change is binary.
pub fn parse(diff: &str) -> Result<Unified, UnifiedError> {
    let mut reader = Reader { lines: diff.split_inclusive('\n').collect(), at: 0 };
    let mut files = Vec::new();
    while let Some(line) = reader.peek() {
        if line.starts_with("diff --git ") {
            files.push(git_file(&mut reader)?);
        } else if line.starts_with("diff --cc ") || line.starts_with("diff --combined ") {
            return Err(reader.malformed("a merge's combined diff has no single base"));
        } else if reader.at_file_names() {
            files.push(plain_file(&mut reader)?);
        } else if line.starts_with("@@ -") {
            return Err(reader.malformed("a hunk without a file header before it"));
        } else if let Some(path) = binary_note(line) {
            return Err(UnifiedError::Binary { line: reader.number(), path: path.to_owned() });
        } else {
            reader.at += 1;
        }
    }
    if files.is_empty() && !diff.trim().is_empty() {
        return Err(UnifiedError::NotADiff);
    }
    Ok(Unified { files })
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Returns the line at hand without its line end.
    fn peek(&self) -> Option<&'a str> {
        self.line(self.at)
    }

    fn line(&self, at: usize) -> Option<&'a str> {
        let line = self.lines.get(at)?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn number(&self) -> usize {
        self.at + 1
    }

    fn at_file_names(&self) -> bool {
        let starts = |at, prefix| self.line(at).is_some_and(|line| line.starts_with(prefix));
        starts(self.at, "--- ") && starts(self.at + 1, "+++ ")
    }

    fn malformed(&self, what: &'static str) -> UnifiedError {
        UnifiedError::Malformed { line: self.number(), what }
    }
}

fn binary_note(line: &str) -> Option<&str> {
    let ours = line.strip_prefix(super::write::BINARY_NOTE);
    ours.or_else(|| line.strip_prefix("Binary files ")?.strip_suffix(" differ"))
}

/// What the lines between `diff --git` and the first hunk say.
#[derive(Default)]
struct Header {
    created: bool,
    deleted: bool,
    mode: Option<FileMode>,
    rename: (Option<String>, Option<String>),
    copy: (Option<String>, Option<String>),
}

fn git_file(reader: &mut Reader<'_>) -> Result<FileDiff, UnifiedError> {
    let at = reader.number();
    let named = reader.peek().and_then(|line| name::pair(line.strip_prefix("diff --git ")?));
    reader.at += 1;
    let mut header = Header::default();
    while let Some(line) = reader.peek() {
        if !extended(line, reader, &mut header)? {
            break;
        }
        reader.at += 1;
    }
    let prefixes = named.as_ref().is_none_or(|(_, prefixes)| *prefixes);
    let named_twice = reader.at_file_names();
    let names = if named_twice { Some(file_names(reader, prefixes)?) } else { None };
    let action = action(reader, at, header.clone_paths(), &header, names, named.map(|(name, _)| name))?;
    if let Some(line) = reader.peek()
        && (line.starts_with("GIT binary patch") || line.starts_with("Binary files "))
    {
        return Err(UnifiedError::Binary { line: reader.number(), path: action.path().to_owned() });
    }
    let hunks = hunks(reader, action.path(), named_twice)?;
    Ok(FileDiff { at, action, mode: header.mode, hunks })
}

type Moved = Option<(bool, String, String)>;

impl Header {
    /// Returns the two paths of a rename (true) or copy (false), when both are there.
    fn clone_paths(&self) -> Moved {
        let both = |pair: &(Option<String>, Option<String>)| pair.0.clone().zip(pair.1.clone());
        let rename = both(&self.rename).map(|(from, to)| (true, from, to));
        rename.or_else(|| both(&self.copy).map(|(from, to)| (false, from, to)))
    }
}

/// Reads one extended header line; returns false when it is none.
fn extended(line: &str, reader: &Reader<'_>, header: &mut Header) -> Result<bool, UnifiedError> {
    let path = |rest: &str| name::whole(rest).ok_or_else(|| reader.malformed("the name's quotes are broken"));
    if let Some(rest) = line.strip_prefix("new file mode ") {
        header.created = true;
        header.mode = Some(mode(rest, reader)?);
    } else if let Some(rest) = line.strip_prefix("deleted file mode ") {
        header.deleted = true;
        mode(rest, reader)?;
    } else if let Some(rest) = line.strip_prefix("new mode ") {
        header.mode = Some(mode(rest, reader)?);
    } else if let Some(rest) = line.strip_prefix("old mode ") {
        mode(rest, reader)?;
    } else if let Some(rest) = line.strip_prefix("rename from ") {
        header.rename.0 = Some(path(rest)?);
    } else if let Some(rest) = line.strip_prefix("rename to ") {
        header.rename.1 = Some(path(rest)?);
    } else if let Some(rest) = line.strip_prefix("copy from ") {
        header.copy.0 = Some(path(rest)?);
    } else if let Some(rest) = line.strip_prefix("copy to ") {
        header.copy.1 = Some(path(rest)?);
    } else {
        let known = ["index ", "similarity index ", "dissimilarity index "];
        return Ok(known.iter().any(|prefix| line.starts_with(prefix)));
    }
    Ok(true)
}

fn mode(text: &str, reader: &Reader<'_>) -> Result<FileMode, UnifiedError> {
    match text.trim_end() {
        "100644" | "100664" => Ok(FileMode::Regular),
        "100755" => Ok(FileMode::Executable),
        "120000" => Ok(FileMode::Symlink),
        other => Err(UnifiedError::Mode { line: reader.number(), mode: other.to_owned() }),
    }
}

type Names = (Option<String>, Option<String>);

/// Reads `---` and `+++`; `/dev/null` is no name.
fn file_names(reader: &mut Reader<'_>, prefixes: bool) -> Result<Names, UnifiedError> {
    let mut read = |prefix: &str| {
        let raw = reader.peek().and_then(|line| name::whole(line.strip_prefix(prefix)?));
        let raw = raw.ok_or_else(|| reader.malformed("the name's quotes are broken"))?;
        reader.at += 1;
        Ok((raw != "/dev/null").then_some(raw))
    };
    let (old, new) = (read("--- ")?, read("+++ ")?);
    let strip = |name: Option<String>| match name.as_deref().and_then(name::prefixed) {
        Some(stripped) if prefixes => Some(stripped.to_owned()),
        Some(_) | None => name,
    };
    Ok((strip(old), strip(new)))
}

fn action(
    reader: &Reader<'_>,
    at: usize,
    moved: Moved,
    header: &Header,
    names: Option<Names>,
    named: Option<String>,
) -> Result<Action, UnifiedError> {
    let lost =
        || UnifiedError::Malformed { line: at, what: "the header does not say which file it is about" };
    let action = match (moved, names) {
        (Some((true, from, to)), _) => Action::Rename { from, to },
        (Some((false, from, to)), _) => Action::Copy { from, to },
        (None, Some((None, None))) => return Err(reader.malformed("both names are /dev/null")),
        (None, Some((None, Some(path)))) => Action::Create { path },
        (None, Some((Some(path), None))) => Action::Delete { path },
        (None, Some((Some(old), Some(path)))) if old == path => Action::Modify { path },
        (None, Some((Some(_), Some(_)))) => return Err(reader.malformed("two names without a rename")),
        (None, None) if header.created => Action::Create { path: named.ok_or_else(lost)? },
        (None, None) if header.deleted => Action::Delete { path: named.ok_or_else(lost)? },
        (None, None) => Action::Modify { path: named.ok_or_else(lost)? },
    };
    for path in [action.path(), source(&action)] {
        if !name::is_safe(path) {
            return Err(UnifiedError::UnsafePath { line: at, path: path.to_owned() });
        }
    }
    Ok(action)
}

fn source(action: &Action) -> &str {
    match action {
        Action::Create { path } | Action::Delete { path } | Action::Modify { path } => path,
        Action::Rename { from, .. } | Action::Copy { from, .. } => from,
    }
}

fn plain_file(reader: &mut Reader<'_>) -> Result<FileDiff, UnifiedError> {
    let at = reader.number();
    let names = file_names(reader, true)?;
    let action = action(reader, at, None, &Header::default(), Some(names), None)?;
    let hunks = hunks(reader, action.path(), true)?;
    Ok(FileDiff { at, action, mode: None, hunks })
}

fn hunks(reader: &mut Reader<'_>, path: &str, expected: bool) -> Result<Vec<Hunk>, UnifiedError> {
    let mut found = Vec::new();
    while reader.peek().is_some_and(|line| line.starts_with("@@")) {
        found.push(hunk(reader, path, found.len() + 1)?);
    }
    if expected && found.is_empty() {
        return Err(reader.malformed("file names without a hunk"));
    }
    // A line of a hunk after its end is content that would be lost; `-- ` opens a mail's signature.
    let extra = reader.peek().is_some_and(|line| line.starts_with(['+', '-', ' ', '\\']) && line != "-- ");
    if !found.is_empty() && extra && !reader.at_file_names() {
        return Err(UnifiedError::HunkLength {
            path: path.to_owned(),
            hunk: found.len(),
            line: reader.number(),
        });
    }
    Ok(found)
}

fn hunk(reader: &mut Reader<'_>, path: &str, number: usize) -> Result<Hunk, UnifiedError> {
    let at = reader.number();
    let head = reader.peek().and_then(ranges);
    let ((old_start, old_lines), (_, new_lines)) =
        head.ok_or_else(|| reader.malformed("a hunk header reads `@@ -1,2 +1,3 @@`"))?;
    reader.at += 1;
    let (mut old, mut new) = (0, 0);
    let mut lines: Vec<HunkLine> = Vec::new();
    loop {
        let raw = reader.lines.get(reader.at).copied();
        if raw.is_some_and(|raw| raw.starts_with("\\ ")) {
            if let Some(last) = lines.last_mut()
                && last.text.ends_with('\n')
            {
                last.text.pop();
            }
            reader.at += 1;
            continue;
        }
        if old == old_lines && new == new_lines {
            return Ok(Hunk { at, old_start, old_lines, lines });
        }
        let line = raw.and_then(hunk_line);
        let Some(line) = line else {
            return Err(UnifiedError::HunkLength {
                path: path.to_owned(),
                hunk: number,
                line: reader.number(),
            });
        };
        old += usize::from(line.kind != LineKind::Added);
        new += usize::from(line.kind != LineKind::Removed);
        if old > old_lines || new > new_lines {
            return Err(UnifiedError::HunkLength {
                path: path.to_owned(),
                hunk: number,
                line: reader.number(),
            });
        }
        lines.push(line);
        reader.at += 1;
    }
}

/// Reads a line of a hunk; one that lost its single space is an empty context line, as git takes it.
fn hunk_line(raw: &str) -> Option<HunkLine> {
    let (kind, text) = match raw.as_bytes().first()? {
        b' ' => (LineKind::Context, &raw[1..]),
        b'-' => (LineKind::Removed, &raw[1..]),
        b'+' => (LineKind::Added, &raw[1..]),
        b'\n' => (LineKind::Context, raw),
        _ => return None,
    };
    // Only a `\` line takes a newline away; the diff's own last line may lack its own.
    let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    Some(HunkLine { kind, text })
}

type Span = (usize, usize);

fn ranges(line: &str) -> Option<(Span, Span)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    Some((range(old)?, range(new)?))
}

fn range(text: &str) -> Option<Span> {
    let (start, lines) = text.split_once(',').unwrap_or((text, "1"));
    let number = |text: &str| text.parse::<u32>().ok().map(|n| n as usize);
    Some((number(start)?, number(lines)?))
}
