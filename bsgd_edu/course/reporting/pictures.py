"""Pictures of pages: inside the file itself, small on the map, and stacked on a narrow screen."""

import base64
import io
import itertools
from typing import Any

__all__ = ["data_uri", "first_picture", "stacked", "thumbnail"]

_WIDTH = 640  # pixels of a thumbnail: twice what it has on the page
# Shares of a picture's width: the least panel, slit between things, room between words and room
# of numbers along an axis. Of its height: the least line that only axes have, and the least reach
# of what stands along an axis.
_PANEL, _SLIT, _APART, _NUMBERS = 0.12, 0.004, 0.025, 0.015
_LINE, _ALONG = 0.12, 0.15


def data_uri(png: bytes) -> str:
    """Returns the address that holds a PNG itself.

    Example:
        >>> data_uri(b"png")
        'data:image/png;base64,cG5n'
    """
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def first_picture(notebook: Any) -> tuple[str, str]:
    """Returns the first PNG among a notebook's outputs, in base64, and its alt text, or ``""``."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if found := output.get("data", {}).get("image/png"):
                about = output.metadata.get("image/png", {})
                return found, about.get("alt") or ""
    return "", ""


def thumbnail(png: str) -> str:
    """Returns a picture in base64 scaled down to the width of a card, as its address, or ``""``."""
    from PIL import Image

    picture = _read(png)
    if picture is None:
        return ""
    height = max(1, round(picture.height * _WIDTH / picture.width))
    return data_uri(_as_png(picture.resize((_WIDTH, height), Image.Resampling.LANCZOS)))


def stacked(png: str) -> str:
    """Returns a picture with its panels below each other instead of side by side.

    Panels are what strips of nothing, from top to bottom, separate: a title or a legend across two
    of them keeps them together.

    Args:
        png: The picture in base64.

    Returns:
        Its address; ``""`` if no two panels lie side by side.
    """
    import numpy as np
    from PIL import Image

    picture = _read(png)
    if picture is None:
        return ""
    edges = [0, *_cuts((np.asarray(picture) < 250).any(axis=2)), picture.width]
    if len(edges) == 2:
        return ""
    spans = list(itertools.pairwise(edges))
    size = max(right - left for left, right in spans), picture.height * len(spans)
    sheet = Image.new("RGB", size, "white")
    for index, (left, right) in enumerate(spans):
        part = picture.crop((left, 0, right, picture.height))
        sheet.paste(part, (0, index * picture.height))
    return data_uri(_as_png(sheet))


def _cuts(ink: Any) -> list[int]:
    """Where to cut a drawing, (height, width) of what is drawn on, between its panels.

    A panel is wide and has an unbroken upright line, as axes do. Of what stands between two, a bar
    of colours or the end of a text belongs to the left one; a label and the numbers of an axis,
    which reach over some height, to the right one. Nothing is cut if a title or a legend goes
    across, or if panels share the numbers of an axis.
    """
    import numpy as np

    height, width = ink.shape
    top, bottom = np.array([_longest(column) for column in ink.T]).T
    upright = bottom - top >= _LINE * height
    pieces = _pieces(ink.any(axis=0), _SLIT * width)
    lines = [upright[start:stop].any() for start, stop in pieces]
    panels = [
        at
        for at, (start, stop) in enumerate(pieces)
        if lines[at] and stop - start >= _PANEL * width
    ]
    if len(panels) < 2:
        return []
    rows = np.r_[: top[upright].min(), bottom[upright].max() : height]  # of titles and legends
    around = np.pad(ink[rows].any(axis=0), 1, constant_values=True)
    cuts = []
    for last, after in itertools.pairwise(panels):
        while last + 1 < after and (lines[last + 1] or not _along(ink, *pieces[last + 1])):
            last += 1
        end, begin = pieces[last][1], pieces[last + 1][0]
        cut = (end + begin) // 2
        beside = [int(part.argmax()) for part in (around[cut + 1 :: -1], around[cut + 1 :])]
        if sum(beside) < _APART * width or upright[begin:][: int(_NUMBERS * width)].any():
            return []
        cuts.append(cut)
    return cuts


def _along(ink: Any, start: int, stop: int) -> bool:
    """Whether something reaches over some height, as what stands along an axis does."""
    rows = ink[:, start:stop].any(axis=1).nonzero()[0]
    return rows[-1] - rows[0] >= _ALONG * len(ink)


def _pieces(filled: Any, strip: float) -> list[tuple[int, int]]:
    """The runs of columns that hold something; less than a strip between them parts nothing."""
    pieces: list[tuple[int, int]] = []
    for x in filled.nonzero()[0].tolist():
        if pieces and x - pieces[-1][1] < strip:
            pieces[-1] = pieces[-1][0], x + 1
        else:
            pieces.append((x, x + 1))
    return pieces


def _longest(column: Any) -> tuple[int, int]:
    """Where the longest unbroken line in a column begins and ends."""
    import numpy as np

    ends = np.flatnonzero(np.diff(column, prepend=False, append=False)).reshape(-1, 2)
    return tuple(ends[np.argmax(ends[:, 1] - ends[:, 0])]) if len(ends) else (0, 0)


def _read(png: str) -> Any:
    """The picture on white; None where there is none that can be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(base64.b64decode(png))) as file:
            layer = file.convert("RGBA")
    except (OSError, ValueError):
        return None
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def _as_png(picture: Any) -> bytes:
    """Few colours are enough for a drawing, and a third of the bytes."""
    file = io.BytesIO()
    picture.quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()
