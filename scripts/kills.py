#!/usr/bin/env python3
"""Kills the app while it works on a run of 40 trials, and lets writes fail, until both were done often enough.

usage: kills.py FAIRTRIAL_PROGRAM [KILLS] [FAULTS] [SECONDS] [SEED]

First KILLS (100) times SIGKILL at a random moment, each followed by a resume, over as many runs as that takes; then
faults (no space, a broken disk, a crash) at up to FAULTS (0: none) moments of each point where something must last,
which needs programs with debug assertions. Prints a Markdown table; exits 1 when a trial that was recorded is lost,
double or another, when totals are wrong, SQLite complains, or a process, an unfinished file or a temporary file stays.
No kill and no fault comes after SECONDS (1500).
"""

import collections
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

TASKS, TRIALS = 5, 4
ASSISTANTS = {"solver": ("echo two > a.txt", "resolved"), "idler": ("echo three > a.txt", "unresolved")}
POINTS = [
    "transaction begin", "transaction commit", "transaction end", "blob create", "blob write", "blob sync",
    "blob rename", "blob folder sync", "journal create", "journal line", "journal force", "base write", "base rename",
    "patch create", "patch write", "patch sync", "patch rename",
]
TASK = """schema_version = "1.4"
[agent]
timeout_sec = 20.0
[metadata.fairtrial]
title = "Task"
kind = "bug_fix"
repository = { folder = "../../code" }
[[metadata.fairtrial.checks]]
id = "c"
run = "grep two a.txt"
kind = "fail_to_pass"
format = "exit"
"""


