#!/usr/bin/env python3
"""Runs the sample suite again and again, kills the app with SIGKILL at random moments, resumes, and counts.

usage: soak.py FAIRTRIAL_PROGRAM [SECONDS] [SEED]

Prints a Markdown table; exits 1 when a trial differs from samples/EXPECTED.toml, is missing or double, changed after
it was recorded, or when a process of a run is alive after it. No run begins after SECONDS (600); ten are wanted.
"""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

RUNS, TRIALS, MOST_KILLS = 10, 3, 3
EXPECTED = tomllib.loads((pathlib.Path(__file__).parent.parent / "samples/EXPECTED.toml").read_text())


def seen(trial):
    """A trial in the form of EXPECTED.toml."""
    result = trial["result"] or {"result": "none"}
    line = {"ending": trial["ending"]["ending"], "result": result["result"]}
    if result["result"] == "unresolved":
        line["failed"] = list(dict.fromkeys(test["check"] for test in result["failed"]))
    if result["result"] == "set_aside":
        line |= {"rule": result["rule"], "path": result["at"]["path"], "line": result["at"]["line"]}
    return line


def key(trial):
    return trial["task"], trial["assistant"], trial["trial"]


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


def gone(run, seconds=10):
    """Waits until no process of a run is alive; returns those that stay."""
    end = time.monotonic() + seconds
    while (left := alive(run)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


class Soak:
    def __init__(self, program, seed):
        self.program, self.random = program, random.Random(seed)
        self.runs = self.kills = self.trials = self.attempts = self.kept = 0
        self.wrong = []

    def start(self, home, words):
        out = open(home / "out.json", "w")
        log = open(home / "log", "a")
        return subprocess.Popen([self.program, "--home", home, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=log)

    def look(self, home):
        """The newest run as it is recorded now, or None."""
        told = subprocess.run(
            [self.program, "--home", home, "show", "latest", "--json"], capture_output=True, text=True, check=False
        )
        return json.loads(told.stdout) if told.returncode == 0 else None

    def one(self, number):
        with tempfile.TemporaryDirectory(prefix="soak-") as home:
            self.through(number, pathlib.Path(home))
        self.runs += 1

    def through(self, number, home):
        """One run to its end, with kills in between."""
        begin = ["run", "samples", "--trials", str(TRIALS), "--seed", str(number), "--json"]
        kills, words, recorded = self.random.randint(1, MOST_KILLS), begin, {}
        while True:
            app = self.start(home, words)
            try:
                code = app.wait(self.random.uniform(0.5, 60) if kills else 1200)
            except subprocess.TimeoutExpired:
                app.send_signal(signal.SIGKILL)
                app.wait()
                if not kills:
                    return self.wrong.append(f"run {number} did not end within 1200 s")
                kills, self.kills, code = kills - 1, self.kills + 1, None
            run = self.look(home)
            if run:
                recorded = self.compare(number, recorded, run)
                if left := gone(run["run"]["id"]):
                    self.wrong.append(f"run {number}: processes {left} outlived the app")
            if code == 0:
                return self.count(number, recorded)
            if code is not None:
                last = (home / "log").read_text().strip().splitlines()[-1:]
                return self.wrong.append(f"run {number} ended with {code}: {last}")
            words = ["resume", "latest", "--json"] if run else begin

    def compare(self, number, before, run):
        """What was recorded stays as it is, and every trial is there once."""
        now = {key(trial): trial for trial in run["trials"]}
        if len(now) != len(run["trials"]):
            self.wrong.append(f"run {number}: a trial is recorded twice")
        for name, trial in before.items():
            self.kept += 1
            if now.get(name) != trial:
                self.wrong.append(f"run {number}: {name} was recorded and is another now")
        return now

    def count(self, number, trials):
        self.trials += len(trials)
        self.attempts += sum(trial["attempts"] for trial in trials.values())
        wanted = {(t, a, n + 1) for t, row in EXPECTED.items() for a in row for n in range(TRIALS)}
        for name in wanted ^ trials.keys():
            self.wrong.append(f"run {number}: {name} is missing or unexpected")
        for name in wanted & trials.keys():
            if (found := seen(trials[name])) != EXPECTED[name[0]][name[1]]:
                self.wrong.append(f"run {number}: {name} came to {found}")


def main():
    program = os.path.abspath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 600
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    soak, begin = Soak(program, seed), time.monotonic()
    for number in range(1, RUNS + 1):
        if time.monotonic() - begin > seconds:
            break
        print(f"soak: run {number} of {RUNS}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
        soak.one(number)
    rows = {
        "runs finished, of ten wanted": soak.runs,
        "kills of the app (SIGKILL)": soak.kills,
        "trials recorded": soak.trials,
        "attempts that they took": soak.attempts,
        "recorded trials looked at again after a kill": soak.kept,
        "mismatches": len(soak.wrong),
        "seconds": round(time.monotonic() - begin),
        "seed": seed,
    }
    print("| what | count |\n|---|---|\n" + "\n".join(f"| {what} | {count} |" for what, count in rows.items()))
    for sort, count in collections.Counter(soak.wrong).most_common(20):
        print(f"- {count} × {sort}")
    return 1 if soak.wrong or not soak.runs else 0


if __name__ == "__main__":
    sys.exit(main())
