"""Facts about the project's own files: what is promised to users of each stays equal."""

import functools
import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def constraints(name: str = "constraints.txt") -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def extra(name: str) -> list[str]:
    """What an extra asks for beside the core, other extras of the project written out."""
    wanted = []
    for entry in project()["optional-dependencies"][name]:
        own = re.fullmatch(r"bsgd-edu\[([a-z,]+)\]", entry)
        wanted += [e for part in own[1].split(",") for e in extra(part)] if own else [entry]
    return wanted


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", requirement)[0] for requirement in requirements}


def environment_pins() -> dict[str, str]:
    # repo2docker reads plain `- name=version` entries; anything else would be a syntax slip.
    pins, inside = {}, False
    for line in (ROOT / "environment.yml").read_text().splitlines():
        if re.match(r"^\w+:", line):
            inside = line.startswith("dependencies:")
        elif inside and (entry := re.fullmatch(r"  - ([a-z0-9-]+)=([0-9][0-9a-z.]*)", line)):
            pins[CONDA_NAMES.get(entry[1], entry[1])] = entry[2]
        elif inside and (entry := re.fullmatch(r"      - ([a-z0-9-]+)==([0-9][0-9.]*)", line)):
            pins[entry[1]] = entry[2]  # what pip installs, below conda's entries
        elif inside:
            assert line in ("  - pip", "  - pip:", "      - --editable ."), line
    return pins


def test_environment_pins_every_dependency_at_the_constraints_version():
    pins = environment_pins()
    python = pins.pop("python")
    assert set(pins) == names([*project()["dependencies"], *extra("course")])
    assert pins == {name: constraints()[name] for name in pins}
    assert f">={python}" == project()["requires-python"]


def test_every_requirement_is_pinned_and_every_pin_allowed():
    from packaging.requirements import Requirement

    wanted = [*project()["dependencies"], *extra("dev")]
    for requirement in map(Requirement, wanted):
        assert constraints()[requirement.name] in requirement.specifier, requirement
    assert set(constraints()) == names(wanted)


def test_each_lower_bound_is_what_make_test_oldest_installs():
    from packaging.requirements import Requirement
    from packaging.version import Version

    oldest = constraints("constraints-oldest.txt")
    wanted = list(map(Requirement, [*project()["dependencies"], *extra("dev")]))
    assert set(oldest) == {requirement.name for requirement in wanted}
    for requirement in wanted:
        (bound,) = requirement.specifier
        assert bound.operator == ">=", requirement
        assert Version(bound.version) == Version(oldest[requirement.name]), requirement
    # One PyTorch for both: another one would cost gigabytes to say the same.
    assert oldest["torch"] == constraints()["torch"]


def test_the_core_is_four_packages_and_the_course_brings_the_data_sets():
    assert names(project()["dependencies"]) == {"torch", "numpy", "scipy", "lazy-loader"}
    assert set(project()["optional-dependencies"]) == {"data", "course", "grading", "dev"}
    assert names(extra("data")) < names(extra("course"))
    assert names(extra("course")) | names(extra("grading")) < names(extra("dev"))
    assert not names(extra("course")) & names(extra("grading"))


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "bsgd_edu/py.typed").is_file()


def test_versions_agree():
    version = project()["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version} " in (ROOT / "CHANGELOG.md").read_text()


def test_readme_lists_the_chapters_as_the_build_writes_them():
    from bsgd_edu.course.writing.contents import contents_differ
    from bsgd_edu.course.writing.notebooks import chapters_in

    chapters = chapters_in(ROOT / "chapters", sources=True)
    assert not contents_differ(ROOT / "README.md", chapters), "run `bsgd build`"
    listed = re.findall(r"\]\((chapters/[^)]+\.ipynb)\)", (ROOT / "README.md").read_text())
    assert listed == sorted(str(p.relative_to(ROOT)) for p in (ROOT / "chapters").glob("*.ipynb"))
    assert len(listed) == len(list((ROOT / "chapters/source").glob("*.py")))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_relative_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_readme_code_runs_as_written():
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    values: dict = {}
    exec(code, values)
    assert values["forward"].shape == values["backward"].shape == (301, values["net"].dim)
    # 300 batches of 16 at this rate leave digits well learnt; chance is 0.1.
    digits = values["digits"]
    assert values["net"].accuracy(values["backward"][-1], digits.inputs, digits.targets) > 0.8


def test_make_help_lists_every_public_target():
    # Not as a part of the make that may have started these tests: it would announce folders.
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env=alone
    )
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert {line.split()[1] for line in text.stdout.splitlines()} == set(phony)


