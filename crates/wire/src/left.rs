//! What of a base was in the bodies that left: lines of its files, found again in request bodies.
//!
//! A line counts when it has at least 12 characters after white space is trimmed and runs of it are one space, and a
//! letter among them; shorter ones are everywhere and say nothing. A line of one file is that file's. A line that
//! several files share counts for those of them of which another line was seen; else it is "unplaced".
//!
//! **Invariant:** what is reported was in a body, line by line; nothing is estimated.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use fairtrial_domain::traffic::{Left, LeftFile};
use serde_json::Value;

/// Shorter lines say nothing about where they come from.
const SHORTEST: usize = 12;
/// Larger files are not looked for, and are counted.
const LARGEST_FILE: u64 = 2 << 20;
/// When the files looked for have this many bytes, no more are.
const MOST_BYTES: u64 = 256 << 20;
/// Texts that were looked at are remembered, since every request repeats the conversation so far.
const MOST_TEXTS: usize = 200_000;
/// JSON inside a text inside JSON is read to this depth.
const DEEPEST: usize = 4;

/// Where every line of a base is.
#[derive(Debug, Default)]
pub struct LineIndex {
    files: Vec<(String, u32)>,
    /// Digest of a line, file, line number; sorted.
    lines: Vec<(u64, u32, u32)>,
    unread: u64,
}

impl LineIndex {
    /// Reads every file below `tree`, without `.git`, in the order of names. What cannot be read is counted.
    pub fn of(tree: &Path) -> LineIndex {
        LineIndex::within(tree, LARGEST_FILE, MOST_BYTES)
    }

    fn within(tree: &Path, largest_file: u64, most_bytes: u64) -> LineIndex {
        let mut index = LineIndex::default();
        let mut bytes = 0;
        let mut folders = vec![(tree.to_path_buf(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                index.unread += 1;
                continue;
            };
            let mut entries: Vec<_> = entries.flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
                match entry.metadata() {
                    // Not through links: they lead to files that are listed anyway, or out of the tree.
                    Ok(meta) if meta.is_dir() && path != ".git" => {
                        folders.push((entry.path(), format!("{path}/")));
                    }
                    Ok(meta) if meta.is_file() => {
                        let fits = meta.len() <= largest_file && bytes + meta.len() <= most_bytes;
                        match fits.then(|| fs::read(entry.path()).ok()).flatten() {
                            Some(content) => {
                                bytes += content.len() as u64;
                                index.add(path, &content);
                            }
                            None => index.unread += 1,
                        }
                    }
                    Ok(_) => {}
                    Err(_) => index.unread += 1,
                }
            }
        }
        index.lines.sort_unstable();
        index
    }

    fn add(&mut self, path: String, content: &[u8]) {
        let file = self.files.len() as u32;
        let mut told = 0;
        for (line, text) in String::from_utf8_lossy(content).lines().enumerate() {
            if let Some(digest) = digest(text) {
                told += 1;
                self.lines.push((digest, file, line as u32 + 1));
            }
        }
        self.files.push((path, told));
    }

    fn places(&self, digest: u64) -> &[(u64, u32, u32)] {
        let from = self.lines.partition_point(|(known, ..)| *known < digest);
        let to = from + self.lines[from..].partition_point(|(known, ..)| *known == digest);
        &self.lines[from..to]
    }
}

