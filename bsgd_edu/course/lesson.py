"""What a chapter calls: one object that knows which chapter it is, and how it is run."""

from functools import cached_property
from types import ModuleType
from typing import Any

import torch

from ..device import resolve
from ..errors import UsageError
from ..seeding import generator
from . import rooms
from .claims.claims import Claim, Ledger
from .claims.records import show_record
from .exercises import checks
from .exercises.questions import Prediction
from .running.plan import PROFILES
from .shell import failed_answers

__all__ = ["Lesson", "begin"]


def begin(chapter: str, *, profile: str, seed: int, device: str | torch.device) -> "Lesson":
    """Begins a chapter: chooses where it computes, and says it.

    The quick profile gets one thread. Its products are small, so that more threads mostly wait for
    each other: measured with two, up to one and a half times as long on two free cores, and eight
    times where another program keeps one of them busy. And sums depend on the number of threads.

    Args:
        chapter: Its slug, ``"04_deep_limits"``.
        profile: The chapter's parameter: ``"quick"``, or ``"full"``, which leaves the threads.
        seed: The chapter's parameter, an integer ≥ 0, from which all its random streams come.
        device: The chapter's parameter: ``"auto"``, or a name torch knows.

    Returns:
        The lesson.

    Raises:
        UsageError: If there is no such chapter or profile.
        DomainError: If torch does not know the device, the machine lacks it, or the seed is none.

    Example:
        >>> lesson = begin("01_order_matters", profile="quick", seed=0, device="cpu")
        Running on cpu, one thread.
        >>> lesson.full, lesson.device
        (False, device(type='cpu'))
    """
    if profile not in PROFILES:
        raise UsageError(
            f"begin: profile must be quick or full, but it is {profile!r}. Choose one of the two."
        )
    lesson = Lesson(chapter, profile, seed, resolve(device))
    if profile == "quick":
        torch.set_num_threads(1)
    threads = torch.get_num_threads()
    print(
        f"Running on {lesson.device.type}, {f'{threads} threads' if threads > 1 else 'one thread'}."
    )
    return lesson


