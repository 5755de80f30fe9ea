"""Processes that serve on loopback, and the socket by which a test kills and starts them, for scripts/servers."""

import base64
import json
import os
import random
import signal
import socket
import socketserver
import subprocess
import threading
import time
import urllib.request

from central import CACHE, Failure, say

START_LIMIT = 180  # seconds, on a machine that does much else
STOP_LIMIT = 20
ORDERS = "list, kill NAME, kill-child NAME, pause NAME, resume NAME, start NAME or restart NAME"


def free_ports(count):
    """Ports of loopback that nobody has at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def lasting_ports(count):
    """The same below those that systems give to connections: they are still free when a killed server comes back."""
    ports = [port for port in random.sample(range(20000, 30000), 20 * count) if is_free(port)]
    if len(ports) < count:
        raise Failure("too few ports between 20000 and 29999 are free")
    return ports[:count]


def is_free(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


class Server:
    """One server, when it runs the leader of a process group of its own. It starts when those that it `needs` are ready."""

    def __init__(self, name, command, ready, needs=(), **options):
        self.name, self.command, self.ready, self.needs, self.options = name, command, ready, needs, options
        self.log = CACHE / "logs" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.lock, self.process, self.offset, self.killed, self.over = threading.Lock(), None, 0, False, False

    def start(self):
        for other in self.needs:
            other.wait()
        with self.lock:
            if self.over:
                raise Failure(f"{self.name} is not started, since all of them stop")
            if self.process and self.process.poll() is None:
                raise Failure(f"{self.name} runs already")
            self.offset, self.killed = self.log.stat().st_size, False
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    ["nice", "-n", "5", *map(str, self.command)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self.options)

    def said(self, text):
        """Whether its log has the text since it was last started."""
        with open(self.log, "rb") as log:
            log.seek(self.offset)
            return text.encode() in log.read()

    def wait(self):
        began = time.monotonic()
        while not self.ready(self):
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode} before it was ready\n{self.tail()}")
            if time.monotonic() - began > START_LIMIT:
                raise Failure(f"{self.name} was not ready within {START_LIMIT} s\n{self.tail()}")
            time.sleep(0.2)

    def tail(self):
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"the end of {self.log}:", *lines[-30:]])

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def children(self):
        """The processes that it has started itself: of a Spark worker, its executors."""
        told = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False).stdout
        rows = [line.split() for line in told.splitlines()]
        return [int(child) for child, parent, state in rows if self.runs() and int(parent) == self.process.pid and state[0] != "Z"]

    def signal(self, number):
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """Kills it and what it has started, as if its machine were gone."""
        if not self.runs():
            raise Failure(f"{self.name} does not run")
        self.killed = True
        self.signal(signal.SIGKILL)
        self.process.wait()

    def ask_to_end(self):
        """From here on nobody can start it again."""
        with self.lock:
            self.over = True
        self.signal(signal.SIGTERM)
        # If a test has paused it.
        self.signal(signal.SIGCONT)

    def stop(self):
        """Waits for its end, and ends it if that does not come."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            pass
        # Also what it has started itself.
        self.signal(signal.SIGKILL)
        self.process.wait()


def ask(url, body=None, context=None, login=None):
    """A JSON request: what was answered, or `None` if that was an error or no JSON."""
    # Not through a proxy: it is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    request.method = "PUT" if body else "GET"
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    try:
        with opener.open(request, timeout=5) as answer:
            return json.load(answer) if answer.status == 200 else None
    except (OSError, ValueError):
        return None


class Control(socketserver.ThreadingUnixStreamServer):
    """A socket that takes one order in a line and answers it with a line: `ok …`, or `error …`."""

    daemon_threads = True

    def __init__(self, path):
        self.path, self.servers = path, {}
        super().__init__(str(path), Order)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def obey(self, line):
        """Carries it out; what there is to tell."""
        order, _, name = line.strip().partition(" ")
        if order == "list":
            told = {name: {"pid": one.process.pid, "children": one.children()} if one.runs() else None
                    for name, one in self.servers.items()}
            return json.dumps(told)
        if name not in self.servers:
            raise Failure(f"{line.strip()!r} is no order: {ORDERS}, with a name of {', '.join(self.servers)}")
        server, began = self.servers[name], time.monotonic()
        if order in ("kill", "restart"):
            if order == "kill" or server.runs():
                server.kill()
        elif order == "kill-child":
            if not (children := server.children()):
                raise Failure(f"{name} has started no process")
            for child in children:
                os.kill(child, signal.SIGKILL)
            return " ".join(map(str, children))
        elif order in ("pause", "resume"):
            server.signal(signal.SIGSTOP if order == "pause" else signal.SIGCONT)
        elif order != "start":
            raise Failure(f"{order!r} is no order: {ORDERS}")
        if order in ("start", "restart"):
            server.start()
            server.wait()
        return f"{server.process.pid} after {time.monotonic() - began:.1f} s"


class Order(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode(errors="replace")
        try:
            answer = f"ok {self.server.obey(line)}"
        except (Failure, OSError) as error:
            answer = f"error {error}"
        say(f"{line.strip()}: {answer}")
        self.wfile.write(answer.replace("\n", " | ").encode() + b"\n")


def tell(order):
    """Sends an order to the control of the run that started this process; the exit code."""
    if not (path := os.environ.get("CLICKTOP_TEST_CONTROL")):
        raise Failure("CLICKTOP_TEST_CONTROL is not set: --tell works in a command that scripts/servers runs")
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)
        one.sendall(order.encode() + b"\n")
        answer = one.makefile().readline().strip()
    verdict, _, told = answer.partition(" ")
    print(told)
    return 0 if verdict == "ok" else 1
