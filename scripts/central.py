"""Files from Maven Central, named with their SHA-256 in tests/servers/jars.txt, for scripts/servers."""

import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
HERE = ROOT / "tests/servers"
JARS = HERE / "jars.txt"
CACHE = HERE / "cache"
CENTRAL = os.environ.get("MAVEN_CENTRAL", "https://repo.maven.apache.org/maven2").rstrip("/")
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
SERVERS = ("kafka", "registry", "elasticsearch", "opensearch", "elasticsearch9", "opensearch3", "spark")


class Failure(Exception):
    """What the user has to know, in one line."""


def say(text):
    print(f"servers: {text}", file=sys.stderr, flush=True)


def pinned(server):
    """(sha256, path in the repository) of everything that `server` needs."""
    lines = (line.split() for line in JARS.read_text().splitlines() if line and not line.startswith("#"))
    return [(digest, path) for name, digest, path in lines if name == server]


def file_of(path):
    """Where it is kept."""
    return CACHE / "repository" / path


def class_path(server):
    return os.pathsep.join(str(file_of(path)) for _, path in pinned(server))


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(digest, path):
    """Fetches one file unless it is there; whole and as pinned, or not at all."""
    file = file_of(path)
    if file.is_file() and digest_of(file) == digest:
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        for attempt in range(3):
            try:
                with urllib.request.urlopen(f"{CENTRAL}/{path}", timeout=60) as answer, open(part, "wb") as out:
                    shutil.copyfileobj(answer, out)
                break
            except OSError as error:
                if attempt == 2 or isinstance(error, urllib.error.HTTPError) and error.code < 500:
                    raise Failure(f"{CENTRAL}/{path} cannot be fetched: {error}") from error
                time.sleep(2**attempt)
        found = digest_of(part)
        if found != digest:
            raise Failure(f"{CENTRAL}/{path} is not what jars.txt pins: its SHA-256 is {found}")
        size = part.stat().st_size
        part.replace(file)
        return size
    finally:
        part.unlink(missing_ok=True)


def fetch_all(servers):
    for server in servers:
        wanted = pinned(server)
        if not wanted:
            raise Failure(f"{JARS} has nothing for {server}: run scripts/servers --pin")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sizes = [size for size in pool.map(lambda one: fetch(*one), wanted) if size]
        if sizes:
            say(f"{server}: {len(sizes)} files fetched, {sum(sizes) / 1e6:.0f} MB")


def pin():
    if not shutil.which("mvn"):
        raise Failure("--pin wants Maven (mvn), which is not installed")
    rows = []
    for server in SERVERS:
        say(f"asking Maven what belongs to {server}")
        with tempfile.TemporaryDirectory() as folder:
            command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), f"-P{server}", f"{PLUGIN}:copy-dependencies"]
            command += ["-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={folder}"]
            if subprocess.run(command, check=False).returncode != 0:
                raise Failure("Maven failed")
            files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.name.endswith((".jar", ".zip", ".tar.gz")))
            rows += [f"{server} {digest_of(file)} {file.relative_to(folder).as_posix()}" for file in files]
    JARS.write_text("# Made by scripts/servers --pin from pom.xml: server, SHA-256, path on Maven Central.\n" + "\n".join(rows) + "\n")
    say(f"{JARS.relative_to(ROOT)}: {len(rows)} files")
