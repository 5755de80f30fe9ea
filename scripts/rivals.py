"""The jobs of scripts/compare: clicktop, and what a user would pick instead. Each makes the figures by url × country of the
same events, as far as it can."""

import csv
import datetime
import json
import os
import subprocess
import urllib.parse
from pathlib import Path

from measured import Failed, Usage, run

PACKAGES = {"duckdb": "duckdb==1.4.4", "spark": "pyspark==4.0.1"}
CORES = 2
SESSION_MS = 1_800_000

# The figures by definition: README.md, "What the figures mean". `ms` is the time in milliseconds.
BATCH = f"""
SELECT url, country, COUNT(*) AS clicks, COUNT(DISTINCT user_id) AS unique_users,
       AVG(CASE WHEN gap <= {SESSION_MS} THEN gap END) / 1000.0 AS avg_time_spent
FROM (SELECT *, LEAD(ms) OVER (PARTITION BY user_id ORDER BY ms, click_id) - ms AS gap FROM (%s) AS timed) AS gaps
GROUP BY url, country"""

DUCKDB = f"""
import sys, duckdb
events, database, output = sys.argv[1:]
db = duckdb.connect(database)
db.execute("SET threads = {CORES}")
db.execute("CREATE TABLE clicks AS SELECT * FROM read_csv(?, header = true)", [events])
batch = '''{BATCH % "SELECT *, epoch_ms(timestamp) AS ms FROM clicks"}'''
db.execute(f"COPY ({{batch}}) TO '{{output}}' (FORMAT json)")
"""

SPARK = f"""
import sys
from pyspark.sql import SparkSession
events, table, output = sys.argv[1:]
spark = (SparkSession.builder.master("local[{CORES}]").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", "8").config("spark.sql.session.timeZone", "UTC").getOrCreate())
names = "click_id user_id timestamp url country city browser os device".split()
schema = ", ".join(name + " STRING" for name in names)
clicks = spark.read.csv(events, schema=schema, header=True, quote='"', escape='"')
clicks.selectExpr(*[name if name != "timestamp" else "to_timestamp(timestamp) AS timestamp" for name in names]).write.parquet(table)
spark.read.parquet(table).createOrReplaceTempView("clicks")
spark.sql('''{BATCH % "SELECT *, unix_millis(timestamp) AS ms FROM clicks"}''').write.json(output)
spark.stop()
"""

SQLITE = BATCH % (
    "SELECT *, CAST(strftime('%s', timestamp) AS INTEGER) * 1000 + CAST(substr(timestamp, 21, 3) AS INTEGER) AS ms FROM t"
)


class Setting:
    """What every job needs to know."""

    def __init__(self, options, programs, work):
        self.events, self.seed, self.users, self.urls = options.events, options.seed, options.users, options.urls
        self.geoip = options.geoip and options.geoip.resolve()
        self.programs, self.work = programs, work
        self.csv = work / f"events-{self.events}-{self.seed}-{self.users}-{self.urls}.csv"
        self.python = work / "venv/bin/python"

    def traffic(self):
        return ["--seed", str(self.seed), "--users", str(self.users), "--urls", str(self.urls)]


def rows(objects):
    """The figures out of JSON objects."""
    return {
        (row["url"], row["country"]): (row["clicks"], row["unique_users"], row.get("avg_time_spent")) for row in objects
    }


