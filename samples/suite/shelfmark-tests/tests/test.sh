#!/bin/sh
# For Harbor. Fairtrial runs the checks named in task.toml, one by one, in a fresh workspace.
cd /app && cp -R /tests/files/. . || exit 1
if (cd javascript && node --test --test-reporter=tap checks/mutants.test.js) && (cd javascript && node --test --test-reporter=tap test/*.test.js); then reward=1; else reward=0; fi
echo "$reward" > /logs/verifier/reward.txt
