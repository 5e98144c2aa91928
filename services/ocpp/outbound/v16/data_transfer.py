"""Block P, data transfer: DataTransfer (5.6)."""

from typing import Any

import orjson


def data_transfer(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """In the same words; data that is no text is told as its JSON text, since 1.6 has texts only."""
    data = payload.get("data")
    if data is None or isinstance(data, str):
        return "DataTransfer", {name: value for name, value in payload.items() if value is not None}
    return "DataTransfer", payload | {"data": orjson.dumps(data).decode()}
