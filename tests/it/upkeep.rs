//! The data folder stays small and whole: debris goes, what a run refers to stays, damage is told.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_tests::{Home, processes_of};

use crate::resume::work_cell;

/// Writes a suite of one task whose check takes a while, and an assistant that solves it; returns its folder.
pub(crate) fn suite(home: &Home, before_check: &str) -> String {
    let task = home.path().join("suite/one");
    fs::create_dir_all(&task).unwrap();
    fs::create_dir_all(home.path().join("code")).unwrap();
    fs::write(home.path().join("code/a.txt"), "one\n").unwrap();
    fs::write(task.join("instruction.md"), "Do it.\n").unwrap();
    let settings = format!(
        "schema_version = \"1.4\"\n[agent]\ntimeout_sec = 9.0\n[metadata.fairtrial]\ntitle = \"One\"\nkind = \"bug_fix\"\n\
         repository = {{ folder = \"../../code\" }}\n[[metadata.fairtrial.checks]]\nid = \"c\"\n\
         run = \"{before_check}; grep two a.txt\"\nkind = \"fail_to_pass\"\nformat = \"exit\"\n"
    );
    fs::write(task.join("task.toml"), settings).unwrap();
    let assistant = "[assistants.mine]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", \"echo two > a.txt\"]\n";
    fs::write(home.path().join("assistants.toml"), assistant).unwrap();
    home.path().join("suite").to_string_lossy().into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every blob's file.
fn blobs(home: &Home) -> Vec<PathBuf> {
    let blobs = home.path().join("blobs");
    let heads = names(&blobs).into_iter().filter(|name| name.len() == 2).map(|name| blobs.join(name));
    heads.flat_map(|head| names(&head).into_iter().map(move |name| head.join(name))).collect()
}

#[test]
fn what_nobody_needs_goes_and_what_a_run_refers_to_stays() {
    let home = Home::new();
    let suite = suite(&home, "true");
    home.run(&["run", &suite, "--assistants", "mine"]).ended_with(0);
    let bases = home.path().join("bases");
    let base = names(&bases);
    assert_eq!(base.len(), 1);
    let kept = blobs(&home);

    // A base of another task, debris of crashes, and content that nobody names.
    let other = bases.join("0".repeat(64));
    fs::create_dir_all(other.join("tree")).unwrap();
    fs::write(other.join("base.json"), "{}").unwrap();
    fs::create_dir_all(bases.join(".x.1.partial/work")).unwrap();
    fs::write(home.path().join("blobs/tmp/1-1"), "half").unwrap();
    fs::create_dir_all(home.path().join("runs/check-1-0/tasks")).unwrap();
    let orphan = home.path().join("blobs/00").join("1".repeat(62));
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::create(&orphan).unwrap().set_modified(old).unwrap();

    let told = home.run(&["gc", "--dry-run", "--json"]).ended_with(0).json();
    assert_eq!((told["bases"].as_array().unwrap().len(), told["blobs"].as_u64()), (1, Some(1)), "{told}");
    assert!(other.exists() && orphan.exists(), "a dry run removes nothing");
    // Debris goes at any start.
    assert_eq!(names(&bases), [other.file_name().unwrap().to_str().unwrap(), base[0].as_str()]);
    assert!(names(&home.path().join("blobs/tmp")).is_empty());
    assert!(!names(&home.path().join("runs")).iter().any(|name| name.starts_with("check-")));

    home.run(&["gc"]).ended_with(0);
    assert!(!other.exists() && !orphan.exists());
    assert_eq!(names(&bases), base, "the run's own base stays");
    assert_eq!(blobs(&home), kept, "nothing that the run names went");

    // For a size that is asked for a finished run's base goes too, and nothing else of it.
    let told = home.run(&["gc", "--max-size", "1B", "--json"]).ended_with(0).json();
    assert_eq!(told["bases"][0]["name"], base[0].as_str(), "{told}");
    assert_eq!(names(&bases), Vec::<String>::new());
    let shown = home.run(&["show"]).ended_with(0);
    assert!(shown.out.contains("Disk: "), "{}", shown.out);
    assert!(home.run(&["runs", "--json"]).json()[0]["bytes"].as_u64().unwrap() > 500);
    // It is made anew when it is needed.
    home.run(&["run", &suite, "--assistants", "mine"]).ended_with(0);
    assert_eq!(names(&bases), base);
}

#[test]
fn what_a_living_process_makes_is_no_debris() {
    let home = Home::new();
    let made = ["bases/.x.1.partial", "samples/x.1.tmp", "tries/x.1.tmp"].map(|path| home.path().join(path));
    let held = made.each_ref().map(|path| {
        fs::create_dir_all(path.join("half")).unwrap();
        let folder = fs::File::open(path).unwrap();
        folder.try_lock().unwrap();
        folder
    });
    home.run(&["runs"]).ended_with(0);
    assert_eq!(made.each_ref().map(|path| path.join("half").exists()), [true; 3]);
    drop(held);
    home.run(&["runs"]).ended_with(0);
    assert_eq!(made.each_ref().map(|path| path.exists()), [false; 3]);
}

#[test]
fn nothing_is_cleared_while_a_run_is_at_work() {
    let home = Home::new();
    let mut app = home.start(&["run", &suite(&home, "sleep 4"), "--assistants", "mine"]);
    fairtrial_tests::wait_for("a base", || (!names(&home.path().join("bases")).is_empty()).then_some(()));
    let base = names(&home.path().join("bases"));
    for words in [&["gc", "--max-size", "1B"][..], &["doctor", "--repair"]] {
        let ran = home.run(words).ended_with(2);
        assert!(ran.err.contains("runs are at work"), "{}", ran.err);
    }
    assert!(
        base.iter().all(|name| home.path().join("bases").join(name.trim_start_matches('.')).exists()
            || name.starts_with('.'))
    );
    app.kill();
    // A run that may go on keeps its base whatever size is asked for.
    home.run(&["resume"]).ended_with(0);
}

#[test]
fn damage_is_told_and_what_can_be_mended_is() {
    let home = Home::new();
    home.run(&["run", &suite(&home, "true"), "--assistants", "mine"]).ended_with(0);
    let looked = home.run(&["doctor", "--repair", "--json"]).ended_with(0).json();
    assert_eq!(
        (looked["found"].as_array().unwrap().len(), looked["blobs"].as_u64() >= Some(3)),
        (0, true),
        "{looked}"
    );

    let all = blobs(&home);
    let (damaged, missing) = (&all[0], &all[1]);
    fs::write(damaged, "other").unwrap();
    fs::remove_file(missing).unwrap();
    let orphan = home.path().join("blobs/00").join("2".repeat(62));
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    fs::write(&orphan, "no blob").unwrap();
    let base = home.path().join("bases").join(&names(&home.path().join("bases"))[0]);
    fs::remove_file(base.join("base.json")).unwrap();

    let looked = home.run(&["doctor", "--repair", "--json"]).ended_with(0).json();
    let said = |list: &str, words: &str| {
        looked[list].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains(words))
    };
    assert!(said("found", "is missing, and a run refers to it"), "{looked}");
    assert!(said("found", "is not what its name says"), "{looked}");
    assert!(said("left", "restore it from a backup"), "{looked}");
    assert!(said("done", "nothing refers to it") && !orphan.exists(), "{looked}");
    assert!(said("done", "it is made anew when it is needed") && !base.exists(), "{looked}");
    assert!(damaged.exists(), "what a run refers to is not removed, damaged or not");
}

