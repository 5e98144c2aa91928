"""Asking others than stations: OCSP responders and certificate pools, at addresses that the operator has set."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import httpx
import structlog

from services.ocpp.inbound.reply import Question

Answers = Sequence[bytes | None]
Inquire = Callable[[tuple[Question, ...], Callable[[Answers], None]], None]
"""Asks all questions at once and passes the answers on, later; None for a question that has none."""

_MOST_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


def nobody(questions: tuple[Question, ...], then: Callable[[Answers], None]) -> None:
    """Where nobody can be asked."""
    then([None] * len(questions))


class Inquiries:
    """The process's requests to others, on its event loop. `timeout_s` is all the time that one has."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        # Neither proxies of the environment nor redirects: what was allowed is what is asked.
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_s)

    def ask(self, questions: tuple[Question, ...], then: Callable[[Answers], None]) -> None:
        """As `Inquire`; with too many on the way there is no answer, at once."""
        if len(self._tasks) >= _MOST_AT_ONCE:
            nobody(questions, then)
            return
        task = asyncio.get_running_loop().create_task(self._ask(questions, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is open."""
        for task in self._tasks:
            task.cancel()
        await self._client.aclose()

    async def _ask(self, questions: tuple[Question, ...], then: Callable[[Answers], None]) -> None:
        then(await asyncio.gather(*(self._answer(question) for question in questions)))

    async def _answer(self, question: Question) -> bytes | None:
        try:
            return await asyncio.wait_for(self._post(question), self._timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            log.warning("no answer", url=question.url, error=repr(error))
            return None

    async def _post(self, question: Question) -> bytes | None:
        headers = {"Content-Type": question.content_type, "Accept-Encoding": "identity", **dict(question.headers)}
        async with self._client.stream("POST", question.url, content=question.body, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                log.warning("no answer", url=question.url, status=response.status_code)
                return None
            body = b""
            async for part in response.aiter_raw():
                body += part
                if len(body) > question.most_bytes:
                    return None
            return body
