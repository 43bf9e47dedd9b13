"""Named data sets: where their bytes come from, and proof that they are the right ones."""

import hashlib
import os
import tarfile
import tomllib
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import torch

from ..errors import DataError, UsageError, refusal, require, require_choice
from ..extras import needs
from ..paths import data_file
from .dataset import Dataset
from .formats import read_bytes, read_cifar, read_idx
from .gas import read_gas, zip_members

__all__ = ["Dataset", "available", "load"]

ENVIRONMENT_VARIABLE = "BSGD_EDU_DATA"


@lru_cache(maxsize=8)
def _registry(path: str | None) -> dict:
    file = Path(path) if path else data_file("registry.toml")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        rule, fact = "registry must be a TOML file", f"{file} does not exist"
        raise refusal("load", rule, fact, "Check its path.", DataError) from None
    except tomllib.TOMLDecodeError as error:
        rule, fact = f"{file} must be a TOML file", f"it cannot be read ({error})"
        raise refusal("load", rule, fact, "Correct that line.", DataError) from None


def _entry(name: str, registry: str | Path | None) -> dict:
    entries = _registry(str(registry) if registry else None)
    require_choice("load", "name", name, sorted(entries), kind=UsageError)
    return entries[name]


def _folder(name: str, root: str | Path | None) -> Path | None:
    """The folder that the caller or the environment names, if either does."""
    root = root or os.environ.get(ENVIRONMENT_VARIABLE)
    return Path(root).expanduser() / name if root else None


def _cache() -> Path:
    needs("pooch", by="load")
    import pooch

    return Path(pooch.os_cache("bsgd_edu"))


def _stored(folder: Path, file: str) -> Path | None:
    """The file in a folder, gzipped or not."""
    plain = file.removesuffix(".gz")
    return next((p for p in (folder / f"{plain}.gz", folder / plain) if p.is_file()), None)


def available(name: str, *, root: str | Path | None = None, registry=None) -> bool:
    """Says whether a data set can be loaded without a download.

    Looks whether the files exist; :func:`load` checks what is in them.

    Args:
        name: A name of the registry.
        root: Folder that holds one sub-folder a data set; None for the one that the environment
            variable BSGD_EDU_DATA names, else the download cache.
        registry: Another registry file; None for the project's own.

    Returns:
        True or False; never touches the network.

    Raises:
        UsageError: If the registry does not know the name.

    Example:
        >>> available("digits")
        True
    """
    entry = _entry(name, registry)
    if entry["format"] == "scikit-learn":
        return True
    folder = _folder(name, root)
    if folder is None:
        names = [entry["archive"]["name"]] if "archive" in entry else list(_names(entry))
        return all((_cache() / name / file).is_file() for file in names)
    if entry["format"] == "cifar":
        return all(any(_stored(folder, f["name"]) for f in entry[s]) for s in ("train", "test"))
    if entry["format"] == "gas" and _stored(folder, entry["archive"]["name"]):
        return True
    return all(_stored(folder, file) for file in _names(entry))


def _names(entry: dict):
    return (file["name"] for split in ("train", "test") for file in entry.get(split, []))


