//! What set-up wrote to its home, as later jobs and checks find it. Run as an ordinary user for the full tier.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fairtrial_cell::process::{Cancel, Continue, Happening, Job, Stdin};
use fairtrial_cell::room::{Room, RoomSpec};
use fairtrial_cell::{base, grade};
use fairtrial_domain::bundle::{BUNDLE_FILE, BaseBundle, Bundle, GradeBundle, JOURNAL_FILE, TierChoice};
use fairtrial_domain::id::CheckId;
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::{Check, CheckKind, Command as SetUp, Limits, Network, Repository, ResultFormat};

/// A folder with `src`, from which a base is made for one tier.
struct Place {
    dir: tempfile::TempDir,
    tier: TierChoice,
}

impl Place {
    fn new(tier: TierChoice) -> Place {
        Place { dir: tempfile::tempdir().unwrap(), tier }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn bundle(&self, name: &str, bundle: &Bundle) -> PathBuf {
        let dir = self.path(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(BUNDLE_FILE), serde_json::to_vec(bundle).unwrap()).unwrap();
        dir
    }

    fn set_up(&self, commands: &[&str], requires: &[&str]) {
        let dir = self.bundle(
            "preparing",
            &Bundle::Base(BaseBundle {
                repository: Repository::Folder { path: self.path("src") },
                setup: commands
                    .iter()
                    .map(|run| SetUp { run: (*run).to_owned(), timeout_sec: 120.0 })
                    .collect(),
                target: self.path("base"),
                requires: requires.iter().map(|r| (*r).to_owned()).collect(),
                readable: vec![],
                network: Network::None,
                tier: self.tier,
            }),
        );
        base::prepare(&dir, &Cancel::new()).unwrap();
        let records = journal(&dir);
        assert!(records.iter().any(|r| matches!(r, Record::BaseReady { .. })), "{records:#?}");
    }

    /// Runs one check on the untouched base; returns its exit code and what it said.
    fn check(&self, run: &str, requires: &[&str]) -> (Option<i32>, String) {
        let check = Check {
            id: CheckId::parse("look").unwrap(),
            kind: CheckKind::FailToPass,
            run: run.to_owned(),
            format: ResultFormat::Exit,
            report: None,
            tests: Vec::new(),
            timeout_sec: 120.0,
            hidden: true,
        };
        let dir = self.bundle(
            "grading",
            &Bundle::Grade(GradeBundle {
                marker: self.dir.path().display().to_string(),
                base: self.path("base"),
                patch: Patch::default(),
                checks: vec![check],
                hidden: Vec::new(),
                protected: Vec::new(),
                requires: requires.iter().map(|r| (*r).to_owned()).collect(),
                readable: vec![],
                limits: Limits::default(),
                tier: self.tier,
            }),
        );
        grade::grade(&dir, &Cancel::new()).unwrap();
        let records = journal(&dir);
        let verdict = records
            .iter()
            .find_map(|r| if let Record::Verdict { verdict } = r { Some(verdict) } else { None });
        let verdict = verdict.unwrap_or_else(|| panic!("{records:#?}"));
        (verdict.exit, verdict.output.clone())
    }

    /// Runs `script` in a room over the base, with `files` put into its home before; returns what it said.
    fn job(&self, files: &[(&str, &str)], script: &str) -> String {
        let limits = Limits::default();
        let mut room = Room::open(&RoomSpec {
            scratch: &self.path("room"),
            base: &self.path("base"),
            tier: self.tier,
            network: Network::None,
            doors: 0,
            readable: &[],
            own: &[],
            limits: &limits,
            marker: &self.dir.path().display().to_string(),
            cancel: Cancel::new(),
        })
        .unwrap();
        for (path, text) in files {
            let path = room.home_outside().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let job = Job {
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            env: room.env(&[]),
            cwd: PathBuf::new(),
            stdin: Stdin::Null,
            timeout: Duration::from_secs(30),
            stall: None,
            grace: Duration::from_secs(1),
        };
        let mut said = String::new();
        room.run(&job, &mut |happening| {
            if let Happening::Output(output) = happening {
                said.push_str(&String::from_utf8_lossy(output.bytes));
            }
            Continue::Yes
        })
        .unwrap();
        room.close().unwrap();
        said
    }
}

fn journal(dir: &Path) -> Vec<Record> {
    let text = fs::read_to_string(dir.join(JOURNAL_FILE)).unwrap();
    text.lines().map(|l| serde_json::from_str::<JournalLine>(l).unwrap().record).collect()
}

fn both(test: impl Fn(&Place)) {
    for tier in [TierChoice::Plain, TierChoice::Best] {
        test(&Place::new(tier));
    }
}

#[test]
fn what_set_up_left_at_home_is_there_for_jobs_and_checks_and_stays_as_it_was() {
    both(|place| {
        place.write("src/a.txt", "a");
        place
            .set_up(&["mkdir -p ~/.cache/x ~/.tool && echo 1 > ~/.cache/x/y && echo old > ~/.tool/set"], &[]);
        let spoil = "cat ~/.cache/x/y; echo 2 > ~/.cache/x/y; echo 3 > ~/.cache/x/z; rm -r ~/.tool; ls -A ~";
        assert_eq!(place.job(&[], spoil), "1\n.cache\n");
        assert_eq!(place.job(&[], "cat ~/.cache/x/* ~/.tool/set"), "1\nold\n");
        assert_eq!(place.check("cat ~/.cache/x/* ~/.tool/set", &[]), (Some(0), "1\nold\n".to_owned()));
        assert_eq!(fs::read_to_string(place.path("base/home/.cache/x/y")).unwrap(), "1\n");
    });
}

#[test]
fn files_put_into_a_home_stand_beside_and_before_what_set_up_left() {
    both(|place| {
        place.write("src/a.txt", "a");
        place.set_up(&["mkdir ~/.tool && echo old > ~/.tool/set && echo kept > ~/.tool/more"], &[]);
        let files = [(".tool/set", "new\n"), (".tool/own", "own\n"), (".other/set", "other\n")];
        let said = place.job(&files, "cd ~ && cat .tool/set .tool/more .tool/own .other/set && ls .tool");
        assert_eq!(said, "new\nkept\nown\nother\nmore\nown\nset\n");
        assert_eq!(place.job(&[], "cat ~/.tool/*; ls -A ~"), "kept\nold\n.tool\n");
    });
}

#[test]
fn a_home_that_set_up_left_alone_is_empty_everywhere() {
    both(|place| {
        place.write("src/a.txt", "a");
        place.set_up(&["echo x > built"], &[]);
        assert!(!place.path("base/home").exists());
        assert_eq!(place.job(&[], "ls -A ~"), "");
    });
}

#[test]
fn a_cache_that_nobody_may_write_to_serves_and_goes_away() {
    both(|place| {
        place.write("src/a.txt", "a");
        place.set_up(&["mkdir -p ~/go/mod && echo 1 > ~/go/mod/m && chmod -R a-w ~/go"], &[]);
        assert_eq!(place.job(&[], "cat ~/go/mod/m; rm -rf ~/go 2>/dev/null; ls ~/go/mod"), "1\nm\n");
        assert_eq!(place.job(&[], "chmod -R u+w ~/go && rm -r ~/go && ls -A ~"), "");
        for folder in ["base/home/go/mod", "base/home/go"] {
            fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o755)).unwrap();
        }
    });
}

