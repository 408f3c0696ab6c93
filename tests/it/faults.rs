//! A write that fails, and a process that ends, at each point where something must last: nothing finished is lost or
//! doubled. `scripts/faults.py` goes through every time that every point is met.

use std::collections::BTreeMap;
use std::fs;

use fairtrial_tests::Home;
use serde_json::Value;

use crate::upkeep::suite;

/// Points with the time at which they strike.
const STRIKES: [(&str, &str, u32); 17] = [
    ("crash", "transaction begin", 6),
    ("enospc", "transaction commit", 7),
    ("crash", "transaction end", 6),
    ("eio", "blob create", 1),
    ("enospc", "blob write", 2),
    ("eio", "blob sync", 3),
    ("crash", "blob rename", 2),
    ("crash", "blob folder sync", 3),
    ("enospc", "journal create", 3),
    ("crash", "journal line", 20),
    ("eio", "journal force", 3),
    ("enospc", "base write", 1),
    ("crash", "base rename", 1),
    ("eio", "patch create", 1),
    ("enospc", "patch write", 1),
    ("crash", "patch sync", 1),
    ("crash", "patch rename", 1),
];

fn latest(home: &Home) -> Option<Value> {
    let ran = home.run(&["show", "latest", "--json"]);
    (ran.code == Some(0)).then(|| ran.json())
}

/// Trials by number.
fn trials(run: &Value) -> BTreeMap<u64, Value> {
    let all = run["trials"].as_array().unwrap();
    let by_number: BTreeMap<_, _> = all.iter().map(|t| (t["trial"].as_u64().unwrap(), t.clone())).collect();
    assert_eq!(all.len(), by_number.len(), "a trial is recorded twice");
    by_number
}

fn strike(kind: &str, point: &str, nth: u32) {
    let at = format!("{kind} at `{point}`, time {nth}");
    let home = Home::new();
    let suite = suite(&home, "true");
    let begin = ["run", &suite, "--assistants", "mine", "--trials", "2", "--jobs", "1"];
    let counter = home.path().join("counter");
    let order = format!("{kind}:{point}:{nth}:{}", counter.display());
    let struck = home.fairtrial(&begin).env("FAIRTRIAL_FAULT", order).output().unwrap();
    let met = fs::metadata(&counter).map_or(0, |found| found.len());
    assert!(met >= nth.into(), "{at}: it was met {met} times only: {struck:?}");

    let before = latest(&home);
    let kept = before.as_ref().map(trials).unwrap_or_default();
    match before.as_ref().map(|run| run["run"]["status"].as_str().unwrap()) {
        Some("finished") => {}
        Some(_) => drop(home.run(&["resume"]).ended_with(0)),
        None => drop(home.run(&begin).ended_with(0)),
    }
    let after = trials(&latest(&home).unwrap());
    assert_eq!(after.keys().collect::<Vec<_>>(), [&1, &2], "{at}");
    for (number, trial) in &after {
        assert_eq!(trial["result"]["result"], "resolved", "{at}: {trial}");
        assert!(kept.get(number).is_none_or(|kept| kept == trial), "{at}: a recorded trial is another now");
    }
    let looked = home.run(&["doctor", "--repair", "--json"]).ended_with(0).json();
    assert_eq!(looked["left"].as_array().unwrap().len(), 0, "{at}: {looked}");
    assert!(!looked["found"].to_string().contains("database"), "{at}: {looked}");
}

#[test]
fn a_fault_at_any_point_loses_and_doubles_nothing() {
    // Two at a time: they wait for disks and processes more than they work.
    std::thread::scope(|scope| {
        for half in 0..2 {
            let mine = STRIKES.iter().enumerate().filter(move |(n, _)| n % 2 == half);
            scope.spawn(move || mine.for_each(|(_, (kind, point, nth))| strike(kind, point, *nth)));
        }
    });
}

#[test]
fn a_patch_that_is_damaged_while_it_waits_is_made_again() {
    let home = Home::new();
    let mut app = home.start(&["run", &suite(&home, "sleep 2"), "--assistants", "mine", "--jobs", "1"]);
    let found = fairtrial_tests::wait_for("a trial that is judged", || {
        let runs = home.path().join("runs");
        let of = |run: fs::DirEntry| run.path().join("trials/one/mine/1/attempt-1");
        let dir = fs::read_dir(runs).into_iter().flatten().flatten().map(of).find(|dir| dir.is_dir())?;
        dir.join("grade/journal.jsonl").exists().then_some(dir)
    });
    app.kill();
    fs::write(found.join("work/patch.json"), "{\"files\": [").unwrap();
    let after = home.run(&["resume", "--json"]).ended_with(0).json();
    let trials = trials(&after);
    assert_eq!((&trials[&1]["attempts"], &trials[&1]["result"]["result"]), (&2.into(), &"resolved".into()));
}
