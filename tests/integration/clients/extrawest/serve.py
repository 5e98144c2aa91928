"""A CPO and provider of OCPI 2.2.1 made of extrawest_ocpi that forgets when it ends: `serve.py <port> <token A>`.

`GET /kept` shows what it was told, by module; its own location can be pulled from it.
"""

import os
import sys

PORT, TOKEN_A = sys.argv[1:3]
os.environ |= {
    "OCPI_HOST": f"127.0.0.1:{PORT}", "PROTOCOL": "http", "COUNTRY_CODE": "NL", "PARTY_ID": "EXW",
    "ENVIRONMENT": "testing",
}  # fmt: skip

import uvicorn  # noqa: E402  the library reads its settings when it is imported
from py_ocpi import get_application  # noqa: E402
from py_ocpi.core.adapter import BaseAdapter  # noqa: E402
from py_ocpi.core.authentication.authenticator import Authenticator  # noqa: E402
from py_ocpi.core.crud import Crud  # noqa: E402
from py_ocpi.core.enums import ModuleID, RoleEnum  # noqa: E402
from py_ocpi.modules.versions.enums import VersionNumber  # noqa: E402

TOKEN_C = "token-that-extrawest-gives"
CHANGED = "2026-11-21T10:00:00Z"
OWN = {
    "country_code": "NL", "party_id": "EXW", "id": "exw-1", "publish": True, "address": "Kade 1",
    "city": "Utrecht", "country": "NLD", "coordinates": {"latitude": "52.09000", "longitude": "5.12000"},
    "time_zone": "Europe/Amsterdam", "last_updated": CHANGED,
    "evses": [{
        "uid": "nl*exw*e1", "evse_id": "NL*EXW*E1", "status": "AVAILABLE", "last_updated": CHANGED,
        "connectors": [{
            "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
            "max_voltage": 230, "max_amperage": 16, "last_updated": CHANGED,
        }],
    }],
}  # fmt: skip
kept = {module.value: {} for module in ModuleID}
tokens_c = []


class Memory(Crud):
    """What was said, by module and id; a CPO's own things are one location."""

    @classmethod
    async def get(cls, module, role, id, *args, **kwargs):
        if module == ModuleID.credentials_and_registration:
            return credentials()
        return kept[module.value].get(str(id).lower())

    @classmethod
    async def list(cls, module, role, filters, *args, **kwargs):
        found = [OWN] if module == ModuleID.locations and role == RoleEnum.cpo else []
        return found, len(found), True

    @classmethod
    async def create(cls, module, role, data, *args, **kwargs):
        if module == ModuleID.credentials_and_registration:
            kept[module.value]["partner"] = data
            tokens_c.append(TOKEN_C)
            return credentials()
        kept[module.value][str(data.get("id") or data["uid"]).lower()] = data
        return data

    @classmethod
    async def update(cls, module, role, data, id, *args, **kwargs):
        kept[module.value][str(id).lower()] = data
        return data

    @classmethod
    async def delete(cls, module, role, id, *args, **kwargs):
        kept[module.value].pop(str(id).lower(), None)

    @classmethod
    async def do(cls, module, role, action, *args, data=None, **kwargs):
        return None


class Known(Authenticator):
    """Token A until it is registered, token C from then on."""

    @classmethod
    async def get_valid_token_a(cls):
        return [TOKEN_A]

    @classmethod
    async def get_valid_token_c(cls):
        return tokens_c


def credentials():
    party = {"business_details": {"name": "Extrawest"}, "party_id": "EXW", "country_code": "NL"}
    roles = [party | {"role": role} for role in ("CPO", "EMSP")]
    return {"token": TOKEN_C, "url": f"http://127.0.0.1:{PORT}/ocpi/versions", "roles": roles}


modules = [
    ModuleID.credentials_and_registration, ModuleID.locations, ModuleID.tariffs, ModuleID.sessions, ModuleID.cdrs,
    ModuleID.tokens,
]  # fmt: skip
app = get_application(
    version_numbers=[VersionNumber.v_2_2_1], roles=[RoleEnum.cpo, RoleEnum.emsp], crud=Memory, modules=modules,
    authenticator=Known, adapter=BaseAdapter,
)  # fmt: skip


@app.get("/kept")
def shown():
    return kept


uvicorn.run(app, host="127.0.0.1", port=int(PORT), log_level="warning")
