"""How much is measured, and where: what every section is given."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

# How long one run of the load client should take, in seconds: long enough that its start does not show.
RUN = 4.0
QUICK_RUN = 1.0
# Messages that are sent first, to learn how many fill such a run.
TRIAL = 100


@dataclass
class Plan:
    folder: Path
    telepost: Path
    fill: Path
    rounds: int
    quick: bool
    _names: int = field(default=0)

    @property
    def run(self) -> float:
        return QUICK_RUN if self.quick else RUN

    def new_folder(self, name: str) -> Path:
        """An empty folder that nobody has had before."""
        self._names += 1
        folder = self.folder / f"{self._names:03}-{name}"
        folder.mkdir(mode=0o755)
        return folder

    def in_turn(self, sides: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Measures every side once a round, each round in another order; gives the figures of each side.

        Turn by turn, because a machine is not equally fast all the time: what disturbs one round disturbs all sides.
        """
        figures: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(self.rounds):
            for name in random.sample(list(sides), len(sides)):
                figures[name].append(sides[name]())
        return figures
