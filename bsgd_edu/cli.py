"""The ``bsgd`` command. Each command imports what it needs when it is called: help is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .errors import BsgdError

__all__ = ["app", "main"]

app = typer.Typer(
    name="bsgd",
    help="Builds, checks and runs the chapters of the course.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Wanted = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CHAPTER]...", help="Numbers or names (01, order_matters); none: all."),
]
Chapters = Annotated[
    Path | None, typer.Option("--chapters", help="The folder of the chapters.", show_default=False)
]
Build = Annotated[
    Path | None, typer.Option("--build", help="The folder for what is made.", show_default=False)
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", help="Chapters at a time.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Also run what is up to date.")]


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    shown: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if shown:
        from . import __version__

        print(f"bsgd_edu {__version__}")
        raise typer.Exit()
    if context.invoked_subcommand is None:
        print(context.get_help())


def _folders(chapters: Path | None, build: Path | None) -> tuple[Path, Path]:
    from .course.writing.notebooks import chapters_folder

    folder = chapters_folder(chapters)
    return folder, (build or folder.parent / "build").resolve()


def _console():
    from rich.console import Console

    return Console()


@app.command()
def run(
    chapters_wanted: Wanted = None,
    profile: Annotated[str, typer.Option(help="quick (about a minute) or full.")] = "quick",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another value, repeatable."),
    ] = None,
    jobs: Jobs = None,
    force: Force = False,
    solved: Annotated[bool, typer.Option("--solved", help="Run the solved notebooks.")] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds a cell may take.", show_default=False)
    ] = None,
    chapters: Chapters = None,
    build: Build = None,
) -> None:
    """Runs chapters and says what held; those that are up to date are not run again."""
    from .course.commands.run import run_chapters

    folder, made = _folders(chapters, build)
    code = run_chapters(
        chapters_wanted or (),
        folder,
        made,
        console=_console(),
        profile=profile,
        assignments=parameter or (),
        jobs=jobs,
        force=force,
        solved=solved,
        timeout=timeout,
    )
    raise typer.Exit(code)


@app.command()
def build(
    chapters_wanted: Wanted = None,
    check: Annotated[bool, typer.Option("--check", help="Only compare, write nothing.")] = False,
    no_execute: Annotated[bool, typer.Option("--no-execute", help="Leave outputs out.")] = False,
    jobs: Jobs = None,
    force: Force = False,
    chapters: Chapters = None,
    build: Build = None,
) -> None:
    """Makes the learner's, the solved and nbgrader's notebooks from chapters/source."""
    from .course.commands.build import build_chapters, check_chapters

    folder, made = _folders(chapters, build)
    if check:
        raise typer.Exit(check_chapters(chapters_wanted or (), folder, console=_console()))
    code = build_chapters(
        chapters_wanted or (),
        folder,
        made,
        console=_console(),
        execute=not no_execute,
        force=force,
        jobs=jobs,
    )
    raise typer.Exit(code)


@app.command()
def lint(chapters_wanted: Wanted = None, chapters: Chapters = None, build: Build = None) -> None:
    """Holds chapters to the limits of the course, one line a finding."""
    from .course.linting.lint import lint_chapters

    folder, made = _folders(chapters, build)
    findings, count = lint_chapters(chapters_wanted or (), folder, made)
    for finding in findings:
        print(finding)
    if not findings:
        print(f"{count} chapter{'s' * (count != 1)}, no findings")
    raise typer.Exit(1 if findings else 0)


@app.command()
def claims(
    chapter: Annotated[str | None, typer.Argument(help="A chapter; none: all.")] = None,
    chapters: Chapters = None,
    build: Build = None,
) -> None:
    """Lists the claims that the course reproduces, with the last outcome of each."""
    from .course.claims.outcomes import list_claims, load_outcomes
    from .paths import project_root

    if chapters or project_root():
        _, made = _folders(chapters, build)
    else:  # installed from a wheel: the claims come along, chapters need not be at hand
        made = build or Path("build")
    _console().print(list_claims(chapter, load_outcomes(made / "claims.json")))


@app.command()
def version() -> None:
    """Prints the version of the package and of what it stands on."""
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from . import __version__

    print(f"bsgd_edu {__version__}")
    print(f"Python {platform.python_version()}")
    for name in ("torch", "numpy", "scipy", "matplotlib", "jupyterlab", "papermill"):
        try:
            print(f"{name} {installed(name)}")
        except PackageNotFoundError:
            print(f"{name} is not installed")


def main() -> None:
    """Runs the command line: 0 done, 1 findings or failures, 2 bad input, 130 stopped."""
    try:
        code = app(standalone_mode=False) or 0
    except BsgdError as error:
        code = _say(error, 2)
    except OSError as error:  # a folder that may not be written, a full disk
        code = _say(error, 2)
    except Exception as error:
        message = getattr(error, "format_message", None)  # of the errors that typer raises
        if message is None and type(error).__name__ != "Interrupted":
            raise
        if message:
            code = _say(f"{message().rstrip('.')}. `bsgd --help` lists what there is.", 2)
        else:
            kept = f"{len(error.results)} of {error.total} chapters are done and kept"
            code = _say(f"stopped; {kept}. The same command goes on from there.", 130)
    raise SystemExit(code)


def _say(what: object, code: int) -> int:
    print(f"bsgd: {' '.join(str(what).split())}", file=sys.stderr)
    return code