#[test]
fn a_dependency_that_set_up_fetched_to_the_home_builds_offline_in_a_check() {
    if !Command::new("cargo").arg("--version").output().is_ok_and(|o| o.status.success()) {
        println!("skipped: `cargo` is not installed");
        return;
    }
    let tools = ["cargo", "rustc"];
    both(|place| {
        let package = |name: &str, rest: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}")
        };
        place.write("src/Cargo.toml", &package("app", "[dependencies]\ntiny = \"1\"\n"));
        place.write("src/src/lib.rs", "#[test]\nfn fits() { assert_eq!(tiny::two(), 2) }\n");
        place.write("src/fetch/tiny/Cargo.toml", &package("tiny", ""));
        place.write("src/fetch/tiny/src/lib.rs", "pub fn two() -> u8 { 2 }\n");
        place.write("src/fetch/tiny/.cargo-checksum.json", "{\"files\":{}}");
        // What a fetch leaves behind: packages in the home, and settings there that lead to them.
        let fetch = "mkdir ~/.cargo && mv fetch ~/.cargo/fetched && printf \
            '[source.crates-io]\\nreplace-with = \"f\"\\n[source.f]\\ndirectory = \".cargo/fetched\"\\n' \
            > ~/.cargo/config.toml";
        place.set_up(&[fetch, "cargo generate-lockfile --offline"], &tools);
        let (exit, said) = place.check("cargo test --offline --locked 2>&1", &tools);
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.contains("test fits ... ok"), "{said}");
    });
}
