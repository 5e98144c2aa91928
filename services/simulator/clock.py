"""Accelerated time: stations live through days while minutes pass."""

from dataclasses import dataclass

from services.domain.units import Millis


@dataclass(slots=True)
class VirtualClock:
    """Station time that runs `speed` times as fast as the wall, from `begins_at` once it has been started.

    Wall times are seconds of a monotonic clock.
    """

    begins_at: Millis
    speed: float = 1.0
    started_s: float | None = None

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError(f"speed {self.speed:g} must be more than 0")

    def start(self, wall_s: float) -> None:
        self.started_s = wall_s

    def now(self, wall_s: float) -> Millis:
        """The stations' time; it stands still until the start."""
        elapsed_s = 0.0 if self.started_s is None else wall_s - self.started_s
        return self.begins_at + int(elapsed_s * self.speed * 1000)

    def seconds_until(self, at: Millis, wall_s: float) -> float:
        """Wall seconds until station time `at`, 0 when it is past."""
        return max(0.0, (at - self.now(wall_s)) / 1000 / self.speed)
