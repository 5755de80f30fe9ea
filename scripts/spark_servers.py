"""A Spark of the test's own, for scripts/servers: a standalone cluster and a Spark Connect server on it, all on loopback.

Spark is the package pyspark of PyPI, of which only Spark's own jars and bin are used; tests/servers/spark.txt pins it. The jars for
Kafka, Avro and Delta come from Maven Central, as tests/servers/jars.txt pins them.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from central import CACHE, HERE, Failure, file_of, pinned, say
from serving import Server, ask, is_free, lasting_ports

REQUIREMENT = HERE / "spark.txt"
WORKERS = ("spark-worker-1", "spark-worker-2")
CORES = os.environ.get("CLICKTOP_TEST_SPARK_CORES", "1")
MEMORY = os.environ.get("CLICKTOP_TEST_SPARK_MEMORY", "1g")
DRIVER_MEMORY = os.environ.get("CLICKTOP_TEST_SPARK_DRIVER_MEMORY")
MORE_SETTINGS = os.environ.get("CLICKTOP_TEST_SPARK_CONF", "").split()
# Of a Spark or a Hadoop that the user has installed.
FOREIGN = ("SPARK_", "PYSPARK_", "HADOOP_", "YARN_")
# A short test compiles more than it computes: without the second compiler it takes half the CPU. Not so where speed is measured.
SHORT_LIVED = "-XX:TieredStopAtLevel=1"
LONG_LIVED = os.environ.get("CLICKTOP_TEST_SPARK_LONG", "") not in ("", "0")
# Avro reserves room for as many elements as a message names, be it broken.
AVRO_LIMITS = "-Dorg.apache.avro.limits.collectionItems.maxLength=1000000"
# A queue of lines for each micro-batch would hide what matters; what says that a part is ready must be told.
LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
logger.deploy.name = org.apache.spark.deploy
logger.deploy.level = info
logger.cluster.name = org.apache.spark.scheduler.cluster
logger.cluster.level = info
logger.connect.name = org.apache.spark.sql.connect.service.SparkConnectServer
logger.connect.level = info
"""


def home():
    """Where the version of Spark lies that is pinned."""
    version = re.search(r"^pyspark==(\S+)", REQUIREMENT.read_text(), re.MULTILINE)
    return CACHE / f"pyspark-{version[1]}"


def fetch_spark():
    """Fetches Spark unless it is there; whole and as pinned, or not at all."""
    if home().is_dir():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="spark-", suffix=".part") as folder:
        say("fetching Spark with pip, 450 MB")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check",
                   "--require-hashes", "--requirement", str(REQUIREMENT), "--dest", folder]
        got = subprocess.run(command, capture_output=True, text=True, check=False)
        if got.returncode != 0:
            raise Failure(f"Spark cannot be fetched: {' '.join(command)}:\n{got.stdout}{got.stderr}")
        [archive] = pathlib.Path(folder).glob("pyspark-*.tar.gz")
        unpacked = pathlib.Path(folder, "home")
        unpack(archive, unpacked)
        unpacked.replace(home())


def unpack(archive, folder):
    """Only the jars and the programs, each by its own name and no path of the archive's."""
    for kind in ("jars", "bin"):
        (folder / kind).mkdir(parents=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            found = re.fullmatch(r"pyspark-[^/]+/deps/(jars|bin)/([^/]+)", member.name)
            if found and member.isfile():
                target = folder / found[1] / found[2]
                with tar.extractfile(member) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out)
                target.chmod(0o755 if found[1] == "bin" else 0o644)


class Worker(Server):
    """A worker, which puts what its executors wrote into a file beside its log when it stops."""

    def stop(self):
        super().stop()
        written = sorted(self.options["cwd"].glob(f"work/{self.name}/app-*/*/stderr"), key=lambda log: log.stat().st_mtime)
        with open(self.log.with_name(f"{self.name}-executors.log"), "wb") as out:
            for log in written:
                out.write(f"executor {log.parent.name} of {log.parent.parent.name}\n".encode() + log.read_bytes())


