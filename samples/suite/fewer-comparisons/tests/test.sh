#!/bin/sh
# For Harbor. Fairtrial runs the checks named in task.toml, one by one, in a fresh workspace.
cd /app && cp -R /tests/files/. . || exit 1
if (cd python && python3 -m unittest -v checks.test_comparisons 2>&1) && (cd python && python3 -m unittest discover -v -s tests -t . 2>&1); then reward=1; else reward=0; fi
echo "$reward" > /logs/verifier/reward.txt
