//! The programs that detection looks for on a machine.

use fairtrial_domain::assistant::BackendKind;

/// A program that can be found and driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How it is driven.
    pub backend: BackendKind,
    /// Its name for people.
    pub title: &'static str,
    /// Its program's usual name.
    pub program: &'static str,
    /// The argument that makes it print its version and end.
    pub version_flag: &'static str,
    /// Variables that may hold its key; any one suffices.
    pub keys: &'static [&'static str],
}

/// Returns every program that detection looks for.
pub fn known() -> &'static [Known] {
    &[
        Known {
            backend: BackendKind::ClaudeCode,
            title: "Claude Code",
            program: "claude",
            version_flag: "--version",
            keys: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
        },
        Known {
            backend: BackendKind::Codex,
            title: "Codex",
            program: "codex",
            version_flag: "--version",
            keys: &["OPENAI_API_KEY", "CODEX_API_KEY"],
        },
    ]
}

impl Known {
    /// Returns the version in what the program prints for its version flag: the first word that starts with a digit
    /// and has a dot.
    pub fn version<'a>(&self, printed: &'a str) -> Option<&'a str> {
        printed
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        let [claude, codex] = known() else { panic!("two are known") };
        assert_eq!(claude.version("2.1.197 (Claude Code)\n"), Some("2.1.197"));
        assert_eq!(codex.version("codex-cli 0.169.0\n"), Some("0.169.0"));
        assert_eq!(codex.version("no such thing"), None);
    }
}