class Spark:
    """What the parts of one Spark have in common."""

    def __init__(self, java, folder):
        self.folder, self.tables = folder, folder / "tables"
        for part in ("tables", "conf", "scratch", "work", "recovery"):
            (folder / part).mkdir()
        (folder / "conf/log4j2.properties").write_text(LOGGING)
        lasting = f"-XX:+UseSerialGC -Djava.io.tmpdir={folder / 'scratch'}"
        self.daemon_options = f"{lasting} {SHORT_LIVED}"
        self.java_options = lasting if LONG_LIVED else self.daemon_options
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environment = {
            **kept, "JAVA_HOME": str(java), "SPARK_HOME": str(home()), "SPARK_CONF_DIR": str(folder / "conf"),
            "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "scratch"),
            "SPARK_LAUNCHER_OPTS": SHORT_LIVED,
        }

    def server(self, name, command, ready, needs=(), kind=Server, **environment):
        return kind(name, [home() / "bin" / command[0], *command[1:]], ready, needs,
                    env={**self.environment, **environment}, cwd=self.folder)

    def daemon(self, name, command, ready, needs=(), kind=Server, **environment):
        """A server that only keeps the books. The Connect server would take these variables for its own memory."""
        return self.server(name, ["spark-class", *command], ready, needs, kind,
                           SPARK_DAEMON_MEMORY="256m", SPARK_DAEMON_JAVA_OPTS=self.daemon_options, **environment)

    def cluster(self):
        """The master and its workers; the master's address and the url of its pages."""
        port, pages, *others = lasting_ports(2 + 2 * len(WORKERS))
        master, url = f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{pages}"
        # It knows its workers and applications again when it comes back.
        recovery = f"-Dspark.deploy.recoveryMode=FILESYSTEM -Dspark.deploy.recoveryDirectory={self.folder / 'recovery'}"
        first = self.daemon(
            "spark-master",
            ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", pages],
            lambda _: (ask(f"{url}/json/") or {}).get("status") == "ALIVE", SPARK_MASTER_OPTS=recovery)
        workers = [
            self.daemon(
                name,
                ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--port", own, "--webui-port", own_pages,
                 "--cores", CORES, "--memory", MEMORY, "--work-dir", self.folder / "work" / name, master],
                lambda server: server.said("Successfully registered with master"), needs=[first], kind=Worker)
            for name, own, own_pages in zip(WORKERS, others[::2], others[1::2])]
        return [first, *workers], master, url

    def connect(self, name, master, pages, needs=()):
        """The Connect server, which is an application of the master's; the variables by which it is found."""
        port, own_pages = lasting_ports(2)
        local = pages is None
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": port,
            "spark.connect.session.manager.defaultSessionTimeout": -1,
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": 2 * int(CORES),
            # Of 100, which are Spark's own number, none is left when the next round begins.
            "spark.sql.codegen.cache.maxEntries": 5000,
            "spark.sql.warehouse.dir": self.folder / "warehouse",
            "spark.databricks.delta.snapshotPartitions": 2,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": f"{self.java_options} {AVRO_LIMITS}",
            "spark.executor.extraJavaOptions": f"{self.java_options} {AVRO_LIMITS}",
            "spark.executor.memory": MEMORY,
            "spark.ui.port": own_pages,
            # Another port than the one that was told would be no help.
            "spark.port.maxRetries": 0,
            # A test may kill executors as often as it likes.
            "spark.deploy.maxExecutorRetries": -1,
        }
        told = [f"{name}={value}" for name, value in settings.items()] + MORE_SETTINGS
        command = ["spark-submit", "--master", master, "--name", "clicktop tests",
                   "--driver-memory", DRIVER_MEMORY or ("2g" if local else "1g"),
                   "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
                   "--jars", ",".join(str(file_of(path)) for _, path in pinned("spark"))]
        command += [word for one in told for word in ("--conf", one)] + ["spark-internal"]
        rest = f"http://127.0.0.1:{own_pages}"

        def ready(server):
            return server.said("Spark Connect server started") and not is_free(port) and \
                executors(rest) >= (0 if local else alive(pages))

        variables = {"": f"sc://127.0.0.1:{port}", "_UI": rest, "_ROOT": self.tables}
        return self.server(name, command, ready, needs), {f"CLICKTOP_TEST_SPARK{name}": str(value) for name, value in variables.items()}


def alive(pages):
    """How many workers the master has."""
    workers = (ask(f"{pages}/json/") or {}).get("workers", [])
    return sum(one["state"] == "ALIVE" for one in workers)


def executors(rest):
    """How many executors the application has, and -1 as long as it does not tell."""
    for application in ask(f"{rest}/api/v1/applications") or []:
        found = ask(f"{rest}/api/v1/applications/{application['id']}/executors")
        if found is not None:
            return sum(one["isActive"] and one["id"] != "driver" for one in found)
    return -1


def spark(java, folder, _authority):
    """A master, two workers, and a Connect server that has an executor on each."""
    one = Spark(java, folder)
    cluster, master, pages = one.cluster()
    connect, variables = one.connect("spark-connect", master, pages, needs=cluster[:1])
    return [*cluster, connect], {**variables, "CLICKTOP_TEST_SPARK_MASTER_UI": pages}


def spark_local(java, folder, _authority):
    """A Connect server that is its own executor: no cluster, but there sooner."""
    connect, variables = Spark(java, folder).connect("spark-connect", f"local[{2 * int(CORES)}]", None)
    return [connect], variables
