#!/usr/bin/python3
"""Times of an update that the broker's clock contradicts."""

import re

import plek_pb2 as pb
import tap
from harness import Region

SKEW_MS = 120_000


def counts(agent, **fields):
    update = agent.counts("duin-1", "ic", pb.CARE_ICU_ADULT, staffed=12)
    update.MergeFrom(pb.Update(**fields))
    return update


def test_seq_ahead_is_refused_with_both_clocks_and_pushes_nothing_out_of_reach():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        floor = agent.session.greeting.floor
        update = counts(agent)
        update.seq += (SKEW_MS + 5000) * 1000
        refused = agent.refused(update)
        assert refused.code == pb.REFUSED_SEQ_AHEAD
        assert len(re.findall(r"\d\d:\d\d:\d\d|\d{10,}", refused.refusal.text)) >= 2, \
            refused.refusal.text
        assert agent.receipts[-1].floor == floor
        agent.last_seq = floor
        agent.session.clock()
        agent.state(counts(agent))


def test_seq_ahead_within_the_skew_is_accepted():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent)
        update.seq += (SKEW_MS - 20_000) * 1000
        agent.state(update)


def test_sent_at_ahead_is_refused_with_both_clocks():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent)
        update.sent_at_ms += SKEW_MS + 5000
        refused = agent.refused(update)
        assert refused.code == pb.REFUSED_SENT_AHEAD
        assert len(re.findall(r"\d\d:\d\d:\d\d|\d{10,}", refused.refusal.text)) >= 2, \
            refused.refusal.text
        agent.session.clock()
        agent.state(counts(agent))


def test_what_came_after_its_time_is_refused():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent)
        update.sent_at_ms -= 60_000
        update.not_after_ms = update.sent_at_ms + 1000
        assert agent.refused(update).code == pb.REFUSED_TOO_LATE


def test_periods_that_contradict_themselves_are_refused():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        now = agent.session.time_ms()
        contradictions = {
            "not after before sent": counts(agent, not_after_ms=now - 3_600_000),
            "holds for over a day": counts(agent, not_after_ms=now + 25 * 3_600_000),
            "observed after sent": counts(agent, observed_at_ms=now + 60_000),
            "ends before it starts": agent.door(
                "duin-1", pb.DOOR_CLOSED, plan=1, starts_at_ms=now + 7200_000,
                ends_at_ms=now + 3600_000),
        }
        for what, update in contradictions.items():
            update.seq = agent.next_seq()
            code = agent.refused(update).code
            assert code in (pb.REFUSED_PERIOD, pb.REFUSED_FIELD, pb.REFUSED_TOO_LATE), (what, code)
        agent.state(counts(agent))


if __name__ == "__main__":
    tap.run(globals())
