"""Which template is a station's: by how it last introduced itself. Pure."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from services.domain.events.device import DeviceTemplate, DeviceWanted
from services.domain.events.station import Boot

_WILD = str.maketrans("", "", "*?[]")


def template_of(boot: Boot, templates: Iterable[DeviceTemplate]) -> DeviceTemplate | None:
    """The template whose patterns fit; of several the one that says most letters, then the first by its id."""
    fitting = [template for template in templates if _fits(template, boot)]
    return min(fitting, key=lambda template: (-_letters(template), template.template_id), default=None)


def due(
    boots: Iterable[Boot], templates: Iterable[DeviceTemplate], wanted: Mapping[str, DeviceWanted]
) -> list[DeviceWanted]:
    """What is to be published, so that every station that has booted is wanted to be like its template."""
    known = list(templates)
    found = []
    for boot in boots:
        now, template = wanted.get(boot.key), template_of(boot, known)
        if template is None and (now is None or now.template_id is None):
            continue
        new = DeviceWanted(
            tenant=boot.tenant,
            station_id=boot.station_id,
            template_id=template.template_id if template else None,
            variables=template.variables if template else (),
            updated_at=template.updated_at if template else now.updated_at if now else 0,
        )
        if now is None or (now.template_id, now.variables) != (new.template_id, new.variables):
            found.append(new)
    return found


def _fits(template: DeviceTemplate, boot: Boot) -> bool:
    said = (boot.vendor, boot.model, boot.firmware_version or "")
    patterns = (template.vendor, template.model, template.firmware)
    return (
        not template.removed
        and template.tenant == boot.tenant
        and all(fnmatchcase(text.casefold(), known.casefold()) for text, known in zip(said, patterns, strict=True))
    )


def _letters(template: DeviceTemplate) -> int:
    return sum(len(known.translate(_WILD)) for known in (template.vendor, template.model, template.firmware))
