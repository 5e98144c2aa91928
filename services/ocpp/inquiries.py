"""Asking others than stations: responders and certificate pools at addresses that the operator has set, and the
providers of tokens.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.ocpp.inbound.reply import Answer, Ask, Question
from services.runtime.egress import Egress, Refused, Unreachable

Answers = Sequence[Answer]
Inquire = Callable[[tuple[Ask, ...], Callable[[Answers], None]], None]
"""Asks all questions at once and passes the answers on, later; None for a question that has none."""

AskProvider = Callable[[AuthorizationRequested], Awaitable[AuthorizationAnswered | None]]
"""Has a limit of its own."""

_MOST_AT_ONCE: Final = 500
_OK: Final = 200

log = structlog.get_logger(__name__)


def nobody(questions: tuple[Ask, ...], then: Callable[[Answers], None]) -> None:
    """Where nobody can be asked."""
    then([None] * len(questions))


class Inquiries:
    """The process's requests to others, on its event loop. `timeout_s` is all the time that an address has.

    Addresses are the operator's, or below one of them, so they may be in our own network and of plain HTTP.
    """

    def __init__(self, timeout_s: float, egress: Egress, ask_provider: AskProvider) -> None:
        self._timeout_s = timeout_s
        self._ask_provider = ask_provider
        self._posted = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._egress = egress

    def ask(self, questions: tuple[Ask, ...], then: Callable[[Answers], None]) -> None:
        """As `Inquire`; with too many on the way there is no answer, at once."""
        task = asyncio.get_running_loop().create_task(self._ask(questions, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is open."""
        for task in self._tasks:
            task.cancel()

    async def _ask(self, questions: tuple[Ask, ...], then: Callable[[Answers], None]) -> None:
        then(await asyncio.gather(*(self._answer(question) for question in questions)))

    async def _answer(self, question: Ask) -> Answer:
        if isinstance(question, AuthorizationRequested):
            return await self._ask_provider(question)
        if self._posted >= _MOST_AT_ONCE:
            return None
        self._posted += 1
        try:
            return await self._post(question)
        finally:
            self._posted -= 1

    async def _post(self, question: Question) -> bytes | None:
        headers = {"content-type": question.content_type, **dict(question.headers)}
        try:
            answer = await self._egress.request(
                "POST", question.url, headers, question.body, allow_private=True,
                timeout_s=self._timeout_s, most_bytes=question.most_bytes,
            )  # fmt: skip
        except (Refused, Unreachable) as error:
            log.warning("no answer", url=question.url, error=repr(error))
            return None
        if answer.status != _OK:
            log.warning("no answer", url=question.url, status=answer.status)
            return None
        return answer.body
