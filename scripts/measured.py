"""What a command takes, and figures beside those of another day. For scripts/compare and scripts/bench."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
# Between two looks at a job's memory.
LOOK = 0.02
# How long what a job leaves behind may take to end by itself.
GRACE = 15.0


class Failed(Exception):
    """A job that failed, or a figure that is not right: in one line."""


@dataclass
class Usage:
    """Of one job: seconds from start to end, CPU-seconds (user and system) of every process of it, and the most memory they
    had resident together, in bytes (sampled; pages that processes share count once for each)."""

    wall: float
    cpu: float
    peak: int


def adopt_orphans():
    """Processes whose parents end before them become children of this one, so that their CPU time is known, too."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise Failed("this system does not let us account for a job's processes (prctl)")


def processes():
    """Parent of every process there is."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(name)] = int(fields[1])
    return parents


def descendants(root):
    """The processes below `root`."""
    children = {}
    for process, parent in processes().items():
        children.setdefault(parent, []).append(process)
    found, left = [], [root]
    while left:
        for child in children.get(left.pop(), []):
            found.append(child)
            left.append(child)
    return found


def resident(process):
    """Bytes of memory that a process has resident; 0 if it has ended."""
    try:
        return int(Path("/proc", str(process), "statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


class Sampler(threading.Thread):
    """Watches the memory of this process's descendants: the job's, since jobs run one at a time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.over = 0, threading.Event()

    def run(self):
        tree, looked = [], 0.0
        while not self.over.wait(LOOK):
            # New processes are rarer than new memory, and to look for them takes some of a core that the job could use.
            if time.monotonic() - looked > 25 * LOOK or not tree:
                tree, looked = descendants(os.getpid()), time.monotonic()
            self.peak = max(self.peak, sum(resident(process) for process in tree))


def run(command, *, cwd=None, env=None, output=None):
    """Runs a command to its end, in what time and with what; its output goes to the file `output` or nowhere."""
    sampler = Sampler()
    # What the job before has written is not this one's burden: its own syncs would wait for that.
    os.sync()
    with open(output or os.devnull, "wb") as out, open(f"{cwd or '.'}/stderr.txt", "wb") as errors:
        begin = time.monotonic()
        job = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        sampler.start()
        try:
            _, status, used = os.wait4(job.pid, 0)
        except BaseException:
            job.kill()
            raise
        wall = time.monotonic() - begin
        job.returncode = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime + orphans()
        sampler.over.set()
        sampler.join()
    if job.returncode != 0:
        lines = Path(errors.name).read_text(errors="replace").strip().splitlines()[-3:]
        raise Failed(f"{Path(command[0]).name} ended with {job.returncode}: {' / '.join(lines)}")
    return Usage(wall, cpu, sampler.peak)


def orphans():
    """CPU-seconds of what the job has left behind, once it has ended; after a while it is made to."""
    cpu, deadline = 0.0, time.monotonic() + GRACE
    while True:
        try:
            process, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu
        if process:
            cpu += used.ru_utime + used.ru_stime
        elif time.monotonic() > deadline:
            for left in descendants(os.getpid()):
                os.kill(left, signal.SIGKILL)
        else:
            time.sleep(0.02)


def median(values):
    """The middle one; of an even number the mean of the two in the middle."""
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def figure(value, unit, better):
    """One figure as it is kept; `better` is higher or lower."""
    return {"value": value, "unit": unit, "better": better}


def save(figures, file, about):
    """Writes figures to `file`, each with its commit, over those of the same name in it and beside the others."""
    path = Path(file)
    known = json.loads(path.read_text()) if path.exists() else {}
    known.setdefault("about", {})[Path(sys.argv[0]).name] = about
    dated = {name: {**kept, "commit": about["commit"]} for name, kept in figures.items()}
    known.setdefault("figures", {}).update(dated)
    known["figures"] = dict(sorted(known["figures"].items()))
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(figures)} figures in {path}")


def against(figures, file):
    """Prints each figure with that of `file` and their ratio, above 1 where it is better now."""
    path = Path(file)
    if not path.exists():
        raise Failed(f"there is no {path}")
    baseline = json.loads(path.read_text())
    print(f"against {path}")
    for program, about in baseline.get("about", {}).items():
        print(f"  {program}: " + ", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"{'':58} {'then':>12} {'now':>12} {'ratio':>7}")
    missing = 0
    for name, now in sorted(figures.items()):
        then = baseline.get("figures", {}).get(name)
        if then is None or not then["value"] or not now["value"]:
            missing += 1
            continue
        ratio = now["value"] / then["value"] if now["better"] == "higher" else then["value"] / now["value"]
        print(f"{name[:58]:58} {then['value']:>12,.4g} {now['value']:>12,.4g} {ratio:>7.2f}  {now['unit']}")
    if missing:
        print(f"{missing} figures are not in it: not measured then, or with other numbers of events")


def about():
    """The machine and the commit."""
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    git = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip() or "unknown"
    memory = os.sysconf("SC_PHYS_PAGES") * PAGE / 2**30
    return {
        "commit": commit,
        "machine": f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def build(root, *benches):
    """Builds benches and the program with them; name → executable."""
    command = ["cargo", "bench", "--no-run", "--message-format", "json-render-diagnostics"]
    for bench in benches:
        command += ["--bench", bench]
    built = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise Failed("the build failed")
    found = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and message.get("executable"):
            found[message["target"]["name"]] = message["executable"]
    for name in (*benches, "clicktop"):
        if name not in found:
            raise Failed(f"cargo built no {name}")
    return found


def main(work):
    """Runs `work`; a failure is one line."""
    try:
        return work()
    except Failed as failure:
        print(f"{Path(sys.argv[0]).name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
