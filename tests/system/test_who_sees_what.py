#!/usr/bin/python3
"""Audience, status and withdrawal: what a reader sees, and what leaves its sight."""

import plek_pb2 as pb
import tap
from harness import Region


def counts(agent, unit="ic", staffed=12, **fields):
    update = agent.counts("duin-1", unit, pb.CARE_WARD, staffed=staffed)
    update.MergeFrom(pb.Update(**fields))
    return update


def test_coordination_centres_see_what_care_does_not():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        care, coord = region.reader("meldkamer"), region.reader("centre", coord=True)
        secret = counts(agent, "a", audience=pb.AUDIENCE_COORD)
        shared = counts(agent, "b")
        agent.state(secret)
        agent.state(shared)
        coord.wait(lambda: coord.find(secret) and coord.find(shared))
        care.wait(lambda: care.find(shared))
        assert care.find(secret) is None
        late = region.reader("meldkamer")
        assert late.find(shared) and late.find(secret) is None


def test_record_that_narrows_its_audience_leaves_care_and_stays_for_centres():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        care, coord = region.reader("meldkamer"), region.reader("centre", coord=True)
        agent.state(counts(agent))
        narrowed = counts(agent, audience=pb.AUDIENCE_COORD)
        revision = agent.state(narrowed)
        assert care.wait_event("withdrawn")[2] == pb.WITHDRAWN_AUDIENCE
        assert care.find(narrowed) is None
        coord.wait(lambda: coord.find(narrowed) and coord.find(narrowed).revision == revision)
        assert not [event for event in coord.events if event[0] == "withdrawn"]


def test_reader_cannot_ask_for_more_than_its_audience():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        secret = counts(agent, audience=pb.AUDIENCE_COORD)
        agent.state(secret)
        reader = region.reader("meldkamer")
        try:
            _, bodies = reader.session.since("pic/oost/counts/", reader.epoch, 0,
                                             audience=pb.AUDIENCE_COORD)
        except Exception:  # pylint: disable=broad-except  # refused is as good as empty
            return
        assert not [entry for body in bodies for entry in body.entries]


def test_exercise_is_marked_and_test_travels_on_topics_of_its_own():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer", tests=True)
        actual = counts(agent, staffed=1)
        exercise = counts(agent, staffed=2, status=pb.STATUS_EXERCISE)
        test = counts(agent, staffed=3, status=pb.STATUS_TEST)
        for update in (actual, exercise, test):
            agent.state(update)
        reader.wait(lambda: all(reader.find(update) for update in (actual, exercise, test)))
        assert len(reader.topics["pic/oost/counts/"].records) == 2
        assert len(reader.topics["test/oost/counts/"].records) == 1


def test_withdrawal_takes_a_record_away_and_repeating_it_succeeds():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        update = counts(agent)
        agent.state(update)
        reader.wait(lambda: reader.find(update))
        agent.state(agent.withdraw(update))
        assert reader.wait_event("withdrawn")[2] == pb.WITHDRAWN_BY_PARTY
        assert reader.find(update) is None
        agent.state(agent.withdraw(update))
        region.daemon.kill()
        region.daemon.start()
        assert region.reader("meldkamer").find(update) is None


def test_several_parties_on_one_location_are_all_shown():
    with Region() as region:
        duin = region.agent("duin", {"shared-1": "oost"})
        berg = region.agent("berg", {"shared-1": "oost"})
        reader = region.reader("meldkamer")
        for agent in (duin, berg):
            agent.state(agent.counts("shared-1", "ic", pb.CARE_WARD, staffed=1))
        reader.wait(lambda: len(reader.records()) == 2)


def test_report_replaces_its_record_whole():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        agent.state(agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=12, occupied=3))
        second = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=11)
        revision = agent.state(second)
        reader.wait(lambda: reader.find(second) and reader.find(second).revision == revision)
        assert not reader.find(second).update.counts.HasField("occupied")


def test_doors_of_different_scope_and_plans_are_records_of_their_own():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        now = agent.session.time_ms()
        doors = [
            agent.door("duin-1", pb.DOOR_OPEN),
            agent.door("duin-1", pb.DOOR_STOP, unit="seh"),
            agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED),
            agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED, patient_group=pb.GROUP_WALK_IN),
            agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED, urgency=0),
            agent.door("duin-1", pb.DOOR_CLOSED, care=pb.CARE_ED, plan=1,
                       starts_at_ms=now + 3_600_000, ends_at_ms=now + 7_200_000),
        ]
        for door in doors:
            agent.state(door)
        reader.wait(lambda: all(reader.find(door) for door in doors))
        assert len(reader.records()) == len(doors)


if __name__ == "__main__":
    tap.run(globals())
