#!/bin/sh
# Prints the interpreter to make .venv with; nothing if there is none.
# Of the versions that Wattlog is tested with the first that is installed; of its builds the quickest, since one
# without profile-guided optimisation costs a quarter more CPU for every event.
for version in 3.11 3.12 3.13; do
    for python in $(which -a "python$version" 2>/dev/null) "/usr/bin/python$version"; do
        "$python" - "$version" "$python" <<'PROGRAM' 2>/dev/null
import ensurepip
import sys
import time
import timeit
import venv

if "%d.%d" % sys.version_info[:2] != sys.argv[1]:
    raise SystemExit(1)
work = "d[i % 97] = (i, str(i)); i += len(d)"
took = timeit.repeat(work, "d = {}; i = 0", number=20_000, repeat=30, timer=time.process_time)
print(f"{min(took):.6f} {sys.argv[2]}")
PROGRAM
    done | sort -n | sed -n '1s/^[^ ]* //p'
done | sed -n 1p
