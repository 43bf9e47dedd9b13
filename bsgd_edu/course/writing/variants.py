"""One source, three notebooks: the learner's, the solved one, and nbgrader's source.

All three have the same cells in the same order with the same ids; a cell differs only where it
answers or checks an exercise.
"""

import ast
from dataclasses import dataclass, field

from .notebooks import assign_ids, strip_notebook
from .source import Source, SourceCell, is_marker, regions

__all__ = ["CODE_STUB", "TEXT_STUB", "make_notebook"]

CODE_STUB = "# YOUR CODE HERE"
TEXT_STUB = "*Your answer here.*"


@dataclass(frozen=True)
class _Stub:
    """What stands in place of a region: lines before the stub's comment, and lines after it."""

    indent: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def make_notebook(source: Source, variant: str):
    """Returns a chapter's notebook, not executed.

    Args:
        source: The chapter's source.
        variant: ``"learner"`` (stubs, no hidden tests), ``"solved"`` (solutions and hidden tests,
            checks that raise unless passed) or ``"nbgrader"`` (marked and with the metadata from
            which nbgrader makes the release; what it releases equals the learner's notebook).

    Raises:
        UsageError: If an answer or a check is not written as `source` says.
    """
    from nbformat import v4

    # Ids are drawn from the source's cells, so that they are the same in every variant.
    cells = [_new_cell(cell.kind, cell.text, cell.tags) for cell in source.cells]
    assign_ids(cells)
    if any("predict" in cell.tags for cell in source.cells):
        _fold_beginning(cells)
    used = _names_outside_regions(source)
    for cell, target in zip(source.cells, cells, strict=True):
        target.source = _text(source, cell, variant, used)
        if variant == "nbgrader":
            _grade(source, cell, target)
    notebook = v4.new_notebook(cells=[])
    strip_notebook(notebook)
    notebook.cells = cells
    return notebook


def _fold_beginning(cells) -> None:
    """Folds parameters and set-up away in JupyterLab: the first screen is for the surprise."""
    for cell in cells:
        if {"parameters", "setup"} & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}


def _new_cell(kind: str, text: str, tags: tuple[str, ...]):
    from nbformat import v4

    new = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    return new(text, metadata={"tags": list(tags)} if tags else {})


def _text(source: Source, cell: SourceCell, variant: str, used: set[str]) -> str:
    if cell.role("exercise"):
        return _with_facts(source, cell)
    if cell.role("check"):
        return _check_text(cell, variant)
    if not cell.role("answer"):
        return cell.text
    if variant == "solved":
        return _without_markers(cell.text, "SOLUTION")
    lines, written = cell.text.split("\n"), 0
    result: list[str] = []
    for first, last in regions(cell, "SOLUTION"):
        stub = _stub(cell, first, last, used) if cell.kind == "code" else _Stub("")
        comment = CODE_STUB if cell.kind == "code" else TEXT_STUB
        middle = [stub.indent + comment]
        if variant == "nbgrader":
            sign = "### " if cell.kind == "code" else ""
            begin, end = (f"{stub.indent}{sign}{word} SOLUTION" for word in ("BEGIN", "END"))
            middle = [begin, *lines[first + 1 : last], end]
        kept = [*stub.before, *middle, *stub.after]
        result += lines[written:first] + kept
        written = last + 1
    return "\n".join(result + lines[written:])


def _stub(cell: SourceCell, first: int, last: int, used: set[str]) -> _Stub:
    """What a learner sees in place of lines first..last; see `source` for the two cases."""
    line = cell.text.split("\n")[first]
    indent = line[: len(line) - len(line.lstrip())]
    tree = ast.parse(cell.text)

    def inside(node: ast.AST) -> bool:
        return first + 1 < getattr(node, "lineno", 0) <= last

    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= first < (node.end_lineno or 0)
    ]
    if functions:
        function = max(functions, key=lambda node: node.lineno)
        if not any(isinstance(node, ast.Return) and inside(node) for node in ast.walk(function)):
            raise cell.fail(
                "a solution inside a function must hold its return",
                f"the one in {function.name} does not",
                "Move END SOLUTION below the return.",
            )
        return _Stub(indent, after=[f"{indent}return ..."])
    bound = _bound_names(tree, inside)
    names = [name for name in bound if name in used] or bound
    return _Stub(indent, before=[f"{indent}{name} = ..." for name in names] or [f"{indent}..."])


