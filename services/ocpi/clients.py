"""Whom hubs are connected to, as it is known now."""

import threading
from collections import defaultdict

from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.ocpi.inbound.clients import CONNECTED, MODULE, OFFLINE, STATUSES, Standing, client
from services.ocpi.wire.parties import Party


class Clients:
    """The clients of all hubs as they are known now. One thread tells changes, any may look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: defaultdict[str, dict[str, PartnerObject]] = defaultdict(dict)
        self._statuses: dict[tuple[str, Party], dict[str, str]] = {}

    def changed(self, key: str, state: PartnerObject | None) -> None:
        """Take note of an object of any module; None: it is gone."""
        tenant, module, partner_id, *_ = key.split("/", 3)
        if module != MODULE:
            return
        with self._lock:
            known = self._of[f"{tenant}/{partner_id}"]
            before = known.pop(key, None)
            for one in (before, state):
                if one is not None:
                    self._note(f"{tenant}/{partner_id}", one, gone=one is before)
            if state is not None:
                known[key] = state

    def _note(self, hub: str, one: PartnerObject, *, gone: bool) -> None:
        told = client(one)
        roles = self._statuses.setdefault((hub, told.party), {})
        roles.pop(told.role, None)
        if not gone and not one.deleted:
            roles[told.role] = told.status

    def of(self, hub: Partner) -> dict[str, PartnerObject]:
        """A hub's by key, those that it has taken away included."""
        with self._lock:
            return dict(self._of.get(hub.key, {}))

    def status(self, hub_key: str, party: Party) -> str | None:
        """A party's at a hub, the best of its roles; None when the hub does not know it."""
        with self._lock:
            roles = set(self._statuses.get((hub_key, party), {}).values())
        return next((status for status in STATUSES if status in roles), None)

    def standing(self, partner: Partner) -> Standing:
        """Of a partner. All that is behind a hub which has never told of its clients counts as connected."""
        hub_key = f"{partner.tenant}/{partner.hub}"
        if not partner.hub or not self._of.get(hub_key):
            return Standing.HERE
        status = self.status(hub_key, Party(partner.country_code, partner.party_id))
        return {CONNECTED: Standing.HERE, OFFLINE: Standing.AWAY}.get(status or "", Standing.NEVER)