class Lesson:
    """A chapter while it runs; `begin` makes it.

    The modules of the chapter's room are attributes: ``lesson.pages``, ``lesson.explore``,
    ``lesson.runs``; each is imported when it is first asked for. Exercises are called by their
    number in the chapter: ``lesson.check(3, answer)`` checks 04.3 in chapter 4.

    Attributes:
        chapter: The slug.
        profile: ``"quick"`` or ``"full"``.
        full: Whether the profile is the full one.
        seed: The run's seed.
        device: Where it computes.
    """

    def __init__(self, chapter: str, profile: str, seed: int, device: torch.device):
        self._room = rooms.room(chapter)
        self.chapter = self._room.chapter
        self.profile, self.full = profile, profile == "full"
        self.seed, self.device = seed, device
        self._failed = failed_answers()
        self.stream("begin")  # refuses what is no seed, before anything is computed

    @property
    def real(self) -> dict[str, Any]:
        """What makes a tensor one of ours: float64, on the device."""
        return {"dtype": torch.float64, "device": self.device}

    def stream(
        self, *labels: str | int, device: str | torch.device | None = None
    ) -> torch.Generator:
        """Returns the random stream of that name, which no other name shares.

        Args:
            *labels: The stream's name, for example ``"batches", 3``.
            device: Where it draws; None for the lesson's. ``"cpu"`` draws the same everywhere.

        Returns:
            A fresh generator in its initial state.
        """
        return generator(self.seed, *labels, device=self.device if device is None else device)

    # The question before the experiment

    @property
    def _prediction(self) -> Prediction:
        found = getattr(self._room.load("exercises"), "PREDICTION", None)
        if found is None:
            raise UsageError(
                f"lesson: a question must be asked before a guess, but {self._room.folder.name} "
                "has no PREDICTION in its exercises."
            )
        return found

    def guess(self, letter: str = "") -> None:
        """Keeps a guess; `answer_guess`, below the picture that decides, comes back to it.

        Args:
            letter: One of the letters of the question; "" for none yet.

        Raises:
            UsageError: If it is none of them.
        """
        asked = self._prediction
        letters = f"a to {max(asked.choices)}"
        chosen = letter.strip(" ().").lower() if isinstance(letter, str) else letter
        if chosen not in ("", ..., *asked.choices):
            raise UsageError(f"guess: letter must be one of {letters}, but it is {letter!r}.")
        self._guess = "" if chosen is ... else chosen
        if self._guess:
            print(f"Your guess ({self._guess}) is kept. A picture below answers it.")
        else:
            print(f'Guess first, {letters}: lesson.guess("a"), for example.')

    def answer_guess(self) -> None:
        """Says what was right in the guess and what it overlooked, and what the picture shows."""
        asked, guessed = self._prediction, getattr(self, "_guess", "")
        if guessed and guessed != asked.right:
            print(f"You guessed ({guessed}). {asked.told[guessed]}")
        start = "Your guess is what happens" if guessed == asked.right else "What happens is"
        print(f"{start}: ({asked.right}). {asked.told[asked.right]}")

    # Claims

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self._room, self.profile)

    def claim(self, claim_id: str) -> Claim:
        """Returns a claim of this chapter, ready to be compared with a measurement.

        Args:
            claim_id: An id of the chapter's ``claims.toml``.

        Raises:
            UsageError: If there is no such id; the message names the nearest one.
        """
        return self._ledger.claim(claim_id)

    def claims_table(self) -> None:
        """Displays the claims of the chapter: predicted, measured, verdict."""
        self._ledger.show()

    def full_scale(self) -> None:
        """Displays what the recorded full run gave, and on which machine."""
        show_record(self.chapter)

    # Exercises

    def check(self, number: int | str, answer: Any, strict: bool = False) -> checks.CheckResult:
        """Checks an answer, prints one line, and never raises unless told to.

        Args:
            number: The exercise's number in this chapter.
            answer: The learner's function or value; ``...`` means not attempted.
            strict: Whether anything but a pass raises, as a grader wants it.
        """
        failed = self._failed(number)
        if failed is None:
            return checks.check(self._exercise(number), answer, strict)
        return checks.refuse_older(self._exercise(number), *failed, strict)

    def use(self, number: int | str, answer: Any) -> Any:
        """Returns the learner's answer if it passes, else the reference, and says which.

        Args:
            number: The exercise's number in this chapter.
            answer: The learner's function or value.
        """
        failed = self._failed(number)
        if failed is not None:
            checks.refuse_older(self._exercise(number), *failed)
            answer = ...  # an older answer feeds no experiment
        return checks.use(self._exercise(number), answer)

    def hint(self, number: int | str, level: int = 1) -> None:
        """Prints a hint: 1 the idea, 2 the equation, 3 pseudocode.

        Args:
            number: The exercise's number in this chapter.
            level: 1, 2 or 3.
        """
        checks.hint(self._exercise(number), level)

    def reveal(self, number: int | str) -> None:
        """Shows the reference solution and why it is right.

        Args:
            number: The exercise's number in this chapter.
        """
        checks.reveal(self._exercise(number))

    def _exercise(self, number: int | str) -> str:
        """Returns the whole id of an exercise; one that was given whole stays as it is."""
        return number if "." in str(number) else f"{self._room.number}.{number}"

    def __getattr__(self, name: str) -> ModuleType:
        """Returns a module of the chapter's room."""
        if name.startswith("_") or name not in self._room.parts():
            raise AttributeError(
                f"lesson: {name!r} must be a method of a lesson or a module of "
                f"{self._room.folder.name}, which has {', '.join(self._room.parts())}."
            )
        return self._room.load(name)

    def __dir__(self) -> list[str]:
        """Lists methods, and the modules of the room for completion in a notebook."""
        return sorted({*super().__dir__(), *self._room.parts()})
