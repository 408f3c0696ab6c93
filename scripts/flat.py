#!/usr/bin/env python3
"""Runs 200 trivial trials in a row and looks at what stays on the disk, in the process list and in the mount list.

usage: flat.py FAIRTRIAL_PROGRAM [TRIALS]

Prints a Markdown table; exits 1 when anything but records and bases is left, when bases grow, when a record takes more
room late than early, or when a process or a mount outlives a run.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

EACH = 20
TASK = """schema_version = "1.4"
[agent]
timeout_sec = 60.0
[metadata.fairtrial]
title = "Write b"
kind = "other"
repository = { folder = "../../base" }
[[metadata.fairtrial.checks]]
id = "b"
kind = "fail_to_pass"
run = "test -e b"
format = "exit"
timeout_sec = 60.0
hidden = true
"""
ASSISTANTS = '[assistants.trivial]\nbackend = "command"\nprogram = "/bin/sh"\nargs = ["-c", "echo x > b"]\n'
MOST_GROWTH = 1.5


def files(folder):
    """Every file below a folder with its bytes."""
    found = {}
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            found[path.relative_to(folder).as_posix()] = path.lstat().st_size
    return found


def sort(name):
    """Which part of the data folder a file belongs to."""
    head, *rest = name.split("/")
    if head.startswith("store.db") or (head == "blobs" and rest[0] != "tmp"):
        return "records"
    if head == "bases" and not rest[0].startswith("."):
        return "bases"
    if head in ("assistants.toml", "work.lock") or (head == "runs" and rest[1:] == ["lock"]):
        return "settings and locks"
    return "left over"


def carrying(run):
    """Processes that carry a run's marker."""
    found, mark = [], f"FAIRTRIAL_RUN={run}/".encode()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text().count("\n")


class Row:
    def __init__(self, trials, home, scratch):
        self.trials, self.parts, self.left = trials, {}, []
        for name, size in files(home).items():
            part = sort(name)
            self.parts[part] = self.parts.get(part, 0) + size
            if part == "left over":
                self.left.append(name)
        self.left += [f"temporary {name}" for name in files(scratch)]


def main():
    program = os.path.abspath(sys.argv[1])
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    if trials < 3 * EACH:
        sys.exit(f"flat.py: {trials} trials show no growth: ask for {3 * EACH} or more")
    with tempfile.TemporaryDirectory(prefix="flat-") as place:
        place = pathlib.Path(place)
        home, scratch, task = place / "home", place / "tmp", place / "suite/trivial"
        for folder in (home, scratch, task, place / "base"):
            folder.mkdir(parents=True)
        (place / "base/a").write_text("a\n")
        (task / "task.toml").write_text(TASK)
        (task / "instruction.md").write_text("Write x to b.\n")
        (home / "assistants.toml").write_text(ASSISTANTS)
        env, before, wrong, rows = os.environ | {"TMPDIR": str(scratch)}, mounts(), [], []

        def fairtrial(*words):
            return subprocess.run(
                [program, "--home", home, *words], env=env, capture_output=True, text=True, check=True
            ).stdout

        for done in range(EACH, trials + 1, EACH):
            words = ["--assistants", "trivial", "--trials", str(EACH), "--jobs", "2", "--json"]
            run = json.loads(fairtrial("run", place / "suite", *words))
            solved = sum(trial["counts_as"] == "pass" for trial in run["trials"])
            if solved != EACH:
                wrong.append(f"after {done} trials: {solved} of the last {EACH} were solved")
            if living := carrying(run["run"]["id"]):
                wrong.append(f"after {done} trials: processes {living} live")
            rows.append(Row(done, home, scratch))
            print(f"flat: {done} of {trials}", file=sys.stderr)
        fairtrial("gc")
        last = Row(trials, home, scratch)
        if mounts() != before:
            wrong.append(f"{mounts()} mounts, and {before} before")
        for row in [*rows, last]:
            wrong += [f"after {row.trials} trials: {name} is left" for name in row.left]
        bases = {row.parts["bases"] for row in rows}
        if len(bases) != 1:
            wrong.append(f"bases take {sorted(bases)} bytes")
        grown = [b.parts["records"] - a.parts["records"] for a, b in zip(rows, rows[1:])]
        half = len(grown) // 2
        early, late = sum(grown[:half]) / half, sum(grown[-half:]) / half
        if late > MOST_GROWTH * early:
            wrong.append(f"{EACH} trials took {early:.0f} bytes of records early and {late:.0f} late")
        print("| trials | bases, bytes | records, bytes | settings and locks, bytes | left over, files |\n|---|---|---|---|---|")
        for row, name in [*((row, row.trials) for row in rows), (last, f"{trials}, after `fairtrial gc`")]:
            parts = [row.parts.get(part, 0) for part in ("bases", "records", "settings and locks")]
            print(f"| {name} | {' | '.join(map(str, parts))} | {len(row.left)} |")
        print(f"\nRecords grow by {early / EACH:.0f} bytes a trial in the first half and {late / EACH:.0f} in the second.\n")
        print("\n".join(f"- {line}" for line in wrong[:20]) or "Nothing is left over, no process and no mount.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
