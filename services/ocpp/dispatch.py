"""Commands on their way to stations: which one is next, which are over, which were seen before."""

from collections import deque

from services.domain.events.station import CommandAnswered, CommandRequested, CommandSent
from services.domain.units import Millis


class Dispatch:
    """The commands of all stations, held by this edge or not: who gets a result elsewhere is struck off here.

    Commands are told apart by `command_id`; one that was requested or answered before is not taken again.
    """

    def __init__(self, horizon_ms: Millis) -> None:
        self._horizon_ms = horizon_ms
        self._waiting: dict[str, deque[CommandRequested]] = {}
        self._seen: dict[str, Millis] = {}
        self._sent: dict[str, CommandSent] = {}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._waiting.values())

    def requested(self, command: CommandRequested, now_ms: Millis) -> bool:
        """Take a command; False if it is known already."""
        if command.command_id in self._seen:
            return False
        self._seen[command.command_id] = max(now_ms, command.deadline_at) + self._horizon_ms
        self._waiting.setdefault(command.key, deque()).append(command)
        return True

    def sent(self, sent: CommandSent, now_ms: Millis) -> None:
        """Somebody sends it: nobody else must, and somebody owes a result."""
        self._seen[sent.command_id] = max(now_ms, sent.answer_by) + self._horizon_ms
        self._sent[sent.command_id] = sent
        self._drop(sent.key, sent.command_id)

    def answered(self, result: CommandAnswered, now_ms: Millis) -> None:
        """Somebody has a result: nothing more is to be done."""
        self._seen[result.command_id] = now_ms + self._horizon_ms
        self._sent.pop(result.command_id, None)
        self._drop(result.key, result.command_id)

    def next(self, station: str, now_ms: Millis, asked_since: Millis = 0) -> CommandRequested | None:
        """Take the station's oldest command that may still be sent, if it was asked for since `asked_since`."""
        queue = self._waiting.get(station, ())
        for command in list(queue):
            if command.deadline_at > now_ms:
                if command.requested_at < asked_since:
                    return None
                self._drop(station, command.command_id)
                return command
        return None

    def waiting(self) -> list[str]:
        """The stations that commands wait for."""
        return list(self._waiting)

    def unanswered(self, now_ms: Millis) -> list[CommandSent]:
        """Commands that were sent and whose sender has said nothing more in time: it must have died."""
        return [sent for sent in self._sent.values() if sent.answer_by <= now_ms]

    def expired(self, now_ms: Millis) -> list[CommandRequested]:
        """Commands that may no longer be sent; they stay until somebody has a result. Forgets what is old."""
        self._seen = {command_id: until for command_id, until in self._seen.items() if until > now_ms}
        return [command for queue in self._waiting.values() for command in queue if command.deadline_at <= now_ms]

    def _drop(self, station: str, command_id: str) -> None:
        queue = self._waiting.get(station)
        if queue is None:
            return
        left = deque(command for command in queue if command.command_id != command_id)
        if left:
            self._waiting[station] = left
        else:
            del self._waiting[station]
