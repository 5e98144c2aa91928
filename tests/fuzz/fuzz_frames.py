"""Coverage-guided fuzzing of the frame parser: `python -m tests.fuzz.fuzz_frames -max_total_time=60`.

It needs atheris (`pip install atheris`), which is no dependency: without it the property tests of
tests/unit/ocpp/wire/test_frames_fuzz.py keep the same promises with fewer inputs.
"""

import sys

from tests.fuzz.frame_promises import keep


def main() -> None:
    try:
        import atheris  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, keep)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
