"""OCPP 2.0.1 sequence numbers seen so far, as a flat tuple: first and last of each unbroken run, ascending."""

MAX_RUNS = 64
"""A station that skips more often than this has its oldest gaps forgotten, never the fact that there are gaps."""


def with_number(runs: tuple[int, ...], number: int) -> tuple[int, ...]:
    """The runs with `number` too; the same object if it was there."""
    if runs and number == runs[-1] + 1:
        return (*runs[:-1], number)
    pairs = list(zip(runs[::2], runs[1::2], strict=True))
    if any(first <= number <= last for first, last in pairs):
        return runs
    joined: list[tuple[int, int]] = []
    for first, last in sorted([*pairs, (number, number)]):
        if joined and first == joined[-1][1] + 1:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    if len(joined) > MAX_RUNS:
        joined[:2] = [(joined[0][0], joined[1][1])]
    return tuple(edge for run in joined for edge in run)


def has_gap(runs: tuple[int, ...]) -> bool:
    """Whether a number between the first and the last is missing."""
    return len(runs) > 2
