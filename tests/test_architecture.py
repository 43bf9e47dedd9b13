"""The laws of the layout, read off the source: ranks, lightness, size, words, randomness.

What can be read is read with ast, so that an import inside a function counts as well; what only
shows when it runs is run in a fresh interpreter.
"""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bsgd_edu"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Import only from a lower rank, or from your own sub-package; of lessons, from your own room.
RANKS = {
    0: ("errors", "estimates", "extras", "seeding", "device", "paths", "files", "tensors"),
    1: ("maps", "metrics", "meanfield", "operators", "rmt"),
    2: ("rules", "optim", "dynamics", "curvature", "nets", "datasets"),
    3: ("training",),
    4: ("plot",),
    5: ("course",),
    6: ("lessons",),
    7: ("cli",),
    8: ("__main__",),
}
RANK = {name: rank for rank, names in RANKS.items() for name in names} | {"errors": -1}
MATHEMATICS = 3  # the highest rank that never draws
DRAWING = {"matplotlib", "ipywidgets", "IPython", "seaborn", "plotly", "pylab"}
# What a light user must not pay for: loaded when first touched, never at import.
HEAVY = {
    *DRAWING,
    "jupytext",
    "nbclient",
    "nbconvert",
    "nbformat",
    "pandas",
    "papermill",
    "pooch",
    "rich",
    "scipy",
    "sklearn",
    "tqdm",
    "typer",
}
PUBLIC = sorted(
    name
    for name in RANK
    if ((PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()) and name != "__main__"
)


def name_of(path):
    """The dotted name below the package, () for its root: nets/mlp.py -> ("nets", "mlp")."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def shown(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def package_of(path):
    """What a relative import of a module starts from."""
    own = ("bsgd_edu", *name_of(path))
    return own if path.name == "__init__.py" else own[:-1]


def origin_of(node, package):
    """The absolute dotted name behind `from … import`."""
    base = package[: len(package) - node.level + 1] if node.level else ()
    return ".".join((*base, *filter(None, [node.module])))


def imports(path):
    """Every (absolute dotted name, line) that a module imports, wherever it does so."""
    package = package_of(path)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            origin = origin_of(node, package)
            for alias in node.names:
                # `from .. import maps` names a sub-package, `from ..maps import x` does not.
                yield (f"{origin}.{alias.name}" if origin == "bsgd_edu" else origin), node.lineno
        elif isinstance(node, ast.Call) and getattr(
            node.func, "attr", getattr(node.func, "id", "")
        ) in ("import_module", "__import__"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    text, level = argument.value.lstrip("."), len(argument.value)
                    level -= len(text)
                    base = package[: len(package) - level + 1] if level else ()
                    yield ".".join((*base, *filter(None, [text]))), node.lineno


def rank_of(path):
    """The rank of the sub-package a module belongs to; the package's root stands above all."""
    name = name_of(path)
    return RANK[name[0]] if name else max(RANK.values()) + 1


every_module = pytest.mark.parametrize("path", MODULES, ids=shown)


def test_every_part_of_the_package_has_a_rank():
    parts = {name_of(path)[0] for path in MODULES if name_of(path)}
    assert parts <= set(RANK), f"unranked: {sorted(parts - set(RANK))}"


@every_module
def test_imports_come_from_a_lower_rank_or_the_own_sub_package(path):
    own = name_of(path)[:1]
    for origin, line in imports(path):
        parts = origin.split(".")
        if parts[0] != "bsgd_edu":
            continue
        where = f"{shown(path)}:{line} imports {origin}"
        if len(parts) == 1:  # the root itself: its version, for those who report it
            assert rank_of(path) > MATHEMATICS, (
                f"{where}: only what stands above may import the root"
            )
            continue
        assert parts[1] in RANK or parts[1].startswith("__"), f"{where}: no such part"
        if (parts[1],) != own and parts[1] in RANK:
            assert RANK[parts[1]] < rank_of(path), f"{where}: not of a lower rank"
        if parts[1] == "lessons" and own == ("lessons",) and len(parts) > 2:
            assert parts[2] == name_of(path)[1], f"{where}: the room of another lesson"


def test_nothing_below_the_lessons_knows_one_of_them():
    rooms = [path.name for path in (PACKAGE / "lessons").glob("c*")]
    assert rooms
    for path in MODULES:
        if "lessons" not in name_of(path):
            text = path.read_text(encoding="utf-8")
            assert not [room for room in rooms if room in text], shown(path)


@every_module
def test_mathematics_never_draws(path):
    if rank_of(path) > MATHEMATICS:
        return
    for origin, line in imports(path):
        assert origin.split(".")[0] not in DRAWING, f"{shown(path)}:{line} imports {origin}"


@every_module
def test_heavy_imports_wait_until_they_are_needed(path):
    """At the top of a module only torch, NumPy and the standard library; below, anything."""
    if rank_of(path) > MATHEMATICS:
        return
    top = [
        node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset == 0
    ]
    for node in top:
        origins = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
        for origin in origins:
            relative = isinstance(node, ast.ImportFrom) and node.level
            assert relative or origin.split(".")[0] not in HEAVY, (
                f"{shown(path)}:{node.lineno} imports {origin} at once"
            )


@every_module
def test_modules_are_short(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 350, f"{shown(path)} has {lines} lines, 350 at most: split it by meaning"


def test_no_module_is_called_after_nothing():
    empty = {"utils", "util", "helpers", "misc", "common", "tools"}
    assert not [shown(path) for path in MODULES if path.stem in empty or path.parent.name in empty]


@every_module
def test_every_module_says_what_it_is(path):
    docstring = ast.get_docstring(tree_of(path))
    assert docstring, f"{shown(path)} has no docstring"


# What an import costs


def loaded_after(statement):
    """Top-level names of the modules that a statement loads in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(run.stdout.split())


def test_the_package_itself_loads_next_to_nothing():
    # The command line answers before torch is loaded.
    assert not loaded_after("import bsgd_edu") & (HEAVY | {"torch", "numpy"})


def test_the_core_loads_torch_and_nothing_heavier():
    # torch brings what it brings; the core adds none of the heavy packages to that.
    core = "from bsgd_edu import maps, rules, nets, optim, training, seeding, device, errors"
    added = loaded_after(core) - loaded_after("import torch")
    assert not added & HEAVY, f"loaded: {sorted(added & HEAVY)}"


def test_mathematics_loads_no_drawing():
    names = ", ".join(name for name in PUBLIC if RANK[name] <= MATHEMATICS)
    assert not loaded_after(f"from bsgd_edu import {names}") & DRAWING


def test_an_import_leaves_torch_as_it_found_it():
    # No default dtype, device, thread number, seed or gradient mode is changed by loading.
    names = ", ".join(PUBLIC)
    code = f"""
import torch
before = (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(),
          torch.is_grad_enabled(), bytes(torch.get_rng_state().tolist()))
from bsgd_edu import {names}
after = (torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(),
         torch.is_grad_enabled(), bytes(torch.get_rng_state().tolist()))
assert before == after
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# Hidden globals and global randomness


def dotted(node):
    """`torch.nn.init` of an attribute chain, or "" where it starts from an expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *parts[::-1]]) if isinstance(node, ast.Name) else ""


SETTINGS = re.compile(
    r"torch\.(set_default_\w+|set_num_threads|set_num_interop_threads|set_printoptions"
    r"|set_grad_enabled|use_deterministic_algorithms|set_float32_matmul_precision)"
    r"|(np|numpy)\.(seterr|set_printoptions)"
)
# A step that replays a map rewinds the stream that the user's closure draws from; the guard
# around a learner's code puts back whatever that code changed.
REWINDS = {"bsgd_edu/optim/backward.py", "bsgd_edu/course/exercises/guard.py"}
BEGINS = {"bsgd_edu/course/lesson.py"}  # a chapter's process is its own; it says what it sets
DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"}
DRAWS_IN_PLACE = {
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "log_normal_",
    "normal_",
    "random_",
    "uniform_",
}


def calls(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


@every_module
def test_no_global_setting_is_changed(path):
    for node, name in calls(path):
        allowed = shown(path) in REWINDS | BEGINS or not SETTINGS.fullmatch(name)
        assert allowed, f"{shown(path)}:{node.lineno} calls {name}"


@every_module
def test_random_numbers_come_from_a_generator(path):
    if shown(path) in REWINDS:
        return
    unpacked = '"generator": generator' in path.read_text(encoding="utf-8")
    for node, name in calls(path):
        where = f"{shown(path)}:{node.lineno} calls {name or ast.unparse(node.func)}"
        given = {keyword.arg for keyword in node.keywords}
        if None in given and unpacked:  # **options, written once for several draws
            given.add("generator")
        last = getattr(node.func, "attr", "")
        if name.startswith("torch.") and name.count(".") == 1:
            if last in DRAWS:
                assert "generator" in given, f"{where} without generator="
            assert last not in {"rand_like", "randn_like", "randint_like"}, (
                f"{where}: it takes no generator"
            )
            assert last not in {"set_rng_state", "get_rng_state", "manual_seed", "seed"}, (
                f"{where}: the global stream is the user's"
            )
        if last in DRAWS_IN_PLACE:
            assert "generator" in given, f"{where} without generator="
        assert not re.match(r"(np|numpy)\.random\.(?!default_rng|Generator|SeedSequence)", name), (
            f"{where}: NumPy's global stream"
        )
        assert not name.startswith("random."), f"{where}: Python's global stream"


@every_module
def test_no_seed_is_a_default_inside_a_function(path):
    """Only what a person starts (course, lessons) may have a seed of its own."""
    if rank_of(path) > MATHEMATICS:
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            plain = node.args.posonlyargs + node.args.args
            defaults = dict(
                zip(plain[len(plain) - len(node.args.defaults) :], node.args.defaults, strict=True)
            )
            defaults |= dict(zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
            for argument, default in defaults.items():
                if argument.arg in ("seed", "generator"):
                    assert default is None, f"{shown(path)}:{node.lineno} defaults {argument.arg}"


@every_module
def test_devices_are_not_written_into_the_code(path):
    if name_of(path) == ("device",):
        return
    for node, name in calls(path):
        last = getattr(node.func, "attr", "")
        assert last != "cuda" or name != "", f"{shown(path)}:{node.lineno} calls .cuda()"
        if name in ("torch.device", "torch.cuda.is_available"):
            pytest.fail(f"{shown(path)}:{node.lineno} calls {name}: ask bsgd_edu.device")


@every_module
def test_nothing_is_asserted_of_a_user(path):
    # `python -O` drops assertions, and their text says nothing of what to do.
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, ast.Assert), f"{shown(path)}:{node.lineno} asserts"


@every_module
def test_mathematics_never_prints(path):
    if rank_of(path) > MATHEMATICS:
        return
    for node, name in calls(path):
        assert name != "print", f"{shown(path)}:{node.lineno} prints"


# Docstrings


def public_functions():
    for part in PUBLIC:
        module = importlib.import_module(f"bsgd_edu.{part}")
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            if inspect.isfunction(value) and value.__module__.startswith("bsgd_edu"):
                yield f"{part}.{name}", value


@pytest.mark.parametrize(
    ("name", "function"), [pytest.param(n, f, id=n) for n, f in public_functions()]
)
def test_public_functions_say_what_they_take_and_give(name, function):
    text = inspect.getdoc(function) or ""
    summary = text.partition("\n")[0]
    assert summary.endswith((".", ":")), f"{name}: the first line must be a sentence"
    taken = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    if taken:
        assert "\nArgs:\n" in text, f"{name} takes arguments and has no Args"
        section = text.partition("\nArgs:\n")[2]
        for parameter in taken:
            assert re.search(rf"\b{parameter.name}\b", section), (
                f"{name}: Args omit {parameter.name}"
            )
        gives = inspect.signature(function).return_annotation
        if gives not in (None, inspect.Signature.empty, "None"):
            assert re.search(r"\n(Returns|Yields):\n", text), f"{name} has no Returns"


@pytest.mark.parametrize("part", PUBLIC)
def test_every_part_names_what_is_public(part):
    module = importlib.import_module(f"bsgd_edu.{part}")
    assert inspect.getdoc(module)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{part}.{name} has no docstring"
        assert not name.startswith("_")


def test_the_package_lists_its_parts():
    import bsgd_edu

    there = {name for name in PUBLIC if RANK[name] < 7}
    assert there <= set(bsgd_edu.__all__), f"not listed: {sorted(there - set(bsgd_edu.__all__))}"
    assert set(dir(bsgd_edu)) >= there
    with pytest.raises(AttributeError, match="bsgd_edu attribute nothing"):
        _ = bsgd_edu.nothing


# What is public is used

# Nothing here uses these, tests aside: they are for who uses the library, and for what.
RELIED_ON = {
    "device.default_device": "the device for a loop of one's own",
    "dynamics.cutoff.window": "the window's width in closed form; `relative_window` measures it",
    "dynamics.relu.angle_exponent": "how fast angles close, beside `lyapunov_exponent` for norms",
    "dynamics.stationary.lyapunov_covariance": "the exact law to hold a simulation against",
    "dynamics.stationary.small_lr_covariance": "its limit of small steps, as the literature has it",
    "extras.EXTRAS": "the list of what an extra brings, which CONTRIBUTING points to",
    "maps.InPlaceMap": "the protocol of a fast map, for maps of one's own",
    "maps.Storage": "its stack of points, for nets of one's own",
    "meanfield.chi_1": "the slope at the fixed point for any q, which `fixed_point` has at q*",
    "meanfield.chi_c": "the same for the correlation at any c",
    "meanfield.length_map": "one of the three maps of a layer; chapter 6 points to it",
    "metrics.CATALOGUE": "the table of all distances",
    "metrics.empirical_law": "laws of samples, for `total_variation_distance`",
    "metrics.funk_busemann": "the functional at infinity of a metric that is public",
    "metrics.hilbert_busemann": "the functional at infinity of a metric that is public",
    "metrics.lp_busemann": "the functional at infinity of a metric that is public",
    "metrics.metric_functional": "the functional of a point, in any metric",
    "metrics.mobius_add": "the isometries of the ball that `poincare_distance` measures",
    "metrics.poincare_busemann": "the functional at infinity of a metric that is public",
    "metrics.spd_log": "the chart behind `log_euclidean_distance`",
    "metrics.to_hyperboloid": "the inverse of `to_poincare`",
    "rmt.Spectrum": "the type of what `sampled_spectrum` returns",
    "rmt.learning_path": "the path of a run from its spectrum, for sizes of one's own",
    "rmt.sampled_spectrum": "spectra of samples, for sizes of one's own",
    "rmt.Semicircle": "Wigner's law, beside Marchenko and Pastur's",
    "rmt.Stopping": "the type of what `optimal_stopping` returns",
    "rmt.companion": "the other Gram matrix's transform, for data of one's own",
    "rmt.density_from_stieltjes": "a density from a transform of one's own",
    "rmt.stieltjes_transform": "the transform of a spectrum of one's own",
    "rules.adam_map": "Adam as a map, beside momentum",
    "rules.adam_state": "where `adam_map` starts",
    "rules.append_linearisation": "backward iterates to first order, the old maps not replayed",
    "rules.head_polish": "a forward point polished by the first maps",
    "rules.lie_bracket": "what the order of maps costs, from the maps themselves",
    "rules.lie_bracket_correction": "the forward end moved to the backward one by it",
    "rules.linearised_composition": "the backward composition to first order",
    "training.Record": "the type of what `train` returns",
}


def code_of_users():
    """Every piece of Python outside the tests, with the package its relative imports start from."""
    for path in MODULES:
        yield path, package_of(path), tree_of(path)
    for folder in ("chapters/source", "benchmarks"):
        for path in sorted((ROOT / folder).glob("*.py")):
            yield path, (), tree_of(path)
    readme = ROOT / "README.md"
    for block in re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL):
        yield readme, (), ast.parse(block)
    for words in re.findall(r"`([a-z]\w*(?:\.\w+)+)", readme.read_text(encoding="utf-8")):
        yield readme, (), ast.parse(words)


def public_names():
    """(the module that shows it, name, the module that defines it) of the library's names."""
    parts = [name for name in PUBLIC if RANK[name] <= RANK["plot"] and name != "dynamics"]
    parts += [f"dynamics.{name}" for name in importlib.import_module("bsgd_edu.dynamics").__all__]
    for part in parts:
        module = importlib.import_module(f"bsgd_edu.{part}")
        for name in module.__all__:
            value = getattr(module, name)
            if not inspect.ismodule(value):
                yield part, name, getattr(value, "__module__", None) or module.__name__


def test_what_is_public_is_used_outside_its_own_module():
    used = {}  # (holder, name), as in `holder.name` or `from holder import name` -> where
    for path, package, tree in code_of_users():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found = [dotted(node)]
            elif isinstance(node, ast.ImportFrom):
                found = [f"{origin_of(node, package)}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in found:
                used.setdefault(tuple(name.split(".")[-2:]), set()).add(path)
    unused = set()
    for part, name, home in public_names():
        holders = {part.rpartition(".")[2], home.rpartition(".")[2]}
        places = set().union(*(used.get((holder, name), set()) for holder in holders))
        places -= {
            PACKAGE.joinpath(*home.split(".")[1:]).with_suffix(".py"),
            PACKAGE.joinpath(*part.split("."), "__init__.py"),  # showing a name is not using it
        }
        if not places:
            unused.add(f"{part}.{name}")
    listed = set(RELIED_ON)
    assert unused <= listed, f"used by nothing but tests, if at all: {sorted(unused - listed)}"
    assert listed <= unused, f"used, or gone, and still excused: {sorted(listed - unused)}"


# Words that belong to no project

TEXTS = [
    path
    for folder in ("bsgd_edu", "tests", "chapters", "benchmarks", "data", ".ci", ".github")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix
    in {".py", ".ipynb", ".toml", ".md", ".yml", ".yaml", ".txt", ".json", ".html", ""}
    and path.is_file()
    and not {"__pycache__", ".ipynb_checkpoints", "node_modules"} & set(path.parts)
] + [
    path
    for path in sorted(ROOT.iterdir())
    if path.is_file()
    and path.suffix in {".toml", ".md", ".txt", ".yml", ".py", ".cfg", ""}
    and path.name != ".git"  # a file in a work tree beside the checkout; git writes it
]
# A folder of somebody's machine: absolute, at least two deep, no URL, no shebang.
FOLDER = re.compile(r"(?<![\w:/.<>*~$}}\])-])/(home|root|Users|work|mnt|tmp|private|srv)/\w+")


@pytest.mark.parametrize("path", TEXTS, ids=shown)
def test_no_machine_is_written_into_the_project(path):
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = FOLDER.search(line)
        assert not found or "FOLDER" in line, f"{shown(path)}:{number} names {found[0]}"
