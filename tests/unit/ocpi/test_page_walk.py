"""Every page of a partner's list is read once; a list that does not end, or goes elsewhere, ends the walk."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.ocpi.page_walk import pages
from services.ocpi.peer import Unusable

FIRST, SECOND = "https://partner.example.com/list?limit=100", "https://partner.example.com/list?page=2"


class Partner:
    """Serves (data, URL of the next page) by URL."""

    def __init__(self, served: dict[str, tuple[Any, str]]) -> None:
        self.asked: list[str] = []
        self._served = served

    async def ask(self, url: str) -> Any:
        self.asked.append(url)
        data, following = self._served[url]
        headers = {"link": f'<{following}>; rel="next"'} if following else {}
        return SimpleNamespace(told=SimpleNamespace(data=data), headers=headers)

    async def walked(self, most: int = 10) -> list[Any]:
        return [page.told.data async for page in pages(self.ask, FIRST, most)]


class TestPages:
    async def test_are_read_in_their_order(self) -> None:
        partner = Partner({FIRST: ([1, 2], SECOND), SECOND: ([3], "")})
        assert (await partner.walked(), partner.asked) == ([[1, 2], [3]], [FIRST, SECOND])

    @pytest.mark.parametrize("data", [[], None, {"a": 1}, "x"])
    async def test_end_where_nothing_is_listed(self, data: Any) -> None:
        assert await Partner({FIRST: (data, SECOND)}).walked() == [data]

    async def test_may_be_as_many_as_are_allowed(self) -> None:
        assert len(await Partner({FIRST: ([1], SECOND), SECOND: ([2], "")}).walked(2)) == 2

    async def test_that_do_not_end_are_unusable(self) -> None:
        partner = Partner({FIRST: ([1], FIRST)})
        with pytest.raises(Unusable, match="more than 3 pages"):
            await partner.walked(3)
        assert len(partner.asked) == 3

    async def test_at_another_host_are_unusable(self) -> None:
        partner = Partner({FIRST: ([1], "https://elsewhere.example.com/list")})
        with pytest.raises(Unusable, match="elsewhere"):
            await partner.walked()
        assert partner.asked == [FIRST]
