"""Settings: one frozen dataclass per process, read once from WATTLOG_* variables; every default works unset."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

PREFIX = "WATTLOG_"
T = TypeVar("T")


class BadSetting(Exception):
    """A WATTLOG_* variable holds something that cannot be used."""


def setting(default: Any, about: str) -> Any:
    """A dataclass field with its default and the sentence that the documentation shows."""
    return field(default=default, metadata={"help": about})


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where Kafka is, and how topics are made when they do not exist."""

    bootstrap_servers: str = setting("127.0.0.1:9092", "Kafka brokers, host:port, comma separated")
    topic_prefix: str = setting("", "put before every topic and consumer group name")
    partitions: int = setting(4, "upper limit of partitions for topics that are created")
    replication_factor: int = setting(1, "replicas of topics that are created")


@dataclass(frozen=True, slots=True)
class CommonSettings:
    """What every process needs to know."""

    tenant: str = setting("wattlog", "the operator that data belongs to where nothing else says so")
    data_dir: Path = setting(
        Path(".wattlog"), "local data: embedded Kafka and ClickHouse, processors' state, logs"
    )
    registry_url: str = setting("", "schema registry; empty: ids are derived from the schemas that are shipped")
    log_level: str = setting("info", "debug, info, warning or error")
    metrics_host: str = setting("127.0.0.1", "address of the metrics and health endpoints")


def load(settings: type[T], env: Mapping[str, str] | None = None) -> T:
    """Read a settings dataclass from the environment; nested dataclasses share the prefix.

    Raises BadSetting, naming the variable, what it holds and what is wanted.
    """
    source = os.environ if env is None else env
    hints = get_type_hints(settings)
    values: dict[str, Any] = {}
    for item in fields(settings):  # type: ignore[arg-type]
        wanted = hints[item.name]
        if is_dataclass(wanted):
            values[item.name] = load(wanted, source)  # type: ignore[arg-type]
        elif (text := source.get(variable(item))) is not None:
            values[item.name] = _parse(variable(item), text, wanted)
    return settings(**values)


def variable(item: "Field[Any]") -> str:
    return PREFIX + item.name.upper()


def _parse(name: str, text: str, wanted: Any) -> Any:
    try:
        if wanted is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        return wanted(text)
    except (KeyError, ValueError) as error:
        raise BadSetting(f"{name}={text!r} is not a valid {wanted.__name__}: set it right or unset it") from error


def table(settings: type[Any]) -> Iterator[tuple[str, str, str]]:
    """(variable, default, help) of each setting, for the documentation and `--help`."""
    hints = get_type_hints(settings)
    for item in fields(settings):
        if is_dataclass(hints[item.name]):
            yield from table(hints[item.name])
        else:
            default = "" if item.default is MISSING else str(item.default)
            yield variable(item), default, item.metadata.get("help", "")
