"""Runs a chapter on a GPU that is only pretended, to find where devices are mixed.

Tensors made "on cuda" lie on the CPU in a class of their own. What a real GPU would refuse raises
`Mixed`: an operation on tensors of both kinds (a scalar from the CPU, and CPU indices into a GPU
tensor, are allowed), a generator of the other kind, a GPU tensor handed to NumPy. What happens
inside of torch.func and torch.autograd is not seen. As a program: `pretended_gpu.py SOURCE`.
"""

import re
import sys
from pathlib import Path

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

GPU = torch.device("cuda", 0)
_FACTORIES = "empty zeros ones full rand randn randint randperm arange linspace logspace eye tensor"
_WITHOUT_INPUT = {getattr(torch, name) for name in _FACTORIES.split()}
_TO_NUMPY = {Tensor.numpy, Tensor.__array__}
_COPIES = {Tensor.copy_, Tensor.__setitem__, torch.as_tensor}
_Generator = torch.Generator


class Mixed(RuntimeError):
    """Devices are mixed."""


class GpuTensor(Tensor):
    """A tensor that says it lies on the GPU."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @property
    def device(self):
        return GPU

    @property
    def is_cuda(self):
        return True


class PretendedGenerator(_Generator):
    """A generator of the CPU that knows for which device it was asked."""

    def __new__(cls, device="cpu"):
        self = _Generator.__new__(cls, "cpu")
        self.on_gpu = _is_gpu(device)
        return self

    @property
    def device(self):
        return GPU if self.on_gpu else torch.device("cpu")


def _is_gpu(device):
    return torch.device(device).type == "cuda"


def _put(tensor, on_gpu):
    """Makes a plain tensor say where it lies; tensors of other classes stay as they are."""
    if type(tensor) in (Tensor, GpuTensor) and not torch._C._functorch.is_functorch_wrapped_tensor(
        tensor
    ):
        tensor.__class__ = GpuTensor if on_gpu else Tensor
    return tensor


class PretendedGpu(TorchFunctionMode):
    """While it is active, device="cuda" works, and mixing devices raises."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", str(func))
        if func in _TO_NUMPY and isinstance(args[0], GpuTensor):
            raise Mixed(f"{name} of a GPU tensor of shape {tuple(args[0].shape)}")
        if func is Tensor.cpu:
            return self._moved(args[0], False)
        if func is Tensor.to:
            return self._to(*args, **kwargs)
        given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        seen = [x for x in given if not torch._C._functorch.is_functorch_wrapped_tensor(x)]
        on_gpu = any(isinstance(x, GpuTensor) for x in seen)
        if kwargs.get("device") is not None:
            on_gpu, kwargs["device"] = _is_gpu(kwargs["device"]), "cpu"
        elif func in _WITHOUT_INPUT:
            on_gpu = False
        else:
            self._check(func, name, args, seen)
        stream = kwargs.get("generator")
        if isinstance(stream, PretendedGenerator) and stream.on_gpu != on_gpu:
            raise Mixed(f"{name}: the generator lies on {stream.device}, the tensor does not")
        result = func(*args, **kwargs)
        old = {id(x) for x in given}
        for leaf in pytree.tree_leaves(result):
            if isinstance(leaf, Tensor) and id(leaf) not in old:
                _put(leaf, on_gpu)
        return result

    @staticmethod
    def _moved(tensor, to_gpu):
        same = isinstance(tensor, GpuTensor) == to_gpu
        return tensor if same else _put(tensor.clone(), to_gpu)

    def _to(self, tensor, *args, **kwargs):
        target, dtype = kwargs.get("device"), kwargs.get("dtype")
        for value in args:
            if isinstance(value, Tensor):
                target, dtype = value.device, value.dtype
            elif isinstance(value, torch.dtype):
                dtype = value
            elif isinstance(value, str | torch.device):
                target = value
        to_gpu = isinstance(tensor, GpuTensor) if target is None else _is_gpu(target)
        cast = tensor if dtype in (None, tensor.dtype) else tensor.to(dtype)
        if cast is not tensor:
            _put(cast, isinstance(tensor, GpuTensor))
        return self._moved(cast, to_gpu)

    @staticmethod
    def _check(func, name, args, seen):
        """Raises where the GPU would."""
        if func is Tensor.__getitem__:
            seen = seen if not isinstance(args[0], GpuTensor) else []  # CPU indices are allowed
        elif func in _COPIES:
            return
        large = {isinstance(x, GpuTensor) for x in seen if x.dim()}
        scalars = {isinstance(x, GpuTensor) for x in seen if not x.dim()}
        if len(large) == 2 or (large == {False} and True in scalars):
            kinds = [(tuple(x.shape), "GPU" if isinstance(x, GpuTensor) else "CPU") for x in seen]
            raise Mixed(f"{name}: {kinds}")


def run(source):
    """Executes the code cells of a chapter's source with its device pretended."""
    from bsgd_edu.course import lesson as beginning

    torch.Generator = PretendedGenerator
    beginning.resolve = lambda device: GPU
    names = {"__name__": "chapter"}
    for cell in re.split(r"(?m)^# %%", Path(source).read_text(encoding="utf-8"))[1:]:
        head, _, body = cell.partition("\n")
        if "[markdown]" not in head:
            with PretendedGpu():
                exec(compile(body, source, "exec"), names)
    return names


if __name__ == "__main__":
    found = run(sys.argv[1])
    count = sum(isinstance(value, GpuTensor) for value in found.values())
    print(f"{count} names on the GPU")
