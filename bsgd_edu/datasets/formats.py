"""Readers for the two binary formats, gzipped or not, that refuse what is not whole."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError, refusal, require

__all__ = ["read_bytes", "read_cifar", "read_idx"]

CIFAR_RECORD = 1 + 3 * 32 * 32


def read_bytes(path: str | Path) -> bytes:
    """Returns the whole content of a file, unpacked if it is gzipped.

    A gzip stream carries its length and checksum: a truncated or damaged one is refused.

    Args:
        path: The file.

    Returns:
        Its bytes.

    Raises:
        DataError: If the file is missing, unreadable, truncated or damaged.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" or path.suffix == ".gz" else raw
    except FileNotFoundError:
        rule, fact = "path must be a file", f"{path} does not exist"
        raise refusal("read_bytes", rule, fact, "Check the folder's name.", DataError) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        rule = f"{path} must be a whole gzip file"
        fact = f"after {path.stat().st_size} bytes unpacking failed ({error})"
        raise refusal(
            "read_bytes", rule, fact, "Delete it and fetch it again.", DataError
        ) from None
    except OSError as error:
        rule, fact = f"{path} must be readable", f"the system said: {error.strerror}"
        raise refusal(
            "read_bytes", rule, fact, "Check the file's permissions.", DataError
        ) from None


def read_idx(path: str | Path, *, content: bytes | None = None) -> np.ndarray:
    """Reads one array of bytes in the IDX format of MNIST.

    Four magic bytes (0, 0, 8 for unsigned bytes, number of axes), one big-endian 32-bit length
    an axis, then the values with the last axis fastest.

    Args:
        path: The file, gzipped or not.
        content: Its bytes, where they were read already; the path then serves messages only.

    Returns:
        An array of uint8, of the shape the file states.

    Raises:
        DataError: If the magic number is wrong, or the length is not what the header states.

    References:
        LeCun, Cortes and Burges, The MNIST database of handwritten digits.
    """
    raw = read_bytes(path) if content is None else content
    require(
        len(raw) >= 4 and raw[:3] == b"\x00\x00\x08" and 1 <= raw[3] <= 4,
        "read_idx",
        f"{path} must start with the magic bytes 000008 and 1 to 4 axes",
        f"it starts with {raw[:4].hex() or 'nothing'}",
        "It is no IDX file of unsigned bytes: fetch it again.",
        DataError,
    )
    header = 4 + 4 * raw[3]
    rule = f"{path} must hold a header of {header} bytes"
    fact, remedy = f"it ends after {len(raw)}", "It is truncated: fetch it again."
    require(len(raw) >= header, "read_idx", rule, fact, remedy, DataError)
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=raw[3], offset=4))
    expected = header + int(np.prod(shape, dtype=np.int64))
    kind = "truncated" if len(raw) < expected else "longer than its header says"
    rule = f"{path} must hold {expected} bytes for its shape {shape}"
    fact, remedy = f"it holds {len(raw)}", f"It is {kind}: fetch it again."
    require(len(raw) == expected, "read_idx", rule, fact, remedy, DataError)
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_cifar(path: str | Path, *, content: bytes | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Reads images and labels in the binary format of CIFAR-10.

    Records of 3073 bytes: the label, then 32×32 red, green and blue values row by row.

    Args:
        path: The file, gzipped or not.
        content: Its bytes, where they were read already; the path then serves messages only.

    Returns:
        Images (n, 3, 32, 32) and labels (n,), both uint8.

    Raises:
        DataError: If the length is no multiple of a record, or a label exceeds 9.

    References:
        Krizhevsky (2009), Learning multiple layers of features from tiny images.
    """
    raw = read_bytes(path) if content is None else content
    require(
        len(raw) and len(raw) % CIFAR_RECORD == 0,
        "read_cifar",
        f"{path} must hold whole records of {CIFAR_RECORD} bytes",
        f"it holds {len(raw)} bytes ({len(raw) / CIFAR_RECORD:.2f} records)",
        "It is truncated or another format: fetch it again.",
        DataError,
    )
    records = np.frombuffer(raw, np.uint8).reshape(-1, CIFAR_RECORD)
    labels = records[:, 0]
    bad = int(np.argmax(labels > 9))
    rule, fact = f"{path} must hold labels 0 … 9", f"record {bad} has {labels[bad]}"
    remedy = "It is damaged or another data set: fetch it again."
    require(labels[bad] <= 9, "read_cifar", rule, fact, remedy, DataError)
    return records[:, 1:].reshape(-1, 3, 32, 32), labels
