#!/usr/bin/python3
"""The broker's own clock is wrong: it refuses with CLOCK, serves on, and expires nobody."""

import os
import struct

import plek_pb2 as pb
import tap
from harness import BUILD, Region
from plekpy import call as calls

MINUTE_MS = 60_000
SHIM = BUILD / "tests" / "system" / "libclockshim.so"


class MovedRegion(Region):
    """A region whose broker's wall clock the test moves."""

    def __init__(self, **fields):
        super().__init__(start=False, **fields)
        self.clock_file = self.directory / "clock"
        self.move(0)
        self.daemon.env = {"PLEK_TEST_CLOCK": str(self.clock_file), "LD_PRELOAD": str(SHIM),
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                           + ":verify_asan_link_order=0"}
        self.start_at_once = True

    def move(self, ms):
        with self.clock_file.open("r+b" if self.clock_file.exists() else "wb") as file:
            file.write(struct.pack("=q", ms))


def counts(agent, staffed=12):
    return agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=staffed)


def wait_accepting(reader, expected):
    reader.wait(lambda: reader.accepting is expected)
    return reader.last_beat["status"][1]


def test_jump_refuses_updates_until_the_clock_is_back():
    with MovedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent)
        agent.state(update)
        for minutes in (60, -60):
            region.move(minutes * MINUTE_MS)
            beat = wait_accepting(reader, False)
            assert beat.why_not == "clock" and beat.HasField("since_ms")
            assert agent.refused(counts(agent)).code == pb.REFUSED_CLOCK
            late = region.session("meldkamer")
            late.hello()
            _, bodies = late.since("pic/oost/counts/")
            assert len(bodies[0].entries) == 1, "what is held is still served"
            region.move(0)
            wait_accepting(reader, True)
            agent.state(counts(agent))


def test_jump_expires_nobody():
    with MovedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(counts(agent))
        region.move(3 * 365 * 24 * 60 * MINUTE_MS)
        wait_accepting(reader, False)
        assert agent.refused(counts(agent)).code == pb.REFUSED_CLOCK
        region.move(0)
        wait_accepting(reader, True)
        agent.state(counts(agent))


def test_operator_can_accept_a_jump():
    with MovedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(counts(agent))
        region.move(20 * MINUTE_MS)
        wait_accepting(reader, False)
        assert region.status().why_not == "clock" and region.status().warnings
        region.operator().ask(confirm=pb.Confirm(what=pb.CONFIRM_CLOCK))
        agent.session.clock()
        agent.state(counts(agent))
        reader.session.clock()
        wait_accepting(reader, True)


def test_who_spoke_while_the_clock_was_fast_is_heard_when_it_is_set_right():
    with MovedRegion() as region:
        region.daemon.stop()
        region.move(120 * MINUTE_MS)  # the host's clock was local time, taken for UTC
        region.daemon.start()
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(counts(agent))
        region.move(0)
        wait_accepting(reader, False)
        region.operator().ask(confirm=pb.Confirm(what=pb.CONFIRM_CLOCK))
        agent.session.clock()
        reader.session.clock()
        wait_accepting(reader, True)
        agent.state(counts(agent, 11))
        agent.reconnect()
        # What was received before is stamped with a time that has not come: no answer to a call.
        region.enrol_reader("zcc", coord=True)
        session = region.session("zcc")
        session.hello(pb.PEER_HAND)
        caller = calls.Caller(session, "zcc")
        caller.call("oost")
        assert set(caller.states().values()) == {pb.CALL_ASKED}, caller.states()
        agent.state(counts(agent, 10))
        caller.wait(lambda _: set(caller.states().values()) == {pb.CALL_ANSWERED})
        assert any("journal's last entry" in text for text in region.status().warnings)


def test_small_step_is_no_jump():
    with MovedRegion() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent))
        region.move(30_000)
        agent.session.clock()
        agent.state(counts(agent))
        assert region.status().accepting


def test_clock_a_little_behind_the_journal_uses_the_last_entrys_time():
    with MovedRegion() as region:
        region.move(MINUTE_MS)
        agent = region.agent("duin", {"duin-1": "oost"})
        first = counts(agent)
        agent.state(first)
        region.daemon.kill()
        region.move(0)
        region.daemon.start()

        reader = region.reader("meldkamer")
        earlier = reader.find(first).received_at_ms
        agent.reconnect()
        update = counts(agent, 13)
        agent.state(update)
        assert reader.wait_update(update).received_at_ms >= earlier

        # That time is over, whatever the clock says.
        late = region.session("meldkamer")
        late.hello()
        manifest, _ = late.since("pic/oost/counts/", at_ms=earlier - 1)
        assert manifest.at_ms == earlier - 1


def test_clock_behind_the_journal_at_start_refuses_until_it_is_right():
    with MovedRegion() as region:
        region.move(9 * MINUTE_MS)  # ten would be a jump
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent)
        agent.state(update)
        region.daemon.kill()
        region.move(0)
        region.daemon.start()

        agent.reconnect()
        assert agent.refused(counts(agent)).code == pb.REFUSED_CLOCK
        region.move(9 * MINUTE_MS)
        until_status = region.operator()
        while not until_status.ask(status=pb.StatusRequest()).status.accepting:
            until_status.clock()
        agent.state(counts(agent))


if __name__ == "__main__":
    tap.run(globals())
