"""DataTransfer to stations of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told


class TestDataTransfer:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ("as it is", "as it is"),
            ("", ""),
            ({"a": [1, None]}, '{"a":[1,null]}'),
            (["x"], '["x"]'),
            (5, "5"),
            (False, "false"),
        ],
    )
    def test_says_data_as_text(self, data: Any, said: str) -> None:
        payload = {"vendorId": "V", "messageId": "M", "data": data}
        assert told("DataTransfer", payload) == ("DataTransfer", payload | {"data": said})

    @pytest.mark.parametrize("payload", [{"vendorId": "V"}, {"vendorId": "V", "data": None}])
    def test_may_carry_nothing(self, payload: dict[str, Any]) -> None:
        assert told("DataTransfer", payload) == ("DataTransfer", {"vendorId": "V"})

    @pytest.mark.parametrize("payload", [{}, {"vendorId": 1}, {"vendorId": "V" * 256}, []])
    def test_needs_a_vendor(self, payload: Any) -> None:
        assert "does not fit DataTransfer" in refused("DataTransfer", payload)
