"""The `bsgd` command: quick help, one line for bad input, exit codes that a script can use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample_chapters import SOURCE, write_chapter, write_source

from bsgd_edu import __version__, cli

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def bsgd(tmp_path, monkeypatch, capsys):
    """Calls the command line in this process: (exit code, stdout, stderr)."""
    (tmp_path / "chapters").mkdir()
    monkeypatch.chdir(tmp_path)

    def call(*words):
        folders = ("--chapters", "chapters", "--build", "build")
        given = (*words, *folders) if words and words[0] in COMMANDS else words
        monkeypatch.setattr(sys, "argv", ["bsgd", *given])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    call.chapters = tmp_path / "chapters"
    return call


COMMANDS = ("run", "build", "lint", "claims")


def test_help_comes_without_loading_what_is_heavy():
    code = (
        "import sys\nfrom bsgd_edu.cli import main\nsys.argv = ['bsgd', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'torch', 'numpy', 'papermill', 'nbformat', 'jupytext', 'matplotlib'}\n"
        "    print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    for command in (*COMMANDS, "version"):
        assert command in done.stdout
    assert done.stdout.endswith("[]\n")


def test_a_bare_call_shows_the_help(bsgd):
    code, out, err = bsgd()
    assert (code, err) == (0, "")
    assert "Usage" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "07"], "bsgd: chapter: must be one of those that are there, but '07' is not"),
        (["run", "-p", "x"], "bsgd: run: -p must be NAME=VALUE"),
        (["run", "-p", "sed=1"], "Did you mean seed?"),
        (["run", "--profile", "fast"], "bsgd: run: --profile must be quick or full"),
        (["run", "--jobs", "0"], "--jobs must be at least 1"),
        (["run", "--jobs", "many"], "bsgd: Invalid value for '--jobs'"),
        (["run", "--frce"], "bsgd: No such option: --frce (Possible options: --force). `bsgd"),
        (["build", "07"], "bsgd: chapter: must be one"),
        (["build", "--check", "07"], "bsgd: chapter: must be one"),
        (["lint", "07"], "bsgd: chapter: must be one"),
        (["claims", "no_chapter"], "bsgd: claims: chapter must be one that has claims"),
        (["frob"], "bsgd: No such command 'frob'"),
    ],
)
def test_bad_input_is_one_line_and_code_2(bsgd, words, said):
    write_chapter(bsgd.chapters, "print(1)")
    before = sorted(path.name for path in bsgd.chapters.rglob("*"))
    code, out, err = bsgd(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in bsgd.chapters.rglob("*")) == before


def test_a_missing_folder_is_one_line_and_code_2(bsgd, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bsgd", "run", "--chapters", "nowhere"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("bsgd: chapters: the folder must exist, but nowhere")


def test_a_file_in_the_way_of_the_build_is_one_line_and_code_2(bsgd):
    write_source(bsgd.chapters)
    (bsgd.chapters.parent / "build").write_text("in the way")
    code, _, err = bsgd("build", "--no-execute")
    assert code == 2
    assert err.startswith("bsgd: ")
    assert err.count("\n") == 1


def test_build_check_lint_and_run_of_one_chapter(bsgd):
    write_source(bsgd.chapters)
    code, out, _ = bsgd("build", "--no-execute")
    assert code == 0
    assert "01_halving.ipynb written" in out
    assert bsgd("build", "--check")[0] == 1, "it was not executed"
    code, out, _ = bsgd("lint")
    assert code == 1
    assert "01_halving.ipynb: outputs: 9 code cells were not executed" in out
    assert "01_halving.ipynb: sections: '## Theory' is missing" in out
    code, out, _ = bsgd("run", "01", "--solved")
    assert code == 0
    code, out, _ = bsgd("build")
    assert code == 0
    assert bsgd("build", "--check") == (0, "1 chapter, as its source makes it.\n", "")
    code, out, _ = bsgd("run")
    assert code == 0
    assert "up to date" in out, "the build has run it"


def test_a_wrong_solution_fails_the_run_of_the_solved(bsgd):
    write_source(bsgd.chapters, SOURCE.replace("x / 2", "x / 3"))
    code, out, _ = bsgd("run", "--solved")
    assert code == 1
    assert "AssertionError: failed" in out


def test_lint_without_chapters_is_content(bsgd):
    assert bsgd("lint") == (0, "0 chapters, no findings\n", "")


def test_claims_are_listed(bsgd):
    code, out, _ = bsgd("claims")
    assert code == 0
    assert "Claims" in out


def test_claims_are_listed_where_there_is_no_checkout(tmp_path):
    """From what a wheel carries: the package, and the data folder inside it."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    package, ignored = ROOT / "bsgd_edu", shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, site / "bsgd_edu", ignore=ignored)
    shutil.copytree(ROOT / "data", site / "bsgd_edu" / "_data")
    done = subprocess.run(
        [sys.executable, "-m", "bsgd_edu", "claims", "01_order_matters"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site), "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "order/backward-" in done.stdout
    assert "not run yet" in done.stdout
    assert not list(elsewhere.iterdir())


def test_version_names_what_it_stands_on(bsgd):
    code, out, _ = bsgd("version")
    assert code == 0
    assert out.startswith(f"bsgd_edu {__version__}\n")
    assert "torch 2." in out


@pytest.mark.parametrize("start", ["bsgd", "-m"])
def test_version_is_one_line_for_scripts(start):
    program = os.path.join(os.path.dirname(sys.executable), "bsgd")
    if start == "bsgd" and not os.path.exists(program):
        pytest.skip("bsgd_edu is not installed here")
    words = [program] if start == "bsgd" else [sys.executable, "-m", "bsgd_edu"]
    done = subprocess.run([*words, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"bsgd_edu {__version__}\n")


def test_help_tells_of_the_version(bsgd):
    assert "--version" in bsgd("--help")[1]
    assert bsgd("--version") == (0, f"bsgd_edu {__version__}\n", "")


def test_the_installed_command_is_there():
    program = os.path.join(os.path.dirname(sys.executable), "bsgd")
    if not os.path.exists(program):
        pytest.skip("bsgd_edu is not installed here")
    done = subprocess.run([program, "version"], capture_output=True, text=True)
    assert done.stdout.startswith("bsgd_edu ")
