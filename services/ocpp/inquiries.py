"""Asking others than stations: OCSP responders and certificate pools, at addresses that the operator has set."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from services.ocpp.inbound.reply import Question
from services.runtime.egress import Egress, Refused, Unreachable

Answers = Sequence[bytes | None]
Inquire = Callable[[tuple[Question, ...], Callable[[Answers], None]], None]
"""Asks all questions at once and passes the answers on, later; None for a question that has none."""

_MOST_AT_ONCE: Final = 500
_OK: Final = 200

log = structlog.get_logger(__name__)


def nobody(questions: tuple[Question, ...], then: Callable[[Answers], None]) -> None:
    """Where nobody can be asked."""
    then([None] * len(questions))


class Inquiries:
    """The process's requests to others, on its event loop. `timeout_s` is all the time that one has.

    Addresses are the operator's, or below one of them, so they may be in our own network and of plain HTTP.
    """

    def __init__(self, timeout_s: float, egress: Egress) -> None:
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._egress = egress

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

    async def _ask(self, questions: tuple[Question, ...], then: Callable[[Answers], None]) -> None:
        then(await asyncio.gather(*(self._answer(question) for question in questions)))

    async def _answer(self, question: Question) -> bytes | None:
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
