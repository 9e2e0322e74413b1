"""Processes that a run starts and ends, by their ids."""

import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    """What a run can't go on after; its text is for whoever started it."""


def note(text):
    """Says on standard error what goes on."""
    print(text, file=sys.stderr, flush=True)


def exit_with(main, name):
    """Ends the program with the status that `main` returns, 70 if it fails, or 130 if it is interrupted."""
    try:
        sys.exit(main())
    except Failure as failure:
        note(f"{name}: {failure}")
        sys.exit(70)
    except KeyboardInterrupt:
        sys.exit(130)


def require_services():
    """Starts this program anew below `.ci/with-services`, unless it runs there: a PostgreSQL and a Redis of its own, and
    nothing that outlives it."""
    if "TEST_POSTGRES_URL" not in os.environ:
        program = ROOT / ".ci" / "with-services"
        os.execv(program, [str(program), sys.executable, *sys.argv])


def end_on_signals():
    """Makes SIGTERM and SIGHUP unwind the stack, as SIGINT does, so that whatever was started is ended."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, condition, seconds=30):
    """Waits until `condition()` gives something true, and returns that.

    Raises Failure with `what` when the time is over.
    """
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.002)


def listens(port):
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def descendants(pid):
    """The ids of the processes that it started, and that those started."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # It has ended meanwhile.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        found += children
        waiting += children
    return found


class Process:
    """A running program."""

    def __init__(self, name, started, log):
        self.name, self.started, self.log = name, started, log

    @property
    def pid(self):
        return self.started.pid

    @property
    def runs(self):
        return self.started.poll() is None

    def signal(self, number):
        """To the program and all that it started, the youngest first."""
        for pid in [*reversed(descendants(self.pid)), self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def check(self):
        """Raises Failure if it has ended."""
        if not self.runs:
            tail = "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-15:])
            raise Failure(f"{self.name} ended with {self.started.returncode}:\n{tail}")

    def stop(self, seconds=10):
        """Ends it, and returns its exit status; kills it when it takes longer."""
        if self.runs:
            self.resume()
            self.started.terminate()
            try:
                self.started.wait(seconds)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.started.wait()
        return self.started.returncode

    def status(self, name):
        """A figure of /proc/…/status in bytes: `VmRSS`, `VmHWM`."""
        return _kilobytes(f"/proc/{self.pid}/status", name)

    def pss(self):
        """Its proportional share of memory in bytes."""
        return _kilobytes(f"/proc/{self.pid}/smaps_rollup", "Pss")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def _kilobytes(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise Failure(f"{path} has no {name}")


class Workshop(contextlib.ExitStack):
    """A temporary folder, and the processes that are ended with it."""

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="quran-http.")))
        self.folder.chmod(0o755)  # Servers that give up root look into it.
        self.processes = []
        return self

    def start(self, name, arguments, environment=None, core=None):
        """Starts a program, on one core if that is given; its output goes to a log in the folder."""
        log = self.folder / f"{name}.{len(self.processes)}.log"
        arguments = [str(argument) for argument in arguments]
        if core is not None:
            arguments = ["taskset", "--cpu-list", str(core), *arguments]
        with log.open("wb") as output:
            started = subprocess.Popen(
                arguments, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)
        process = Process(name, started, log)
        self.processes.append(process)
        self.callback(process.stop)
        return process

    def run(self, arguments, environment=None, core=None, text=None):
        """Runs a program to its end and returns what it printed.

        Raises Failure if it fails.
        """
        arguments = [str(argument) for argument in arguments]
        if core is not None:
            arguments = ["taskset", "--cpu-list", str(core), *arguments]
        done = subprocess.run(arguments, env=environment, cwd=self.folder, input=text, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{pathlib.Path(arguments[0]).name} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def await_port(self, process, port):
        """Waits until a server listens."""
        eventually(f"{process.name} listens", lambda: process.check() or listens(port))


def environment_with(requirements):
    """The Python of a virtual environment that has what a file of pinned requirements names; made once for each state of
    that file, in `.build-bench`."""
    state = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / ".build-bench" / f"python-{state}"
    python = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        note(f"installing {requirements.relative_to(ROOT)}")
        for command in (
            [sys.executable, "-m", "venv", "--clear", folder],
            [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--requirement", requirements],
        ):
            if subprocess.run([str(part) for part in command], stdout=sys.stderr).returncode:
                raise Failure(f"can't install {requirements}")
        done.touch()
    return python
