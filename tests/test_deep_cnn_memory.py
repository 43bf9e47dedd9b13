"""DeepCNN's plan against what a whole process takes: `max_bytes` must hold outside of torch too."""

import pathlib
import subprocess
import sys

import pytest

PROGRAM = """
import torch
from bsgd_edu import nets, seeding

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def peaks(depth, max_bytes, batch):
    net = nets.DeepCNN(14, 32, depth, max_bytes=max_bytes)
    theta = net.init(seeding.generator(0, "net"))
    x = torch.randn(batch, 196, generator=seeding.generator(0, "images"))
    net.norms(theta, x, generator=seeding.generator(0, "noise"))
    after_norms = peak()
    for _ in range(2):  # the second must find room in what the first gave back
        net.grad(theta, x, torch.zeros(batch).long())
    return *net.plan(batch), after_norms, peak()

torch.set_num_threads(1)
*_, before = peaks(3, None, 4)  # torch's own: libraries, buffers of its products
*plan, after_norms, after_grad = peaks(200, 30_000_000, 7)
print(*plan, after_norms - before, after_grad - before)
"""


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"
)
def test_a_process_grows_by_no_more_than_its_plan():
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    examples, segment, planned, after_norms, after_grad = map(int, found.stdout.split())
    assert segment < 200
    assert examples < 7  # several blocks, the last one smaller
    assert 27_000_000 < planned <= 30_000_000
    # 3 MB: blocks of less than 128 kB that the heap keeps, and what init draws at once. States
    # allocated one by one, in turn with small tensors, took 35 MB more than planned.
    assert after_norms < planned + 3_000_000
    assert 0.9 * planned < after_grad < planned + 3_000_000
