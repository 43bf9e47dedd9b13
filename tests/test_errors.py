"""Every error says what must hold, what was found and what to do; and one place says it."""

import ast
import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from test_architecture import MATHEMATICS, MODULES, PACKAGE, rank_of, shown, tree_of

from bsgd_edu import errors, tensors
from bsgd_edu.errors import (
    ConvergenceError,
    DomainError,
    ShapeError,
    UsageError,
    refusal,
    require,
    require_choice,
    require_integer,
    require_number,
    require_shape,
    require_sizes,
)


def message(refused, function, *arguments, **options):
    with pytest.raises(refused) as caught:
        function(*arguments, **options)
    return str(caught.value)


def test_a_refusal_names_rule_fact_and_remedy():
    text = "sgd_map: lr must be positive, but it is -1. Raise it."
    parts = ("sgd_map", "lr must be positive", "it is -1", "Raise it.")
    assert message(DomainError, require, False, *parts) == text
    error = refusal(*parts, ConvergenceError)
    assert type(error) is ConvergenceError
    assert str(error) == text
    assert message(UsageError, require, 0, *parts, UsageError) == text


@pytest.mark.parametrize("holds", [True, 1, torch.tensor(True), np.True_, [1]])
def test_a_fact_is_not_asked_for_while_all_is_well(holds):
    require(holds, "f", "x must be small", lambda: pytest.fail("asked"), "Shrink it.")


@pytest.mark.parametrize("fails", [False, 0, torch.tensor(False), np.False_, []])
def test_a_fact_is_asked_for_once_on_failure(fails):
    asked = []
    text = message(
        DomainError, require, fails, "f", "x must be", lambda: asked.append(1) or "no", "."
    )
    assert text == "f: x must be, but no. ."
    assert asked == [1]


@pytest.mark.parametrize(
    ("bounds", "rule", "good", "bad"),
    [
        ({"above": 0}, "be positive and finite", 1e-9, 0),
        ({"above": 2}, "be > 2 and finite", 2.5, 2),
        ({"at_least": 0}, "be ≥ 0 and finite", 0, -1e-9),
        ({"below": 0}, "be negative and finite", -1, 0.0),
        ({"below": 2}, "be < 2 and finite", 1.5, 2),
        ({"at_most": 2}, "be ≤ 2 and finite", 2, 2.5),
        ({"at_least": 0, "below": 1}, "lie in [0, 1)", 0, 1),
        ({"above": -1, "below": 1}, "lie in (−1, 1)", 0.5, -1),
        ({"above": 0, "at_most": 1}, "lie in (0, 1]", 1, 0),
        ({"at_least": 1, "at_most": 2}, "lie in [1, 2]", 1.5, 2.5),
        ({}, "be a finite number", -3.5, math.inf),
    ],
)
def test_numbers_out_of_range_are_refused_and_the_remedy_would_do(bounds, rule, good, bad):
    assert require_number("f", "x", good, **bounds) == good
    for value in (bad, math.nan, math.inf, -math.inf):
        text = message(DomainError, require_number, "f", "x", value, **bounds)
        found = re.fullmatch(
            rf"f: x must {re.escape(rule)}, but it is {re.escape(repr(value))}\. "
            r"Pass for example x=(.*)\.",
            text,
        )
        assert found, text
        require_number("f", "x", float(found[1]), **bounds)


@pytest.mark.parametrize(
    "value",
    [
        *(2, 2.0, np.float64(2), np.float32(2), np.int64(2), torch.tensor(2.0), torch.tensor(2)),
        *(Fraction(2), np.array(2.0), torch.tensor(2.0, requires_grad=True)),
    ],
)
def test_numbers_of_every_library_are_numbers(value):
    number = require_number("f", "x", value, above=1)
    assert number == 2
    assert not hasattr(number, "shape")


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        (True, "it is True"),
        ("2", "it is '2'"),
        (None, "it is None"),
        (2j, "it is 2j"),
        ([2.0], "it is [2.0]"),
        (torch.ones(2), "it is a Tensor of shape (2,)"),
        (list(range(100)), "it is a list"),
    ],
)
def test_what_is_no_number_is_refused_by_what_it_is(value, fact):
    for word in (require_number, require_integer):
        assert f", but {fact}. Raise it." in message(
            DomainError, word, "f", "x", value, remedy="Raise it."
        )