def test_set_up_names_a_missing_and_an_old_python_in_one_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    for python, words in (("no-such-python", "there is no 'no-such-python'"), (old, "too old")):
        run = subprocess.run(
            ["sh", ROOT / ".ci/setup", str(python), "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 1
        assert run.stderr.count("\n") == 1
        assert words in run.stderr
        assert not (tmp_path / ".venv").exists()


# The set-up's step that takes PyTorch's CPU build

TORCH = constraints()["torch"]
CPU_TORCH = ROOT / ".ci/cpu_torch.py"


class Requests(list):
    """What was asked of a small index, and where it is."""

    url: str


@pytest.fixture
def index(tmp_path):
    """An index with a tiny wheel in place of PyTorch's CPU build."""
    wheel = f"torch-{TORCH}+cpu-py3-none-any.whl"
    served = tmp_path / "index"
    (served / "torch").mkdir(parents=True)
    about = f"torch-{TORCH}+cpu.dist-info"
    with zipfile.ZipFile(served / "torch" / wheel, "w") as packed:
        packed.writestr("torch/__init__.py", "tiny = True\n")
        described = f"Metadata-Version: 2.1\nName: torch\nVersion: {TORCH}+cpu\n"
        packed.writestr(f"{about}/METADATA", described)
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", "")
    page = f'<!DOCTYPE html><a href="{wheel.replace("+", "%2B")}">{wheel}</a>'
    (served / "torch" / "index.html").write_text(page)
    asked = Requests()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=served)
    )
    asked.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield asked
    server.shutdown()
    server.server_close()


def take_torch(python: Path | str, index_url: str, **environment: str):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux's default build of PyTorch has CUDA")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [python, CPU_TORCH, ROOT / "constraints.txt"],
        env={**kept, "PIP_CONFIG_FILE": os.devnull, "BSGD_TORCH_INDEX": index_url, **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def empty(tmp_path):
    """The interpreter of an empty environment, and a PATH without an NVIDIA driver."""
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has an NVIDIA driver")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    return tmp_path / "venv/bin/python"


def test_set_up_takes_the_cpu_build_of_the_pinned_torch_once(empty, index, tmp_path):
    nothing = tmp_path / "no-programs"
    nothing.mkdir()
    done = take_torch(empty, index.url, PATH=str(nothing))
    assert done.returncode == 0
    code = "import torch; from importlib.metadata import version; print(version('torch'))"
    found = subprocess.run([empty, "-c", code], capture_output=True, text=True)
    assert found.stdout == f"{TORCH}+cpu\n", done.stdout + done.stderr
    index.clear()
    done = take_torch(empty, index.url, PATH=str(nothing))
    assert (done.returncode, done.stdout, done.stderr, index) == (0, "", "", [])


@pytest.fixture
def bare(tmp_path):
    """The interpreter of an environment without packages: pip itself would fail aloud."""
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin/python"


def test_set_up_leaves_torch_to_pip_where_there_is_a_driver(bare, index, tmp_path):
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\n")
    driver.chmod(0o755)
    done = take_torch(bare, index.url, PATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr, index) == (0, "", "", [])


def test_set_up_does_without_an_index_that_is_not_there_or_does_not_answer(bare, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        begun = time.monotonic()
        for url in (f"http://127.0.0.1:{port}", "http://localhost:1", "no url", ""):
            done = take_torch(bare, url, PATH=str(tmp_path))
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), url
        assert time.monotonic() - begun < 10  # five seconds for the silent one, the rest at once


def pretend(folder: Path, pip: str) -> Path:
    """A checkout whose .venv has a python that plays pip, and an old half-copied package."""
    (folder / ".ci").mkdir()
    for name in ("setup", "cpu_torch.py"):
        (folder / ".ci" / name).write_text((ROOT / ".ci" / name).read_text())
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\ncase "$*" in *install*) {pip} ;; esac\n')
    python.chmod(0o755)
    for package in ("whole", "cut"):
        (folder / f".venv/lib/python3.11/site-packages/{package}.dist-info").mkdir(parents=True)
    (folder / ".venv/lib/python3.11/site-packages/whole.dist-info/RECORD").touch()
    return folder


def test_set_up_installs_again_what_was_cut_short(tmp_path):
    folder = pretend(tmp_path, 'echo "$*"')
    words = ["sh", ".ci/setup", sys.executable, "course"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    said = (folder / "build/setup.log").read_text()
    assert said == "-m pip install -c constraints.txt -e .[course]\n"
    left = {path.name for path in folder.glob(".venv/lib/python3.11/site-packages/*")}
    assert left == {"whole.dist-info"}
    assert (folder / ".venv/course.stamp").exists()
    assert not (folder / ".venv/dev.stamp").exists()


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_ctrl_c_stops_the_set_up(tmp_path, shell):
    # pip answers Ctrl-C with status 1, as for any failure.
    folder = pretend(tmp_path, "trap 'exit 1' INT; touch begun; sleep 20 & wait")
    running = subprocess.Popen(
        [shell, ".ci/setup", sys.executable, "dev"],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Some that start tests ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (folder / "begun").exists():
        assert running.poll() is None
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=10)
    assert running.returncode == 130
    assert err == "Set-up stopped: interrupted. The same command goes on from there.\n"
    assert not list(folder.glob(".venv/*.stamp"))


def test_no_large_file_is_tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert not [p for p in paths if p.is_file() and p.stat().st_size > 1_000_000]
