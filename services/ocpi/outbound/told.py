"""Our objects as a partner gets them: in its version, and never against the specification."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.findings import Finding
from services.ocpi.wire.reading import validate
from services.ocpi.wire.versions import name_in, to_version

_PLACES = re.compile(r"/\d+(?=/|$)")


def told(
    new: msgspec.Struct | Mapping[str, Any],
    name: str,
    version: str,
    warnings: list[str],
    scene: Scene | None = None,
) -> dict[str, Any] | None:
    """An object of 2.3.0 as a partner of that version gets it.

    None when the version cannot tell it, or when what we have would break the specification. What was lost is
    added to `warnings`, as `field: reason`.
    """
    plain = msgspec.to_builtins(new, builtin_types=(Decimal,))
    old, losses = to_version(plain, name, version, scene)
    broken = validate(old, name_in(name, version), version) if old is not None else ()
    warnings.extend(warning_of(finding) for finding in (*losses, *broken))
    return None if broken else old


@lru_cache(4096)
def warning_of(finding: Finding) -> str:
    """A finding by the field it is about, whichever item of a list that is in."""
    field = _PLACES.sub("", finding.pointer).strip("/").replace("/", ".") or "object"
    detail = f" ({finding.detail})" if finding.detail else ""
    return f"{field}: {finding.kind}{detail}"
