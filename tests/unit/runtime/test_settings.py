from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path

import pytest

from services.runtime.settings import BadSetting, CommonSettings, KafkaSettings, load, setting, table


@dataclass(frozen=True, slots=True)
class Example:
    kafka: KafkaSettings
    port: int = setting(9000, "where it listens")
    verbose: bool = setting(False, "says more")
    ratio: float = setting(0.5, "a share")


class TestLoad:
    def test_gives_the_defaults_when_nothing_is_set(self) -> None:
        assert load(Example, {}) == Example(kafka=KafkaSettings(), port=9000, verbose=False, ratio=0.5)

    def test_reads_prefixed_variables_and_nested_settings(self) -> None:
        env = {"WATTLOG_PORT": "1", "WATTLOG_BOOTSTRAP_SERVERS": "k:1", "PORT": "2"}
        loaded = load(Example, env)
        assert (loaded.port, loaded.kafka.bootstrap_servers) == (1, "k:1")

    @pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("no", False), ("0", False)])
    def test_reads_yes_and_no(self, text: str, value: bool) -> None:
        assert load(Example, {"WATTLOG_VERBOSE": text}).verbose is value

    @pytest.mark.parametrize(("name", "text"), [("PORT", "http"), ("VERBOSE", "perhaps"), ("RATIO", "")])
    def test_names_the_variable_that_is_wrong(self, name: str, text: str) -> None:
        with pytest.raises(BadSetting, match=f"WATTLOG_{name}='{text}'"):
            load(Example, {f"WATTLOG_{name}": text})

    def test_reads_the_real_environment_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_DATA_DIR", "elsewhere")
        assert load(CommonSettings).data_dir == Path("elsewhere")

    def test_cannot_be_changed_afterwards(self) -> None:
        with pytest.raises(FrozenInstanceError):
            load(KafkaSettings, {}).partitions = 7  # type: ignore[misc]


class TestTable:
    def test_lists_every_variable_with_default_and_meaning(self) -> None:
        rows = list(table(Example))
        assert ("WATTLOG_PORT", "9000", "where it listens") in rows
        assert ("WATTLOG_PARTITIONS", "4", "upper limit of partitions for topics that are created") in rows

    @pytest.mark.parametrize("settings", [KafkaSettings, CommonSettings])
    def test_explains_every_setting(self, settings: type) -> None:
        assert all(about for _, _, about in table(settings))
