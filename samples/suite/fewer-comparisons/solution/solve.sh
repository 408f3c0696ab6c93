#!/bin/sh
# For Harbor's oracle.
cd /app && patch -p1 < /solution/reference.patch
