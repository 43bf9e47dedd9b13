"""Takes PyTorch's CPU build from PyTorch's own index, where no NVIDIA driver is found.

    .venv/bin/python .ci/cpu_torch.py constraints.txt

On Linux pip's default brings CUDA along: gigabytes that such a machine has no use for. Nothing here
has to succeed. Where the index does not answer within seconds, or pip cannot use it, the status is
0 all the same, and the set-up goes on with pip's default. Ctrl-C stops it with status 130.
"""

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

INDEX = os.environ.get("BSGD_TORCH_INDEX", "https://download.pytorch.org/whl/cpu")  # "": never
SECONDS = 5


def has_driver() -> bool:
    """Says whether this machine has an NVIDIA driver, and so a use for CUDA."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def installed(pin: str) -> bool:
    """Says whether torch is there in this version, whichever its build."""
    try:
        return version("torch").partition("+")[0] == pin
    except PackageNotFoundError:
        return False


def answers(url: str) -> bool:
    """Says whether a page can be had, within SECONDS in all.

    pip has no such limit: it waits for each address of a host in turn.
    """
    found = []

    def ask() -> None:
        try:
            urllib.request.urlopen(url, timeout=SECONDS).close()
            found.append(True)
        except urllib.error.URLError as error:
            # Certificates are pip's business: it may be told of ones that Python does not know.
            found.append(isinstance(error.reason, ssl.SSLError))
        except (OSError, ValueError):
            found.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(SECONDS)
    return found == [True]


def main() -> int:
    """Installs torch's CPU build if it is wanted and can be had; 0 unless interrupted."""
    pins = re.findall(r"^torch==(\S+)$", Path(sys.argv[1]).read_text(encoding="utf-8"), re.M)
    wanted = sys.platform == "linux" and INDEX and not has_driver() and not installed(pins[0])
    if wanted and answers(f"{INDEX.rstrip('/')}/torch/"):
        # What torch itself needs comes with the rest, from pip's default.
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--retries", "1"]
        subprocess.run([*pip, "--timeout", "10", "--index-url", INDEX, f"torch=={pins[0]}"])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