#[test]
fn what_a_judge_said_is_missed_and_its_damage_is_told() {
    let home = Home::new();
    let suite = suite(&home, "true");
    let shell = |name: &str, script: &str| {
        format!(
            "[assistants.{name}]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", '''{script}''']\n"
        )
    };
    let judge = "cat >/dev/null; echo 'ANSWER prefer=ONE merge_one=YES merge_two=YES'";
    let all = shell("short", "echo two > a.txt")
        + &shell("long", "echo two more > a.txt")
        + &shell("judge", judge)
        + "prompt = \"stdin\"\n";
    fs::write(home.path().join("assistants.toml"), all).unwrap();
    home.run(&["run", &suite, "--assistants", "short,long"]).ended_with(0);
    let before: BTreeSet<PathBuf> = blobs(&home).into_iter().collect();
    let families = ["short", "long", "judge"].map(|name| format!("{name}=none"));
    let families = families.iter().flat_map(|family| ["--family", family]);
    let words: Vec<&str> = ["judge", "latest", "--with", "judge"].into_iter().chain(families).collect();
    home.run(&words).ended_with(0);
    let journals: Vec<PathBuf> = blobs(&home).into_iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(journals.len(), 2, "a journal for each order");
    let looked = home.run(&["doctor", "--repair", "--json"]).ended_with(0).json();
    assert_eq!(looked["found"], serde_json::json!([]), "{looked}");

    fs::remove_file(&journals[0]).unwrap();
    fs::write(&journals[1], "other").unwrap();
    let looked = home.run(&["doctor", "--repair", "--json"]).ended_with(0).json();
    let digest = |path: &Path| {
        let head = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        head + &path.file_name().unwrap().to_string_lossy()
    };
    let found = [
        format!("content {} is missing, and a run refers to it", digest(&journals[0])),
        format!("content {} is not what its name says", digest(&journals[1])),
    ];
    assert_eq!(looked["found"], serde_json::json!(found), "{looked}");
    let left = [0, 1].map(|at| format!("{}: restore it from a backup", journals[at].display()));
    assert_eq!((&looked["left"], &looked["done"]), (&serde_json::json!(left), &serde_json::json!([])));
    assert!(journals[1].exists(), "what a question refers to is not removed, damaged or not");
}

