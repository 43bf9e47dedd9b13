"""Chapters keep to one device: run on a pretended GPU, they mix nothing that a real one refuses."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pretended_gpu
import pytest
import torch
from pretended_gpu import Mixed, PretendedGenerator, PretendedGpu

SOURCES = sorted((Path(__file__).parents[1] / "chapters" / "source").glob("[0-9]*.py"))
CPU, INDEX = torch.ones(3, 3), torch.tensor([0, 1])


@pytest.fixture
def gpu():
    with PretendedGpu():
        yield torch.ones(3, 3, device="cuda")


def test_a_pretended_tensor_stays_on_its_device(gpu):
    for tensor in (gpu + 1, gpu @ gpu, gpu[0], gpu.mT, torch.zeros_like(gpu), gpu.double(), -gpu):
        assert tensor.device.type == "cuda"
        assert torch.eye(2, device=tensor.device).is_cuda
    for tensor in (gpu.cpu(), gpu.to("cpu"), gpu.double().to(CPU), torch.ones(2), gpu.cpu() + CPU):
        assert tensor.device.type == "cpu"
    assert (gpu + torch.tensor(1.0)).is_cuda, "a scalar may come from the CPU"
    assert gpu[INDEX].is_cuda, "and so may indices"
    assert float(gpu.sum()) == 9


@pytest.mark.parametrize(
    "mix",
    [
        lambda gpu: gpu + CPU,
        lambda gpu: CPU @ gpu,
        lambda gpu: torch.stack([gpu, CPU]),
        lambda gpu: torch.where(gpu > 0, gpu, CPU),
        lambda gpu: CPU + gpu.sum(),
        lambda gpu: CPU[gpu[0].long()],
        lambda gpu: gpu.numpy(),
        lambda gpu: np.asarray(gpu),
        lambda gpu: torch.randn(3, device="cuda", generator=PretendedGenerator()),
        lambda gpu: torch.randn(3, generator=PretendedGenerator("cuda")),
    ],
)
def test_what_a_gpu_refuses_raises(gpu, mix):
    with pytest.raises(Mixed):
        mix(gpu)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_chapter_mixes_no_devices(source):
    done = subprocess.run(
        [sys.executable, pretended_gpu.__file__, str(source)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.splitlines()[-1].split()[0]) > 0, "nothing was put on the GPU"
