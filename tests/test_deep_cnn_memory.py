"""DeepCNN's plan against what it takes: `max_bytes` must hold, in torch and outside of it."""

import itertools
import pathlib
import subprocess
import sys

import pytest
import torch

from bsgd_edu import nets, seeding

ROLLUP = pathlib.Path("/proc/self/smaps_rollup")
MAX_BYTES = 30_000_000
BATCH = 7

PROGRAM = f"""
import pathlib, threading
import torch
from bsgd_edu import nets, seeding

def anonymous():
    lines = pathlib.Path("{ROLLUP}").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))

class Peak(threading.Thread):
    def __enter__(self):
        self.value, self.stop = 0, threading.Event()
        self.start()
        return self
    def run(self):
        while not self.stop.wait(.001):
            self.value = max(self.value, anonymous())
    def __exit__(self, *_):
        self.stop.set()
        self.join()

def peaks(depth, max_bytes, batch):
    net = nets.DeepCNN(14, 32, depth, max_bytes=max_bytes)
    theta = net.init(seeding.generator(0, "net"))
    x = torch.randn(batch, 196, generator=seeding.generator(0, "images"))
    with Peak() as norms:
        net.norms(theta, x, generator=seeding.generator(0, "noise"))
    with Peak() as grad:
        for _ in range(2):  # the second must find room in what the first gave back
            net.grad(theta, x, torch.zeros(batch).long())
    return norms.value, grad.value

torch.set_num_threads(1)
peaks(3, None, 4)  # torch's own: buffers of its products
before = anonymous()
print(*(peak - before for peak in peaks(200, {MAX_BYTES}, {BATCH})))
"""


@pytest.fixture
def net():
    net = nets.DeepCNN(14, 32, 200, max_bytes=MAX_BYTES)
    examples, segment, planned = net.plan(BATCH)
    assert segment < net.depth
    assert examples < BATCH  # several blocks, the last one smaller
    assert 0.9 * MAX_BYTES < planned <= MAX_BYTES
    return net


def test_torch_allocates_what_was_planned(net):
    theta = net.init(seeding.generator(0, "net"))
    x = torch.randn(BATCH, 196, generator=seeding.generator(0, "images"))
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=cpu, profile_memory=True) as profile:
        net.grad(theta, x, torch.zeros(BATCH).long())
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    alive = itertools.accumulate(event.nbytes() for event in events)
    peak, planned = theta.nbytes + max(alive), net.plan(BATCH).num_bytes
    assert 0.99 * planned < peak <= planned


@pytest.mark.skipif(not ROLLUP.exists(), reason="anonymous pages are counted by Linux's /proc")
def test_the_process_does_not_outgrow_the_plan(net):
    # Pages of libraries are not counted. What the heap keeps of blocks that were given back depends
    # on the machine, and may be half as much again; states allocated one by one, in turn with
    # small tensors, took 35 MB more than planned.
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    after_norms, after_grad = map(int, found.stdout.split())
    planned = net.plan(BATCH).num_bytes
    assert planned / 2 < after_norms < 1.5 * planned
    assert planned / 2 < after_grad < 1.5 * planned
