"""Kernels for unattended runs: on unix sockets, in this environment, and never left behind.

A kernel on TCP warns at each start that its traffic is not encrypted, and kernels that start
together race for ports; a socket in a private folder has neither trouble.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from ...errors import BsgdError

__all__ = ["KernelPool", "Stopped"]

_LONGEST_FOLDER = 70  # a socket's path may have 103 bytes (macOS); the kernel's file takes the rest


class Stopped(BsgdError):
    """A kernel was asked for after the run had been stopped."""


class KernelPool:
    """The kernels of one run: where their sockets lie, and how all of them are ended.

    Args:
        env: Environment variables that every kernel gets beside those of this process.
    """

    def __init__(self, env: Mapping[str, str] | None = None):
        base = tempfile.gettempdir()
        self.folder = Path(
            tempfile.mkdtemp(prefix="bsgd-", dir="/tmp" if len(base) > _LONGEST_FOLDER else base)
        ).resolve()
        self.env = dict(env or {})
        self._lock = threading.Lock()
        self._count = 0
        self._processes: dict[int, int | None] = {}  # pid -> process group
        self._stopped = False

    def manager(self, cwd: Path) -> type[AsyncKernelManager]:
        """Returns the class of kernel managers to give to papermill for one notebook.

        Args:
            cwd: The folder that the notebook's code runs in.
        """
        pool = self
        with self._lock:
            self._count += 1
            file = self.folder / f"{self._count}.json"

        class SocketKernelManager(AsyncKernelManager):
            log_file = file.with_suffix(".log")

            def __init__(self, **kwargs):
                if os.name == "posix":
                    kwargs |= {"transport": "ipc", "connection_file": str(file)}
                super().__init__(**kwargs)
                # This interpreter, whatever a "python3" kernel installed elsewhere may be.
                argv = make_ipkernel_cmd()
                self._kernel_spec = KernelSpec(argv=argv, language="python", display_name="Python")

            async def _async_start_kernel(self, **kwargs):
                env = {**os.environ, **pool.env}
                with self.log_file.open("w") as log:
                    launch = {"cwd": str(cwd), "env": env, "stdout": log, "stderr": log}
                    with pool._lock:
                        if pool._stopped:
                            raise Stopped("run: stopped before this kernel started.")
                    await super()._async_start_kernel(**(kwargs | launch))
                pool._add(self.provisioner)

            start_kernel = _async_start_kernel

        return SocketKernelManager

    @staticmethod
    def last_words(manager: type[AsyncKernelManager]) -> str:
        """Returns the end of what a manager's kernel wrote to the terminal, if anything."""
        path = manager.log_file
        return path.read_text(errors="replace")[-600:].strip() if path.is_file() else ""

    @property
    def stopped(self) -> bool:
        """Whether every kernel was told to end."""
        return self._stopped

    def _add(self, provisioner) -> None:
        with self._lock:
            self._processes[provisioner.pid] = provisioner.pgid
            late = self._stopped
        if late:
            self.stop()

    def stop(self) -> None:
        """Ends every kernel now, and with it what it started; no new one will start."""
        with self._lock:
            self._stopped = True
            processes = dict(self._processes)
        for pid, group in processes.items():
            # A kernel leads its own group, so this reaches the data-loading workers it forked.
            with suppress(ProcessLookupError, PermissionError):
                if group and group == pid and sys.platform != "win32":
                    os.killpg(group, signal.SIGKILL)
                else:
                    os.kill(pid, signal.SIGTERM)

    def close(self) -> None:
        """Ends what is left and removes the sockets."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
