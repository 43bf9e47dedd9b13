"""Loaders give the right bytes or one clear error; synthetic data have the stated laws."""

import gzip
import hashlib
import io
import math
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import torch

from bsgd_edu import datasets, errors
from bsgd_edu.datasets import registry as registry_module
from bsgd_edu.seeding import generator


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def cifar_bytes(images: np.ndarray, labels: np.ndarray) -> bytes:
    return b"".join(bytes([y]) + x.tobytes() for x, y in zip(images, labels, strict=True))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


IDX_NAMES = {"train": ("a-images.gz", "a-labels.gz"), "test": ("b-images.gz", "b-labels.gz")}


@pytest.fixture
def idx(tmp_path):
    """A tiny data set in MNIST's format with a registry of its own: (root, registry, arrays)."""
    rng = np.random.default_rng(0)
    lines = ['[tiny]\ntitle="Tiny"\nformat="idx"\nnum_classes=10\nlargest_value=255\nsize_mb=1']
    lines.append('licence="none"\ncitation="us"\nmirrors=["https://localhost:1/tiny/"]')
    folder = tmp_path / "data" / "tiny"
    folder.mkdir(parents=True)
    arrays = {}
    for split, count in (("train", 7), ("test", 3)):
        images = rng.integers(0, 256, (count, 4, 5), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        arrays[split] = images, labels
        for name, array in zip(IDX_NAMES[split], (images, labels), strict=True):
            raw = idx_bytes(array)
            (folder / name).write_bytes(gzip.compress(raw))
            lines.append(f'[[tiny.{split}]]\nname="{name}"\nsha256="{sha(raw)}"\nsha256_gz="00"')
    registry = tmp_path / "registry.toml"
    registry.write_text("\n".join(lines))
    return tmp_path / "data", registry, arrays


@pytest.fixture
def cifar(tmp_path):
    """A tiny data set in CIFAR-10's format: (root, images, labels)."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    labels = rng.integers(0, 10, 6, dtype=np.uint8)
    folder = tmp_path / "data" / "cifar10"
    folder.mkdir(parents=True)
    (folder / "data_batch_1.bin.gz").write_bytes(gzip.compress(cifar_bytes(images, labels)))
    (folder / "test_batch.bin").write_bytes(cifar_bytes(images[:2], labels[:2]))
    return tmp_path / "data", images, labels


# --- what is loaded ---------------------------------------------------------------------------


def test_idx_arrays_come_back_scaled_and_flat(idx):
    root, registry, arrays = idx
    for split in ("train", "test"):
        data = datasets.load("tiny", split=split, root=root, registry=registry)
        images, labels = arrays[split]
        assert data.shape == (4, 5)
        assert data.published
        assert len(data) == len(labels)
        np.testing.assert_allclose(data.inputs.numpy() * 255, images.reshape(-1, 20), rtol=1e-6)
        assert data.targets.tolist() == labels.tolist()


def test_unpacked_files_serve_as_well_as_gzipped_ones(idx):
    root, registry, arrays = idx
    for path in list((root / "tiny").glob("*.gz")):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert datasets.available("tiny", root=root, registry=registry)
    data = datasets.load("tiny", root=root, registry=registry)
    assert data.targets.tolist() == arrays["train"][1].tolist()


def test_cifar_records_come_back_with_a_warning_when_they_are_not_the_published_ones(cifar):
    root, images, labels = cifar
    data = datasets.load("cifar10", root=root)
    assert data.shape == (3, 32, 32)
    np.testing.assert_allclose(data.inputs.numpy() * 255, images.reshape(6, -1), rtol=1e-6)
    assert data.targets.tolist() == labels.tolist()
    assert not data.published
    assert "6 images are not the published CIFAR-10 files" in data.note
    assert len(datasets.load("cifar10", split="test", root=root)) == 2


def test_the_environment_variable_names_the_folder(idx, monkeypatch):
    root, registry, _ = idx
    monkeypatch.setenv("BSGD_EDU_DATA", str(root))
    assert datasets.available("tiny", registry=registry)
    assert len(datasets.load("tiny", registry=registry)) == 7


def test_digits_need_no_download_and_their_splits_are_disjoint():
    train, test = datasets.load("digits"), datasets.load("digits", split="test")
    assert (len(train), len(test)) == (1438, 359)
    assert train.inputs.dtype == torch.float32
    assert train.targets.dtype == torch.int64
    assert 0 <= train.inputs.min()
    assert train.inputs.max() == 1
    assert "every fifth" in train.note
    rows = {row.numpy().tobytes() for row in train.inputs}
    assert not any(row.numpy().tobytes() in rows for row in test.inputs)


def test_tensors_are_the_first_pairs():
    digits = datasets.load("digits")
    inputs, targets = digits.tensors("cpu", 5)
    assert torch.equal(inputs, digits.inputs[:5])
    assert torch.equal(targets, digits.targets[:5])
    assert len(digits.tensors()[0]) == len(digits)


def test_registered_checksums_are_sha256_and_sources_are_https():
    for name in registry_module._registry(None):
        entry = registry_module._entry(name, None)
        assert entry["licence"]
        assert entry["citation"]
        files = [file for split in ("train", "test") for file in entry.get(split, [])]
        # Where only the archive has a published checksum, its members have none.
        sums = [file["sha256"] for file in files if "sha256" in file or "archive" not in entry]
        sums += [file["sha256_gz"] for file in files if "sha256_gz" in file]
        sums += [entry["archive"]["sha256"]] if "archive" in entry else []
        assert all(len(value) == 64 and int(value, 16) for value in sums)
        assert len(set(sums)) == len(sums)
        urls = [
            *entry.get("mirrors", []),
            *([entry["archive"]["url"]] if "archive" in entry else []),
        ]
        assert all(url.startswith("https://") for url in urls)


# --- what is refused --------------------------------------------------------------------------


def test_truncated_gzip_is_refused_with_its_size(idx):
    root, registry, _ = idx
    path = root / "tiny" / "a-images.gz"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(errors.DataError, match=rf"{path} must be a whole gzip file.* 40 bytes"):
        datasets.load("tiny", root=root, registry=registry)


def test_truncated_array_is_refused_with_both_sizes(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(idx_bytes(np.zeros((2, 3), np.uint8))[:-1])
    with pytest.raises(errors.DataError, match=r"must hold 18 bytes for its shape \(2, 3\).*17"):
        datasets.read_idx(path)


def test_truncated_header_is_refused(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(b"\x00\x00\x08\x03\x00\x00")
    with pytest.raises(errors.DataError, match=r"header of 16 bytes, but it ends after 6"):
        datasets.read_idx(path)


def test_trailing_bytes_are_refused(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(idx_bytes(np.zeros((2, 3), np.uint8)) + b"x")
    with pytest.raises(errors.DataError, match=r"longer than its header says"):
        datasets.read_idx(path)


@pytest.mark.parametrize("start", [b"\x89PNG", b"<htm", b"", b"\x00\x00\x0d\x03"])
def test_wrong_magic_is_refused(tmp_path, start):
    path = tmp_path / "wrong"
    path.write_bytes(start + (bytes(30) if start else b""))
    with pytest.raises(errors.DataError, match=r"must start with the magic bytes 000008"):
        datasets.read_idx(path)


def test_another_file_of_the_right_format_is_refused_by_its_checksum(idx):
    root, registry, arrays = idx
    path = root / "tiny" / "a-images.gz"
    path.write_bytes(gzip.compress(idx_bytes(arrays["train"][0] ^ 1)))
    with pytest.raises(errors.DataError, match=r"corrupt or another data set"):
        datasets.load("tiny", root=root, registry=registry)


def test_damaged_gzip_is_refused_by_its_own_checksum(idx):
    root, registry, _ = idx
    path = root / "tiny" / "a-images.gz"
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 255  # inside the CRC of the stream
    path.write_bytes(raw)
    with pytest.raises(errors.DataError, match=r"must be a whole gzip file"):
        datasets.load("tiny", root=root, registry=registry)


def test_missing_file_names_the_folder_and_what_it_holds(idx):
    root, registry, _ = idx
    (root / "tiny" / "a-labels.gz").unlink()
    with pytest.raises(
        errors.DataError, match=r"must hold a-labels.gz .* but it holds a-images.gz"
    ):
        datasets.load("tiny", root=root, registry=registry)
    assert not datasets.available("tiny", root=root, registry=registry)


def test_missing_folder_names_the_way_out(tmp_path):
    with pytest.raises(
        errors.DataError, match=r"mnist does not exist\. Correct root or BSGD_EDU_DATA"
    ):
        datasets.load("mnist", root=tmp_path)
    with pytest.raises(errors.DataError, match=r"cifar10 does not exist"):
        datasets.load("cifar10", root=tmp_path)
    assert not datasets.available("mnist", root=tmp_path)
    assert not datasets.available("cifar10", root=tmp_path)


def test_empty_cifar_folder_is_refused(tmp_path):
    (tmp_path / "cifar10").mkdir()
    with pytest.raises(errors.DataError, match=r"data_batch_1.bin \(gzipped or not\).* nothing"):
        datasets.load("cifar10", root=tmp_path)


def test_truncated_cifar_is_refused_with_the_number_of_records(cifar):
    root, images, labels = cifar
    (root / "cifar10" / "test_batch.bin").write_bytes(cifar_bytes(images, labels)[:-100])
    with pytest.raises(errors.DataError, match=r"18338 bytes \(5\.97 records\)"):
        datasets.load("cifar10", split="test", root=root)


def test_cifar_labels_above_nine_are_refused(cifar):
    root, images, labels = cifar
    labels[4] = 77
    (root / "cifar10" / "test_batch.bin").write_bytes(cifar_bytes(images, labels))
    with pytest.raises(errors.DataError, match=r"record 4 has 77"):
        datasets.load("cifar10", split="test", root=root)


def test_unknown_names_and_splits_are_usage_errors():
    with pytest.raises(
        errors.UsageError,
        match=r"'cifar10', 'digits', 'ethanol', 'mnist', but it is 'minst'. Did you mean 'mnist'",
    ):
        datasets.load("minst")
    with pytest.raises(errors.UsageError, match=r"'train' or 'test', but it is 'valid'"):
        datasets.load("digits", split="valid")


def test_images_and_labels_of_different_number_are_refused(idx):
    root, registry, arrays = idx
    raw = idx_bytes(arrays["train"][1][:-1])
    text = registry.read_text().replace(sha(idx_bytes(arrays["train"][1])), sha(raw))
    registry.with_name("other.toml").write_text(text)
    (root / "tiny" / "a-labels.gz").write_bytes(gzip.compress(raw))
    with pytest.raises(errors.DataError, match=r"7 images and 6 labels"):
        datasets.load("tiny", root=root, registry=registry.with_name("other.toml"))


def test_missing_or_broken_registry_is_one_line(tmp_path):
    with pytest.raises(errors.DataError, match=r"nowhere.toml does not exist"):
        datasets.load("digits", registry=tmp_path / "nowhere.toml")
    (tmp_path / "bad.toml").write_text("[a\n")
    with pytest.raises(errors.DataError, match=r"must be a TOML file, but it cannot be read"):
        datasets.load("digits", registry=tmp_path / "bad.toml")


# --- downloads: never half a file -------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("BSGD_EDU_DATA", raising=False)
    monkeypatch.setattr(registry_module, "_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def fake_downloads(monkeypatch, deliver):
    """Replaces the transfer by `deliver(url) -> bytes`, keeping pooch's checks and renaming."""
    import pooch

    def transfer(self, url, output_file, pooch, check_only=False):
        content = deliver(url)
        with open(output_file, "wb") as file:
            file.write(content)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", transfer)


def whole_files(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


def test_no_network_is_one_clear_line_and_leaves_no_file(cache, monkeypatch, capfd):
    import requests

    def deliver(url):
        raise requests.exceptions.ConnectionError(url)

    fake_downloads(monkeypatch, deliver)
    with pytest.raises(errors.DataError, match=r"must be downloaded once \(12 MB\)") as caught:
        datasets.load("mnist")
    assert "\n" not in str(caught.value)
    assert "BSGD_EDU_DATA" in str(caught.value)
    assert str(caught.value).count("ConnectionError") == 2  # both mirrors were tried
    assert whole_files(cache) == []
    assert not datasets.available("mnist")
    assert capfd.readouterr() == ("", "")


def test_a_download_with_wrong_bytes_is_refused_and_leaves_no_file(cache, monkeypatch):
    fake_downloads(monkeypatch, lambda url: b"<html>sign in to this network</html>")
    with pytest.raises(errors.DataError, match=r"wrong sha256"):
        datasets.load("mnist")
    assert whole_files(cache) == []


def test_an_interrupted_download_leaves_no_file(cache, monkeypatch):
    def deliver(url):
        raise KeyboardInterrupt

    fake_downloads(monkeypatch, deliver)
    with pytest.raises(KeyboardInterrupt):
        datasets.load("mnist")
    assert whole_files(cache) == []


def test_a_download_is_made_once_and_the_second_mirror_serves(idx, cache, monkeypatch):
    import requests

    root, registry, arrays = idx
    text = registry.read_text().replace(
        'mirrors=["https://localhost:1/tiny/"]', 'mirrors=["https://down/", "https://up/"]'
    )
    for name in IDX_NAMES["train"]:
        packed = (root / "tiny" / name).read_bytes()
        text = text.replace(
            f'name="{name}"\nsha256="{sha(gzip.decompress(packed))}"\nsha256_gz="00"',
            f'name="{name}"\nsha256="{sha(gzip.decompress(packed))}"\nsha256_gz="{sha(packed)}"',
        )
    registry.write_text(text)
    calls = []

    def deliver(url):
        calls.append(url)
        if "down" in url:
            raise requests.exceptions.ReadTimeout(url)
        return (root / "tiny" / url.rsplit("/", 1)[1]).read_bytes()

    fake_downloads(monkeypatch, deliver)
    registry_module._registry.cache_clear()
    for _ in range(2):
        data = datasets.load("tiny", registry=registry)
    assert data.targets.tolist() == arrays["train"][1].tolist()
    assert [url for url in calls if "up" in url] == [f"https://up/{n}" for n in IDX_NAMES["train"]]


def archive_of(images, labels, names) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            raw = cifar_bytes(images, labels)
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


def cifar_registry(tmp_path, archive: bytes, member_sha: str):
    entry = f"""
[c]
title="C"
format="cifar"
num_classes=10
largest_value=255
size_mb=1
licence="none"
citation="us"
[c.archive]
name="c.tar.gz"
url="https://up/c.tar.gz"
sha256="{sha(archive)}"
folder="cifar-10-batches-bin"
[[c.train]]
name="one.bin"
sha256="{member_sha}"
[[c.test]]
name="two.bin"
sha256="{member_sha}"
"""
    path = tmp_path / "c.toml"
    path.write_text(entry)
    registry_module._registry.cache_clear()
    return path


def test_an_archive_is_read_without_unpacking_it(cifar, cache, monkeypatch, tmp_path):
    _, images, labels = cifar
    archive = archive_of(images, labels, ["one.bin", "two.bin"])
    fake_downloads(monkeypatch, lambda url: archive)
    registry = cifar_registry(tmp_path, archive, sha(cifar_bytes(images, labels)))
    data = datasets.load("c", split="test", registry=registry)
    assert data.published
    assert data.targets.tolist() == labels.tolist()
    assert whole_files(cache) == ["c.tar.gz"]
    assert datasets.available("c", registry=registry)


def test_an_archive_with_other_members_is_refused(cifar, cache, monkeypatch, tmp_path):
    _, images, labels = cifar
    archive = archive_of(images, labels, ["one.bin"])
    fake_downloads(monkeypatch, lambda url: archive)
    registry = cifar_registry(tmp_path, archive, "0" * 64)
    with pytest.raises(errors.DataError, match=r"must have the registered sha256"):
        datasets.load("c", registry=registry)
    with pytest.raises(errors.DataError, match=r"must be the whole archive of c"):
        datasets.load("c", split="test", registry=registry)


# --- gas sensors ------------------------------------------------------------------------------


def gas_file(rows: np.ndarray, concentrations, gas: int = 1) -> bytes:
    """One file in the format of the gas-sensor archive, with a line of another gas in between."""
    lines = [
        f"{gas};{c:.6f} " + " ".join(f"{i}:{v:.6f}" for i, v in enumerate(row, 1)) + " "
        for c, row in zip(concentrations, rows, strict=True)
    ]
    other = "5;10.000000 " + " ".join(f"{i}:1.0" for i in range(1, rows.shape[1] + 1))
    return "\r\n".join([lines[0], other, *lines[1:], ""]).encode()


@pytest.fixture
def gas(tmp_path):
    """21 measurements of gas 1 in ten files: (x, y, files, archive, registry, folder)."""
    rng = np.random.default_rng(2)
    counts = [3, *[2] * 9]
    x = rng.normal(size=(21, 3)).round(3) * 1e4
    y = rng.integers(1, 500, 21) / 2
    files, start = {}, 0
    for number, count in enumerate(counts, 1):
        part = slice(start, start + count)
        files[f"batch{number}.dat"] = gas_file(x[part], y[part])
        start += count
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in reversed(files):  # batch10 would come second by name
            archive.writestr(f"Dataset/{name}", files[name])
    packed = buffer.getvalue()
    registry = tmp_path / "gas.toml"
    members = "".join(f'[[g.train]]\nname="{name}"\n' for name in files)
    registry.write_text(
        '[g]\ntitle="G"\nformat="gas"\nnum_classes=0\nlargest_value=1\ngas=1\nrows=21\nfeatures=3\n'
        'size_mb=1\nlicence="none"\ncitation="us"\n[g.archive]\nname="g.zip"\n'
        f'url="https://up/g.zip"\nsha256="{sha(packed)}"\n{members}'
    )
    registry_module._registry.cache_clear()
    folder = tmp_path / "data" / "g"
    folder.mkdir(parents=True)
    return x, y, files, packed, registry, folder


def test_a_gas_is_read_from_its_archive_in_the_order_of_the_batches(gas, cache, monkeypatch):
    x, y, _, packed, registry, _ = gas
    fake_downloads(monkeypatch, lambda url: packed)
    assert not datasets.available("g", registry=registry)
    data = datasets.load("g", registry=registry)
    np.testing.assert_allclose(data.inputs.numpy(), x, rtol=1e-6)  # float32
    np.testing.assert_allclose(data.targets.numpy(), y, rtol=1e-6)
    assert (data.targets.dtype, data.num_classes, data.shape) == (torch.float32, 0, (3,))
    assert data.published
    assert datasets.available("g", registry=registry)
    assert whole_files(cache) == ["g.zip"]


def test_a_folder_may_hold_the_archive_or_its_files(gas):
    x, _, files, packed, registry, folder = gas
    (folder / "g.zip").write_bytes(packed)
    assert datasets.available("g", root=folder.parent, registry=registry)
    assert datasets.load("g", root=folder.parent, registry=registry).published
    (folder / "g.zip").unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert datasets.available("g", root=folder.parent, registry=registry)
    data = datasets.load("g", root=folder.parent, registry=registry)
    np.testing.assert_allclose(data.inputs.numpy(), x, rtol=1e-6)
    assert not data.published
    assert "no registered checksum" in data.note
    (folder / "batch7.dat").unlink()
    assert not datasets.available("g", root=folder.parent, registry=registry)
    with pytest.raises(
        errors.DataError, match=r"must hold batch7\.dat .* but it holds batch1\.dat"
    ):
        datasets.load("g", root=folder.parent, registry=registry)


def test_another_number_of_measurements_is_refused(gas):
    _, _, files, _, registry, folder = gas
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "batch10.dat").write_bytes(files["batch10.dat"].splitlines()[0])
    with pytest.raises(errors.DataError, match=r"must be 21 measurements of gas 1, .* are 20"):
        datasets.load("g", root=folder.parent, registry=registry)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("1;10.0 1:1.0 2:2.0", r"starts '1;10.0 1:1.0 2:2.0' \(2 features\)"),
        ("1;10.0 1:1.0 3:2.0 2:1.0", r"3 features"),
        ("1 1:1.0 2:2.0 3:3.0", r"line 4 starts '1 1:1.0"),
        ("1;10.0 1:1.0 2:x 3:3.0", r"could not convert string to float: 'x'"),
        ("<html>sign in</html>", r"starts '<html>sign in</html>'"),
    ],
)
def test_a_damaged_line_is_refused_with_its_number(gas, line, fact):
    _, _, files, _, registry, folder = gas
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "batch2.dat").write_bytes(files["batch2.dat"] + line.encode())
    with pytest.raises(errors.DataError, match=fact) as caught:
        datasets.load("g", root=folder.parent, registry=registry)
    assert "batch2.dat" in str(caught.value)
    assert "line 4" in str(caught.value)