def load(
    name: str,
    *,
    split: str = "train",
    root: str | Path | None = None,
    registry: str | Path | None = None,
    progress: bool = False,
) -> Dataset:
    """Loads one split of a data set and checks its bytes against the registry.

    Looks in the folder given, else in the one that BSGD_EDU_DATA names, else in the download
    cache, which it fills at need: a download is checked before it gets its name, so that a file
    is whole or absent. The unpacked bytes are what is compared, since packing may differ.

    Args:
        name: "digits" (inside scikit-learn, never downloaded), "mnist", "cifar10" or "ethanol"
            (a regression: concentrations from gas sensors). The download of "ethanol" was never
            tried here: its URL and checksum are as others published them, and its reader was
            tried on made-up files of the documented format.
        split: "train" or "test"; "ethanol" has no "test".
        root: Folder that holds one sub-folder a data set, as ``root/mnist/…``.
        registry: Another registry file, for data sets of your own in these formats.
        progress: Show a bar (on stderr) during a download.

    Returns:
        The data set.

    Raises:
        UsageError: If the name or the split does not exist.
        DataError: If files are missing, truncated or not the ones registered, or if there is
            neither a folder nor a network.
        MissingExtraError: If scikit-learn or pooch is needed and was not installed.

    Example:
        >>> digits = load("digits")
        >>> digits.inputs.shape, digits.shape, digits.num_classes
        (torch.Size([1438, 64]), (8, 8), 10)
    """
    entry = _entry(name, registry)
    require_choice("load", "split", split, ("train", "test"), kind=UsageError)
    only = entry["format"] != "gas" or split == "train"
    rule, fact = f"split must be 'train' for {name!r}, which has no other", f"it is {split!r}"
    require(only, "load", rule, fact, "Draw one.", UsageError)
    folder = _folder(name, root)
    require(
        folder is None or entry["format"] == "scikit-learn" or folder.is_dir(),
        "load",
        f"{name!r} must lie in a folder of that name",
        f"{folder} does not exist",
        f"Correct root or {ENVIRONMENT_VARIABLE}, or leave both unset to download "
        f"{entry['size_mb']} MB.",
        DataError,
    )
    reader = {
        "scikit-learn": _load_digits,
        "idx": _load_idx,
        "cifar": _load_cifar,
        "gas": _load_gas,
    }
    images, labels, notes = reader[entry["format"]](name, entry, split, folder, progress)
    return Dataset(
        inputs=torch.from_numpy(images.reshape(len(images), -1).astype(np.float32))
        / entry["largest_value"],
        targets=torch.from_numpy(labels.astype(np.int64 if entry["num_classes"] else np.float32)),
        shape=tuple(images.shape[1:]),
        num_classes=entry["num_classes"],
        name=name,
        split=split,
        citation=entry["citation"],
        licence=entry["licence"],
        published=not notes,
        note=" ".join([*notes, entry.get("note", "")]).strip(),
    )


def _load_digits(name, entry, split, folder, progress):
    needs("sklearn", by="load")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    test = np.arange(len(bunch.target)) % 5 == 4
    keep = test if split == "test" else ~test
    return bunch.images[keep], bunch.target[keep], []


def _load_idx(name, entry, split, folder, progress):
    arrays = []
    for file in entry[split]:
        path = _local(name, entry, file, folder, progress)
        content = read_bytes(path)
        found = hashlib.sha256(content).hexdigest()
        array = read_idx(path, content=content)  # its message is more telling than a checksum's
        require(
            found == file["sha256"],
            "load",
            f"{path} must unpack to the registered {name} file (sha256 {file['sha256'][:12]}…)",
            f"its {len(content)} bytes have {found[:12]}…",
            "It is corrupt or another data set: delete it and fetch it again.",
            DataError,
        )
        arrays.append(array)
    images, labels = arrays
    rule = f"the {split} split of {name} in {path.parent} must have one label an image"
    fact = f"it has {len(images)} images and {len(labels)} labels"
    require(len(images) == len(labels), "load", rule, fact, "Fetch both again.", DataError)
    return images, labels, []


def _load_cifar(name, entry, split, folder, progress):
    if folder is None:
        parts = _cifar_from_archive(name, entry, split, progress)
    else:
        paths = [path for file in entry[split] if (path := _stored(folder, file["name"]))]
        if not paths:
            raise _missing(folder, entry[split][0]["name"], entry)
        parts = [(path, read_bytes(path)) for path in paths]
    blocks = [read_cifar(path, content=content) for path, content in parts]
    images = np.concatenate([block[0] for block in blocks])
    labels = np.concatenate([block[1] for block in blocks])
    found = {hashlib.sha256(content).hexdigest() for _, content in parts}
    if found == {file["sha256"] for file in entry[split]}:
        return images, labels, []
    rule = f"the members of {parts[0][0]} must have the registered sha256"
    fact, remedy = f"they do not ({len(images)} images)", "Delete the archive and fetch it again."
    require(folder is not None, "load", rule, fact, remedy, DataError)
    return (
        images,
        labels,
        [
            f"These {len(images)} images are not the published {entry['title']} files (their "
            "number or checksums differ): do not quote results on them as results on "
            f"{entry['title']}."
        ],
    )


