"""What the embedded registry knows and decides."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.runtime.avro_compatibility import Level
from services.runtime.embedded import registry_catalog
from services.runtime.embedded.registry_catalog import (
    Catalog,
    Record,
    Refused,
    Version,
    level_record,
    parse_level,
    schema_record,
    version_number,
)
from services.runtime.schemas import content_id


def record(*names: str, **more: Any) -> str:
    """A record with an int field of each name; those in upper case have a default."""
    fields = [{"name": n, "type": "int"} | ({"default": 0} if n.isupper() else {}) for n in names]
    return json.dumps({"type": "record", "name": "R", "fields": fields} | more)


V1, V2, BROKEN = record("a"), record("a", "B"), record("a", "c")


@pytest.fixture
def catalog() -> Catalog:
    """Two versions of `s`, one of `t`."""
    made = Catalog()
    for subject, text in (("s", V1), ("s", V2), ("t", V1)):
        put(made, subject, text)
    return made


def put(catalog: Catalog, subject: str, text: str) -> Version:
    version, new = catalog.register(subject, text)
    if new:
        catalog.apply(*schema_record(version))
    return version


def delete(catalog: Catalog, subject: str, wanted: str | None = None) -> list[int]:
    deleted = catalog.delete(subject, wanted)
    for version in deleted:
        catalog.apply(*schema_record(version))
    return [version.version for version in deleted]


def refusal(status: int, code: int) -> Any:
    def check(error: Refused) -> bool:
        return (error.status, error.code) == (status, code) and bool(error.message)

    return pytest.raises(Refused, check=check)


class TestApply:
    def test_takes_in_what_was_written(self, catalog: Catalog) -> None:
        assert catalog.version("s", "2") == Version("s", 2, content_id(V2), V2)

    def test_keeps_versions_in_order_whatever_the_topics(self) -> None:
        made = Catalog()
        for number in (3, 1, 2):
            made.apply(*schema_record(Version("s", number, number, V1)))
        assert [version.version for version in made.versions("s")] == [1, 2, 3]
        assert made.version("s", "latest").version == 3

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            (b'{"keytype":"NOOP","magic":0}', None),
            (b'{"keytype":"MODE","subject":null,"magic":0}', b'{"mode":"READONLY"}'),
            (b'{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', None),
            (b"{}", b"{}"),
        ],
    )
    def test_passes_over_kinds_that_it_does_not_know(
        self, catalog: Catalog, key: bytes, value: bytes | None
    ) -> None:
        catalog.apply(key, value)
        assert [version.version for version in catalog.versions("s")] == [1, 2]

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            (b"", b"{}"),
            (b"[]", b"{}"),
            (b"\xff", b"{}"),
            (b'{"keytype":"SCHEMA"}', b"[]"),
            (b'{"keytype":"SCHEMA"}', b"{}"),
            (b'{"keytype":"SCHEMA"}', b'{"subject":"s","version":"x","id":1,"schema":"\\"int\\""}'),
            (b'{"keytype":"SCHEMA"}', b'{"subject":"s","version":null,"id":1,"schema":"\\"int\\""}'),
            (b'{"keytype":"CONFIG"}', b'{"compatibilityLevel":"SIDEWAYS"}'),
            (b'{"keytype":"CONFIG"}', b"{}"),
        ],
    )
    def test_fails_on_what_is_bad(self, catalog: Catalog, key: bytes, value: bytes) -> None:
        with pytest.raises((ValueError, KeyError, TypeError)):
            catalog.apply(key, value)
        assert catalog.subjects() == ["s", "t"]

    @given(st.binary(), st.none() | st.binary())
    def test_fails_in_no_other_way(self, key: bytes, value: bytes | None) -> None:
        try:
            Catalog().apply(key, value)
        except (ValueError, KeyError, TypeError):
            return


class TestSubjects:
    def test_are_in_order(self, catalog: Catalog) -> None:
        put(catalog, "a", V1)
        assert catalog.subjects() == ["a", "s", "t"]

    def test_can_be_chosen_by_prefix(self, catalog: Catalog) -> None:
        assert catalog.subjects("t") == ["t"]
        assert catalog.subjects("x") == []

    def test_leave_out_the_deleted_unless_asked(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        assert catalog.subjects() == ["t"]
        assert catalog.subjects(deleted=True) == ["s", "t"]


class TestVersion:
    @pytest.mark.parametrize(("wanted", "number"), [("1", 1), ("2", 2), ("latest", 2), ("-1", 2), ("02", 2)])
    def test_is_found(self, catalog: Catalog, wanted: str, number: int) -> None:
        assert catalog.version("s", wanted).version == number

    def test_is_refused_when_there_is_none(self, catalog: Catalog) -> None:
        with refusal(404, 40402):
            catalog.version("s", "3")
        with refusal(404, 40401):
            catalog.version("nope", "1")
        with refusal(404, 40401):
            catalog.versions("nope")

    def test_is_refused_when_it_is_deleted_unless_asked(self, catalog: Catalog) -> None:
        delete(catalog, "s", "2")
        assert catalog.version("s", "latest").version == 1
        with refusal(404, 40402):
            catalog.version("s", "2")
        assert catalog.version("s", "2", deleted=True).deleted

    @pytest.mark.parametrize(
        "wanted", ["0", "-2", "abc", "", "1.0", "2147483648", "9" * 5000, "٣", "1 ", "LATEST", "²"]
    )
    def test_is_refused_when_it_cannot_be_one(self, wanted: str) -> None:
        with refusal(422, 42202):
            version_number(wanted)

    def test_can_be_the_largest(self) -> None:
        assert version_number("2147483647") == 2**31 - 1


class TestText:
    def test_is_known_even_after_deletion(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        assert catalog.text(content_id(V2)) == V2

    def test_is_refused_when_it_is_not_known(self, catalog: Catalog) -> None:
        with refusal(404, 40403):
            catalog.text(5)


class TestUses:
    def test_are_of_every_subject(self, catalog: Catalog) -> None:
        assert [(v.subject, v.version) for v in catalog.uses(content_id(V1))] == [("s", 1), ("t", 1)]

    def test_leave_out_the_deleted(self, catalog: Catalog) -> None:
        delete(catalog, "t")
        assert [(v.subject, v.version) for v in catalog.uses(content_id(V1))] == [("s", 1)]

    def test_are_refused_when_the_id_is_not_known(self, catalog: Catalog) -> None:
        with refusal(404, 40403):
            catalog.uses(5)


class TestLookup:
    def test_finds_the_version_however_the_schema_is_spelled(self, catalog: Catalog) -> None:
        spelled = json.dumps(dict(reversed(json.loads(V1).items())), indent=4)
        assert spelled != V1
        assert catalog.lookup("s", spelled).version == 1

    def test_is_refused_when_there_is_none(self, catalog: Catalog) -> None:
        with refusal(404, 40403):
            catalog.lookup("t", V2)
        with refusal(404, 40401):
            catalog.lookup("nope", V1)
        with refusal(422, 42201):
            catalog.lookup("s", "{")

    def test_finds_the_deleted_when_asked(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        with refusal(404, 40401):
            catalog.lookup("s", V1)
        assert catalog.lookup("s", V1, deleted=True).version == 1


class TestRegister:
    def test_gives_the_same_id_under_any_subject(self, catalog: Catalog) -> None:
        assert catalog.version("s", "1").id == catalog.version("t", "1").id == content_id(V1)

    def test_gives_what_is_there_when_it_is_there(self, catalog: Catalog) -> None:
        assert catalog.register("s", V1) == (catalog.version("s", "1"), False)

    def test_changes_nothing_by_itself(self, catalog: Catalog) -> None:
        version, new = catalog.register("s", record("A"))
        assert (version.version, new) == (3, True)
        assert len(catalog.versions("s")) == 2

    def test_refuses_what_cannot_read_an_earlier_version(self, catalog: Catalog) -> None:
        with refusal(409, 409) as caught:
            catalog.register("s", BROKEN)
        assert (
            "(BACKWARD_TRANSITIVE): new cannot read old: /c: the writer has no such field" in caught.value.message
        )

    @pytest.mark.parametrize("text", ["", "{", '"nope"', "[1]", '{"type": "record"}', "[" * 5000])
    def test_refuses_what_is_no_schema(self, catalog: Catalog, text: str) -> None:
        with refusal(422, 42201):
            catalog.register("s", text)

    def test_goes_by_the_level_of_the_subject(self, catalog: Catalog) -> None:
        catalog.apply(*level_record("s", Level.NONE))
        assert catalog.register("s", BROKEN)[1]
        with refusal(409, 409):
            catalog.register("t", BROKEN)

    def test_does_not_look_at_deleted_versions(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        assert put(catalog, "s", record("x")).version == 3

    def test_gives_a_new_number_to_one_that_comes_back(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        again = put(catalog, "s", V1)
        assert (again.version, again.id) == (3, content_id(V1))

    def test_refuses_another_schema_with_an_id_that_is_taken(
        self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry_catalog, "content_id", lambda _: content_id(V1))
        with refusal(500, 50001) as caught:
            catalog.register("new", V2)
        assert "change a doc text" in caught.value.message
        assert catalog.register("new", V1)[1]


class TestCompatibility:
    @pytest.mark.parametrize(
        ("wanted", "text", "good"),
        [
            ("latest", V1, True),
            ("latest", BROKEN, False),
            ("1", BROKEN, False),
            ("2", record("A"), True),
            (None, V2, True),
            (None, BROKEN, False),
        ],
    )
    def test_is_told(self, catalog: Catalog, wanted: str | None, text: str, good: bool) -> None:
        assert (catalog.compatibility("s", wanted, text) == []) == good

    def test_is_that_with_the_version_that_is_named(self, catalog: Catalog) -> None:
        catalog.apply(*level_record("s", Level.NONE))
        put(catalog, "s", record("z"))
        catalog.apply(*level_record("s", Level.BACKWARD))
        assert catalog.compatibility("s", "3", record("z")) == []
        assert catalog.compatibility("s", "1", record("z"))

    @pytest.mark.parametrize("wanted", ["latest", None])
    def test_is_given_for_a_first_version(self, catalog: Catalog, wanted: str | None) -> None:
        assert catalog.compatibility("new", wanted, V1) == []

    def test_is_refused_for_a_version_that_is_not_there(self, catalog: Catalog) -> None:
        for subject in ("s", "nope"):
            with refusal(404, 40402):
                catalog.compatibility(subject, "9", V1)
        with refusal(422, 42202):
            catalog.compatibility("s", "x", V1)
        with refusal(422, 42201):
            catalog.compatibility("s", "1", "{")


class TestLevel:
    def test_is_strict_by_default(self) -> None:
        assert Catalog().level() is Catalog().level("s") is Level.BACKWARD_TRANSITIVE
        assert Catalog(Level.FULL).level("s") is Level.FULL

    def test_is_the_subjects_own_before_the_global(self, catalog: Catalog) -> None:
        catalog.apply(*level_record(None, Level.FORWARD))
        catalog.apply(*level_record("s", Level.NONE))
        assert (catalog.level(), catalog.level("s"), catalog.level("t")) == (
            Level.FORWARD,
            Level.NONE,
            Level.FORWARD,
        )
        catalog.apply(*level_record("s", None))
        catalog.apply(*level_record("never-set", None))
        assert catalog.level("s") is Level.FORWARD

    def test_is_refused_where_a_subject_has_none_of_its_own(self, catalog: Catalog) -> None:
        with refusal(404, 40408):
            catalog.level("s", or_global=False)
        assert catalog.level(None, or_global=False) is Level.BACKWARD_TRANSITIVE

    @pytest.mark.parametrize("name", ["FULL_TRANSITIVE", "full_transitive", Level.FULL_TRANSITIVE])
    def test_is_read_in_any_case(self, name: str) -> None:
        assert parse_level(name) is Level.FULL_TRANSITIVE

    @pytest.mark.parametrize("name", ["", "SIDEWAYS", None, 5, {}])
    def test_is_refused_when_there_is_none_of_the_name(self, name: object) -> None:
        with refusal(422, 42203):
            parse_level(name)


class TestDelete:
    def test_hides_all_versions(self, catalog: Catalog) -> None:
        assert delete(catalog, "s") == [1, 2]
        with refusal(404, 40401):
            catalog.versions("s")
        assert [version.deleted for version in catalog.versions("s", deleted=True)] == [True, True]

    def test_hides_one_version(self, catalog: Catalog) -> None:
        assert delete(catalog, "s", "latest") == [2]
        assert [version.version for version in catalog.versions("s")] == [1]

    def test_is_refused_when_there_is_nothing(self, catalog: Catalog) -> None:
        delete(catalog, "s")
        with refusal(404, 40404):
            catalog.delete("s")
        with refusal(404, 40401):
            catalog.delete("nope")
        with refusal(404, 40402):
            catalog.delete("t", "9")


class TestRecords:
    def test_have_the_keys_that_confluent_writes(self) -> None:
        key, value = schema_record(Version("s-é", 2, 7, V1, deleted=True))
        assert key == '{"keytype":"SCHEMA","subject":"s-é","version":2,"magic":1}'.encode()
        assert json.loads(value or b"") == {"subject": "s-é", "version": 2, "id": 7, "schema": V1, "deleted": True}
        assert level_record(None, Level.FULL) == (
            b'{"keytype":"CONFIG","subject":null,"magic":0}',
            b'{"compatibilityLevel":"FULL"}',
        )
        assert level_record("s", None)[1] is None


class Registering(RuleBasedStateMachine):
    """Whatever is asked of it, a catalog that is read from the compacted topic anew is the same."""

    def __init__(self) -> None:
        super().__init__()
        self.catalog = Catalog()
        self.compacted: dict[bytes, bytes | None] = {}

    def write(self, records: list[Record]) -> None:
        for key, value in records:
            self.catalog.apply(key, value)
            self.compacted[key] = value

    @rule(subject=st.sampled_from("stu"), fields=st.lists(st.sampled_from("abAB"), unique_by=str.lower))
    def register(self, subject: str, fields: list[str]) -> None:
        try:
            version, new = self.catalog.register(subject, record(*fields))
        except Refused as error:
            if error.code != 409:
                raise
            return
        if new:
            self.write([schema_record(version)])
        assert self.catalog.lookup(subject, record(*fields)) == version

    @rule(subject=st.sampled_from("stu"), wanted=st.sampled_from([None, "latest", "1"]))
    def delete(self, subject: str, wanted: str | None) -> None:
        try:
            self.write([schema_record(version) for version in self.catalog.delete(subject, wanted)])
        except Refused as error:
            if error.status != 404:
                raise

    @rule(subject=st.sampled_from(["s", "t", None]), level=st.sampled_from([None, Level.NONE, Level.FULL]))
    def set_level(self, subject: str | None, level: Level | None) -> None:
        self.write([level_record(subject, level)])

    @invariant()
    def is_what_the_topic_says(self) -> None:
        anew = Catalog()
        for key, value in self.compacted.items():
            anew.apply(key, value)
        assert anew.subjects(deleted=True) == self.catalog.subjects(deleted=True)
        for subject in anew.subjects(deleted=True):
            versions = self.catalog.versions(subject, deleted=True)
            assert anew.versions(subject, deleted=True) == versions
            assert [version.version for version in versions] == list(range(1, len(versions) + 1))
            assert all(content_id(self.catalog.text(v.id)) == v.id for v in versions)
            assert anew.level(subject) == self.catalog.level(subject)


TestRegistering = Registering.TestCase
TestRegistering.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
