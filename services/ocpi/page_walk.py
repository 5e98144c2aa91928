"""Goes through a list that a partner serves, page after page (transport_and_format: Pagination)."""

from collections.abc import AsyncIterator, Awaitable, Callable

from services.ocpi.inbound import pulled
from services.ocpi.peer import Exchanged, Unusable


async def pages(ask: Callable[[str], Awaitable[Exchanged]], first: str, most: int) -> AsyncIterator[Exchanged]:
    """Every page from the `first` URL on; one that holds no list, or an empty one, is the last.

    Unusable when the partner is, when there are more than `most`, or when the next page is at another host.
    """
    url = first
    for _ in range(most):
        page = await ask(url)
        yield page
        data = page.told.data
        try:
            following = pulled.next_url(page.headers, url) if isinstance(data, list) and data else None
        except ValueError as error:
            raise Unusable("its next page is elsewhere", str(error)) from error
        if following is None:
            return
        url = following
    raise Unusable("its pages do not end", f"{url}: more than {most} pages")
