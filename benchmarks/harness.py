"""What benchmarks share: fair timing, a process for each number of threads, a JSON line a row."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable

__all__ = ["run", "seconds_of"]


def seconds_of(call: Callable) -> float:
    """Seconds of one call; what is over at once is called again until 50 ms are full."""
    start, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < 0.05:
        call()
        count += 1
    return elapsed / count


def run(
    script: str,
    description: str,
    measured: Callable[[int, bool], list[Callable[[], dict]]],
    report: Callable[[list[dict]], None],
    *,
    threads: list[int],
    repeats: int,
) -> None:
    """Measures every row in a process of its own threads, then prints the table.

    Args:
        script: The benchmark's file, started again for each number of threads.
        description: What it measures, in a line.
        measured: (repeats, quick) -> functions, each of which measures and returns a row.
        report: Prints all rows.
        threads: Numbers of threads, unless the command line names others.
        repeats: How often contenders take turns, likewise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, nargs="+", default=threads)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--quick", action="store_true", help="small: a check, not a result")
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        import torch

        torch.set_num_threads(options.worker)
        for row in measured(options.repeats, options.quick):
            print(json.dumps({**row(), "threads": options.worker}), flush=True)
        return
    rows = []
    for count in options.threads:
        command = [sys.executable, script, "--worker", str(count)]
        command += ["--repeats", str(options.repeats), *(["--quick"] if options.quick else [])]
        flags = f"--xla_cpu_multi_thread_eigen={'true' if count > 1 else 'false'}"  # JAX's
        environment = os.environ | {"OMP_NUM_THREADS": str(count), "XLA_FLAGS": flags}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            for line in child.stdout:
                rows.append(json.loads(line))
                print(f"{count} thread(s): {rows[-1]['name']}", file=sys.stderr)
        if child.returncode:
            raise SystemExit(child.returncode)
    report(rows)
    if options.json:
        machine = {"processor": platform.processor() or platform.machine(), "rows": rows}
        with open(options.json, "w") as file:
            json.dump(machine, file, indent=1)
