//! Names that a patch cannot or must not carry.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// Returns whether git, on any system, would take `name` for `.git`: by case, by invisible characters (HFS+), by
/// trailing dots, spaces or streams, or by its short name (NTFS).
pub fn is_dot_git(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let visible: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let visible = visible.to_lowercase();
    let stem = visible.split(':').next().unwrap_or("").trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1"
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Says a path for people: bytes that are no UTF-8 as `\xNN`, folders joined by `/`.
pub(super) fn shown(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// Returns whether a symlink at `link` leads out of the workspace, by its text alone.
pub(super) fn escapes(link: &Path, target: &Path) -> bool {
    let mut depth = link.components().count().saturating_sub(1);
    for component in target.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_dot_git_is_known() {
        for name in
            [".git", ".GIT", ".gI\u{200c}t", ".git.", ".git ", ".git . ", "git~1", "GIT~1", ".git::$INDEX"]
        {
            assert!(is_dot_git(OsStr::new(name)), "{name:?}");
        }
        for name in [".gitignore", "git", ".github", "git~2", ".gitattributes", "a.git"] {
            assert!(!is_dot_git(OsStr::new(name)), "{name:?}");
        }
    }

    #[test]
    fn a_symlink_is_judged_by_its_text() {
        for (link, target, out) in [
            ("a", "b", false),
            ("a", "../b", true),
            ("d/a", "../b", false),
            ("d/a", "x/../../../b", true),
            ("a", "/etc/passwd", true),
            ("a", "", false),
        ] {
            assert_eq!(escapes(Path::new(link), Path::new(target)), out, "{link} -> {target}");
        }
    }
}
