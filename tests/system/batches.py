"""A batch as large as a test wants it

While the commit thread stands, one update is in its hands and all that come after wait together:
they are the next commit.
"""

import threads
from harness import until_true
from plekpy import wire

COMMITS = ("plek_commits_total", "plek_commits_failed_total")
# No commit of rows comes in between, so that what is counted are the test's own; and a connection
# may have a whole batch in its queue.
SETTINGS = {"checkpoint": "1 d", "max-connections": 16, "receive-bytes": "2 GiB"}


class Together:
    """What became of updates that were sent for one batch."""

    def __init__(self, region, agent, first, updates):
        before = region.metrics()
        received = before["plek_updates_received_total", ""]

        def has_received(n):
            seen = region.metrics()
            return seen["plek_updates_received_total", ""] == received + n and \
                seen["plek_rounds_unverified", ""] == 0

        with threads.Stopped(region.daemon.process.pid, "commit"):
            agent.send(first)
            until_true(lambda: has_received(1), what="the first")
            # It reads in few rounds, as a busy broker does: all are there when it looks.
            frames = [agent.sign(update) for update in updates]
            with threads.Stopped(region.daemon.process.pid, "plekd"):
                for frame in frames:
                    agent.updates.send(frame)
            until_true(lambda: has_received(1 + len(updates)), 30, "all that follow")
        until = wire.deadline(60)
        self.first = agent.outcome(first.seq, until)
        self.outcomes = [agent.outcome(update.seq, until) for update in updates]
        after = region.metrics()
        self.n_done, self.n_failed = (int(after[name, ""] - before[name, ""]) for name in COMMITS)

    @property
    def refused(self):
        return [outcome.refusal.code for outcome in self.outcomes if outcome.HasField("refusal")]