@pytest.mark.parametrize("value", [np.True_, torch.tensor(True)])
def test_a_bool_of_any_library_is_no_number(value):
    assert ", but it is True." in message(DomainError, require_number, "f", "x", value)
    assert "True" in message(DomainError, require_integer, "f", "x", value)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_an_integer_of_numpy_becomes_pythons(value):
    assert type(require_integer("f", "n", value, at_least=3, at_most=3)) is int


@pytest.mark.parametrize(
    "value", [2.5, 3.0, np.float64(3), torch.tensor(3), np.int64(2), 2, 5, True]
)
def test_what_is_no_integer_in_range_is_refused(value):
    assert message(DomainError, require_integer, "f", "n", value, at_least=3, at_most=4) == (
        f"f: n must be an integer in 3..4, but it is {value!r}. Pass for example n=3."
    )


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [({"at_least": 1}, " ≥ 1"), ({"at_most": -1}, " ≤ -1"), ({}, "")],
)
def test_the_rule_of_an_integer_names_its_bounds(bounds, rule):
    assert f"n must be an integer{rule}, but it is 0.5. Pass for example n=" in message(
        DomainError, require_integer, "f", "n", 0.5, **bounds
    )


def test_the_first_size_that_fails_is_named():
    require_sizes("f", rows=1, columns=np.int64(7))
    assert "f: columns must be an integer ≥ 1, but it is 0." in message(
        DomainError, require_sizes, "f", rows=1, columns=0, depth=0
    )


def test_a_misspelt_choice_is_shown_the_nearest():
    require_choice("f", "init", "he", ("he", "default"))
    assert message(DomainError, require_choice, "f", "init", "hee", ("he", "default")) == (
        "f: init must be 'he' or 'default', but it is 'hee'. Did you mean 'he'?"
    )
    text = message(
        UsageError, require_choice, "f", "x", 3, {"a": 1, "b": 2, "c": 3}, kind=UsageError
    )
    assert text == "f: x must be one of 'a', 'b', 'c', but it is 3. Pass one of these."


@pytest.mark.parametrize(
    ("shape", "pattern", "fits"),
    [
        ((4, 3), (..., 3), True),
        ((3,), (..., 3), True),
        ((), (..., 3), False),
        ((3, 4), (..., 3), False),
        ((2, 5, 3), (..., "B", 3), True),
        ((3,), (..., "B", 3), False),
        ((2, 4, 4), (..., "d", "d"), True),
        ((2, 4, 3), (..., "d", "d"), False),
        ((9, 2, 4, 4), ("n", ..., "d", "d"), True),
        ((4, 4), ("n", ..., "d", "d"), False),
        ((3,), (3,), True),
        ((1, 3), (3,), False),
        ((), (), True),
    ],
)
def test_shapes_are_held_against_their_pattern(shape, pattern, fits):
    x = torch.ones(shape)
    if fits:
        return require_shape("f", "x", x, pattern, "Fix.")
    text = message(ShapeError, require_shape, "f", "x", x, pattern, "Fix.")
    inside = ", ".join("..." if size is ... else str(size) for size in pattern)
    comma = "," * (len(pattern) == 1)
    assert text == f"f: x must have shape ({inside}{comma}), but its shape is {shape}. Fix."


def test_a_tensor_shows_its_first_bad_entry_and_how_many_fail():
    x = torch.tensor([[1.0, math.nan], [math.inf, 0.0]])
    assert message(DomainError, tensors.require_finite, "f", "x", x) == (
        "f: x must be finite, but entry (0, 1) is nan (2 of 4 fail). Drop or repair that point."
    )
    assert "x must be positive and finite, but entry (0, 1) is nan (3 of 4" in message(
        DomainError, tensors.require_positive, "f", "x", x, "Fix."
    )
    tensors.require_finite("f", "x", torch.ones(0))
    tensors.require_positive("f", "x", torch.ones(2), "Fix.")
    assert "but it is -1 (1 of 1 fail)" in message(
        DomainError, tensors.require_positive, "f", "x", torch.tensor(-1.0), "Fix."
    )


