"""Freeze the schemas of a release: `python tools/publish_schemas.py` adds what has changed to schemas/published.

`schemas/published/<full name>/<n>.avsc` holds every version that was ever released, self-contained. A test holds
the current schemas compatible with all of them (BACKWARD_TRANSITIVE); nothing in there is ever changed.
"""

import json
from pathlib import Path

from services.runtime.schemas import shipped

PUBLISHED = Path(__file__).resolve().parent.parent / "schemas" / "published"


def versions(full_name: str, published: Path = PUBLISHED) -> list[Path]:
    """The released versions of a schema, oldest first."""
    return sorted((published / full_name).glob("*.avsc"), key=lambda path: int(path.stem))


def publish(published: Path = PUBLISHED) -> list[Path]:
    """Write what is new; the files that were written."""
    written = []
    for schema in shipped().values():
        known = versions(schema.full_name, published)
        text = json.dumps(json.loads(schema.text), ensure_ascii=False) + "\n"
        if known and known[-1].read_text() == text:
            continue
        target = published / schema.full_name / f"{len(known) + 1}.avsc"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        written.append(target)
    return written


if __name__ == "__main__":
    for path in publish():
        print(f"published {path.relative_to(PUBLISHED)}")
