"""The mailbox without Ray: what an actor does is what its class does."""

import asyncio

from launch.deploy.training.workers.mailbox import Done, Kept, Mailbox, Proposal

FOREVER_S = 3000.0
PROPOSAL = Proposal(steps=3, facts={"peak_lr": 0.1}, step_s=None)


def test_messages_come_in_order_and_of_the_states_the_last() -> None:
    async def scene() -> None:
        mailbox = Mailbox(b"old")
        assert await mailbox.state() == b"old"
        for message in (Kept(content=b"1"), Done(steps=1, loss=0.5), Kept(content=b"2"), Done(steps=2, loss=0.4)):
            await mailbox.send(message)
        assert await mailbox.take(FOREVER_S) == [
            Done(steps=1, loss=0.5), Kept(content=b"2"), Done(steps=2, loss=0.4),
        ]  # fmt: skip
        assert await mailbox.take(0.0) == []
        assert await mailbox.state() == b"2"  # whoever goes on gets it, though the driver has taken it

    asyncio.run(scene())


def test_a_proposal_waits_until_it_is_settled_each_time() -> None:
    async def scene() -> None:
        mailbox = Mailbox(None)
        for key in ("a", "b"):
            asked = asyncio.create_task(mailbox.propose(PROPOSAL))
            assert await mailbox.take(FOREVER_S) == [PROPOSAL]
            assert not asked.done()
            await mailbox.settle(key)
            assert await asked == key

    asyncio.run(scene())
