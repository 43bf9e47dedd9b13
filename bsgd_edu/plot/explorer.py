"""A picture and a sentence that follow controls, with the mathematics in a pure function.

The view is an image and a line of text, never an `Output` widget: so it works in a headless run,
under nbval, and in a browser alike. Moving a control replaces both; what was drawn is not kept.
"""

import base64
import html
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..extras import needs
from .display import picture, publish

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["Explorer", "tabs"]

needs("ipywidgets", by="explorers")


class Explorer:
    """Controls, a picture and a sentence.

    Args:
        title: What is explored.
        controls: Parameter name → widget with a ``value`` (sliders, drop-downs, toggles), or a
            `Button`, whose parameter is the number of presses so far.
        model: Values → result; pure, and quick.
        draw: Result → axes or figure.
        describe: Result → one sentence with what to notice; it is read aloud by screen readers.
        height: Room for the picture in pixels, so that the page does not jump.

    Raises:
        UsageError: If there is no control.
    """

    def __init__(
        self,
        *,
        title: str,
        controls: Mapping[str, "ipywidgets.Widget"],
        model: Callable[..., Any],
        draw: Callable[[Any], Any],
        describe: Callable[[Any], str],
        height: int = 360,
    ):
        import ipywidgets as widgets

        if not controls:
            raise UsageError(
                "Explorer: controls must hold a widget for each parameter of the model, but it is "
                "empty. Add one."
            )
        self.title, self.controls = title, dict(controls)
        self._model, self._draw, self._describe = model, draw, describe
        self._presses = {n: 0 for n, w in self.controls.items() if isinstance(w, widgets.Button)}
        whole = widgets.Layout(max_width="100%", height="auto", object_fit="contain")
        self._image = widgets.Image(format="png", layout=whole)
        self._text = widgets.HTML()
        for name, control in self.controls.items():
            if name in self._presses:
                control.on_click(lambda _, name=name: self._press(name))
                control.layout.width = "max-content"
                continue
            if hasattr(control, "continuous_update"):
                control.continuous_update = False  # one picture a move, not one a pixel
            control.style.description_width = "initial"
            control.layout.max_width = "100%"
            control.layout.width = control.layout.width or "30em"
            control.observe(lambda _: self.update(), names="value")
        room = widgets.Layout(max_width="100%", align_items="flex-start")
        room.min_height = f"min({height}px, 50vw)"
        holder = widgets.Box([self._image], layout=room)
        self.box = widgets.VBox([*self.controls.values(), self._text, holder])
        self.update()

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say, by parameter name."""
        return {n: getattr(c, "value", self._presses.get(n)) for n, c in self.controls.items()}

    @property
    def png(self) -> bytes:
        """The picture that is shown."""
        return self._image.value

    def page_picture(self) -> bytes:
        """Returns the same picture as a page without a kernel keeps it: sharper, and smaller."""
        return picture(self._draw(self.result))

    def move(self, **values: Any) -> None:
        """Sets controls as a hand would; for a button, the value is how often to press it.

        Args:
            **values: Parameter name → value.

        Raises:
            UsageError: If there is no such control.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise UsageError(
                    f"Explorer.move: names must be among {', '.join(self.controls)}, but "
                    f"{name!r} is not. Use one of them."
                )
            if name in self._presses:
                for _ in range(value):
                    self.controls[name].click()
            else:
                self.controls[name].value = value

    def update(self) -> None:
        """Computes, draws and describes."""
        self.result = self._model(**self.values)
        self.description = self._describe(self.result)
        self._image.value = picture(self._draw(self.result), quick=True)
        self._text.value = (
            f'<p role="status" aria-live="polite">{html.escape(self.description)}</p>'
        )

    def show(self) -> None:
        """Displays the controls where a kernel runs, and the picture where none does."""
        _show(self.box, self.page_picture(), f"{self.title}. {self.description}")

    def _press(self, name: str) -> None:
        self._presses[name] += 1
        self.update()


class _Tabs:
    """Several explorers in one cell."""

    def __init__(self, explorers: Mapping[str, Explorer]):
        import ipywidgets as widgets

        self.explorers = dict(explorers)
        self.box = widgets.Tab([explorer.box for explorer in self.explorers.values()])
        self.box.titles = tuple(self.explorers)

    def show(self) -> None:
        """Displays the tabs where a kernel runs, and the pictures, stacked, where none does."""
        texts = [f"{name}: {e.title}. {e.description}" for name, e in self.explorers.items()]
        _show(
            self.box, _stack([e.page_picture() for e in self.explorers.values()]), "\n".join(texts)
        )


def tabs(explorers: Mapping[str, Explorer]) -> _Tabs:
    """Puts explorers into one tabbed box.

    Args:
        explorers: Tab title → explorer.

    Returns:
        A box with ``show()`` and ``explorers``.
    """
    return _Tabs(explorers)


def _show(box: "ipywidgets.Widget", png: bytes, alt: str) -> None:
    bundle = {
        **box._repr_mimebundle_(),
        "image/png": base64.b64encode(png).decode(),
        "text/plain": alt,
    }
    publish(bundle, {"image/png": {"alt": alt, "width": 640}})


def _stack(pictures: list[bytes]) -> bytes:
    from PIL import Image

    images = [Image.open(io.BytesIO(png)).convert("RGB") for png in pictures]
    size = max(image.width for image in images), sum(image.height for image in images)
    whole, top = Image.new("RGB", size, "white"), 0
    for image in images:
        whole.paste(image, (0, top))
        top += image.height
    out = io.BytesIO()
    whole.quantize(128, dither=Image.Dither.NONE).save(out, format="PNG", optimize=True)
    return out.getvalue()