def test_what_is_no_real_tensor_is_refused():
    assert "x must be a tensor, but it is a list. Wrap it" in message(
        DomainError, tensors.require_real, "f", "x", [1.0]
    )
    for x in (torch.ones(2, dtype=torch.int64), torch.ones(2, dtype=torch.complex64)):
        assert f"numbers, but its dtype is {x.dtype}." in message(
            DomainError, tensors.require_real, "f", "x", x
        )
    tensors.require_real("f", "x", torch.ones(2, dtype=torch.complex64), complex_too=True)


def test_points_and_broadcasts_name_all_shapes():
    both = {"x": torch.ones(2, 3), "y": torch.ones(4, 3)}
    fact = "but the shapes are x (2, 3) and y (4, 3)."
    assert fact in message(ShapeError, tensors.require_points, "f", both)
    assert fact in message(ShapeError, tensors.require_broadcast, "f", both, "Fix.")
    assert "at least 1 non-empty dim per point, but its shape is ()." in message(
        ShapeError, tensors.require_points, "f", {"x": torch.tensor(1.0)}
    )
    x, y = tensors.require_broadcast("f", {"x": torch.ones(2, 1), "y": torch.ones(3)}, "Fix.")
    assert x.shape == y.shape == (2, 3)


# One place says it

# What errors.py itself says is held word for word above.
LIBRARY = [
    path for path in MODULES if rank_of(path) <= MATHEMATICS and path != PACKAGE / "errors.py"
]
KINDS = {name for name in errors.__all__ if name.endswith("Error")}
# Where the words of a sentence stand in a call: rule, fact, remedy.
SENTENCES = {
    "require": (2, 3, 4),
    "refusal": (1, 2, 3),
    "require_entries": (2, None, 4),
}


def texts(node, scope):
    """The texts a node can stand for, placeholders as {}; none where it cannot be read off."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(getattr(part, "value", "") if isinstance(part, ast.Constant) else "{}"
                        for part in node.values)]  # fmt: skip
    if isinstance(node, ast.Lambda):
        return texts(node.body, scope)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return texts(node.func.value, scope)  # "…".format(…), "…".rstrip()
    if isinstance(node, ast.Name):
        return scope.get(node.id, [])
    return []


def assigned(tree):
    """Every text that a name of a module is set to."""
    scope = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        scope.setdefault(name.id, []).extend(texts(value, {}))
    return scope


@pytest.mark.parametrize("path", LIBRARY, ids=shown)
def test_no_dialect_stands_beside_the_one_place(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
            pytest.fail(f"{shown(path)}:{node.lineno} writes its own {node.func.id}: use require")


@pytest.mark.parametrize("path", LIBRARY, ids=shown)
def test_every_sentence_reads_must_but_and_a_remedy(path):
    tree = tree_of(path)
    scope = assigned(tree)
    for node in ast.walk(tree):
        name = getattr(getattr(node, "func", None), "id", "")
        if not isinstance(node, ast.Call) or name not in SENTENCES:
            continue
        where = f"{shown(path)}:{node.lineno}"
        rule, fact, remedy = (
            [] if place is None else texts(node.args[place], scope) for place in SENTENCES[name]
        )
        for text in rule:
            assert re.fullmatch(r"\S.* must (?!be,).*[^.,\s]", text), f"{where}: rule {text!r}"
            assert ", but" not in text, f"{where}: rule {text!r}"
        for text in fact:
            assert re.fullmatch(r"(?!but\b)\S.*[^.,\s]", text), f"{where}: fact {text!r}"
        for text in remedy:
            assert re.fullmatch(r"[A-Z0-9{'].*[.?]", text), f"{where}: remedy {text!r}"


def test_the_sentences_are_found():
    # A guard of the two tests above: an empty search would pass them.
    found = sum(path.read_text("utf-8").count("require") for path in LIBRARY)
    assert found > 300
