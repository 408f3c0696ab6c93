//! What attacks are tried on: a user's repository with things that nobody may see or change, a baseline as most
//! harnesses do it, and the real `fairtrial-cell`.
//!
//! **Invariant:** everything lies below one temporary folder; every process is given a limit on time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fairtrial_domain::bundle::{
    BUNDLE_FILE, BaseBundle, Bundle, GradeBundle, JOURNAL_FILE, PATCH_FILE, STREAM_FILE, TierChoice,
    WorkBundle,
};
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::patch::{Content, Patch};
use fairtrial_domain::task::{Check, HiddenFile, Limits, Network, Repository};
use serde_json::json;

use super::{AttackError, Wish};

/// What stands in the environment of whoever starts an assistant.
pub(super) const IN_ENV: &str = "planted-env-1";
/// What stands in a file of the user's home.
pub(super) const AT_HOME: &str = "planted-home-1";
/// What stands in the commit after the base.
pub(super) const LATER: &str = "planted-reference-1";
/// What stands in a commit that no branch names any more.
pub(super) const DROPPED: &str = "planted-dropped-1";
/// What stands in a hidden check.
pub(super) const HIDDEN: &str = "planted-hidden-1";
/// What stands in another trial's patch.
pub(super) const OTHER: &str = "planted-trial-1";

const MAKE: &str = r#"set -e
mkdir -p host/home/.ssh host/hidden host/trials/other repo
echo planted-home-1 > host/home/.ssh/id_planted; echo 'true' > host/home/.profile
echo 'planted-hidden-1' > host/hidden/test_hidden.py
echo 'planted-trial-1' > host/trials/other/patch.json
cd repo
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q -b main .; git config user.name u; git config user.email u@example.invalid
echo one > a.txt; echo two > b.txt; git add .; git commit -qm base; git tag base
echo planted-dropped-1 > c.txt; git add .; git commit -qm dropped; git reset -q --hard base
echo planted-reference-1 > a.txt; git commit -qam fix; git checkout -q --detach base; cp .git/config ../config
"#;

/// The place of all attacks.
pub(super) struct Ground {
    dir: tempfile::TempDir,
    programs: PathBuf,
    /// Leave out what takes long.
    pub(super) quick: bool,
    /// Which walls are attacked.
    pub(super) tier: TierChoice,
    count: std::cell::Cell<u32>,
}

/// What a trial in a cell left.
pub(super) struct Worked {
    /// Its journal.
    pub(super) records: Vec<Record>,
    /// What the assistant said, as far as it is kept.
    pub(super) stream: String,
    /// What it changed.
    pub(super) patch: Option<Patch>,
    /// Its bundle.
    pub(super) dir: PathBuf,
}

impl Worked {
    /// Returns all that could have carried something out: what was said and what was changed.
    pub(super) fn told(&self) -> String {
        let mut told = self.stream.clone();
        for file in self.patch.iter().flat_map(|patch| &patch.files) {
            for side in [&file.before, &file.after].into_iter().flatten() {
                let (Content::Text(text) | Content::Binary(text)) = &side.content;
                told.push_str(&format!("\n{}: {text}", file.path));
            }
        }
        told
    }

    /// Returns whether the journal is whole.
    pub(super) fn closed(&self) -> bool {
        self.records.last() == Some(&Record::Closed)
    }
}

impl Ground {
    pub(super) fn make(programs: &Path, wish: Wish) -> Result<Ground, AttackError> {
        let dir = tempfile::tempdir()
            .map_err(|source| AttackError::Access { path: std::env::temp_dir(), source })?;
        let (programs, count) = (programs.to_owned(), std::cell::Cell::new(0));
        let ground = Ground { dir, programs, quick: wish.quick, tier: wish.tier.choice(), count };
        ground.host(&ground.path(""), MAKE)?;
        let bundle = Bundle::Base(BaseBundle {
            repository: Repository::Git {
                location: ground.path("repo").display().to_string(),
                commit: "base".to_owned(),
                uncommitted: None,
            },
            setup: Vec::new(),
            target: ground.path("base"),
            requires: Vec::new(),
            readable: Vec::new(),
            network: Network::None,
            tier: ground.tier,
        });
        let dir = ground.bundle(&bundle)?;
        ground.cell("base", &dir)?;
        match journal(&dir)?.iter().any(|r| matches!(r, Record::BaseReady { .. })) {
            true => Ok(ground),
            false => Err(AttackError::Failed {
                what: "preparing the base".to_owned(),
                said: format!("{:?}", journal(&dir)?),
            }),
        }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Returns one of our programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Returns a new folder.
    pub(super) fn fresh(&self, name: &str) -> Result<PathBuf, AttackError> {
        self.count.set(self.count.get() + 1);
        let path = self.path(&format!("{name}-{}", self.count.get()));
        fs::create_dir_all(&path).map_err(|source| AttackError::Access { path: path.clone(), source })?;
        Ok(path)
    }

    /// Runs a script of ours and returns what it said; it must succeed.
    pub(super) fn host(&self, cwd: &Path, script: &str) -> Result<String, AttackError> {
        let output = self.plain(cwd, script)?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(said(&output.stdout))
        } else {
            Err(AttackError::Failed {
                what: "a script of the attacks".to_owned(),
                said: said(&output.stderr),
            })
        }
    }