def test_measurements_that_are_not_finite_are_refused(gas):
    _, _, files, _, registry, folder = gas
    for name, content in files.items():
        (folder / name).write_bytes(content)
    last = b"1;10.0 1:1.0 2:nan 3:inf\n" + files["batch9.dat"].splitlines()[0]
    (folder / "batch9.dat").write_bytes(last)
    with pytest.raises(errors.DataError, match=r"must be finite, but 2 of 84 are not"):
        datasets.load("g", root=folder.parent, registry=registry)


def test_what_is_no_archive_is_refused_and_there_is_no_test_split(gas):
    _, _, _, packed, registry, folder = gas
    (folder / "g.zip").write_bytes(packed[:200])
    with pytest.raises(errors.DataError, match=r"whole archive with batch1.dat … batch10.dat"):
        datasets.load("g", root=folder.parent, registry=registry)
    with pytest.raises(errors.UsageError, match=r"must be 'train' for 'g', which has no other"):
        datasets.load("g", split="test", root=folder.parent, registry=registry)


def test_the_registered_ethanol_is_2565_measurements_of_128_features():
    entry = registry_module._entry("ethanol", None)
    assert (entry["gas"], entry["rows"], entry["features"]) == (1, 2565, 128)
    assert [file["name"] for file in entry["train"]] == [f"batch{i}.dat" for i in range(1, 11)]


