#!/usr/bin/python3
"""Who never stops asking about the past has his share of it, and no more."""

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy.session import Refused

SESSIONS, AT_ONCE = 4, 12
FAST = {"updates-per-second": "20000", "updates-at-once": "20000"}


class Insatiable:
    """A reader with several sessions, who asks for all there is again and again."""

    def __init__(self, region):
        region.enrol_reader("gulzig")
        self.sessions = [region.session("gulzig") for _ in range(SESSIONS)]
        for session in self.sessions:
            session.hello(pb.PEER_HAND)
        self.now_ms = self.sessions[0].time_ms()
        self.n_answered = 0

    def ask(self):
        for session in self.sessions:
            for _ in range(AT_ONCE):
                session.send(history=pb.History(location="duin-1", from_ms=0,
                                                to_ms=self.now_ms + 10**6, credit=1))
            session.pump_ready()
            self.n_answered += sum(not answer.HasField("refusal")
                                   for answer in session._answers.values())
            session._answers.clear()
            session.chunks.clear()


def say(agent, first, n):
    for number in range(first, first + n):
        agent.send(agent.counts("duin-1", f"u{number % 20}", pb.CARE_WARD, staffed=number))
    agent.state(agent.counts("duin-1", "last", pb.CARE_WARD, staffed=first))


def test_others_are_answered_too():
    with Region(settings=FAST) as region:
        agent, good = region.agent("duin", {"duin-1": "oost"}), region.reader("meldkamer")
        for first in range(0, 8000, 400):
            say(agent, first, 400)
        insatiable = Insatiable(region)
        n_own = 0

        def answered():
            nonlocal n_own
            insatiable.ask()
            try:
                good.session.history(0, insatiable.now_ms, location="duin-1")
                n_own += 1
            except Refused as refused:
                raise AssertionError(refused.refusal.text) from refused
            return n_own >= 20 and insatiable.n_answered >= 20

        until_true(answered, 60, "answers for both")


def test_the_past_is_made_smaller_all_the_same():
    with Region(settings=FAST | {"keep-bytes": "512 KiB", "checkpoint": "100 ms"}) as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        insatiable, said = Insatiable(region), 0

        def deleted():
            nonlocal said
            for _ in range(10):
                insatiable.ask()
                say(agent, said, 40)
                said += 40
            return region.metrics()["plek_deleted_entries_total", ""] > 4000

        until_true(deleted, 30, "old entries to go")
        assert insatiable.n_answered


if __name__ == "__main__":
    tap.run(globals())
