"""Prepare what processes share: all topics, and the schemas in the registry. Running it again changes nothing."""

import sys

from services.runtime.registry import register_shipped
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.topics import create_topics


def main() -> int:
    created = create_topics(load(KafkaSettings))
    sys.stdout.write(f"{len(created)} topics created\n")
    registry_url = load(CommonSettings).registry_url
    if registry_url:
        sys.stdout.write(f"{len(register_shipped(registry_url))} schemas registered\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