def alive(run):
    """Processes of a run, by the marker in their environment."""
    found, mark = [], f"FAIRTRIAL_RUN={run}/".encode()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def bytes_below(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


class Place:
    """A data folder with a suite of quick tasks and two assistants."""

    def __init__(self, program, folder, tasks, trials, pause):
        self.program, self.home, self.trials = program, pathlib.Path(folder), trials
        self.tmp = self.home / "tmp"
        (self.home / "code").mkdir()
        self.tmp.mkdir()
        (self.home / "code/a.txt").write_text("one\n")
        for number in range(tasks):
            task = self.home / f"suite/task-{number}"
            task.mkdir(parents=True)
            (task / "task.toml").write_text(TASK)
            (task / "instruction.md").write_text(f"Do it, {number}.\n")
        self.wanted = {(f"task-{t}", a, n + 1) for t in range(tasks) for a in ASSISTANTS for n in range(trials)}
        tables = [
            f'[assistants.{name}]\nbackend = "command"\nprogram = "/bin/sh"\nargs = ["-c", "sleep {pause}; {work}"]\n'
            for name, (work, _) in ASSISTANTS.items()
        ]
        (self.home / "assistants.toml").write_text("".join(tables))
        self.begin = ["run", str(self.home / "suite"), "--assistants", ",".join(ASSISTANTS), "--trials", str(trials)]

    def start(self, words, **more):
        return subprocess.Popen(
            [self.program, "--home", self.home, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(self.home / "log", "a"),
            env=os.environ | {"TMPDIR": str(self.tmp)} | more,
        )

    def look(self):
        """The newest run as it is recorded now, or None."""
        told = subprocess.run(
            [self.program, "--home", self.home, "show", "latest", "--json"], capture_output=True, text=True, check=False
        )
        return json.loads(told.stdout) if told.returncode == 0 else None

    def words(self, run):
        return ["resume", "latest"] if run else self.begin

    def last_words(self):
        return (self.home / "log").read_text().strip().splitlines()[-1:]


class Kills:
    def __init__(self, program, seed, until):
        self.program, self.random, self.until = program, random.Random(seed), until
        self.runs = self.kills = self.recorded = self.attempts = self.again = self.faults = self.unmet = 0
        self.wrong = []

    def complain(self, what):
        self.wrong.append(what)

    def kept(self, name, before, run):
        """What was recorded stays as it is, and every trial is there once."""
        now = {(t["task"], t["assistant"], t["trial"]): t for t in run["trials"]} if run else {}
        if run and len(now) != len(run["trials"]):
            self.complain(f"{name}: a trial is recorded twice")
        for key, trial in before.items():
            self.again += 1
            if now.get(key) != trial:
                self.complain(f"{name}: {key} was recorded and is another now")
        return now

    def whole(self, name, place, run, trials):
        """The end of a run: totals, the database, and what lies about."""
        self.recorded += len(trials)
        self.attempts += sum(trial["attempts"] for trial in trials.values())
        if trials.keys() != place.wanted:
            self.complain(f"{name}: {len(trials)} trials instead of {len(place.wanted)}")
        for (task, who, number), trial in trials.items():
            if (trial["result"] or {}).get("result") != ASSISTANTS[who][1]:
                self.complain(f"{name}: {task}/{who}/{number} came to {trial['ending']} {trial['result']}")
        for arm in run["comparison"]["arms"]:
            if arm["trials"] != len(place.wanted) // len(ASSISTANTS):
                self.complain(f"{name}: {arm['assistant']} has {arm['trials']} trials in the comparison")
        if left := alive(run["run"]["id"]):
            self.complain(f"{name}: processes {left} are alive")
        with sqlite3.connect(f"file:{place.home}/store.db?mode=ro", uri=True) as db:
            if (said := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
                self.complain(f"{name}: {said}")
        place.look()
        lies = [*place.tmp.iterdir(), *(place.home / "blobs/tmp").iterdir(), *(place.home / "bases").glob(".*")]
        lies += [p for p in (place.home / "runs").glob("*/*") if p.name != "lock"]
        if lies:
            self.complain(f"{name}: {[path.name for path in lies]} lie about")
        looked = subprocess.run(
            [self.program, "--home", place.home, "doctor", "--repair", "--json"], capture_output=True, text=True, check=False
        )
        if looked.returncode != 0 or json.loads(looked.stdout)["left"]:
            self.complain(f"{name}: {looked.stdout} {looked.stderr}")

    def killed(self, most):
        """One run of 40 trials with kills in between, at most so many."""
        self.runs += 1
        name = f"run {self.runs}"
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            place, trials, run, left = Place(self.program, folder, TASKS, TRIALS, 0.3), {}, None, most
            while True:
                app = place.start(place.words(run))
                try:
                    code = app.wait(self.random.uniform(0.05, 2.5) if left > 0 and time.monotonic() < self.until else 600)
                except subprocess.TimeoutExpired:
                    app.send_signal(signal.SIGKILL)
                    app.wait()
                    if left <= 0:
                        return self.complain(f"{name} did not end within 600 s")
                    left, self.kills, code = left - 1, self.kills + 1, None
                run = place.look()
                trials = self.kept(name, trials, run)
                if code == 0:
                    return self.whole(name, place, run, trials)
                if code is not None:
                    return self.complain(f"{name} ended with {code}: {place.last_words()}")

    def struck(self, kind, point, nth):
        """A run of four trials with one fault; returns how often the point was met."""
        name = f"{kind} at {point}, time {nth}"
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            place, counter = Place(self.program, folder, 1, 2, 0), pathlib.Path(folder) / "counter"
            app = place.start([*place.begin, "--jobs", "1"], FAIRTRIAL_FAULT=f"{kind}:{point}:{nth}:{counter}")
            app.wait(300)
            met = counter.stat().st_size if counter.exists() else 0
            if nth == 0:
                return met
            self.faults += 1
            self.unmet += met < nth
            run = place.look()
            trials = self.kept(name, {}, run)
            for _ in range(3):
                if run and run["run"]["status"] == "finished":
                    break
                place.start(place.words(run)).wait(300)
                run = place.look()
                trials = self.kept(name, trials, run)
            if not run or run["run"]["status"] != "finished":
                return self.complain(f"{name}: the run does not end: {place.last_words()}")
            self.whole(name, place, run, trials)
            return met


def main():
    number = lambda n, usual: int(sys.argv[n]) if len(sys.argv) > n else usual
    kills, faults = number(2, 100), number(3, 0)
    begin, seed = time.monotonic(), number(5, random.randrange(1 << 32))
    soak = Kills(os.path.abspath(sys.argv[1]), seed, begin + number(4, 1500))
    while soak.kills < kills and time.monotonic() < soak.until:
        print(f"kills: {soak.kills} of {kills}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
        soak.killed(kills - soak.kills)
    for point in POINTS if faults else []:
        met = soak.struck("eio", point, 0)
        step = max(1, -(-met // faults))
        if not met:
            soak.complain(f"{point} was never met: are these programs with debug assertions?")
        for nth in range(1, met + 1, step):
            for kind in ["enospc", "eio", "crash"]:
                if time.monotonic() < soak.until:
                    soak.struck(kind, point, nth)
        print(f"faults: {point}, met {met} times, {time.monotonic() - begin:.0f} s", file=sys.stderr)
    rows = {
        f"kills of the app (SIGKILL), of {kills} wanted": soak.kills,
        "runs of 40 trials that they fell into": soak.runs,
        "faults injected (no space, broken disk, crash)": soak.faults - soak.unmet,
        "points they were injected at": len(POINTS) if faults else 0,
        "trials recorded": soak.recorded,
        "attempts that they took": soak.attempts,
        "recorded trials looked at again": soak.again,
        "lost, double, changed or left over": len(soak.wrong),
        "seconds": round(time.monotonic() - begin),
        "seed": seed,
    }
    print("| what | count |\n|---|---|\n" + "\n".join(f"| {what} | {count} |" for what, count in rows.items()))
    for sort, count in collections.Counter(soak.wrong).most_common(20):
        print(f"- {count} × {sort}")
    return 1 if soak.wrong or soak.kills < kills else 0


if __name__ == "__main__":
    sys.exit(main())