/// Every file of the data folder with its size, but for records: content, and the database that names it.
fn apart_from_records(home: &Home) -> BTreeSet<(String, u64)> {
    let (mut open, mut found) = (vec![home.path().to_owned()], BTreeSet::new());
    while let Some(folder) = open.pop() {
        for path in names(&folder).into_iter().map(|name| folder.join(name)) {
            let size = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(home.path()).unwrap().to_string_lossy().into_owned();
            if size.is_dir() {
                open.push(path);
            } else if name.starts_with("runs/") && name.ends_with("/lock") {
                found.insert(("a run's lock".to_owned(), 0));
            } else if !name.starts_with("store.db") && !blobs(home).contains(&path) {
                found.insert((name, size.len()));
            }
        }
    }
    found
}

#[test]
fn trials_in_a_row_leave_nothing_but_their_records() {
    let home = Home::new();
    let suite = suite(&home, "true");
    let ten = ["run", &suite, "--assistants", "mine", "--trials", "10", "--jobs", "2"];
    home.run(&ten).ended_with(0);
    let (first, bytes) = (apart_from_records(&home), |paths: &[PathBuf]| -> u64 {
        paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum()
    });
    let content = bytes(&blobs(&home));
    home.run(&ten).ended_with(0);
    assert_eq!(apart_from_records(&home), first);
    let more = bytes(&blobs(&home)) - content;
    assert!(more <= content, "ten trials added {more} bytes of content, the first ten {content}");
}

/// What lies in the folder for temporary files and in the data folder, apart from what must.
fn debris(home: &Home, tmp: &Path) -> Vec<String> {
    let mut left: Vec<String> = names(tmp);
    left.extend(names(&home.path().join("blobs/tmp")));
    left.extend(names(&home.path().join("bases")).into_iter().filter(|name| name.starts_with('.')));
    left
}

#[test]
fn after_any_ending_nothing_lives_is_mounted_or_lies_about() {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count();
    let before = mounts();
    for ending in ["finish", "limit", "cell", "kill", "stop"] {
        let home = Home::new();
        let tmp = tempfile::tempdir().unwrap();
        let suite = suite(&home, "true");
        // It leaves a process in the background, and works for ever where it is to be ended.
        let work = match ending {
            "finish" => "echo two > a.txt",
            "cell" => "echo two > a.txt; sleep 3",
            _ended => "echo two > a.txt; sleep 1000",
        };
        let assistant = format!(
            "[assistants.mine]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", \"(setsid sleep 1000 &) ; {work}\"]\n"
        );
        fs::write(home.path().join("assistants.toml"), assistant).unwrap();
        if ending == "limit" {
            let file = home.path().join("suite/one/task.toml");
            let short = fs::read_to_string(&file).unwrap().replace("timeout_sec = 9.0", "timeout_sec = 1.0");
            fs::write(&file, short).unwrap();
        }
        let mut app = home
            .fairtrial(&["run", &suite, "--assistants", "mine"])
            .env("TMPDIR", tmp.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let id = fairtrial_tests::wait_for("a run", || {
            let ran = home.run(&["runs", "--json"]);
            (ran.code == Some(0)).then(|| ran.json())?[0]["id"].as_str().map(str::to_owned)
        });
        if ["kill", "stop"].contains(&ending) {
            fairtrial_tests::wait_for("an assistant at work", || {
                (processes_of(&id).len() >= 2).then_some(())
            });
            let signal =
                if ending == "kill" { rustix::process::Signal::KILL } else { rustix::process::Signal::INT };
            let pid = rustix::process::Pid::from_raw(app.id().cast_signed()).unwrap();
            rustix::process::kill_process(pid, signal).unwrap();
        }
        if ending == "cell" {
            let run = home.path().join("runs").join(&id);
            let (_, cell) = fairtrial_tests::wait_for("a cell at work", || work_cell(&run));
            rustix::process::kill_process(cell, rustix::process::Signal::KILL).unwrap();
        }
        app.wait().unwrap();
        // The grace of a cell that is told to end.
        fairtrial_tests::wait_for("its processes to end", || processes_of(&id).is_empty().then_some(()));
        home.run(&["runs"]).ended_with(0);
        assert_eq!(debris(&home, tmp.path()), Vec::<String>::new(), "{ending}");
        // What was under way waits to be resumed; else a run's folder is its lock.
        if !["kill", "stop"].contains(&ending) {
            assert_eq!(names(&home.path().join("runs").join(&id)), ["lock"], "{ending}");
        }
        assert_eq!(mounts(), before, "{ending}");
    }
}
