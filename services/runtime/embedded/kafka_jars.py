"""The jars of the embedded Kafka: fetched once by Maven, checked against their checksums, then used offline."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from services.runtime.embedded.jre import Java
from services.runtime.embedded.problems import CannotStart

VERSION = "4.3.1"
POM = Path(__file__).with_name("kafka-pom.xml")
CHECKSUMS = Path(__file__).with_name("kafka-jars.sha256")

_FETCH_WITHIN_S = 1800

Progress = Callable[[str], None]
"""Told what is being done now, in a few words."""


def silent(_: str) -> None:
    """Progress that nobody watches."""


def libs_dir(kafka_dir: Path) -> Path:
    """Where the jars of this version are."""
    return kafka_dir / f"libs-{VERSION}"


def expected() -> dict[str, str]:
    """File name to SHA-256 of every jar."""
    lines = (line.split() for line in CHECKSUMS.read_text().splitlines())
    return {name: digest for digest, name in lines}


def complete(kafka_dir: Path) -> bool:
    """True when the jars are there, so that neither Maven nor a network is needed."""
    return all((libs_dir(kafka_dir) / name).is_file() for name in expected())


def ensure_jars(kafka_dir: Path, java: Java, progress: Progress = silent) -> Path:
    """The directory with the jars, fetched if they are not all there; CannotStart when they cannot be had.

    They appear all at once, by a rename after each has been checked. Two processes may call it at the same time.
    """
    if not complete(kafka_dir):
        kafka_dir.mkdir(parents=True, exist_ok=True)
        with _alone(kafka_dir):
            if not complete(kafka_dir):
                progress("fetching Kafka's jars with Maven (44 MB, once)")
                _fetch(kafka_dir, java)
    return libs_dir(kafka_dir)


def wrong_jars(directory: Path, wanted: Mapping[str, str]) -> list[str]:
    """Names of jars that are missing, unexpected, or not the bytes that they should be."""
    present = {path.name: _sha256(path) for path in directory.glob("*.jar")}
    return sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))


def reason(output: str) -> str:
    """The line of Maven's output that says what went wrong."""
    errors = (line.removeprefix("[ERROR]").strip() for line in output.splitlines() if line.startswith("[ERROR]"))
    said = _first(errors) or _first(reversed(output.splitlines())) or "it said nothing"
    return said if len(said) <= 300 else f"{said[:300]} ..."


def _first(lines: Iterable[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "")


@contextmanager
def _alone(kafka_dir: Path) -> Iterator[None]:
    with (kafka_dir / ".libs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(kafka_dir: Path, java: Java) -> None:
    final = libs_dir(kafka_dir)
    fresh = final.with_name(final.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    _run_maven(fresh, java)
    if wrong := wrong_jars(fresh, expected()):
        raise CannotStart(
            f"Maven fetched {', '.join(wrong)}, but not with the bytes that kafka-jars.sha256 lists: delete it "
            "below ~/.m2/repository and run again, or check the Maven mirror that is in use."
        )
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)


def _run_maven(target: Path, java: Java) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(
            "Maven (`mvn`) is needed once, to fetch Kafka's jars: install it (`apt install maven`, "
            "`brew install maven`), or run it with Docker: `docker compose up`."
        )
    command = [maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"]
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={target.absolute()}"]
    env = os.environ | {"JAVA_HOME": str(java.home)}
    try:
        subprocess.run([*command, *options], env=env, capture_output=True, timeout=_FETCH_WITHIN_S, check=True)
    except subprocess.CalledProcessError as error:
        said = reason((error.stdout + error.stderr).decode(errors="replace"))
        raise CannotStart(
            f"Maven could not fetch Kafka's jars ({said}): check the network and ~/.m2/settings.xml and run "
            "again, or run it with Docker: `docker compose up`."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotStart(
            f"Maven did not finish ({error}): check that `mvn -version` works and run again."
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
