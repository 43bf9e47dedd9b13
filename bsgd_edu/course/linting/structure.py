"""Lint's rules about how a chapter is made: title, parameters, sections, exercises."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from ..writing.notebooks import headings
from ..writing.source import tagged
from .content import count_words, unfolded
from .view import ARC, REPEATED, SECTIONS, Finding, View, called

__all__ = ["RULES"]

KINDS = {"recall": 2, "implement": 2, "investigate": 1, "proof or essay": 1}


def title(view: View) -> Iterator[Finding]:
    """A title cell first: the name with its number, then the claim in a sentence."""
    first = view.cells[0] if view.cells else None
    number = int(view.chapter.number)
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        yield view.finding("title", "the first cell must be the title, '# N · Name'", 0)
        return
    name = first.source.splitlines()[0].removeprefix("# ")
    if not re.match(rf"{number}\b", name):
        yield view.finding("title", f"must begin with the chapter's number {number}: {name!r}", 0)
    parts = [part for part in re.split(r"\n\s*\n", first.source) if not part.startswith("#")]
    if len(parts) < 2:
        yield view.finding("title", "the claim and its source must follow, as paragraphs", 0)
    for index, cell in enumerate(view.cells):
        tops = sum(level == 1 for level, _ in headings(cell.source)) - (index == 0)
        if cell.cell_type == "markdown" and tops > 0:
            yield view.finding("title", "only the first cell may have a '# ' heading", index)


def parameters(view: View) -> Iterator[Finding]:
    """Parameters are literals, in the first code cell; what follows from them comes later."""
    tags = [(index, cell.metadata.get("tags", ())) for index, cell, _ in view.code]
    for place, (word, name) in enumerate((("first", "parameters"), ("second", "setup"))):
        found = [index for index, present in tags if name in present]
        if len(found) != 1:
            what = f"one code cell must be tagged {name!r} ({len(found)} are)"
            yield view.finding("parameters", what, found[1] if found else None)
        elif found[0] != tags[place][0]:
            what = f"the cell tagged {name!r} must be the {word} code cell"
            yield view.finding("parameters", what, found[0])
    for index, cell, tree in view.code:
        if "parameters" in cell.metadata.get("tags", ()):
            yield from _literals(view, index, tree)


def _literals(view: View, index: int, tree: ast.AST) -> Iterator[Finding]:
    values = {}
    for statement in tree.body:
        line = ast.unparse(statement).splitlines()[0]
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
        try:
            if name is None or not isinstance(statement, ast.Assign | ast.AnnAssign):
                raise ValueError
            values[name] = ast.literal_eval(statement.value)
        except ValueError:
            what = f"must be 'name = literal', derive in a later cell: {line!r}"
            yield view.finding("parameters", what, index)
    for name, wanted in (("profile", "quick"), ("seed", 0), ("device", "auto")):
        if values.get(name) != wanted:
            found = repr(values[name]) if name in values else "missing"
            yield view.finding("parameters", f"{name} must be {wanted!r} ({found})", index)


def sections(view: View) -> Iterator[Finding]:
    """Every section is there, once (an experiment: once or more), in order, with its code."""
    form = ARC if view.teaches else SECTIONS
    names = [name for name, _, _ in form]
    place = -1
    for section in view.sections:
        if section.name not in names:
            what = f"is none of the sections, use '###' inside one: {section.title!r}"
            yield view.finding("sections", what, section.cell)
            continue
        here = names.index(section.name)
        if here < place and section.name in REPEATED:
            here = place  # theory and test may take turns
        if here < place or (here == place and section.name not in REPEATED):
            before = names[place]
            what = f"{section.name!r} stands after {before!r}, or twice"
            yield view.finding("sections", what, section.cell)
        place = max(place, here)
        _, least, most = form[names.index(section.name)]
        count = len(section.code)
        if count < least or (most is not None and count > most):
            allowed = str(least) if least == most else f"{least} to {most or 'any'}"
            what = f"{section.title!r} has {count} code cells ({allowed} wanted)"
            yield view.finding("sections", what, section.cell)
    there = {section.name for section in view.sections}
    for name in names:
        if name not in there:
            yield view.finding("sections", f"'## {name}' is missing")


def exercises(view: View) -> Iterator[Finding]:
    """Exercises have ids in order, an answer, a check, and the mixture of kinds."""
    stated = [exercise for _, _, exercise in view.tagged("exercise")]
    wanted = [f"{view.chapter.number}.{place + 1}" for place in range(len(stated))]
    if stated != wanted:
        what = f"ids must be {', '.join(wanted)} ({', '.join(stated)})"
        yield view.finding("exercises", what)
    kinds: Counter[str] = Counter()
    for index, cell, exercise in view.tagged("exercise"):
        if not cell.source.startswith(f"### Exercise {exercise} · "):
            what = f"must begin with '### Exercise {exercise} · Title'"
            yield view.finding("exercises", what, index)
        facts = re.search(r"^\*(\w+) · difficulty ([1-5]) of 5", cell.source, flags=re.MULTILINE)
        if facts is None:
            yield view.finding("exercises", f"{exercise} has no kind and difficulty", index)
        else:
            kind = facts[1] if facts[1] in KINDS else "proof or essay"
            kinds[kind] += 1
        answers = [c for _, c, e in view.tagged("answer") if e == exercise]
        checks = [c for _, c, e in view.tagged("check") if e == exercise]
        if not answers:
            yield view.finding("exercises", f"{exercise} has no cell to answer in", index)
        elif any(c.cell_type == "code" for c in answers) and len(checks) != 1:
            what = f"{exercise} must have one check ({len(checks)} there)"
            yield view.finding("exercises", what, index)
    for kind, least in KINDS.items():
        if kinds[kind] < least:
            what = f"{kinds[kind]} of kind {kind} ({least} wanted)"
            yield view.finding("exercises", what)
    for index, _, tree in view.code:
        for node in ast.walk(tree):
            if called(node) == "reveal":
                yield view.finding("exercises", "reveal() gives the solution away", index)


def pace(view: View) -> Iterator[Finding]:
    """In the form that teaches, the first exercise comes early, and three before the middle."""
    if not view.teaches:
        return
    before, words = [], 0
    for cell in view.cells:
        if cell.cell_type == "markdown":
            if tagged(cell.metadata.get("tags", ()), "exercise"):
                before.append(words)
            words += count_words(unfolded(cell.source))
    if before and before[0] > FIRST_EXERCISE:
        what = f"the first exercise comes after {before[0]:,} words ({FIRST_EXERCISE:,} at most)"
        yield view.finding("pace", what)
    if sum(place < words / 2 for place in before) < 3:
        yield view.finding("pace", "three exercises must stand before the middle of the words")


def beginning(view: View) -> Iterator[Finding]:
    """The setup begins the lesson under the chapter's own name, with its parameters."""
    name = view.chapter.name
    wanted = f'begin("{name}", profile=profile, seed=seed, device=device)'
    begun = [
        node
        for _, _, tree in view.code
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "lesson"
    ]
    if len(begun) != 1 or ast.unparse(begun[0].value) != wanted.replace('"', "'"):
        yield view.finding("beginning", f"the setup must say once: lesson = {wanted}")


def calls(view: View) -> Iterator[Finding]:
    """The prose calls hints and checks as a reader can: by the lesson."""
    for index, cell in enumerate(view.cells):
        if cell.cell_type == "markdown":
            for name in sorted(set(re.findall(r"`(check|hint|reveal|use)\(", cell.source))):
                what = f"the text calls {name}(), which is lesson.{name}()"
                yield view.finding("calls", what, index)


FIRST_EXERCISE = 1000
RULES = (title, parameters, sections, exercises, pace, beginning, calls)
