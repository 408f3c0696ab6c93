#!/usr/bin/env python3
"""Recomputes the headline verdict of a run from its exported JSON, without any code of Fairtrial.

    fairtrial report RUN --json run.json && python3 docs/verify_comparison.py run.json

Needs scipy (PyPI). Figures must agree to 1e-6, words and the top group exactly; ends with 1 if not."""
import json
import sys
from collections import defaultdict
from fractions import Fraction
from math import lcm, sqrt
import numpy as np
from scipy.stats import t as student

ALPHA, FEWEST, ASYMMETRY = 0.05, 6, 0.10

def padded_t(pairs):
    """Padded paired t: two further tasks with squares 1/T; pairs of (passed, trials) for both."""
    d = [a[0] / a[1] - b[0] / b[1] for a, b in pairs]
    n, trials = len(d), 2 * len(d) / sum(1 / c[1] for pair in pairs for c in pair)
    mean, centre = sum(d) / n, sum(d) / (n + 2)
    half = student.ppf(0.975, n - 1) * sqrt(((sum(x * x for x in d) + 1 / trials) / (n + 2) - centre**2) / (n + 1))
    return mean, max(mean - half, -1.0), min(mean + half, 1.0)

def sign_flip_p(pairs):
    """Share of all sign patterns at least as far from zero as the observed sum, exactly."""
    d = [Fraction(*a) - Fraction(*b) for a, b in pairs]
    unit = lcm(*(x.denominator for x in d))
    steps = [int(x * unit) for x in d]
    mass = np.ones(1)
    for size in (abs(s) for s in steps):
        mass = np.convolve(mass, np.array([0.5] + [0.0] * (2 * size - 1) + [0.5]) if size else np.ones(1))
    sums = np.arange(len(mass)) - (len(mass) - 1) // 2
    return float(mass[np.abs(sums) >= abs(sum(steps))].sum())

def holm(values):
    order, floor, out = sorted(range(len(values)), key=lambda i: values[i]), 0.0, [0.0] * len(values)
    for rank, i in enumerate(order):
        floor = out[i] = max(floor, min(1.0, values[i] * (len(values) - rank)))
    return out

def word(readings, p, margin):
    """Better, equivalent or undecided; every reading of lost trials must agree."""
    n, bounds = min(r[0] for r in readings), [r[1] for r in readings]
    if n >= FEWEST and p <= ALPHA and all(low > 0 for _, low, _ in bounds):
        return "a_better" if all(high >= margin for *_, high in bounds) else "a_slightly_better"
    if n >= FEWEST and p <= ALPHA and all(high < 0 for *_, high in bounds):
        return "b_better" if all(-low >= margin for _, low, _ in bounds) else "b_slightly_better"
    inside = all(low > -margin and high < margin for _, low, high in bounds)
    return "equivalent" if n >= FEWEST and inside else "undecided"

def main(path):
    run = json.load(open(path, encoding="utf-8"))
    told, plan = run["comparison"], run["run"]["plan"]
    if told["basis"]["looks"] != "at_end":
        sys.exit("only comparisons that are looked at once, at the end, are recomputed here")
    invalid = lambda task: task["facts"] and task["facts"]["validity"]["validity"] == "invalid"
    tasks = [t["id"] for t in run["tasks"] if t["kind"] != "canary" and not invalid(t)]
    cells = defaultdict(lambda: [0, 0, 0])  # passed, graded, lost to infrastructure
    for trial in run["trials"]:
        cell, worth = cells[trial["assistant"], trial["task"]], trial["counts_as"]
        cell[0] += worth == "pass"
        cell[1] += worth in ("pass", "fail")
        cell[2] += worth == "infra"
    ids, found = [a["id"] for a in plan["assistants"]], []
    evident = [i for i in ids if any(cells[i, t][1] for t in tasks)]
    plain = any(trial["tier"] == "plain" for trial in run["trials"])
    withheld = len(evident) < 2 or len(tasks) == 1 or len(run["tasks"]) == 1 or plain or run["unfinished"]
    for a, b in ((a, b) for i, a in enumerate(ids) for b in ids[i + 1:]):
        both = [(cells[a, t], cells[b, t]) for t in tasks]
        share = lambda k: sum(p[k][2] for p in both) / max(1, sum(p[k][1] + p[k][2] for p in both))
        views = [[((x[0], x[1] + add * x[2]), (y[0], y[1] + add * y[2])) for x, y in both] for add in (0, 1)]
        views = [[(x, y) for x, y in view if x[1] and y[1]] for view in views[:1 + any(x[2] + y[2] for x, y in both)]]
        readings = [(len(v), padded_t(v), sign_flip_p(v)) for v in views if len(v) > 1]
        out = abs(share(0) - share(1)) > ASYMMETRY + 1e-9 or len(views[0]) < 2
        found.append((a, b, readings, out))
    adjusted = iter(holm([max(r[2] for r in readings) for *_, readings, out in found if not out]))
    beaten, worst = set(), 0.0
    for (a, b, readings, out), pair in zip(found, told["pairs"], strict=True):
        p = None if out else next(adjusted)
        conclusion = "withheld" if out or withheld else word(readings, p, told["basis"]["margin"])
        assert (a, b, conclusion) == (pair["a"], pair["b"], pair["conclusion"]), (a, b, conclusion, pair["conclusion"])
        beaten |= {b} if conclusion.startswith("a_") else {a} if conclusion.startswith("b_") else set()
        ours = [*readings[0][1], readings[0][2]] if readings else []
        ours += [*readings[1][1], readings[1][2]] if len(readings) > 1 else []
        theirs = [d[k] for d in (pair["difference"],) if d for k in ("estimate", "low", "high")] + [pair["p"]] * bool(readings)
        lost = pair["infra_as_failed"]
        theirs += [lost["estimate"], lost["low"], lost["high"], pair["p_as_failed"]] if lost else []
        ours, theirs = (ours, theirs) if p is None else (ours + [p], theirs + [pair["p_adjusted"]])
        assert len(ours) == len(theirs), (a, b, ours, theirs)
        worst = max([worst] + [abs(x - y) for x, y in zip(ours, theirs)])
    top = [] if withheld else [i for i in evident if i not in beaten]
    assert top == told["verdict"]["top"], (top, told["verdict"]["top"])
    assert worst <= 1e-6, f"figures differ by {worst}"
    print(f"{len(found)} pairs, top {', '.join(top) or 'none'}: agrees to {worst:.1e}. {told['verdict']['headline']}")

if __name__ == "__main__":
    main(sys.argv[1])
