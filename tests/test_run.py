"""Runs of chapters: what is run again and what is not, what a failure shows, what ctrl-C leaves."""

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from nbformat import v4
from rich.console import Console
from sample_chapters import write_chapter

from bsgd_edu.course.commands.run import run_chapters
from bsgd_edu.course.running.parameters import declared, parse
from bsgd_edu.course.writing.notebooks import (
    chapters_in,
    heading_of,
    read_notebook,
    select,
    write_text,
)
from bsgd_edu.errors import UsageError

MANY = 'profile = "quick"\nseed = 0\ndevice = "auto"\nlr = 0.5\nseeds = (0, 1)\nloud = False'


class World:
    """A folder of chapters with everything a run needs beside them."""

    def __init__(self, folder):
        self.chapters = folder / "chapters"
        self.build = folder / "build"
        self.library = folder / "library"
        self.chapters.mkdir()
        self.library.mkdir()
        (self.library / "maps.py").write_text("x = 1\n")

    def write(self, *cells, **options):
        return write_chapter(self.chapters, *cells, **options)

    def run(self, *wanted, **options):
        """Returns the exit code and all that was said."""
        console = Console(file=io.StringIO(), width=200)
        options.setdefault("depends_on", (self.library,))
        code = run_chapters(wanted, self.chapters, self.build, console=console, **options)
        return code, console.file.getvalue()

    def stored(self, name="01_sample", profile="quick"):  # or "quick+seed=3"
        return read_notebook(self.build / "runs" / profile / f"{name}.ipynb")

    def page(self, name="index"):
        return (self.build / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def texts(notebook):
    return "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )


# What a run leaves


def test_a_run_leaves_notebook_pages_and_junit(world):
    world.write("## Experiment", "print('measured')", "## Explore", "print('explored')")
    code, said = world.run()
    assert code == 0
    assert "1 chapter, all came to the end (1 run now" in said
    assert "What held: 0 claims." in said
    assert "index.html" in said
    assert "make lab" in said
    assert "measured" in texts(world.stored())
    assert "No claim has been measured yet." in world.page()
    assert 'href="runs/quick/01_sample.html"' in world.page()
    exported = (world.build / "runs/quick/01_sample.html").read_text(encoding="utf-8")
    assert "measured" in exported
    assert 'href="../../index.html"' in exported
    suite = ET.parse(world.build / "junit.xml").find("testsuite")
    assert [case.get("name") for case in suite] == [
        "cell 1: 01_sample",
        "cell 3: Experiment",
        "cell 5: Explore",
    ]
    assert suite.get("failures") == "0"


def test_pages_ask_the_network_for_nothing(world):
    world.write("# Mathematics $x^2$ and\n\n$$\\begin{aligned}a &= b\\\\ c &= d\\end{aligned}$$")
    world.run()
    pages = list(world.build.rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "://" not in text
        assert "@import" not in text
        tree = BeautifulSoup(text, "html.parser")
        policy = tree.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
        assert policy.startswith("default-src 'none'; img-src data:;"), "browsers enforce it"
        assert not tree(["link", "iframe", "object"])
        assert not [one for one in tree("script") if one.get("src")]
        assert all(image["src"].startswith("data:") for image in tree("img"))
    text = (world.build / "runs/quick/01_sample.html").read_text(encoding="utf-8")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in text
    assert text.count("<mtr>") == 2, "two lines of one formula"


def test_no_chapters_is_said_and_is_no_failure(world):
    code, said = world.run()
    assert code == 0
    assert "nothing to run" in said
    assert "There are no chapters yet." in world.page()


def test_a_chapter_that_was_never_run_is_listed(world):
    world.write("print(1)")
    world.write("print(2)", name="02_other")
    world.run("1")
    assert "not run yet" in world.page()
    assert "bsgd run 02" in world.page()


def claims(*verdicts, **more):
    """A cell that leaves claims behind as a chapter's do, and stops at none that failed."""
    kept = [
        {"id": name, "statement": "It <is> so.", "verdict": verdict, "paper": "P", **more}
        for name, verdict in verdicts
    ]
    kind = "application/vnd.bsgd.claim+json"
    return (
        "from IPython.display import display\n"
        f"kept = {{{kind!r}: {{'claims': {kept}}}}}\n"
        "display({'text/plain': 'claims'}, metadata=kept, raw=True)"
    )


def test_claims_are_gathered_into_the_page(world):
    world.write(claims(("a/kept", "reproduced"), ("a/lost", "not reproduced")))
    code, said = world.run()
    assert code == 0
    assert "What held: 2 claims: 1 reproduced, 1 not reproduced." in said
    assert "It &lt;is&gt; so." in world.page("claims")
    assert "What did not hold" in world.page("claims")
    cases = ET.parse(world.build / "junit.xml").findall(".//testcase[@classname]")
    names = [c.get("name") for c in cases if c.get("classname") == "claims.01_sample"]
    assert names == ["a/kept", "a/lost"]


def test_the_page_of_claims_lists_each_once_for_its_filters(world):
    world.write(
        claims(("a/kept", "reproduced"), ("a/lost", "not reproduced"), source="paper"),
        claims(("b/kept", "reproduced"), source="ours", kind="quantitative"),
        claims(("b/same", "reproduced"), source="ours", kind="identity"),
    )
    world.write(
        claims(("c/small", "reproduced at smaller scale"), source="paper", kind="identity"),
        claims(("c/old", "reproduced"), source="classic"),
        name="02_other",
    )
    world.run()
    page = world.page("claims")
    rows = re.findall(r'<tr id="claim-(\S+)" data-chapter="(\w+)" data-whose="(\w+)"', page)
    assert rows == [
        ("a-kept", "01_sample", "paper"),
        ("a-lost", "01_sample", "paper"),
        ("b-kept", "01_sample", "ours"),
        ("b-same", "01_sample", "sanity"),
        ("c-small", "02_other", "paper"),
        ("c-old", "02_other", "classic"),
    ]
    assert page.count('data-verdict="reproduced"') == 4
    assert not re.search(r"<tr[^>]* hidden", page), "without JavaScript all are shown"
    assert '<form class="filters" hidden>' in page
    for name in ("chapter", "whose", "verdict"):
        assert f'<select name="{name}">' in page
    line = re.sub(r"<[^>]+>", "", world.page())
    assert (
        "The papers&#39; claims: 1 of 3 reproduced, 1 at smaller scale, 1 not; ours: 1 of 1 held; "
        "classics: 1 of 1 reproduced; sanity checks: 1 of 1 held."
    ) in line.replace("papers' ", "papers&#39; ")


PICTURE = """\
import base64, io
from IPython.display import display
from PIL import Image
file = io.BytesIO()
Image.new("RGB", (1600, 400), "red").save(file, "PNG")
png = base64.b64encode(file.getvalue()).decode()
display({"image/png": png}, metadata={"image/png": {"alt": "All is <red>."}}, raw=True)"""


def test_the_map_shows_the_first_picture_of_each_chapter_that_was_run(world):
    world.write(PICTURE)
    world.write("print(1)", name="02_drawless")
    world.write("print(2)", name="03_later")
    world.run("1", "2")
    cards = re.findall(r'<li class="card.*?</li>', world.page(), flags=re.DOTALL)
    assert [re.search(r"<h3>(?:<a[^>]*>)?([^<]*)", card)[1] for card in cards] == [
        "1 · 01_sample",
        "2 · 02_drawless",
        "3 · 03_later",
    ]
    address, alt = re.search(
        r'<img src="data:image/png;base64,(\S+)" alt="(.*?)">', cards[0]
    ).groups()
    assert alt == "All is &lt;red&gt;."
    assert base64.b64decode(address)[16:24] == (640).to_bytes(4) + (160).to_bytes(4)
    assert "No picture yet" in cards[1]
    assert "Not run yet" in cards[2]
    assert "<p>The claim of 03_later.</p>" in cards[2]
    assert all(image["alt"] for image in BeautifulSoup(world.page(), "html.parser")("img"))


def test_a_chapter_leads_to_the_others_and_back(world):
    for name in ("01_one", "02_two", "03_never", "04_four"):
        world.write("## Theory of $x$", "print(1)", name=name)
    world.run("1", "2", "4")

    def tree(name):
        text = (world.build / f"runs/quick/{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser")

    def turns(name):
        return [(link["rel"], link["href"]) for link in tree(name).select("nav.turn a")]

    assert turns("01_one") == [(["next"], "02_two.html")]
    assert turns("02_two") == [(["prev"], "01_one.html"), (["next"], "04_four.html")]
    assert turns("04_four") == [(["prev"], "02_two.html")]
    items = tree("02_two").select("ol.contents > li")
    assert [item.get_text().split(" (")[0][:6] for item in items] == [
        "1 · 01", "2 · 02", "3 · 03", "4 · 04",
    ]  # fmt: skip
    assert "not run yet" in items[2].get_text()
    assert items[1].strong["aria-current"] == "page"
    (section,) = items[1]("a")
    assert tree("02_two").find(id=unquote(section["href"][1:])).name == "h2"
    for path in world.build.rglob("*.html"):
        for link in BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")("a"):
            file = link["href"].partition("#")[0].partition("?")[0]
            assert (path.parent / (file or path.name)).is_file(), f"{path.name} leads to {link}"
    world.run("3")
    assert turns("02_two")[1][1] == "03_never.html", "also where it was not run again"


def test_a_claim_that_failed_fails_the_run_also_if_its_cell_went_on(world):
    verdicts = ("a/kept", "reproduced"), ("a/wrong", "failed")
    world.write(claims(*verdicts, chapter="01_sample"))
    for _ in range(2):  # the second time the run is up to date
        code, said = world.run()
        assert code == 1
        assert "Failed:    a/wrong" in said


def test_a_run_with_its_own_parameters_never_mixes_into_the_profiles_record(world):
    world.write("print(seed)", claims(("a/kept", "reproduced")))
    world.run()
    before = {path.name: path.read_bytes() for path in world.build.glob("*.*")}
    _, said = world.run(assignments=["seed=3"])
    assert "index+seed=3.html" in said
    assert 'href="claims+seed=3.html"' in world.page("index+seed=3")
    assert 'href="index+seed=3.html"' in world.page("claims+seed=3")
    assert {name: (world.build / name).read_bytes() for name in before} == before
    (outcome,) = json.loads((world.build / "claims+seed=3.json").read_text())
    assert outcome["parameters"] == {"seed": "3"}
    (plain,) = json.loads((world.build / "claims.json").read_text())
    assert plain["parameters"] == {}


# When a run is repeated


def test_a_second_run_is_up_to_date_and_starts_no_kernel(world, monkeypatch):
    world.write("print('measured')")
    world.run()
    before = (world.build / "runs/quick/01_sample.ipynb").stat().st_mtime_ns
    monkeypatch.delattr("bsgd_edu.course.running.kernels.KernelPool")  # now no kernel can start
    code, said = world.run()
    assert code == 0
    assert "up to date" in said
    assert "0 run now" in said
    assert (world.build / "runs/quick/01_sample.ipynb").stat().st_mtime_ns == before


def test_only_what_changed_is_run_again(world):
    world.write("print(1)")
    world.write("print(2)", name="02_other")
    assert "2 run now" in world.run()[1]
    world.write("print(3)", name="02_other")
    assert "1 run now" in world.run()[1]
    assert texts(world.stored("02_other")) == "3\n"


def test_a_changed_library_file_runs_everything_again(world):
    world.write("print(1)")
    world.run()
    os.utime(world.library / "maps.py")  # touched, not changed
    assert "0 run now" in world.run()[1]
    (world.library / "maps.py").write_text("x = 2\n")
    assert "1 run now" in world.run()[1]
    (world.library / "new.py").write_text("")
    assert "1 run now" in world.run()[1]


def test_other_parameters_and_other_data_run_again(world, monkeypatch):
    world.write("print(seed)")
    world.run()
    assert "1 run now" in world.run(assignments=["seed=4"])[1]
    assert texts(world.stored(profile="quick+seed=4")) == "4\n"
    assert texts(world.stored()) == "0\n"
    assert "0 run now" in world.run()[1]
    monkeypatch.setenv("BSGD_EDU_DATA", "/elsewhere")
    assert "1 run now" in world.run()[1]


def test_force_runs_what_is_up_to_date(world):
    world.write("print(1)")
    world.run()
    assert "1 run now" in world.run(force=True)[1]


def test_new_prose_is_taken_over_without_a_run(world):
    world.write("## Experiment", "print(1)", parameters=MANY)
    world.run(assignments=["seed=4"])
    world.write("## Experiment, better told", "print(1)", parameters=MANY)
    assert "0 run now" in world.run(assignments=["seed=4"])[1]
    stored = world.stored(profile="quick+seed=4")
    assert stored.cells[3].source == "## Experiment, better told"
    assert "injected-parameters" in stored.cells[2].metadata.tags
    assert texts(stored) == "1\n"
    assert "better told" in (world.build / "runs/quick+seed=4/01_sample.html").read_text()


def test_a_damaged_stored_run_is_replaced(world):
    world.write("print(1)")
    world.run()
    (world.build / "runs/quick/01_sample.ipynb").write_text("{")
    assert "1 run now" in world.run()[1]


# Parameters


def test_a_parameter_reaches_the_code_behind_it(world):
    world.write("doubled = 2 * lr\nprint(doubled, seeds, loud)", parameters=MANY)
    world.run(assignments=["lr=2", "seeds=(5, 6)", "loud=true"])
    (folder,) = (world.build / "runs").iterdir()  # a tuple is no name of a folder
    assert folder.name.startswith("quick+loud=True+lr=2.0+seeds=_5__6_-")
    assert texts(world.stored(profile=folder.name)) == "4.0 (5, 6) True\n"
    (page,) = world.build.glob("index*.html")
    assert "lr = 2.0" in page.read_text(encoding="utf-8")


def test_the_full_profile_is_stored_apart(world):
    world.write("print(profile)")
    world.run()
    world.run(profile="full")
    assert texts(world.stored(profile="full")) == "full\n"
    assert texts(world.stored()) == "quick\n"


def test_the_default_given_again_is_no_change(world):
    world.write("print(seed)")
    world.run()
    assert "0 run now" in world.run(assignments=["seed=0"])[1]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("sed=1", r"no 'sed' \(it has: profile, seed, device, lr, seeds, loud\).*mean seed\?"),
        ("seed=one", "seed must be of type int, as its default 0 is, but 'one' is not"),
        ("seed=1.5", "seed must be of type int"),
        ("lr=fast", "lr must be of type float"),
        ("loud=2", "loud must be of type bool"),
        ("seeds=[0]", "seeds must be of type tuple"),
        ("seed", "-p must be NAME=VALUE, but it is 'seed'"),
        ("=1", "-p must be NAME=VALUE"),
        ("profile=full", "Write --profile full"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_runs(world, assignment, message):
    world.write("print(1)", parameters=MANY)
    with pytest.raises(UsageError, match=message):
        world.run(assignments=[assignment])
    assert not world.build.exists()


def test_values_take_the_type_of_the_default():
    known = {"lr": 0.1, "name": "a", "loud": False, "maybe": None, "seed": 0, "many": [1]}
    asked = ["lr=1", "name='b c'", "loud=yes", "maybe=3", "seed=-2", "many=[2, 3]"]
    values = parse(asked, known, profile="quick", chapter="01_sample")
    assert values == {
        "lr": 1.0, "name": "b c", "loud": True, "maybe": 3, "seed": -2, "many": [2, 3],
    }  # fmt: skip
    assert type(values["lr"]) is float


def test_only_literals_are_parameters():
    cell = v4.new_code_cell(
        "a = 1\nb: float = -2.0\nc = a + 1\nd = e = 3", metadata={"tags": ["parameters"]}
    )
    assert declared(v4.new_notebook(cells=[cell])) == {"a": 1, "b": -2.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [({"profile": "fast"}, "--profile must be quick or full"), ({"jobs": 0}, "at least 1")],
)
def test_wrong_options_are_refused(world, options, message):
    world.write("print(1)")
    with pytest.raises(UsageError, match=message):
        world.run(**options)


def test_a_notebook_that_is_none_is_named(world):
    (world.chapters / "03_torn.ipynb").write_text("{")
    with pytest.raises(UsageError, match=r"03_torn\.ipynb: must be a notebook"):
        world.run()


# What goes wrong inside


def test_a_failing_cell_is_shown_with_its_source_and_the_rest_goes_on(world):
    world.write("## Break", "def f(x):\n    return 1 / x", "f(0)", "print('never')")
    world.write("print(2)", name="02_other")
    code, said = world.run()
    assert code == 1
    assert "01_sample, cell 4 (Break)" in said
    assert "1 f(0)" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "return 1 / x" in said
    assert "\x1b[" not in said, "no colours where there is no terminal"
    assert "bsgd run 01" in said
    assert texts(world.stored("02_other")) == "2\n"
    assert "See what stopped" in world.page()
    cases = ET.parse(world.build / "junit.xml").findall(".//testcase")
    found = {case.get("name"): [node.tag for node in case] for case in cases}
    assert found["cell 4: Break"] == ["failure"]
    assert found["cell 5: Break"] == ["skipped"]


def test_a_failed_chapter_is_run_again(world):
    world.write("1 / 0")
    world.run()
    assert "1 run now" in world.run()[1]


def test_a_dead_kernel_is_reported_with_its_cell(world):
    world.write("## Deadly", "import os\nos._exit(7)")
    code, said = world.run()
    assert code == 1
    assert "01_sample, cell 3 (Deadly)" in said
    assert "the kernel died" in said
    errors = ET.parse(world.build / "junit.xml").findall(".//testcase/error")
    assert len(errors) == 1


def test_a_cell_that_takes_too_long_is_ended(world):
    world.write("import time\ntime.sleep(60)")
    code, said = world.run(timeout=1)
    assert code == 1
    assert "the cell took longer than 1 s" in said


def test_stderr_is_mentioned(world):
    world.write("import sys\nprint('oh', file=sys.stderr)")
    code, said = world.run()
    assert code == 0
    assert "01_sample wrote to stderr (cell 2)" in said
    assert "wrote to stderr" in world.page()


def test_chapters_run_at_the_same_time_with_one_thread_each(world, monkeypatch):
    """Each waits for the other's file, so one after the other they would never end."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    meet = (
        "import os, time\nfrom pathlib import Path\n"
        "print(os.environ['OMP_NUM_THREADS'])\n"
        "here, there = {names}\nPath(here).touch()\n"
        "while not Path(there).exists():\n    time.sleep(0.05)"
    )
    one, two = str(world.library.parent / "one"), str(world.library.parent / "two")
    world.write(meet.format(names=(one, two)))
    world.write(meet.format(names=(two, one)), name="02_other")
    code, _ = world.run(jobs=2, timeout=30)
    assert code == 0
    assert texts(world.stored()) == "1\n"


def test_code_runs_in_the_folder_of_its_chapter(world):
    world.write("import os\nprint(os.getcwd())")
    world.run()
    assert texts(world.stored()).strip() == str(world.chapters)


# ctrl-C


def children_of(folder):
    """Command lines of living processes that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_ctrl_c_keeps_whole_files_leaves_no_kernel_and_says_one_line(world, tmp_path):
    started = tmp_path / "started"
    world.write("print(1)")
    world.write(
        f"from pathlib import Path\nPath({str(started)!r}).touch()\nimport time\ntime.sleep(120)",
        name="02_endless",
    )
    sockets = tmp_path / "t"
    sockets.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", "from bsgd_edu.cli import main; main()", "run", "--jobs", "1",
         "--chapters", str(world.chapters)],
        env={**os.environ, "TMPDIR": str(sockets)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # A job in the background ignores ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started.exists(), process.communicate()[1]
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == (
        "bsgd: stopped; 1 of 2 chapters are done and kept. "
        "The same command goes on from there.\n"
    )  # fmt: skip
    runs = sorted(path.name for path in (world.build / "runs" / "quick").iterdir())
    assert runs == ["01_sample.ipynb"], "the finished run, whole, and nothing of the other"
    read_notebook(world.build / "runs/quick/01_sample.ipynb")
    assert list(sockets.glob("bsgd-*")) == []
    assert children_of(sockets) == []


# Small parts


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    assert write_text(path, "one")
    assert not write_text(path, "one"), "an equal file is left alone"
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "two \ud800")
    assert path.read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_chapters_are_found_by_number_name_slug_and_path(world):
    for name in ("01_sample", "02_other"):
        world.write("print(1)", name=name)
    (world.chapters / "notes.ipynb").write_text("{}")  # no chapter: it has no number
    there = chapters_in(world.chapters)
    for wanted in ("2", "02", "other", "02_other", "chapters/02_other.ipynb"):
        assert [chapter.name for chapter in select(there, [wanted])] == ["02_other"]
    assert len(select(there, [])) == 2
    with pytest.raises(UsageError, match=r"'03' is not \(there: 01_sample, 02_other\)"):
        select(there, ["03"])


def test_a_heading_in_a_code_fence_is_none():
    cells = [v4.new_markdown_cell("## A\n```\n## no\n```"), v4.new_code_cell("x")]
    assert heading_of(cells, 1) == "A"
