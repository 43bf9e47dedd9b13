"""Tiny chapters for the tests of the course's machinery; none of them needs torch."""

from nbformat import v4

from bsgd_edu.course.writing.notebooks import Chapter, assign_ids, strip_notebook, write_notebook

# A lesson of its own keeps the sample free of torch, whose import would take longer than the rest.
SETUP = """\
class lesson:
    @staticmethod
    def check(exercise, answer, strict=False):
        value = answer(3.0) if callable(answer) else answer
        status = "not attempted" if value is ... else "passed" if value in (1.5, 0.0) else "failed"
        print(exercise, status)
        if strict and status != "passed":
            raise AssertionError(status)


steps = {"quick": 10, "full": 1000}[profile]
print("Running on", device)"""

SOURCE = f'''\
# %% [markdown]
# # 1 · Halving
#
# Halving a number again and again **brings it to zero**, as $x_n = 2^{{-n}}x_0$ says.
#
# Source: nobody (2024), eq. 1. You need: fractions.

# %% tags=["parameters"]
profile = "quick"  # "quick" or "full"
seed = 0
device = "auto"
start = 1.0

# %% tags=["setup"]
{SETUP}

# %% [markdown]
# ## Predict
# Where does it go?

# %% tags=["nbval-check-output"]
print("Write down your guess.")

# %%
print("the same")

# %%
print("the same")

# %% [markdown]
# ## Your turn

# %% [markdown] tags=["exercise:01.1"] kind="implement" difficulty=2 minutes=5 teaches="a map"
# ### Exercise 01.1 · One halving
# `halve(3.0)` is `1.5`.

# %% tags=["answer:01.1"]
def halve(x: float) -> float:
    """Returns half of x."""
    # BEGIN SOLUTION
    halved_by_the_one_solution = x / 2
    return halved_by_the_one_solution
    # END SOLUTION


# %% tags=["check:01.1"] points=4
lesson.check(1, halve)
# BEGIN HIDDEN TESTS
assert halve(1.0) == 0.5, "a secret number is told here"
# END HIDDEN TESTS

# %% [markdown] tags=["exercise:01.2"] kind="recall" difficulty=1 minutes=1 teaches="the limit"
# ### Exercise 01.2 · The limit
# Set `limit` to the number that halving approaches.

# %% tags=["answer:01.2"]
# BEGIN SOLUTION
the_way_to_the_limit = [2.0**-n for n in range(3)]
limit = 0.0 * the_way_to_the_limit[0]
# END SOLUTION

# %% tags=["check:01.2"]
lesson.check(2, limit)

# %% [markdown] tags=["exercise:01.3"] kind="essay" difficulty=3 minutes=10 teaches="why"
# ### Exercise 01.3 · In your words
# Why does it converge?

# %% [markdown] tags=["answer:01.3"] points=3
# BEGIN SOLUTION
# Each step contracts distances by a half, says the solution.
# END SOLUTION
'''


def write_source(folder, text=SOURCE, name="01_halving"):
    """Writes a source into folder/source and returns its chapter."""
    chapter = Chapter(name, folder)
    chapter.source.parent.mkdir(parents=True, exist_ok=True)
    chapter.source.write_text(text, encoding="utf-8")
    return chapter


PARAMETERS = 'profile = "quick"\nseed = 0\ndevice = "auto"'


def write_chapter(folder, *cells, name="01_sample", parameters=PARAMETERS):
    """Writes a notebook of a title, parameters and cells; a text that starts with # is markdown."""
    parts = [v4.new_markdown_cell(f"# {name}\n\nThe claim of {name}.")]
    parts.append(v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    for text in cells:
        parts.append((v4.new_markdown_cell if text.startswith("#") else v4.new_code_cell)(text))
    assign_ids(parts)
    notebook = v4.new_notebook(cells=parts)
    strip_notebook(notebook)
    chapter = Chapter(name, folder)
    write_notebook(notebook, chapter.notebook)
    return chapter
