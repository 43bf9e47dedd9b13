"""Readers for the two binary formats, gzipped or not, that refuse what is not whole."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from ..errors import DataError

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
        raise DataError(
            f"read_bytes: path must be a file, but {path} does not exist. Check the folder's name."
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"read_bytes: {path} must be a whole gzip file, but after {path.stat().st_size} bytes "
            f"unpacking failed ({error}). Delete it and fetch it again."
        ) from None
    except OSError as error:
        raise DataError(
            f"read_bytes: {path} must be readable, but the system said: {error.strerror}. "
            "Check the file's permissions."
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
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08" or not 1 <= raw[3] <= 4:
        raise DataError(
            f"read_idx: {path} must start with the magic bytes 000008 and 1 to 4 axes, but it "
            f"starts with {raw[:4].hex() or 'nothing'}. It is no IDX file of unsigned bytes: "
            "fetch it again."
        )
    header = 4 + 4 * raw[3]
    if len(raw) < header:
        raise DataError(
            f"read_idx: {path} must hold a header of {header} bytes, but it ends after {len(raw)}. "
            "It is truncated: fetch it again."
        )
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=raw[3], offset=4))
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(raw) != expected:
        kind = "truncated" if len(raw) < expected else "longer than its header says"
        raise DataError(
            f"read_idx: {path} must hold {expected} bytes for its shape {shape}, but it holds "
            f"{len(raw)}. It is {kind}: fetch it again."
        )
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
    if len(raw) == 0 or len(raw) % CIFAR_RECORD:
        raise DataError(
            f"read_cifar: {path} must hold whole records of {CIFAR_RECORD} bytes, but it holds "
            f"{len(raw)} bytes ({len(raw) / CIFAR_RECORD:.2f} records). It is truncated or another "
            "format: fetch it again."
        )
    records = np.frombuffer(raw, np.uint8).reshape(-1, CIFAR_RECORD)
    labels = records[:, 0]
    if labels.max() > 9:
        bad = int(np.argmax(labels > 9))
        raise DataError(
            f"read_cifar: {path} must hold labels 0 … 9, but record {bad} has {labels[bad]}. "
            "It is damaged or another data set: fetch it again."
        )
    return records[:, 1:].reshape(-1, 3, 32, 32), labels
