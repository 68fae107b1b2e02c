"""Between the first worker and the driver: what the one has to tell, in order, and what the other has kept.

The folder of a training lies where the command runs, and the driver alone writes there. So workers need no file system
in common, not even for checkpoints: a state travels to the driver, and from there to whoever goes on.
"""

import asyncio
from dataclasses import dataclass

from launch.deploy.training.outcome import Outcome
from nas.deploy import Row
from nas.deploy.course import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How a training is about to be done: to be settled before its first step.

    Attributes:
      facts: of `nas.deploy.course.Course`.
      step_s: how long a step takes, if it was measured to find out how many there is time for.
    """

    steps: int
    facts: Facts
    step_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """So many steps have been made; `loss` is the last one's."""

    steps: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All rows so far."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A state, as `nas.deploy.checkpoint` packs it."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What no other attempt would mend, in a sentence; `diverged_at` is a step, None if it did not diverge."""

    reason: str
    diverged_at: int | None


Message = Proposal | Done | Curve | Kept | Ended | Failed


class Mailbox:
    """An actor on the driver's node. `state` is what a training that goes on has left, None for a new one."""

    def __init__(self, state: bytes | None) -> None:
        self._state, self._messages = state, list[Message]()
        self._key: str | None = None
        self._came, self._answered = asyncio.Event(), asyncio.Event()

    async def send(self, message: Message) -> None:
        """Tell the driver."""
        if isinstance(message, Kept):
            self._state = message.content
            self._messages = [one for one in self._messages if not isinstance(one, Kept)]  # a slow disk wants the last
        self._messages.append(message)
        self._came.set()

    async def propose(self, proposal: Proposal) -> str:
        """Tell the driver, and wait until it has settled that; the training's key."""
        self._answered.clear()
        await self.send(proposal)
        await self._answered.wait()
        assert self._key is not None
        return self._key

    async def state(self) -> bytes | None:
        """What was kept last."""
        return self._state

    async def take(self, timeout_s: float) -> list[Message]:
        """All that has come since, once there is something; empty after the timeout."""
        try:
            await asyncio.wait_for(self._came.wait(), timeout_s)
        except TimeoutError:
            return []
        taken, self._messages = self._messages, []
        self._came.clear()
        return taken

    async def settle(self, key: str) -> None:
        """Let the training that was proposed begin."""
        self._key = key
        self._answered.set()
