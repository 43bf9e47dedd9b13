"""Named random streams, devices, data files and the kinds of errors."""

import inspect
import math
from pathlib import Path

import pytest
import torch

import bsgd_edu
from bsgd_edu import errors
from bsgd_edu.device import default_device, resolve
from bsgd_edu.errors import DataError, DomainError
from bsgd_edu.paths import data_file, project_root
from bsgd_edu.seeding import generator

# Streams


def draw(*args, n=64, **options):
    return torch.randn(n, generator=generator(*args, **options), dtype=torch.float64)


def test_one_name_is_one_stream():
    assert torch.equal(draw(0, "init"), draw(0, "init"))
    assert torch.equal(draw(3, "batches", 7), draw(3, "batches", 7))


NAMES = [
    (0,),
    (1,),
    (0, "init"),
    (0, "noise"),
    (1, "init"),
    (0, "batches", 1),
    (0, "batches", 11),
    (0, "batches", "1"),
    (0, "batches1"),
    (0, "batches", 1, 1),
    (0, 1, "batches"),
    (0, "a", "bc"),
    (0, "ab", "c"),
    (0, "abc"),
    (0, ""),
    (0, "", ""),
    (2**63, "init"),
    (2**64, "init"),
    (10**30, "init"),
]


def test_names_are_never_confused():
    states = {bytes(generator(*name).get_state().tolist()) for name in NAMES}
    assert len(states) == len(NAMES)


def test_streams_of_neighbouring_names_are_uncorrelated():
    # 200 pairs of 2000 numbers: a correlation is N(0, 1/2000); the largest of 200 stays below
    # five standard errors but for one time in 10⁴.
    n = 2000
    streams = torch.stack([draw(0, "replica", i, n=n) for i in range(201)])
    correlations = (streams[1:] * streams[:-1]).mean(-1)
    assert correlations.abs().max() < 5 / math.sqrt(n)
    assert abs(streams.mean()) < 5 / math.sqrt(streams.numel())


def test_a_stream_is_what_it_was():
    # Recorded numbers of a course depend on these: a change of the hash is a change of them all.
    g = generator(0, "init")
    assert g.initial_seed() == generator(0, "init").initial_seed()
    assert 0 <= g.initial_seed() < 2**63
    assert g.initial_seed() == 7481603900536520149


def test_the_global_stream_is_left_alone():
    before = torch.get_rng_state()
    draw(0, "init")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, 1.0, "0", None, True, torch.tensor(1)])
def test_seeds_that_are_no_count_are_refused(seed):
    shown = str(seed).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(DomainError, match=rf"seed must be an integer ≥ 0, but it is .*{shown}"):
        generator(seed)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_streams_live_where_asked():
    g = generator(0, "init", device="cuda")
    assert torch.randn(3, generator=g, device="cuda").device.type == "cuda"


# Devices


def test_auto_is_the_default_device():
    assert resolve("auto") == resolve() == default_device()
    assert default_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_names_and_devices_are_both_understood():
    assert resolve("cpu") == torch.device("cpu") == resolve(torch.device("cpu"))


@pytest.mark.parametrize("name", ["gpu", "cpu:x", "", "cuda:99", "tpu7"])
def test_devices_that_do_not_exist_are_refused_by_name(name):
    with pytest.raises(DomainError, match=rf"resolve: device must .* '{name}' is not .*'auto'"):
        resolve(name)


def test_cuda_is_refused_where_there_is_none():
    if torch.cuda.is_available():
        assert resolve("cuda").type == "cuda"
    else:
        with pytest.raises(DomainError, match=r"'cuda' is not .*here: cpu"):
            resolve("cuda")


# Files


def test_the_checkout_is_found():
    root = project_root()
    assert root == Path(bsgd_edu.__file__).resolve().parents[1]
    assert (root / "pyproject.toml").is_file()


def test_data_files_are_found_or_named():
    assert data_file("registry.toml").is_file()
    with pytest.raises(DataError, match=r"data_file: .*no_such\.toml does not exist"):
        data_file("no_such.toml")


def test_an_installed_package_reads_its_own_copy(tmp_path, monkeypatch):
    monkeypatch.setattr("bsgd_edu.paths._PACKAGE", tmp_path / "site" / "bsgd_edu")
    assert project_root() is None
    copy = tmp_path / "site" / "bsgd_edu" / "_data" / "registry.toml"
    copy.parent.mkdir(parents=True)
    copy.touch()
    assert data_file("registry.toml") == copy
    with pytest.raises(DataError, match="Reinstall"):
        data_file("recorded/01_order_matters.json")


# Errors

KINDS = {
    "ShapeError": ValueError,
    "DomainError": ValueError,
    "ConvergenceError": ArithmeticError,
    "DataError": OSError,
    "MissingExtraError": ImportError,
    "UsageError": ValueError,
}


def test_every_error_is_ours_and_the_kind_it_refines():
    public = {name for name in errors.__all__ if name.endswith("Error")} - {"BsgdError"}
    assert public == set(KINDS)
    for name, kind in KINDS.items():
        error = getattr(errors, name)
        assert issubclass(error, errors.BsgdError)
        assert issubclass(error, kind)
        assert inspect.getdoc(error)
        assert str(error("text")) == "text"


def test_a_single_clause_catches_all_of_ours_and_no_others():
    with pytest.raises(errors.BsgdError):
        generator(-1)
    assert not issubclass(ValueError, errors.BsgdError)
