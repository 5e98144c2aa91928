"""What is answered, and what is not."""

import gzip

import httpx
import pytest

from services.nap.publication import Shelf
from services.nap.server import DYNAMIC, STATIC, application, listen
from services.nap.settings import NapSettings
from tests.unit.ocpi.facts import START

SETTINGS = NapSettings(nap_requests_per_minute=20)


def client(settings: NapSettings = SETTINGS, *, empty: bool = False) -> httpx.AsyncClient:
    static = Shelf(lambda now: None if empty else {"publicationTime": str(now), "which": "static"}, 600_000)
    dynamic = Shelf(lambda now: {"publicationTime": str(now), "which": "dynamic"}, 10_000)
    app = application(settings, static, dynamic, lambda: START)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://nap", headers={"accept-encoding": "identity"}
    )


class TestDocuments:
    @pytest.mark.parametrize(("path", "which", "age"), [(STATIC, "static", 600), (DYNAMIC, "dynamic", 10)])
    async def test_are_there_for_everybody(self, path: str, which: str, age: int) -> None:
        answer = await client().get(path)
        assert (answer.status_code, answer.json()["which"]) == (200, which)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == f"public, max-age={age}"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in answer.headers

    async def test_are_not_sent_again_to_whoever_has_them(self) -> None:
        asking = client()
        first = await asking.get(STATIC)
        for headers in (
            {"If-None-Match": first.headers["etag"]},
            {"If-Modified-Since": first.headers["last-modified"]},
        ):
            again = await asking.get(STATIC, headers=headers)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]

    async def test_are_packed_when_that_is_understood(self) -> None:
        asking = client()
        async with asking.stream("GET", STATIC, headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed) == (await asking.get(STATIC)).content

    async def test_have_heads_without_a_body(self) -> None:
        assert (await client().head(DYNAMIC)).status_code == 200


class TestRefusals:
    async def test_are_for_what_is_not_there(self) -> None:
        answer = await client().get("/")
        assert (answer.status_code, STATIC in answer.text) == (404, True)

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    async def test_are_for_whoever_writes(self, method: str) -> None:
        answer = await client().request(method, STATIC)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")

    async def test_are_for_places_that_are_not_there_yet(self) -> None:
        answer = await client(empty=True).get(STATIC)
        assert (answer.status_code, answer.text) == (404, "There is no public location yet.\n")
        assert answer.headers["cache-control"] == "no-store"

    async def test_are_for_whoever_asks_too_often(self) -> None:
        asking = client(NapSettings(nap_requests_per_minute=1))
        assert (await asking.get(STATIC)).status_code == 200
        answer = await asking.get(DYNAMIC)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")


class TestPort:
    def test_says_how_to_get_another_one(self) -> None:
        with listen(NapSettings(nap_port=0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match="WATTLOG_NAP_PORT"):
                listen(NapSettings(nap_port=port))
