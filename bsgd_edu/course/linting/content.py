"""Lint's rules about what a chapter holds: words, code, figures, claims, outputs, times."""

import ast
import re
from collections.abc import Iterator

from ..running.execute import cell_seconds
from ..writing.source import solution_lines
from .view import Finding, View, called, is_figure

__all__ = ["RULES", "count_words", "unfolded"]

WORDS, TEACHING_WORDS = 2500, 3500  # in the form that teaches, those in folds do not count
CODE_CELLS, TEACHING_CELLS = 28, 34  # more short cells rather than few that hold everything
CELL_LINES = 25
COLUMNS = 88  # what a page and half a screen show without scrolling
LONG_LINES, LONG_CELLS = 15, 3  # a few cells may be longer than 15 lines, most may not
DEFINITIONS = 2
FIGURES = 8
FILE_BYTES = 800_000
RUN_SECONDS = 60
CELL_SECONDS = 30
_ELSEWHERE = re.compile(
    r"!\[[^\]]*\]\(\s*https?:|<(?:img|script|link|iframe)\b[^>]*?(?:src|href)\s*=\s*[\"']?https?:",
    re.IGNORECASE,
)


def count_words(markdown: str) -> int:
    """Counts the words a reader reads; a formula or a piece of code is one.

    Example:
        >>> count_words("The *law* of $x_n$ is `law` ([paper](https://a.b/c)).")
        7
    """
    text = re.sub(r"^```.*?(^```|\Z)", "", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.+?\$\$|\$.+?\$|`[^`]+`", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>|https?://\S+", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’.,–-][^\W_]+)*", text))


def unfolded(markdown: str) -> str:
    """Returns a text without what is folded away.

    Example:
        >>> unfolded("One. <details><summary>Why</summary>Because.</details> Two.")
        'One.  Two.'
    """
    return re.sub(r"<details>.*?</details>", "", markdown, flags=re.DOTALL)


def size(view: View) -> Iterator[Finding]:
    """Words, code cells and bytes."""
    texts = [cell.source for cell in view.cells if cell.cell_type == "markdown"]
    limit, cells = (TEACHING_WORDS, TEACHING_CELLS) if view.teaches else (WORDS, CODE_CELLS)
    words = sum(count_words(unfolded(text) if view.teaches else text) for text in texts)
    if words > limit:
        yield view.finding("words", f"{words:,} ({limit:,} at most)")
    if len(view.code) > cells:
        yield view.finding("cells", f"{len(view.code)} code cells ({cells} at most)")
    count = view.chapter.notebook.stat().st_size
    if count > FILE_BYTES:
        yield view.finding("bytes", f"{count / 1000:,.0f} kB ({FILE_BYTES // 1000} at most)")


def code(view: View) -> Iterator[Finding]:
    """Lines a cell and their length, definitions outside exercises, public names only."""
    long, definitions = [], []
    for index, cell, tree in view.code:
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if lines > CELL_LINES:
            yield view.finding("lines", f"{lines} ({CELL_LINES} at most)", index)
        if lines > LONG_LINES:
            long.append(index)
        wide = max(map(len, cell.source.splitlines()), default=0)
        if wide > COLUMNS:
            yield view.finding("columns", f"{wide} ({COLUMNS} at most)", index)
        if not any(tag.startswith("answer:") for tag in cell.metadata.get("tags", ())):
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            definitions += [node.name for node in ast.walk(tree) if isinstance(node, kinds)]
        for name in _private_names(tree):
            yield view.finding("names", f"{name} is not public", index)
    if len(long) > LONG_CELLS:
        cells = ", ".join(map(str, long))
        what = f"{len(long)} cells have more than {LONG_LINES} ({LONG_CELLS} may: {cells})"
        yield view.finding("lines", what)
    if len(definitions) > DEFINITIONS:
        what = f"{len(definitions)} outside exercises, {DEFINITIONS} at most"
        yield view.finding("definitions", f"{what} ({', '.join(definitions)})")


def _private_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [*(getattr(node, "module", None) or "").split(".")]
            names += [part for alias in node.names for part in alias.name.split(".")]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        yield from (n for n in names if n.startswith("_") and not n.endswith("__") and n != "_")


def figures(view: View) -> Iterator[Finding]:
    """Few figures, each with alt text and prose on both sides; nothing linked from elsewhere."""
    explore = {i for s in view.sections if s.name == "Explore" for i in s.code}
    shown = []
    for index, cell in enumerate(view.cells):
        pictures = [output for output in cell.get("outputs", ()) if is_figure(output)]
        if index not in explore:  # an explorer's picture is not counted as a figure
            shown += [index] * len(pictures)
        for output in pictures:
            kinds = [kind for kind in output.data if kind.startswith("image/")]
            if not any(output.metadata.get(kind, {}).get("alt") for kind in kinds):
                yield view.finding("alt", "a picture has no alternative text", index)
        if cell.cell_type == "markdown":
            if re.search(r"!\[\s*\]\(|<img(?![^>]*\balt\s*=)[^>]*>", cell.source):
                yield view.finding("alt", "a picture has no alternative text", index)
            texts = [cell.source]
        else:
            texts = [str(o.get("data", {}).get("text/html", "")) for o in cell.outputs]
        if any(_ELSEWHERE.search(text) for text in texts):
            yield view.finding("links", "a picture or script comes from elsewhere", index)
    if len(shown) > FIGURES:
        yield view.finding("figures", f"{len(shown)} ({FIGURES} at most)")
    for before, here in zip([0, *shown], [*shown, len(view.cells)], strict=True):
        between = view.cells[before + 1 : here] if before else view.cells[:here]
        if before != here and not any(c.cell_type == "markdown" for c in between):
            yield view.finding("prose", "text must stand before and after a figure", before)


def claims(view: View) -> Iterator[Finding]:
    """Claims are those of the register, and all of this chapter's are asserted."""
    asserted = set()
    for index, _, tree in view.code:
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and called(node) == "claim"):
                continue
            identity = getattr(node.args[0], "value", None) if node.args else None
            if not isinstance(identity, str):
                # In a loop over ids the literals stand elsewhere in the cell.
                texts = {getattr(other, "value", None) for other in ast.walk(tree)}
                named = {text for text in texts if isinstance(text, str) and text in view.claims}
                if not named:
                    yield view.finding(
                        "claims", "lesson.claim() must get its id as a literal", index
                    )
                asserted |= named
            elif identity not in view.claims:
                yield view.finding("claims", f"{identity!r} is not in the register", index)
            elif view.claims[identity].chapter != view.chapter.name:
                other = view.claims[identity].chapter
                yield view.finding("claims", f"{identity!r} belongs to {other}", index)
            asserted.add(identity)
    for identity, entry in view.claims.items():
        if entry.chapter == view.chapter.name and identity not in asserted:
            yield view.finding("claims", f"{identity!r} is in the register, asserted nowhere")


def outputs(view: View) -> Iterator[Finding]:
    """Every code cell was executed and wrote nothing to stderr."""
    idle = [index for index, cell, _ in view.code if not cell.execution_count]
    if idle:
        cells = ", ".join(map(str, idle))
        yield view.finding("outputs", f"{len(idle)} code cells were not executed ({cells})")
    for index, cell, _ in view.code:
        for output in cell.outputs:
            if output.output_type == "error":
                yield view.finding("outputs", f"the cell raised {output.ename}", index)
            if output.get("name") == "stderr":
                what = f"the cell wrote to stderr: {output.text.strip()[:60]!r}"
                yield view.finding("outputs", what, index)
    if "widgets" in view.notebook.metadata:
        yield view.finding("outputs", "widget state was not stripped")


def solutions(view: View) -> Iterator[Finding]:
    """Nothing of a solution is left in what a learner opens."""
    for index, cell in enumerate(view.cells):
        if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", cell.source):
            yield view.finding("solutions", "a marker is left", index)
    if view.source is None:
        return
    secret = solution_lines(view.source)
    for index, cell in enumerate(view.cells):
        shown = [cell.source, *(str(output) for output in cell.get("outputs", ()))]
        for line in secret:
            if any(line in text for text in shown):
                yield view.finding("solutions", f"a line of a solution is left: {line!r}", index)


def times(view: View) -> Iterator[Finding]:
    """The last quick run of this code was quick; without such a run there is nothing to say."""
    if view.run is None:
        return
    seconds = view.run.metadata.get("bsgd", {}).get("seconds", 0.0)
    if seconds > RUN_SECONDS:
        yield view.finding("time", f"the quick run took {seconds:.1f} s ({RUN_SECONDS} at most)")
    for index, cell in enumerate(view.run.cells):
        if cell_seconds(cell) > CELL_SECONDS:
            what = f"the cell took {cell_seconds(cell):.1f} s ({CELL_SECONDS} at most)"
            yield view.finding("time", what, index)


RULES = (size, code, figures, claims, outputs, solutions, times)