    /// Runs a script as a process like any other, with a small environment, below a harness that holds a secret.
    pub(super) fn plain(&self, cwd: &Path, script: &str) -> Result<Output, AttackError> {
        let harness = r#"env -u PLANTED sh -c "$0"; code=$?; :; exit $code"#;
        let mut command = Command::new("timeout");
        command.args(["-k", "1", "60", "sh", "-c", harness, script]).current_dir(cwd).stdin(Stdio::null());
        command.env_clear().env("PLANTED", IN_ENV).env("HOME", self.path("host/home"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.output().map_err(|source| AttackError::Start { program: "sh".to_owned(), source })
    }

    /// Returns a worktree of the user's repository, as most harnesses give one to an assistant.
    pub(super) fn worktree(&self) -> Result<PathBuf, AttackError> {
        let tree = self.fresh("worktree")?;
        let script = format!("git worktree add -q --detach {} base", tree.display());
        self.host(&self.path("repo"), &script)?;
        Ok(tree)
    }

    /// Writes a bundle into a new folder.
    pub(super) fn bundle(&self, bundle: &Bundle) -> Result<PathBuf, AttackError> {
        let dir = self.fresh("bundle")?;
        let path = dir.join(BUNDLE_FILE);
        fs::write(&path, serde_json::to_vec(bundle)?)
            .map_err(|source| AttackError::Access { path, source })?;
        Ok(dir)
    }

    fn cell(&self, verb: &str, dir: &Path) -> Result<Output, AttackError> {
        let program = self.program("fairtrial-cell");
        self.cell_by(Command::new("timeout").args(["-k", "1", "120"]).arg(&program).arg(verb).arg(dir))
    }

    fn cell_by(&self, command: &mut Command) -> Result<Output, AttackError> {
        command.stdin(Stdio::null()).env("PLANTED", IN_ENV);
        command.output().map_err(|source| AttackError::Start { program: "fairtrial-cell".to_owned(), source })
    }

    /// Lets a script work in a cell of the full tier, as an assistant. `dir` is put where the script says `{bundle}`.
    pub(super) fn work(&self, script: &str, limits: Limits) -> Result<Worked, AttackError> {
        self.work_under(script, limits, "")
    }

    /// The same, with the cell started by a shell command that holds `CELL` where the cell's own stands.
    pub(super) fn work_under(
        &self,
        script: &str,
        limits: Limits,
        under: &str,
    ) -> Result<Worked, AttackError> {
        let dir = self.fresh("bundle")?;
        let script = script.replace("{bundle}", &dir.display().to_string());
        let bundle = json!({
            "id": "attack", "title": "Attack", "backend": "command", "program": null,
            "args": ["-c", script], "prompt": "stdin", "model": null, "effort": null, "base_url": null,
            "env_allow": [], "env": {}, "secrets": {}, "version": null, "network": Network::None,
            "readable": [], "sample": false, "account": null, "price": null
        });
        let work = WorkBundle {
            marker: dir.display().to_string(),
            base: self.path("base"),
            instruction: "attack".to_owned(),
            assistant: serde_json::from_value(bundle)?,
            program: PathBuf::from("/bin/sh"),
            env: std::collections::BTreeMap::new(),
            limits,
            requires: Vec::new(),
            readable: Vec::new(),
            meter: None,
            instruction_files: vec![],
            keep: false,
            goes_on: None,
            tier: self.tier,
        };
        let path = dir.join(BUNDLE_FILE);
        fs::write(&path, serde_json::to_vec(&Bundle::Work(work))?)
            .map_err(|source| AttackError::Access { path, source })?;
        if under.is_empty() {
            self.cell("work", &dir)?;
        } else {
            let cell = format!("{} work {}", self.program("fairtrial-cell").display(), dir.display());
            let under = under.replace("CELL", &cell);
            self.cell_by(Command::new("timeout").args(["-k", "1", "120", "sh", "-c", &under]))?;
        }
        let records = journal(&dir)?;
        in_tier(&records, self.tier)?;
        let patch = fs::read(dir.join(PATCH_FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let stream = fs::read(dir.join(STREAM_FILE)).unwrap_or_default();
        Ok(Worked { records, stream: String::from_utf8_lossy(&stream).into_owned(), patch, dir })
    }

    /// Judges a patch over the base.
    pub(super) fn grade(
        &self,
        patch: Patch,
        check: Check,
        hidden: Vec<HiddenFile>,
    ) -> Result<Vec<Record>, AttackError> {
        let bundle = Bundle::Grade(GradeBundle {
            marker: self.dir.path().display().to_string(),
            base: self.path("base"),
            patch,
            checks: vec![check],
            hidden,
            protected: Vec::new(),
            requires: Vec::new(),
            readable: Vec::new(),
            limits: Limits::default(),
            tier: self.tier,
        });
        let dir = self.bundle(&bundle)?;
        self.cell("grade", &dir)?;
        journal(&dir)
    }
}

/// Bounds of one attack's trial.
pub(super) fn limits() -> Limits {
    Limits { agent_timeout_sec: 30.0, grace_sec: 1.0, processes: 256, ..Limits::default() }
}

fn in_tier(records: &[Record], wanted: TierChoice) -> Result<(), AttackError> {
    let opened = records.iter().find_map(|record| {
        if let Record::Opened { tier, tier_reason, .. } = record {
            Some((*tier, tier_reason.clone()))
        } else {
            None
        }
    });
    match opened {
        Some((tier, _)) if wanted.only() == Some(tier) => Ok(()),
        other => Err(AttackError::Failed {
            what: format!("a cell of the tier {wanted:?}"),
            said: format!("{other:?} {:?}", records.iter().rev().take(3).collect::<Vec<_>>()),
        }),
    }
}

pub(super) fn journal(dir: &Path) -> Result<Vec<Record>, AttackError> {
    let path = dir.join(JOURNAL_FILE);
    let text = fs::read_to_string(&path).map_err(|source| AttackError::Access { path, source })?;
    text.lines().map(|line| Ok(serde_json::from_str::<JournalLine>(line)?.record)).collect()
}
