#!/bin/sh
# The task contradicts itself: there is no solution.
echo "no change satisfies both the instruction and the existing tests" >&2
exit 1