def _bound_names(tree: ast.AST, inside) -> list[str]:
    """Names that a region binds for the cells to come, in order, each once.

    What a function, a class or a comprehension binds inside itself stays there.
    """
    own_scope = (
        ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda,
        ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
    )  # fmt: skip
    found: dict[str, None] = {}

    def walk(node: ast.AST) -> None:
        if isinstance(node, own_scope):
            if inside(node) and hasattr(node, "name"):
                found[node.name] = None
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and inside(node):
            found[node.id] = None
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(tree)
    return list(found)


def _names_outside_regions(source: Source) -> set[str]:
    names = set()
    for cell in source.cells:
        if cell.kind != "code":
            continue
        hidden = {number for a, b in regions(cell, "SOLUTION") for number in range(a + 1, b + 2)}
        for node in ast.walk(ast.parse(cell.text)):
            if isinstance(node, ast.Name) and node.lineno not in hidden:
                names.add(node.id)
    return names


def _without_markers(text: str, name: str) -> str:
    kept = (
        line
        for line in text.split("\n")
        if not is_marker(line, f"BEGIN {name}") and not is_marker(line, f"END {name}")
    )
    return "\n".join(kept)


def _check_text(cell: SourceCell, variant: str) -> str:
    lines = cell.text.split("\n")
    hidden = [number for a, b in regions(cell, "HIDDEN TESTS") for number in range(a, b + 1)]
    visible = "\n".join(line for n, line in enumerate(lines) if n not in hidden).strip()
    body = ast.parse(visible).body
    exercise = cell.role("check")
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    number = int(exercise.partition(".")[2])
    if not (
        isinstance(call, ast.Call)
        and ast.unparse(call.func) == "lesson.check"
        and len(call.args) == 2
        and not call.keywords
        and getattr(call.args[0], "value", None) == number
    ):
        raise cell.fail(
            f"a check cell must be the one call lesson.check({number}, answer)",
            f"it is {visible.splitlines()[0] if visible else 'empty'!r}",
            "Put anything else into a cell of its own, or among the hidden tests.",
        )
    strict = f"lesson.check({number}, {ast.unparse(call.args[1])}, strict=True)"
    more = [lines[n] for n in hidden if "HIDDEN TESTS" not in lines[n]]
    if variant == "learner":
        return visible
    if variant == "solved":
        return "\n".join([strict, *more])
    return "\n".join([visible, "### BEGIN HIDDEN TESTS", strict, *more, "### END HIDDEN TESTS"])


def _facts(source: Source, exercise: str) -> dict:
    """Kind, difficulty, minutes and lesson: the registry's, or those of the cell's header."""
    header = next(c.facts for c in source.cells if c.role("exercise") == exercise)
    if {"kind", "difficulty"} <= header.keys():
        return header
    from ..exercises.checks import get_exercise

    entry = get_exercise(exercise)
    return {key: getattr(entry, key) for key in ("kind", "difficulty", "minutes", "teaches")}


def _with_facts(source: Source, cell: SourceCell) -> str:
    facts = _facts(source, cell.role("exercise"))
    heading, _, rest = cell.text.partition("\n")
    parts = [
        str(facts["kind"]),
        f"difficulty {facts['difficulty']} of 5",
        *([f"about {facts['minutes']} minutes"] if "minutes" in facts else []),
        *([f"teaches {facts['teaches']}"] if "teaches" in facts else []),
    ]
    return f"{heading}\n\n*{' · '.join(parts)}*\n\n{rest.strip()}".rstrip()


def _grade(source: Source, cell: SourceCell, target) -> None:
    """Marks a cell as nbgrader wants it: an answer, a test with points, or an answer with both."""
    checked = {other.role("check") for other in source.cells}
    answer, check = cell.role("answer"), cell.role("check")
    exercise = answer or check
    if exercise is None:
        return
    graded = check is not None or answer not in checked
    parts = [c.role("answer") for c in source.cells[: source.cells.index(cell)]].count(answer)
    suffix = f"-{parts + 1}" if answer and parts else ""
    role = "check" if check else "answer"
    metadata = {
        "schema_version": 3,
        "grade_id": f"{role}-{exercise.replace('.', '-')}{suffix}",
        "grade": graded,
        "solution": answer is not None,
        "locked": check is not None,
        "task": False,
    }
    if graded:
        metadata["points"] = cell.facts.get("points", _facts(source, exercise)["difficulty"])
    target.metadata["nbgrader"] = metadata