def _load_gas(name, entry, split, folder, progress):
    archive, names = entry["archive"], [file["name"] for file in entry["train"]]
    packed = _stored(folder, archive["name"]) if folder is not None else None
    if folder is None or packed:
        path = packed or _download(
            name, entry, archive["name"], [archive["url"]], archive["sha256"], progress
        )
        content = read_bytes(path)
        whole = hashlib.sha256(content).hexdigest() == archive["sha256"]
        parts = zip_members(path, content, names)
    else:
        absent = next((file for file in names if _stored(folder, file) is None), None)
        if absent:
            raise _missing(folder, absent, entry)
        paths, whole = [_stored(folder, file) for file in names], False
        parts = [(path, read_bytes(path)) for path in paths]
    inputs, targets = read_gas(parts, entry["gas"], entry["rows"], entry["features"])
    note = "These files carry no registered checksum: only their number of rows was checked."
    return inputs, targets, [] if whole else [note]


def _missing(folder: Path, file: str, entry: dict) -> Exception:
    here = sorted(path.name for path in folder.iterdir())[:6]
    return refusal(
        "load",
        f"{folder} must hold {file} (gzipped or not)",
        f"it holds {', '.join(here) if here else 'nothing'}",
        f"Put the file there, or unset {ENVIRONMENT_VARIABLE} to download {entry['size_mb']} MB.",
        DataError,
    )


def _local(name: str, entry: dict, file: dict, folder: Path | None, progress: bool) -> Path:
    if folder is not None:
        path = _stored(folder, file["name"])
        if path is None:
            raise _missing(folder, file["name"], entry)
        return path
    urls = [mirror + file["name"] for mirror in entry["mirrors"]]
    return _download(name, entry, file["name"], urls, file["sha256_gz"], progress)


def _cifar_from_archive(name, entry, split, progress):
    archive = entry["archive"]
    path = _download(name, entry, archive["name"], [archive["url"]], archive["sha256"], progress)
    try:
        # Members are read from the archive each time: nothing half unpacked can be left behind.
        with tarfile.open(path) as tar:
            return [
                (path, tar.extractfile(f"{archive['folder']}/{file['name']}").read())
                for file in entry[split]
            ]
    except (KeyError, tarfile.TarError, EOFError, OSError) as error:
        raise refusal(
            "load",
            f"{path} must be the whole archive of {name}",
            f"it cannot be read ({error})",
            "Delete it and fetch it again.",
            DataError,
        ) from None


def _download(
    name: str, entry: dict, file: str, urls: list[str], sha256: str, progress: bool
) -> Path:
    """Returns the cached file, fetched at need from the first source that has the right bytes."""
    needs("pooch", *(["tqdm"] if progress else []), by="load")
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # its notes would go to stderr
    failures = []
    for url in urls:
        try:
            # pooch writes under a temporary name and renames once the checksum holds.
            path = pooch.retrieve(
                url,
                known_hash=f"sha256:{sha256}",
                fname=file,
                path=_cache() / name,
                downloader=pooch.HTTPDownloader(progressbar=progress, timeout=60),
            )
            return Path(path)
        except (requests.exceptions.RequestException, OSError) as error:
            failures.append(f"{urlsplit(url).hostname}: {type(error).__name__}")
        except ValueError:
            failures.append(f"{urlsplit(url).hostname}: wrong sha256")
    raise refusal(
        "load",
        f"{name!r} must be downloaded once ({entry['size_mb']} MB)",
        f"no source delivered {file} ({'; '.join(failures)})",
        f"Connect to the network, or set {ENVIRONMENT_VARIABLE} to a folder that holds "
        f"{name}/{entry['train'][0]['name']}.",
        DataError,
    )
