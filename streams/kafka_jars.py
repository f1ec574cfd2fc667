"""The jars of Apache Kafka, from Maven Central, cached once per version outside the project.

The broker is plain jars: no archive to unpack, no container engine. Maven is needed for the first start only;
afterwards neither Maven nor a network is touched.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.errors import Failure

OLDEST_JAVA = 17
"""Kafka 4 brokers do not start on an older Java."""

MARKER = "complete.json"
"""Written last: the pom's digest, each jar's name and size; tells a changed pom and a damaged cache."""

# Pinned: without a version Maven takes whatever its own default is, and that differs between machines.
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_QUIETLY = ("-B", "-q", "--strict-checksums")
_SCOPE = "-DincludeScope=runtime"
_OTHER_WAY = "or run everything in containers with `docker compose up`"


def pom() -> Path:
    """The pom that names the jars: packaged beside this file, or in the repository's `deploy/kafka`."""
    packaged = Path(__file__).with_name("kafka_pom.xml")
    return packaged if packaged.exists() else Path(__file__).parents[1] / "deploy" / "kafka" / "pom.xml"


def version() -> str:
    """The version of Apache Kafka that the pom asks for.

    >>> version()
    '4.3.1'
    """
    found = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", pom().read_text(encoding="utf-8"))
    if found is None:
        raise Failure(f"{pom()} names no <kafka.version>; restore the file from the repository.")
    return found[1]


def cache() -> Path:
    """Where the jars of this version are kept: `${XDG_CACHE_HOME:-~/.cache}/ticketspike/kafka-VERSION`."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "ticketspike" / f"kafka-{version()}"


def complete(folder: Path) -> bool:
    """Whether the folder holds every jar of the present pom in its full size."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        sizes: dict[str, int] = marker["sizes"]
        return marker["pom"] == _digest() and all(
            (folder / jar).stat().st_size == size for jar, size in sizes.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def libraries(say: Callable[[str], None]) -> Path:
    """The folder with all jars; fetches them the first time (16-65 s, 54 MB), which it tells through `say`.

    Safe to call from several processes at once: one fetches, the others wait for it.

    Raises:
        Failure: Maven is missing or could not fetch them.
    """
    folder = cache()
    if complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_name(f"{folder.name}.lock")):
        if not complete(folder):
            _fetch(folder, say)
    return folder


def require_java() -> str:
    """The path of a Java that can run the broker.

    Raises:
        Failure: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    candidate = Path(home) / "bin" / "java" if home else None
    java = str(candidate) if candidate and candidate.exists() else shutil.which("java")
    remedy = f"install one with `apt-get install openjdk-17-jre-headless`, {_OTHER_WAY}"
    if java is None:
        raise Failure(
            f"Java is missing and the embedded Kafka needs version {OLDEST_JAVA} or newer; {remedy}."
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = java_major(told)
    if found is None:
        raise Failure(f"{java} does not run ({told.strip().splitlines()[:1]}); {remedy}.")
    if found < OLDEST_JAVA:
        raise Failure(
            f"Java {found} at {java} is too old, the embedded Kafka needs {OLDEST_JAVA} or newer; "
            f"{remedy} (JAVA_HOME chooses between several)."
        )
    return java


def java_major(told: str) -> int | None:
    """The major version in what `java -version` prints; None if it names none.

    >>> java_major('openjdk version "17.0.15" 2025-04-15')
    17
    >>> java_major('java version "1.8.0_392"')
    8
    """
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else None


def _digest() -> str:
    return hashlib.sha256(pom().read_bytes()).hexdigest()


def _fetch(folder: Path, say: Callable[[str], None]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Failure(
            f"Maven is missing and the jars of Apache Kafka are not in {folder} yet; install it with "
            f"`apt-get install maven`, {_OTHER_WAY}."
        )
    say(f"Fetching Apache Kafka {version()} from Maven Central into {folder} (54 MB, once) ...")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name:
        staging = Path(name) / "libs"
        # A copy: Maven may want to write beside the pom, and an installed package is not ours to write to.
        shutil.copyfile(pom(), Path(name) / "pom.xml")
        done = subprocess.run(
            [maven, *_QUIETLY, "-f", f"{name}/pom.xml", _COPY, f"-DoutputDirectory={staging}", _SCOPE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        sizes = {jar.name: jar.stat().st_size for jar in staging.glob("*.jar")} if staging.is_dir() else {}
        if done.returncode or f"kafka-clients-{version()}.jar" not in sizes:
            told = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["no jars arrived"]
            raise Failure(
                f"Maven could not fetch Apache Kafka ({told[0].strip()[:300]}); check the network or the "
                f"mirror in ~/.m2/settings.xml and run it again, {_OTHER_WAY}."
            )
        (staging / MARKER).write_text(
            json.dumps({"pom": _digest(), "sizes": sizes}, indent=1), encoding="utf-8"
        )
        # A damaged cache may still be open in a running broker: moving it aside leaves its files readable.
        if folder.exists():
            folder.rename(Path(name) / "damaged")
        staging.rename(folder)


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
