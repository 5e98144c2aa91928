"""Hubs are asked for their clients: page after page, when they are new, and again after a while."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from services.domain.events.common import PartnerEndpoint
from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.ocpi import hub_puller
from services.ocpi.hub_puller import HubPuller, Means, is_asked
from services.ocpi.inbound.answers import Told
from services.ocpi.inbound.clients import client
from services.ocpi.peer import Access, Exchanged, Peer, Unusable
from tests.unit.ocpi.facts import START, partner
from tests.unit.ocpi.inbound.test_clients import info

URL = "https://hub.example.com/hubclientinfo/"
ENDPOINT = PartnerEndpoint(module="hubclientinfo", role="SENDER", url=URL)
HUB = partner(
    partner_id="NL-HUB", party_id="HUB", role="HUB", version="2.2.1", endpoints=(ENDPOINT,), sealed_token="sealed",
    registered_at=START,
)  # fmt: skip


class Network:
    """Pages by URL, in place of the peer, and Kafka."""

    def __init__(self, pages: Mapping[str, tuple[Any, str]], hub: Partner = HUB) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.kept: dict[str, PartnerObject] = {}
        self.now = START
        self.hub = hub
        access = Access("t", False, False)
        means = Means(lambda _: access, lambda _: self.kept, lambda: [self.hub], self.publish, lambda: self.now)
        self.puller = HubPuller(cast(Peer, self), means)

    async def exchange(self, method: str, url: str, _access: Access) -> Exchanged:
        self.asked.append(f"{method} {url}")
        if url not in self.pages:
            raise Unusable("no", f"{url}: HTTP 404")
        data, following = self.pages[url]
        link = {"link": f'<{following}>; rel="next"'} if following else {}
        return Exchanged(Told(1000, "", data), link, b"")

    async def publish(self, *states: PartnerObject) -> None:
        self.kept |= {one.key: one for one in states}

    def statuses(self) -> dict[str, str]:
        found = (client(one) for one in self.kept.values() if not one.deleted)
        return {one.party.party_id: one.status for one in found}


FIRST, SECOND = f"{URL}?limit=100", f"{URL}?offset=1"


class TestPull:
    async def test_reads_all_pages_and_takes_away_who_is_not_there_any_more(self) -> None:
        network = Network({FIRST: ([info("AAA")], SECOND), SECOND: ([info("BBB", "OFFLINE")], "")})
        assert await network.puller.pull(HUB) == (2, 0, 2)
        assert network.statuses() == {"AAA": "CONNECTED", "BBB": "OFFLINE"}
        network.pages = {FIRST: ([info("BBB")], "")}
        assert await network.puller.pull(HUB) == (1, 0, 2)
        assert network.statuses() == {"BBB": "CONNECTED"}

    @pytest.mark.parametrize("data", [None, {"a": 1}, "x"])
    async def test_of_no_list_is_of_nobody(self, data: Any) -> None:
        assert await Network({FIRST: (data, SECOND)}).puller.pull(HUB) == (0, 0, 0)

    async def test_takes_nothing_from_elsewhere(self) -> None:
        with pytest.raises(Unusable, match="elsewhere"):
            await Network({FIRST: ([info()], "https://evil.example.com/")}).puller.pull(HUB)

    async def test_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub_puller, "_MOST_PAGES", 3)
        network = Network({FIRST: ([info()], FIRST)})
        with pytest.raises(Unusable, match="more than 3 pages"):
            await network.puller.pull(HUB)
        assert len(network.asked) == 3

    async def test_needs_a_hub_that_says_it(self) -> None:
        with pytest.raises(Unusable, match="serves no hubclientinfo"):
            await Network({}).puller.pull(partner(role="HUB"))


class TestAsking:
    @pytest.mark.parametrize(
        ("changes", "asked"),
        [
            ({}, True),
            ({"role": "EMSP"}, False),
            ({"enabled": False}, False),
            ({"registration": "INVITED"}, False),
            ({"sealed_token": ""}, False),
            ({"endpoints": ()}, False),
            ({"endpoints": (PartnerEndpoint(module="hubclientinfo", role="RECEIVER", url=URL),)}, False),
        ],
    )
    def test_is_of_hubs_that_are_connected(self, changes: dict[str, Any], asked: bool) -> None:
        assert is_asked(replace(HUB, **changes)) is asked

    async def test_is_done_at_once_after_a_while_and_after_registering_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_puller, "_LOOK_S", 0.001)
        network = Network({FIRST: ([info()], "")})
        running = asyncio.create_task(network.puller.run(every_ms=1_000))

        async def asked(times: int) -> None:
            async with asyncio.timeout(10):
                while len(network.asked) < times:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            assert len(network.asked) == times

        await asked(1)
        network.now += 1_000
        await asked(2)
        network.now += 10
        network.hub = replace(HUB, registered_at=network.now)
        network.now += 1
        await asked(3)
        network.pages = {}
        network.now += 1_000
        await asked(4)
        running.cancel()
