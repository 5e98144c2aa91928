"""The driver's page in a browser: it checks by itself what was signed, asks nobody, and can be read by anybody.

Needs Chromium and playwright, which are no dependencies of ours (`make browser` says how to have them).
"""

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.domain.proof_link import secret
from services.evidence.page.case import Case
from services.evidence.page.server import application
from services.evidence.page.settings import PageSettings
from services.runtime import http_server
from tests.unit.evidence.page.case_of import CDR_ID, case_of
from tests.unit.evidence.signing import pair

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: see `make browser`")

pytestmark = pytest.mark.integration

CHROMIUM = os.environ.get("WATTLOG_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
TRUE = "Your browser has checked all signed values: they are true."
UNTRUE = "Your browser has found something that is NOT TRUE: see below."
UNSURE = "Your browser could not check all signed values: see below."


def tampered() -> Case:
    """The end register is not as it was signed; hash and link are of what is shown."""
    first, last = pair()
    octets = last.signed_data.replace(b"1012.75", b"1012.74")
    return case_of(first, replace(last, signed_data=octets, sha256=sha256(octets).hexdigest()))


def exchanged() -> Case:
    """The octets are others than those that the record names."""
    first, last = pair()
    return case_of(first, replace(last, signed_data=first.signed_data))


def broken_chain() -> Case:
    case = case_of()
    assert case.link is not None
    return case._replace(link=replace(case.link, record_sha256="0" * 64))


CASES = {
    "true": case_of(),
    "tampered": tampered(),
    "exchanged": exchanged(),
    "broken": broken_chain(),
    "unproven": case_of(keys=()),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The slice's own server, with records at hand instead of ClickHouse; the tenant names the record."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = application(PageSettings(), lambda tenant, _cdr_id: CASES.get(tenant), lambda: 1_000)
    serving = http_server.server(app, "")
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving.should_exit = True
    thread.join(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, and WATTLOG_CHROMIUM names none: see `make browser`")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@dataclass
class Seen:
    """A page with whatever it asked for, and whatever the browser complained about."""

    page: Any
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def overall(self) -> Any:
        return self.page.locator("#overall")

    def shot(self, name: str) -> None:
        """For people: kept where WATTLOG_SCREENSHOTS names a folder."""
        folder = os.environ.get("WATTLOG_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    contexts = []

    def opening(name: str, **how: Any) -> Seen:
        context = browser.new_context(**how)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        seen.page.on("console", lambda said: seen.complaints.append(said.text) if said.type != "log" else None)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        values = CASES[name].record.detail.signed_meter_values
        answer = seen.page.goto(f"{address}/proof/{name}/{CDR_ID}/{secret(values)}")
        assert answer.status == 200
        return seen

    yield opening
    for context in contexts:
        context.close()


def expect(locator: Any) -> Any:
    return playwright.expect(locator)


class TestCheck:
    def test_of_a_true_record_says_so(self, opened: Any) -> None:
        seen = opened("true")
        expect(seen.overall).to_have_text(TRUE)
        expect(seen.overall).to_have_class(re.compile(r"\bgood\b"))
        for place in (0, 1):
            expect(seen.page.locator(f"#found-{place}")).to_have_text("true (by your browser's cryptography)")
        expect(seen.page.locator("#read-1")).to_contain_text("1012.75 kWh")
        expect(seen.page.locator("#chained")).to_have_text("the link's hash is right")
        seen.shot("true")

    @pytest.mark.parametrize(
        ("name", "place", "says"),
        [
            ("tampered", "#found-1", re.compile("^NOT TRUE")),
            ("exchanged", "#found-1", "the record is not the one that is named here"),
            ("broken", "#chained", "the link has another hash than its content"),
        ],
    )
    def test_of_what_is_not_as_it_was_signed_says_so(self, opened: Any, name: str, place: str, says: Any) -> None:
        seen = opened(name)
        expect(seen.overall).to_have_text(UNTRUE)
        expect(seen.overall).to_have_class(re.compile(r"\bbad\b"))
        expect(seen.page.locator(place)).to_have_text(says)
        expect(seen.page.locator("#found-0")).to_have_text(re.compile("^true"))
        seen.shot(name)

    def test_without_a_key_says_that_it_could_not(self, opened: Any) -> None:
        seen = opened("unproven")
        expect(seen.overall).to_have_text(UNSURE)
        expect(seen.page.locator("section", has_text="Keys of the meter").first).to_contain_text("No key")
        seen.shot("unproven")

    def test_goes_by_the_key_that_the_reader_types(self, opened: Any) -> None:
        seen = opened("true")
        expect(seen.overall).to_have_text(TRUE)
        point = CASES["true"].keys[0].public_key
        seen.page.get_by_label(re.compile("printed on the station")).fill(point)
        expect(seen.overall).to_have_text(TRUE)
        seen.page.get_by_label(re.compile("printed on the station")).fill(point[:-2] + "ff")
        expect(seen.overall).not_to_have_text(TRUE)


class TestPage:
    @pytest.mark.parametrize("name", CASES)
    def test_asks_nobody_and_has_nothing_to_complain_about(self, opened: Any, address: str, name: str) -> None:
        seen = opened(name)
        expect(seen.overall).not_to_have_text(re.compile("not checked anything"))
        assert {urlsplit(url).netloc for url in seen.asked} == {urlsplit(address).netloc}
        assert len(seen.asked) == 1
        assert seen.complaints == []

    def test_runs_nothing_but_its_own_script(self, opened: Any) -> None:
        seen = opened("true")
        seen.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'hacked = 1'}))"
        )
        assert seen.page.evaluate("typeof hacked") == "undefined"
        assert any("Content Security Policy" in said for said in seen.complaints)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("name", ["true", "tampered"])
    def test_fits_a_phone_by_day_and_by_night(self, opened: Any, name: str, scheme: str) -> None:
        seen = opened(name, viewport={"width": 390, "height": 844}, color_scheme=scheme, device_scale_factor=2)
        expect(seen.overall).to_have_text(TRUE if name == "true" else UNTRUE)
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        for text, ground in seen.page.evaluate(COLOURS):
            assert contrast(text, ground) >= 4.5, (text, ground)
        seen.shot(f"{name}-{scheme}-390")

    def test_is_used_without_a_mouse(self, opened: Any) -> None:
        seen = opened("true")
        expect(seen.overall).to_have_text(TRUE)
        reached = []
        for _ in range(12):
            seen.page.keyboard.press("Tab")
            reached.append(seen.page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.id"))
        assert [one.strip() for one in reached[:5]] == ["SUMMARY", "SUMMARY", "TEXTAREA label", "A", "A"]
        seen.page.locator("summary").first.focus()
        seen.page.keyboard.press("Enter")
        expect(seen.page.locator("pre").first).to_be_visible()

    def test_tells_those_who_hear_it_what_was_found(self, opened: Any) -> None:
        seen = opened("true")
        expect(seen.page.get_by_role("status")).to_have_text(TRUE)
        expect(seen.page.get_by_role("heading", level=1)).to_have_text("12.25 kWh")
        assert seen.page.get_by_role("rowheader").count() > 20
        assert seen.page.get_by_role("main").count() == 1

    def test_with_scripts_does_not_speak_of_their_absence(self, opened: Any) -> None:
        expect(opened("true").page.get_by_text("has not run the script")).to_be_hidden()

    def test_says_without_scripts_what_to_do(self, opened: Any) -> None:
        seen = opened("true", java_script_enabled=False)
        expect(seen.overall).to_have_text("Your browser has not checked anything yet.")
        expect(seen.page.get_by_text("has not run the script")).to_be_visible()
        expect(seen.page.locator("#form")).to_be_hidden()

    def test_gives_its_documents(self, opened: Any) -> None:
        seen = opened("true")
        for kind, name in (("software", "xml"), ("ZIP", "zip")):
            with seen.page.expect_download() as download:
                seen.page.get_by_role("link", name=re.compile(kind)).click()
            assert download.value.suggested_filename == f"{CDR_ID}.{name}"


COLOURS = """() => {
  const ground = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return colour !== "rgba(0, 0, 0, 0)" || !one.parentElement ? colour : ground(one.parentElement);
  };
  const told = [...document.querySelectorAll("main *")].filter((one) =>
    [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) && one.offsetParent);
  return told.map((one) => [getComputedStyle(one).color, ground(one)]);
}"""
"""Text and ground of everything that is written."""


def contrast(text: str, ground: str) -> float:
    """WCAG 2.2, 1.4.3: at least 4.5."""
    light, dark = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
