"""The routes of charging profiles and of charging preferences (mod_charging_profiles, mod_sessions)."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.credentials_routes import correlation_id, version_of
from services.ocpi.inbound import charging_profiles, preferences
from services.ocpi.inbound.commands import NotDone, Operation
from services.ocpi.outbound import configuration
from services.ocpi.outbound.charging_profiles import response
from services.ocpi.outbound.told import told
from services.ocpi.routes import party_of_partner
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import TIMEOUT_S, Means, StationRequests, Wish
from services.ocpi.wire import kinds
from services.ocpi.wire.model import V211
from services.runtime.throttle import Throttle

_MOST_PER_MINUTE = 20
"""Requests about one session; stations are behind slow lines."""

Making = Callable[[Session, int], Operation]
"""The operation for a session and its EVSE."""


class ProfileRoutes:
    """A request is answered at once, and again when the station has answered."""

    def __init__(self, settings: OcpiSettings, means: Means, answering: Answering) -> None:
        self._settings = settings
        self._means = means
        self._requests = StationRequests(means)
        self._answering = answering
        self._often = Throttle(_MOST_PER_MINUTE)

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            if version == V211:
                continue
            path = f"/ocpi/{version}/chargingprofiles/" + "{session_id}"
            app.put(path)(self.put)
            app.get(path)(self.get)
            app.delete(path)(self.delete)
            app.put(f"/ocpi/{version}/sessions/" + "{session_id}/charging_preferences")(self.preferences)

    async def put(self, request: Request, session_id: str) -> Response:
        body = charging_profiles.body_of(await json_of(request), version_of(request))
        profile = body["charging_profile"]
        wish = self._wish(request, kinds.SET_PROFILE, body["response_url"])
        return await self._asked(
            wish, session_id, lambda session, evse_id: charging_profiles.setting(session, evse_id, profile)
        )

    async def get(self, request: Request, session_id: str) -> Response:
        duration_s = charging_profiles.duration_of(request.query_params.get("duration"))
        wish = self._wish(request, kinds.GET_PROFILE, request.query_params.get("response_url", ""))
        return await self._asked(
            wish,
            session_id,
            lambda session, evse_id: charging_profiles.getting(session.station_id, evse_id, duration_s),
        )

    async def delete(self, request: Request, session_id: str) -> Response:
        wish = self._wish(request, kinds.CLEAR_PROFILE, request.query_params.get("response_url", ""))
        return await self._asked(wish, session_id, lambda session, _: charging_profiles.clearing(session))

    async def preferences(self, request: Request, session_id: str) -> Response:
        """mod_sessions: Set Charging Preferences."""
        partner, version = self._partner(request), version_of(request)
        asked = preferences.body_of(await json_of(request), version)
        session = await asyncio.to_thread(self._requests.session, partner, session_id)
        now = self._means.now_ms()
        result = preferences.result(asked, session, now)
        if session is not None and result == preferences.ACCEPTED:
            await self._means.publish(preferences.event(asked, session, partner.partner_id, now))
        return self._answering.success(result, self._routing(partner, version))

    async def _asked(self, wish: Wish, session_id: str, making: Making) -> Response:
        result = "ACCEPTED"
        try:
            self._requests.check(wish)
            if self._often.count(f"{wish.partner.key}/{session_id}", self._means.now_ms()):
                raise NotDone("TOO_OFTEN", "")
            found = await asyncio.to_thread(self._requests.session, wish.partner, session_id)
            there = found is not None and self._means.directory.connected(found.tenant, found.station_id)
            operation = making(*charging_profiles.checked(found, there))
            command_id = self._requests.new_command_id(wish)
            await self._requests.pass_on(wish, operation, command_id, found.session_id if found else None)
        except NotDone as error:
            result = error.result
        said: dict[str, Any] | None = told(
            response(result, TIMEOUT_S), "ChargingProfileResponse", wish.version, []
        )
        return self._answering.success(said, self._routing(wish.partner, wish.version))

    def _wish(self, request: Request, command: str, response_url: str) -> Wish:
        because = correlation_id(request)
        return Wish(self._partner(request), version_of(request), command, response_url, because)

    def _routing(self, partner: Partner, version: str) -> dict[str, str]:
        return configuration.routing_headers(self._settings.operator, party_of_partner(partner), version)

    @staticmethod
    def _partner(request: Request) -> Partner:
        partner: Partner = request.scope["partner"]
        return partner
