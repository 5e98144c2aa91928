"""All stations' local authorization lists, and what is to be published about them. Pure: told the time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from services.domain.events.common import LocalListEntry, LocalListStatus, RegistrationStatus
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, LocalList, Station
from services.domain.events.token import Token
from services.domain.local_list import MAX_ID_TOKEN_LENGTH
from services.domain.units import Millis
from services.fleet.local_lists.station import Terms, advance, answered, blank, free, holds_something, unanswered
from services.fleet.local_lists.wanted import MAX_ID_TAG_LENGTH, NOTHING, Selection, Wanted, digest_of, wanted
from services.fleet.pace import Pace


class Due(NamedTuple):
    """To be published: lists first, and when they are durable the commands."""

    lists: list[LocalList]
    commands: list[CommandRequested]


class Policy(NamedTuple):
    """`everywhere`: also for stations whose entry does not say. `settle_ms`: how long changes are gathered."""

    everywhere: bool
    per_minute: int
    settle_ms: Millis
    terms: Terms = Terms()


class Register:
    """Whoever starts again is told the lists that were published, and the results since."""

    def __init__(
        self,
        policy: Policy,
        tokens: Callable[[], Iterable[Token]],
        connection: Callable[[str], Connection | None],
        now_ms: Millis,
    ) -> None:
        self._policy = policy
        self._tokens = tokens
        self._connection = connection
        self._pace = Pace(policy.per_minute, now_ms)
        self._lists: dict[str, LocalList] = {}
        self._digests: dict[str, str] = {}
        self._changed: dict[str, LocalList] = {}
        self._wanted: dict[Selection, Wanted] = {}
        self._quiet: dict[str, tuple[Station, Connection, LocalList]] = {}
        """Stations that had what they should when they were last looked at, and by what."""
        self._same: dict[str, tuple[LocalListEntry, ...]] = {}
        """Lists by digest. Stations that have the same, as most do, share one: else 8 bytes a token."""
        self._shared: dict[LocalListEntry, LocalListEntry] = {}
        self._dirty_at: Millis | None = None

    @property
    def behind(self) -> int:
        """Stations whose list is not what it should be, as far as we know."""
        done = (LocalListStatus.CURRENT, LocalListStatus.UNSUPPORTED)
        return sum(known.status not in done for known in self._lists.values())

    def restore(self, lists: Iterable[LocalList]) -> None:
        """Lists as they were published. Those that differ share at least what is said about each token."""
        for known in lists:
            digest = digest_of(known.entries)
            if digest not in self._same:
                self._same[digest] = tuple([self._shared.setdefault(entry, entry) for entry in known.entries])
            self._lists[known.key] = replace(known, entries=self._same[digest])
            self._digests[known.key] = digest

    def restored(self) -> Millis | None:
        """All lists are; since when results may be missing."""
        self._shared.clear()
        return min((known.updated_at for known in self._lists.values() if known.command_id), default=None)

    def token_changed(self, now_ms: Millis) -> None:
        """The whitelist is another; more changes may follow."""
        if self._dirty_at is None:
            self._dirty_at = now_ms

    def take(self, events: Iterable[Any], now_ms: Millis) -> None:
        """Records of `station.results`."""
        for event in events:
            known = self._lists.get(event.key)
            if known is not None and isinstance(event, CommandAnswered):
                self._keep(answered(known, event, now_ms))

    def tick(self, stations: Iterable[Station], now_ms: Millis) -> Due:
        """What is to be published now."""
        self._forget_old_lists(now_ms)
        allowance = self._pace.allowance(now_ms)
        commands: list[CommandRequested] = []
        for station in stations:
            key = station.key
            known = self._lists.get(key)
            quiet = self._quiet.get(key)
            if (
                quiet is not None
                and quiet[0] is station
                and quiet[1] is self._connection(key)
                and quiet[2] is known
            ):
                continue
            if known is not None and known.answer_by is not None and known.answer_by <= now_ms:
                self._keep(unanswered(known, "no edge told a result", now_ms))
            elif len(commands) < allowance:
                commands += self._next(station, known, now_ms)
        self._pace.took(len(commands))
        lists, self._changed = list(self._changed.values()), {}
        return Due(lists, commands)

    def _next(self, station: Station, known: LocalList | None, now_ms: Millis) -> list[CommandRequested]:
        kept = self._policy.everywhere if station.local_list is None else station.local_list
        if not kept and (known is None or not holds_something(known)):
            return []
        connection = self._connection(station.key)
        if (
            connection is None
            or not connection.connected
            or connection.since + self._policy.settle_ms > now_ms
            or not station.enabled
            or station.registration is not RegistrationStatus.ACCEPTED
        ):
            return []
        known = known or blank(station.tenant, station.station_id)
        if not free(known, now_ms):
            return []
        target = self._target(station, known, connection, now_ms) if kept else NOTHING
        up_to_date = self._digests.get(station.key, "") == target.digest
        step = advance(known, target, up_to_date, connection, now_ms, self._policy.terms)
        if step is None:
            self._quiet[station.key] = (station, connection, known)
            return []
        self._keep(step.known)
        return [] if step.command is None else [step.command]

    def _target(self, station: Station, known: LocalList, connection: Connection, now_ms: Millis) -> Wanted:
        room = self._policy.terms.max_entries if known.max_entries is None else known.max_entries
        longest = MAX_ID_TOKEN_LENGTH if connection.protocol.startswith("ocpp2") else MAX_ID_TAG_LENGTH
        selection = Selection(
            station.tenant,
            tuple(sorted(station.local_list_groups)),
            min(room, self._policy.terms.max_entries),
            longest,
        )
        if selection not in self._wanted:
            self._wanted[selection] = wanted(self._tokens(), selection, now_ms)
        return self._wanted[selection]

    def _forget_old_lists(self, now_ms: Millis) -> None:
        """Work out lists anew when the whitelist has changed and come to rest, or when a token on them expires."""
        if self._dirty_at is not None and self._dirty_at + self._policy.settle_ms <= now_ms:
            self._dirty_at = None
            self._wanted.clear()
            self._quiet.clear()
            still = set(self._digests.values())
            self._same = {digest: entries for digest, entries in self._same.items() if digest in still}
        for selection, listed in list(self._wanted.items()):
            if listed.until is not None and listed.until <= now_ms:
                del self._wanted[selection]
                self._quiet.clear()

    def _keep(self, known: LocalList) -> None:
        before = self._lists.get(known.key)
        if before == known:
            return
        if before is None or before.entries is not known.entries:
            digest = self._digests[known.key] = digest_of(known.entries)
            known = replace(known, entries=self._same.setdefault(digest, known.entries))
        self._lists[known.key] = self._changed[known.key] = known
