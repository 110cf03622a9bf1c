#!/usr/bin/python3
"""kill -9 while what is old goes: what is left is whole, and what was begun is finished.

Numbers are thinned, and the past is cut, by a broker that is killed before and after each of their
transactions. What readers hold is the same afterwards, and verify finds nothing.
"""

import tap
from harness import until_true
from moved_time import MovedRegion
from test_retention import DAY_MS, MINUTE_MS, say, staffed
from tools import Tools

SIGKILL = -9
N_BEFORE, N_AFTER = 2500, 60  # more than two transactions' worth are to go
CUT = {"keep-past": "10 min", "checkpoint": "100 ms"}
THIN = {"keep-full": "1 d", "keep-resolution": "60 s", "checkpoint": "100 ms"}


def verify(region):
    said = Tools(region).plek("verify", region.directory / "data", "--json").one()
    assert said["whole"], said
    return said


def die_at(point, settings, pass_ms, metric):
    """The broker dies at @point, and the next one goes on."""
    with MovedRegion(settings=settings) as region:
        region.daemon.env = region.moved_env | {"PLEK_CRASH_AT": point}
        region.daemon.stop()
        region.daemon.start()
        agent = region.agent("duin", {"duin-1": "oost"})
        for start in range(0, N_BEFORE, 500):
            say(agent, range(start, start + 500))
        say(agent, [77], "w2")
        region.move_to(region.now_ms() + pass_ms)
        agent.session.clock()
        for number in range(N_AFTER):
            agent.send(agent.counts("duin-1", "w3", 1, staffed=number))
        assert region.daemon.wait_end(30) == SIGKILL, region.daemon.said()
        said = verify(region)

        region.daemon.env = region.moved_env
        region.daemon.start()
        agent.reconnect()
        say(agent, [78], "w2")
        until_true(lambda: region.metrics()[metric, ""] > 0, 20, f"{metric} after {point}")
        reader = region.reader("meldkamer")
        assert {78, N_BEFORE - 1} <= set(staffed(reader)), staffed(reader)
        after = until_true(lambda: is_done(region, settings), 30, "all of it")
        region.daemon.stop()
        assert verify(region)["revision"] >= after["revision"]
        return said, after


def is_done(region, settings):
    """What verify says, once all is gone that is to go. It looks while the broker goes on."""
    said = verify(region)
    number = "thinned" if settings is THIN else "kept_from_revision"
    return said if said[number] > N_BEFORE / 2 and not said["unswept"] else None


def check_cut(point, swept_nothing):
    said, after = die_at(point, CUT, 30 * MINUTE_MS, "plek_deleted_entries_total")
    if swept_nothing:
        assert not said["kept_from_revision"] or said["unswept"] > N_BEFORE / 2, said
    assert after["kept_from_revision"] > N_BEFORE / 2 and after["entries"] < N_BEFORE, after


def test_killed_before_a_cut_is_made():
    check_cut("before-cut", True)


def test_killed_after_a_cut_is_made():
    check_cut("after-cut", True)


def test_killed_while_what_was_cut_off_is_swept_out():
    check_cut("before-sweep:2", False)


def test_killed_after_some_of_it_was_swept_out():
    check_cut("after-sweep", False)


def test_killed_before_numbers_are_thinned():
    _, after = die_at("before-thin:2", THIN, 2 * DAY_MS, "plek_thinned_entries_total")
    assert after["thinned"] > N_BEFORE / 2, after


def test_killed_after_some_are_thinned():
    _, after = die_at("after-thin:2", THIN, 2 * DAY_MS, "plek_thinned_entries_total")
    assert after["thinned"] > N_BEFORE / 2, after


if __name__ == "__main__":
    tap.run(globals())