# --- synthetic data ---------------------------------------------------------------------------


def test_heavy_tailed_features_have_the_stated_spectrum_and_tails():
    x, y, theta = (part[0] for part in datasets.heavy_tailed_regressions([generator(0, "data")]))
    assert (x.shape, y.shape, x.dtype) == ((600, 32), (600,), torch.float64)
    spectrum = torch.linalg.eigvalsh(x.mT @ x / 600)
    evenly = torch.logspace(-math.log10(63.1), 0, 32, dtype=torch.float64)
    torch.testing.assert_close(spectrum, evenly, rtol=1e-12, atol=1e-13)  # round-off of one SVD
    torch.testing.assert_close(x @ theta, y, rtol=1e-12, atol=1e-12)
    assert y.square().mean().sqrt().item() == pytest.approx(3.0, rel=1e-12)
    wide, _, _ = datasets.heavy_tailed_regressions(
        [generator(0, "data")], 50_000, 2, condition=1.0, target_std=1.0
    )
    # Whitening mixes two features by an orthogonal matrix: some direction keeps tails of t_5, whose
    # kurtosis is 9 against 3. A sample mean of fourth powers has heavy tails itself: half-way.
    assert (wide**4).mean() > 5


def test_regressions_belong_to_their_streams():
    streams = [generator(0, "data", draw) for draw in range(2)]
    stacked = datasets.heavy_tailed_regressions(streams)
    for draw in range(2):
        single = datasets.heavy_tailed_regressions([generator(0, "data", draw)])
        for part, alone in zip(stacked, single, strict=True):
            assert part.shape == (2, *alone.shape[1:])
            assert torch.equal(part[draw], alone[0])
    with pytest.raises(errors.DomainError, match="at least one, but there are 0"):
        datasets.heavy_tailed_regressions([])


