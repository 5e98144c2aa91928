"""Coverage-guided fuzzing of the frame parser: `python -m tests.fuzz.fuzz_frames -max_total_time=60`.

It begins with recorded traffic and the list of bad input, whose changes reach what lies behind the parser too. It
needs atheris (`pip install atheris`), which is no dependency: without it the property tests of
tests/unit/ocpp/wire/test_frames_fuzz.py keep the same promises with fewer inputs.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.frame_promises import keep
from tests.golden.ocpp.golden import CASES
from tests.unit.ocpp.hostile import HOSTILE

_LONGEST = 4096


def seeds() -> list[bytes]:
    """Frames that stations have sent, and some that none should."""
    recorded = [(case / "in.json").read_bytes() for case in CASES]
    return [frame for frame in (*recorded, *(hostile.frame for hostile in HOSTILE)) if len(frame) <= _LONGEST]


def main() -> None:
    try:
        import atheris  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    with TemporaryDirectory(prefix="wattlog-fuzz-") as folder:
        for number, frame in enumerate(seeds()):
            (Path(folder) / f"{number}").write_bytes(frame)
        atheris.instrument_all()
        atheris.Setup([*sys.argv, f"-max_len={_LONGEST}", folder], keep)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