/// Returns the digest of a line that counts.
fn digest(line: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut length = 0;
    for (at, word) in line.split_whitespace().enumerate() {
        length += word.chars().count() + usize::from(at > 0);
        word.hash(&mut hasher);
    }
    (length >= SHORTEST && line.chars().any(char::is_alphabetic)).then(|| hasher.finish())
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Watch {
    index: LineIndex,
    bytes: u64,
    texts: HashSet<u64>,
    seen: HashSet<u64>,
}

impl Watch {
    /// Returns a watch over a base.
    pub fn new(index: LineIndex) -> Watch {
        Watch { index, ..Watch::default() }
    }

    /// Takes a request's body in.
    pub fn see(&mut self, body: &[u8], json: Option<&Value>) {
        self.bytes += body.len() as u64;
        match json {
            Some(value) => self.value(value, 0),
            None => self.text(&String::from_utf8_lossy(body), 0),
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::String(text) => self.text(text, depth),
            Value::Array(items) => items.iter().for_each(|item| self.value(item, depth)),
            Value::Object(fields) => fields.values().for_each(|field| self.value(field, depth)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, depth: usize) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        if self.texts.len() < MOST_TEXTS && !self.texts.insert(hasher.finish()) {
            return;
        }
        if depth < DEEPEST
            && text.starts_with(['{', '['])
            && let Ok(inner) = serde_json::from_str::<Value>(text)
        {
            return self.value(&inner, depth + 1);
        }
        for line in text.lines() {
            for candidate in candidates(line) {
                if let Some(digest) = digest(candidate)
                    && !self.index.places(digest).is_empty()
                {
                    self.seen.insert(digest);
                    break;
                }
            }
        }
    }

    /// Returns what was seen.
    pub fn left(&self) -> Left {
        let mut files: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut shared = vec![];
        for digest in &self.seen {
            let places = self.index.places(*digest);
            let mut owners: Vec<u32> = places.iter().map(|(_, file, _)| *file).collect();
            owners.dedup();
            match owners.as_slice() {
                [file] => files.entry(*file).or_default().extend(places.iter().map(|(.., line)| *line)),
                _ => shared.push(places),
            }
        }
        let known: BTreeSet<u32> = files.keys().copied().collect();
        let mut unplaced = 0;
        for places in shared {
            let mut placed = false;
            for (_, file, line) in places.iter().filter(|(_, file, _)| known.contains(file)) {
                files.entry(*file).or_default().insert(*line);
                placed = true;
            }
            unplaced += u64::from(!placed);
        }
        let mut files: Vec<LeftFile> =
            files.into_iter().map(|(file, lines)| self.file(file, &lines)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Left { bytes: self.bytes, contents_visible: true, files, unread: self.index.unread, unplaced }
    }

    fn file(&self, file: u32, lines: &BTreeSet<u32>) -> LeftFile {
        let (path, of) = self.index.files[file as usize].clone();
        let mut ranges: Vec<(u32, u32)> = vec![];
        for line in lines {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *line => *last = *line,
                Some(_) | None => ranges.push((*line, *line)),
            }
        }
        LeftFile { path, lines: lines.len() as u32, of, ranges }
    }
}

/// Returns a line as it is, and without what programs put before a line of a file: its number, a diff's mark, the
/// place that a search found it at.
fn candidates(line: &str) -> impl Iterator<Item = &str> {
    let trimmed = line.trim_start();
    let numbered = trimmed.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = (numbered.len() < trimmed.len())
        .then(|| numbered.trim_start().strip_prefix(['\t', '→', '|', ':', '-', '.']).unwrap_or(numbered));
    let marked = line.strip_prefix(['+', '-']);
    let found = line.splitn(3, ':').nth(2);
    [Some(line), numbered, marked, found].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn watch() -> (tempfile::TempDir, Watch) {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(
            "src/a.py",
            "import decimal\n\n\ndef total(prices):\n    return sum(prices)\n# canary-7f3a-planted\n",
        );
        put("src/b.py", "import decimal\nx = 1\ndef other(values):\n");
        put(".git/config", "[core] canary in git\n");
        put("big.txt", &"a long line of text\n".repeat(200_000));
        let index = LineIndex::of(dir.path());
        (dir, Watch::new(index))
    }

    /// Path, lines seen, lines it has, and where they are.
    type Seen = (String, u32, u32, Vec<(u32, u32)>);

    fn files(watch: &Watch) -> Vec<Seen> {
        watch.left().files.into_iter().map(|f| (f.path, f.lines, f.of, f.ranges)).collect()
    }

    #[test]
    fn a_planted_line_is_found_in_its_file_and_nowhere_else() {
        let (_dir, mut watch) = watch();
        let body = json!({ "messages": [{ "content": "look: \n  # canary-7f3a-planted\nbye" }] });
        watch.see(body.to_string().as_bytes(), Some(&body));
        assert_eq!(files(&watch), [("src/a.py".to_owned(), 1, 4, vec![(6, 6)])]);
        let left = watch.left();
        assert_eq!((left.bytes, left.unread, left.unplaced), (body.to_string().len() as u64, 1, 0));
    }

    #[test]
    fn lines_are_found_under_numbers_marks_and_in_json_within_json() {
        for text in [
            "     4\tdef total(prices):\n     5\t    return sum(prices)",
            "  4→def total(prices):\n  5→    return sum(prices)",
            "-def total(prices):\n+    return sum(prices)",
            "src/a.py:4:def total(prices):\nsrc/a.py:5:    return sum(prices)",
            &json!({ "input": "def  total(prices):\r\n\treturn sum(prices)" }).to_string(),
        ] {
            let (_dir, mut watch) = watch();
            let body = json!({ "output": text });
            watch.see(b"", Some(&body));
            assert_eq!(files(&watch), [("src/a.py".to_owned(), 2, 4, vec![(4, 5)])], "{text}");
        }
    }

    #[test]
    fn a_shared_line_belongs_to_a_file_that_was_seen_otherwise() {
        let (_dir, mut watch) = watch();
        watch.see(b"import decimal", None);
        assert_eq!((files(&watch), watch.left().unplaced), (vec![], 1));
        watch.see(b"def other(values):", None);
        assert_eq!(files(&watch), [("src/b.py".to_owned(), 2, 2, vec![(1, 1), (3, 3)])]);
        assert_eq!(watch.left().unplaced, 0);
    }

    #[test]
    fn short_lines_and_git_say_nothing() {
        let (_dir, mut watch) = watch();
        watch.see(b"x = 1\n[core] canary in git\n", None);
        assert_eq!(files(&watch), []);
    }

    #[test]
    fn a_file_that_is_not_read_takes_no_room_from_others() {
        let dir = tempfile::tempdir().unwrap();
        for (name, length) in [("d", 30), ("c", 60), ("b", 500), ("a", 30)] {
            fs::write(dir.path().join(name), "x".repeat(length)).unwrap();
        }
        let index = LineIndex::within(dir.path(), 100, 100);
        let read: Vec<&str> = index.files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!((read, index.unread), (vec!["a", "c"], 2));
    }
}