def top(setting, data):
    """The figures that clicktop has."""
    command = [setting.programs["clicktop"], "top", "--limit", "all", "--format", "json", "--data-dir", str(data)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failed(f"clicktop top: {ran.stderr.strip()}")
    return rows(json.loads(ran.stdout))


class Job:
    """A way to the figures. `leaves_out` says what a reader of the ratio must know."""

    name, leaves_out = "", ""

    def ready(self, setting):
        """Makes ready what is not measured; why it cannot run, if it cannot."""

    def work(self, setting, folder):
        """Does it in the new folder `folder`; what it took."""
        raise NotImplementedError

    def check(self, setting, folder, figures):
        """That it came to `figures`, as far as it makes them; in words."""
        return same(self.figures(setting, folder), figures)

    def figures(self, setting, folder):
        raise NotImplementedError


class Replay(Job):
    name = "clicktop"
    leaves_out = "Nothing: the file, store, exact figures and index; its wall time is that of the whole program."

    def command(self, setting):
        return ["replay", str(setting.csv), "--headless"]

    def settings(self, setting):
        """Settings as variables of the environment."""
        return {}

    def work(self, setting, folder):
        command = [setting.programs["clicktop"], *self.command(setting), "--data-dir", str(folder / "data")]
        env = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
        env.pop("CLICKTOP_CONFIG", None)
        env.update(self.settings(setting))
        usage = run(command, cwd=folder, env=env, output=folder / "status.jsonl")
        summary = json.loads((folder / "status.jsonl").read_text().splitlines()[-1])
        if not summary.get("complete") or summary["clicks"] != setting.events or summary["documents"] != summary["pages"]:
            raise Failed(f"clicktop did not get to the end: {summary}")
        return usage

    def figures(self, setting, folder):
        return top(setting, folder / "data")


class Broker(Replay):
    name = "broker"
    leaves_out = "Nothing: the making of the events, producer, Kafka protocol, store, exact figures and index, in one program."

    def command(self, setting):
        return ["demo", "--headless", "--rate", "max", "--events", str(setting.events), *setting.traffic()]


class Log(Replay):
    """The whole program on a combined log, through the preset of that name."""

    name = "log"
    leaves_out = "Countries, which the log does not have. It reads a combined log made from the events beforehand."

    def ready(self, setting):
        self.log = logged(setting)

    def command(self, setting):
        return ["replay", str(self.log), "--preset", "combined", "--headless"]

    def check(self, setting, folder, figures):
        found, wanted = {}, {}
        for (url, _), (clicks, _, _) in self.figures(setting, folder).items():
            found[url] = found.get(url, 0) + clicks
        for (url, _), (clicks, _, _) in figures.items():
            path = quoted(url)
            wanted[path] = wanted.get(path, 0) + clicks
        if found != wanted:
            raise Failed(f"{self.name}: {len(found)} urls with {sum(found.values())} clicks, or other clicks by url")
        return f"{sum(found.values())} requests, the clicks of its {len(found)} urls agree"


class LogEnriched(Log):
    """The same with a database of addresses, and user agents read."""

    name = "log-enriched"
    leaves_out = "Nothing that the log tells: place, browser, system and device of each click. It needs --geoip."

    def ready(self, setting):
        if not setting.geoip:
            return "no --geoip DATABASE is given"
        self.log = public_log(setting)

    def settings(self, setting):
        return {"CLICKTOP_GEOIP__DATABASE": str(setting.geoip), "CLICKTOP_USER_AGENTS__PARSE": "true"}

    def check(self, setting, folder, figures):
        found = self.figures(setting, folder)
        placed = sum(clicks for (_, country), (clicks, _, _) in found.items() if country != "unknown")
        if placed < setting.events * 0.9:
            raise Failed(f"{self.name}: only {placed} of {setting.events} clicks have a country")
        return f"{super().check(setting, folder, figures)}, {placed} have a country"


class Memory(Job):
    name = "memory"
    leaves_out = "The broker and the making of the events: they lie in memory, which is not counted. The rest is clicktop's."

    def work(self, setting, folder):
        command = [setting.programs["pipeline"], "memory-once", str(setting.events), "--csv", str(setting.csv)]
        run([*command, "--data-dir", str(folder / "data")], cwd=folder, output=folder / "run.json")
        ran = json.loads((folder / "run.json").read_text())
        return Usage(ran["seconds"], ran["cpu_seconds"], ran["peak_bytes"])

    def figures(self, setting, folder):
        return top(setting, folder / "data")


class SqliteImport(Job):
    name = "sqlite-import"
    leaves_out = (
        "Everything but rows in a table: no figures, no index of any kind, no duplicates found, nothing before the last row is in."
    )

    def ready(self, setting):
        return missing("sqlite3")

    def work(self, setting, folder):
        return run(["sqlite3", "clicks.db", f".import --csv {setting.csv} t"], cwd=folder)

    def check(self, setting, folder, figures):
        count = sqlite(folder, "SELECT COUNT(*) FROM t").strip()
        if count != str(setting.events):
            raise Failed(f"{self.name}: {count} rows of {setting.events}")
        return f"{count} rows"


class SqliteBatch(SqliteImport):
    name = "sqlite"
    leaves_out = "Live figures, duplicates, the index: one answer after the last row, and all of it again for the next one."

    def work(self, setting, folder):
        steps = [f".import --csv {setting.csv} t", ".mode json", ".once figures.json", SQLITE]
        return run(["sqlite3", "clicks.db", *steps], cwd=folder)

    def check(self, setting, folder, figures):
        super().check(setting, folder, figures)
        return Job.check(self, setting, folder, figures)

    def figures(self, setting, folder):
        return rows(json.loads((folder / "figures.json").read_text()))


class Python(Job):
    """A package in the folder of tools."""

    script = ""

    def ready(self, setting):
        if not setting.python.exists():
            subprocess.run(["python3", "-m", "venv", str(setting.work / "venv")], check=False)
        package = PACKAGES[self.name]
        module, version = package.split("==")
        probe = f"import {module}, sys; sys.exit({module}.__version__ != '{version}')"
        if subprocess.run([setting.python, "-c", probe], capture_output=True).returncode != 0:
            print(f"fetching {package} …", flush=True)
            pip = [setting.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
            if not setting.python.exists() or subprocess.run(pip).returncode != 0:
                return f"{package} could not be installed"
        return None

    def work(self, setting, folder):
        script = folder / "job.py"
        script.write_text(self.script)
        # Spark writes to the temporary directory what does not fit into its memory.
        env = {**os.environ, "TMPDIR": str(folder), "SPARK_LOCAL_DIRS": str(folder)}
        return run([str(setting.python), str(script), str(setting.csv), "table", "figures.json"], cwd=folder, env=env)

    def figures(self, setting, folder):
        output = folder / "figures.json"
        files = sorted(output.glob("part-*.json")) if output.is_dir() else [output]
        return rows(json.loads(line) for file in files for line in file.read_text().splitlines())


class Duckdb(Python):
    name = "duckdb"
    script = DUCKDB
    leaves_out = "Live figures, duplicates, the search index: one answer after the last row; two threads, the rest as it comes."


class Spark(Python):
    name = "spark"
    script = SPARK
    leaves_out = (
        "Live figures, duplicates, the search index: CSV → Parquet → one answer. local[2], 8 shuffle partitions in place of 200, the "
        "driver's 1 GiB as it comes; its wall time holds the start of a JVM."
    )

    def ready(self, setting):
        return missing("java") or super().ready(setting)


class Goaccess(Job):
    name = "goaccess"
    leaves_out = (
        "Countries (no GeoIP database), the users' time, exact users (it counts address, day and browser), the clicks themselves: it "
        "keeps totals in memory and writes a report. It reads a combined log made from the events beforehand."
    )

    more = ()

    def ready(self, setting):
        why = missing("goaccess")
        if not why:
            self.log = logged(setting)
        return why

    def work(self, setting, folder):
        command = ["goaccess", str(self.log), "--log-format=COMBINED", "--no-global-config", "--no-progress"]
        return run([*command, *self.more, f"--max-items={setting.urls}", "--output=report.json"], cwd=folder)

    def check(self, setting, folder, figures):
        report = json.loads((folder / "report.json").read_text())
        valid = report["general"]["valid_requests"]
        by_url = {}
        for (url, _), (clicks, _, _) in figures.items():
            by_url[url] = by_url.get(url, 0) + clicks
        told = sorted((row["hits"]["count"] for row in report["requests"]["data"]), reverse=True)
        if valid != setting.events or not told or told != sorted(by_url.values(), reverse=True)[: len(told)]:
            raise Failed(f"goaccess: {valid} of {setting.events} requests, or other clicks by url")
        return f"{valid} requests, the clicks of its {len(told)} urls agree"


class GoaccessGeoip(Goaccess):
    name = "goaccess-geoip"
    leaves_out = (
        "The users' time, exact users (it counts address, day and browser), the clicks themselves: it keeps totals in memory and writes a "
        "report with continents, countries and cities. It reads the same log as log-enriched and needs --geoip."
    )

    def ready(self, setting):
        if not setting.geoip:
            return "no --geoip DATABASE is given"
        why = missing("goaccess")
        if not why:
            self.log, self.more = public_log(setting), (f"--geoip-database={setting.geoip}",)
        return why

    def check(self, setting, folder, figures):
        report = json.loads((folder / "report.json").read_text())
        placed = sum(place["hits"]["count"] for place in report["geolocation"]["data"] if place["data"] != "Unknown")
        if placed < setting.events * 0.9:
            raise Failed(f"goaccess: only {placed} of {setting.events} requests have a continent")
        return f"{super().check(setting, folder, figures)}, {placed} have a place"


JOBS = (Replay, Broker, Log, LogEnriched, Memory, SqliteImport, SqliteBatch, Duckdb, Spark, Goaccess, GoaccessGeoip)


def missing(program):
    """Why there is no `program`; installs it if it can."""
    if subprocess.run(["which", program], capture_output=True).returncode == 0:
        return None
    if program in ("sqlite3", "goaccess") and os.geteuid() == 0:
        print(f"installing {program} …", flush=True)
        if subprocess.run(["apt-get", "install", "-y", "-q", program], capture_output=True).returncode == 0:
            return None
    return f"{program} is not installed"


def sqlite(folder, query):
    ran = subprocess.run(["sqlite3", "clicks.db", query], cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failed(f"sqlite3: {ran.stderr.strip()}")
    return ran.stdout


def same(found, figures):
    """That two tables of figures are one. Counts must be equal; a mean may differ in the last digits of its binary form."""
    if found.keys() != figures.keys():
        raise Failed(f"{len(found)} rows of url × country where clicktop has {len(figures)}, or other ones")
    for page, (clicks, users, mean) in found.items():
        wanted_clicks, wanted_users, wanted = figures[page]
        close = (mean is None) == (wanted is None) and (mean is None or abs(mean - wanted) <= 1e-9 * max(1.0, abs(wanted)))
        if (clicks, users) != (wanted_clicks, wanted_users) or not close:
            raise Failed(f"{page}: {(clicks, users, mean)} where clicktop has {figures[page]}")
    return f"{len(found)} rows, {sum(row[0] for row in found.values())} clicks: the same figures"


AGENTS = {
    "Chrome": "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Firefox": "Mozilla/5.0 (%s; rv:120.0) Gecko/20100101 Firefox/120.0",
    "Safari": "Mozilla/5.0 (%s) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
    "Edge": "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
}
SYSTEMS = {"Windows": "Windows NT 10.0; Win64; x64", "Linux": "X11; Linux x86_64", "Android": "Linux; Android 14; K"}


def logged(setting):
    """The events as a combined log, made once."""
    log = setting.csv.with_suffix(".log")
    if not log.exists():
        combined_log(setting.csv, log)
    return log


def public_log(setting):
    """The same with addresses of the whole internet and a thousand user agents, made once."""
    log = setting.csv.with_suffix(".public.log")
    if not log.exists():
        combined_log(setting.csv, log, public=True)
    return log


def quoted(url):
    """A url as a browser sends it."""
    return urllib.parse.quote(url, safe="/?&=,:+;-._")


def combined_log(events, log, public=False):
    """The events as a web server would have logged them: one address a user, a private one unless `public`."""
    urls, agents, seconds = {}, {}, {}
    part = log.with_suffix(".part")
    with open(events, newline="") as source, open(part, "w") as out:
        for _, user, time, url, _, _, browser, system, _ in (lines := csv.reader(source)):
            if lines.line_num == 1:
                continue
            number = int(user[1:]) + 1
            path = urls.get(url) or urls.setdefault(url, quoted(url))
            agent = agents.get((browser, system))
            if agent is None:
                shape = AGENTS.get(browser, AGENTS["Chrome"])
                agent = agents[browser, system] = shape % SYSTEMS.get(system, "Macintosh; Intel Mac OS X 10_15_7")
            second = seconds.get(time[:19])
            if second is None:
                seconds.clear()
                moment = datetime.datetime.fromisoformat(time[:19])
                second = seconds[time[:19]] = moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            if public:
                # A multiple of an odd number spreads the users over 20.0.0.0 to 99.255.255.255, of which nothing is private.
                spread = number * 2654435761 % (80 << 24)
                address = f"{20 + (spread >> 24)}.{spread >> 16 & 255}.{spread >> 8 & 255}.{spread & 255}"
                agent = f"{agent} Release/{number % 84}"
            out.write(f'{address} - - [{second}] "GET {path} HTTP/1.1" 200 1000 "-" "{agent}"\n')
    part.rename(log)