def test_epoch_batches_use_every_sample_once_an_epoch_and_differ_between_runs():
    batches = datasets.draw_batches(
        10, 7, 3, generator=generator(0, "batches"), runs=(2,), replace=False
    )
    assert batches.shape == (7, 2, 3)
    for run in range(2):
        for epoch in (batches[:3, run], batches[3:6, run]):
            assert len(epoch.unique()) == 9  # 10 // 3 = 3 batches, one sample sits out
    assert not torch.equal(batches[:, 0], batches[:, 1])


def test_batches_with_replacement_are_uniform():
    batches = datasets.draw_batches(5, 4000, 5, generator=generator(0, "batches"))
    counts = batches.flatten().bincount().double()
    chi_square = ((counts - 4000) ** 2 / 4000).sum()
    assert chi_square < 18.5  # the 0.1 % point of chi-square with 4 degrees of freedom


def test_waves_scatter_about_their_function_by_the_stated_noise():
    x, y = datasets.wave_regression(1000, noise_std=0.1, generator=generator(0))
    clean = (math.pi * x[:, :1]).sin() * (math.pi * x[:, 1:]).cos()
    assert abs((y - clean).std() - 0.1) < 4 * 0.1 / math.sqrt(2 * 1000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda g: datasets.draw_batches(0, 1, 1, generator=g),
            r"num_samples must be an integer ≥ 1, but it is 0",
        ),
        (lambda g: datasets.draw_batches(3, 1, 4, generator=g, replace=False), r"= 3 .* it is 4"),
        (
            lambda g: datasets.heavy_tailed_regressions([g], 3, 4),
            r"dim must be an integer in 1\.\.3, but it is 4",
        ),
        (
            lambda g: datasets.heavy_tailed_regressions([g], 9, 4, condition=0.5),
            r"condition must be ≥ 1 and finite, but it is 0.5",
        ),
        (
            lambda g: datasets.wave_regression(3, noise_std=-1, generator=g),
            r"noise_std must be ≥ 0 and finite, but it is -1",
        ),
    ],
)
def test_sizes_out_of_range_are_refused_with_their_numbers(call, message):
    with pytest.raises(errors.DomainError, match=message):
        call(generator(0))
