"""Shows a figure with what a reader who cannot see it, or does not trust it, needs.

A figure goes out as PNG, then as text: its caption, a description and the numbers behind it.
The description is real text, because an `alt` kept in the output's metadata is not enough: the
classic template of nbconvert writes it out, JupyterLab 4.6 and nbconvert's lab template drop it.
An `<img>` in HTML would carry it, but JupyterLab removes embedded pictures from the HTML of a
notebook that was not yet run on this machine, which is how every reader first opens a chapter.
"""

import base64
import html
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ShapeError, UsageError
from ..extras import needs
from .style import to_numpy, use, write_plainly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["data_table", "figure_of", "picture", "publish", "show"]

_ROWS = 50  # a table longer than this is read by nobody
_DPI = 144


def show(
    figure: "Figure | Axes",
    *,
    alt: str,
    caption: str,
    data: Mapping[str, Any],
) -> None:
    """Displays a figure, its caption, its description and its data.

    The text form holds no number that a run computes: it is the same under every profile.

    Args:
        figure: A figure, or axes of it.
        alt: What the picture shows, in one or two sentences, for someone who cannot see it.
        caption: What the reader should take from it.
        data: Column name → values, (n,) each; or table title → such a mapping. More than 50 rows
            are thinned out evenly, first and last kept.

    Raises:
        UsageError: If alt or caption is empty, or there is no data.
        ShapeError: If the columns of a table differ in length.

    Example:
        >>> from bsgd_edu.plot.style import axes
        >>> ax = axes()
        >>> show(ax, alt="An empty frame for trying things.", caption="Nothing.", data={"n": [1]})
        Figure: An empty frame for trying things.
    """
    for name, text in (("alt", alt), ("caption", caption)):
        if len(text.split()) < (3 if name == "alt" else 1):
            raise UsageError(
                f"show: {name} must be a sentence, but it is {text!r}. "
                "Say what somebody who cannot see the picture should know."
            )
    tables = _tables(data)
    width = round(figure_of(figure).get_size_inches()[0] * 100)
    publish(
        {
            "image/png": base64.b64encode(picture(figure)).decode(),
            "text/plain": f"Figure: {alt}",
        },
        {"image/png": {"alt": alt, "width": width}},
    )
    body = "".join(data_table(columns, title) for title, columns in tables.items())
    text = (
        '<div role="group" style="max-width:50em">'
        f"<p><em>{html.escape(caption)}</em></p>"
        "<details><summary>Description, and the data as a table</summary>"
        f"<p>{html.escape(alt)}</p>{body}</details></div>"
    )
    publish({"text/html": text, "text/plain": ""}, {})


def picture(figure: "Figure | Axes", *, quick: bool = False) -> bytes:
    """Returns a figure as PNG.

    Args:
        figure: A figure, or axes of it.
        quick: False for a page: 144 dots an inch and a palette of 128 colours, which is a third
            of the bytes with no visible loss. True for a moving picture: a third of the work.

    Returns:
        The file's bytes.
    """
    from PIL import Image

    item, raw, small = figure_of(figure), io.BytesIO(), io.BytesIO()
    if quick:
        return _quick_picture(item)
    with use():
        item.savefig(raw, format="png", dpi=_DPI, metadata={"Software": None})
    image = Image.open(raw).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    image.save(small, format="PNG", optimize=True)
    return small.getvalue()


def _quick_picture(figure: "Figure") -> bytes:
    """One drawing pass: `savefig` makes two, and fitting the layout costs as much as drawing."""
    from PIL import Image

    figure.set_layout_engine(None)
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.16, top=0.88, wspace=0.25)
    out = io.BytesIO()
    with use():
        write_plainly(figure)
        figure.canvas.draw()
        size = figure.canvas.get_width_height()
        pixels = Image.frombuffer("RGBA", size, figure.canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    pixels.convert("RGB").save(out, format="PNG", compress_level=1)
    return out.getvalue()


def figure_of(item: "Figure | Axes") -> "Figure":
    """Returns the figure that axes belong to, or the figure itself."""
    figure = getattr(item, "figure", None)
    return item if figure is None else figure.figure


def data_table(columns: Mapping[str, Any], title: str = "") -> str:
    """Returns columns as an HTML table with header cells, at most 50 rows.

    Args:
        columns: Column name → values, (n,) each.
        title: The table's caption.

    Returns:
        HTML.

    Example:
        >>> "<td>2.5</td>" in data_table({"n": [1, 2], "x": [0.5, 2.5]})
        True
    """
    arrays = {name: to_numpy(values) for name, values in columns.items()}
    length = len(next(iter(arrays.values())))
    chosen = np.unique(np.linspace(0, length - 1, min(length, _ROWS)).round().astype(int))
    thinned = f" ({len(chosen)} of {length} rows)" if len(chosen) < length else ""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in arrays)
    rows = []
    for i in chosen:
        first, *others = (html.escape(_cell(values[i])) for values in arrays.values())
        cells = "".join(f"<td>{text}</td>" for text in others)
        rows.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    caption = f"<caption>{html.escape(title)}{thinned}</caption>" if title or thinned else ""
    return (
        '<div style="overflow-x:auto"><table>'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def publish(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Sends one display to the notebook; outside of one prints its text form, if there is any.

    Args:
        data: MIME type → content, with a ``text/plain`` form.
        metadata: MIME type → metadata of it.
    """
    needs("IPython", by="plot")
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    if InteractiveShell.initialized():
        display(dict(data), raw=True, metadata=dict(metadata))
    elif data.get("text/plain"):
        print(data["text/plain"])


def _tables(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    nested = bool(data) and all(isinstance(value, Mapping) for value in data.values())
    tables = {title: dict(columns) for title, columns in data.items()} if nested else {"": data}
    for title, columns in tables.items():
        if not columns:
            raise UsageError(
                "show: data must hold the numbers behind the figure, but it is empty. "
                'Pass for example data={"step n": steps, "x_n": values}.'
            )
        lengths = {name: _length(name, values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ShapeError(
                f"show: the columns of table {title!r} must be equally long, but their lengths "
                f"are {lengths}. Use one table a length: data={{'title': columns, …}}."
            )
    return tables


def _length(name: str, values: object) -> int:
    array = to_numpy(values)
    if array.ndim != 1 or not len(array):
        raise ShapeError(
            f"show: column {name!r} must be a non-empty row of values, but its shape is "
            f"{array.shape}. Give every line of the plot its own column."
        )
    return len(array)


def _cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_, str, np.str_)):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return f"{value:d}"
    return f"{float(value):.4g}"
