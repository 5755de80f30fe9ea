"""A program in a terminal that a script drives and reads: tmux."""

import os
import re
import subprocess
import time


class Terminal:
    """A command in a terminal of `columns` and `rows`, with nothing of its user's settings."""

    count = 0

    def __init__(self, columns, rows, *command, folder="."):
        Terminal.count += 1
        self.server = f"clicktop-{os.getpid()}-{Terminal.count}"
        for name in [name for name in os.environ if name == "NO_COLOR" or name.startswith("CLICKTOP_")]:
            del os.environ[name]
        os.environ.update(LC_ALL="C.UTF-8", COLORTERM="truecolor", XDG_CONFIG_HOME="/nonexistent")
        size = ["-x", str(columns), "-y", str(rows)]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "tape", "-c", folder, *size, *command)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-t", "tape", *size)

    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-u", "-L", self.server, *arguments], capture_output=True, text=True)
        return done.stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "tape")

    def press(self, *keys):
        self.tmux("send-keys", "-t", "tape", *keys)

    def end(self):
        self.tmux("kill-server")

    def is_alive(self):
        return "tape" in self.tmux("list-sessions")

    def wait(self, pattern, seconds):
        """Until the screen matches; TimeoutError if it does not in time, or the command has ended."""
        wanted, until = re.compile(pattern), time.time() + seconds
        while not wanted.search(self.screen()):
            if time.time() > until or not self.is_alive():
                raise TimeoutError(f"waited {seconds:g} s in vain for /{pattern}/")
            time.sleep(0.1)
