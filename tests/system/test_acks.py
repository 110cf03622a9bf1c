#!/usr/bin/python3
"""Acknowledgements: who may give one, who sees it, and when it ends."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import records
from plekpy.session import Refused


def begin(region, audience=pb.AUDIENCE_CARE, **fields):
    """A hospital's stop, and a control room that sees it."""
    agent = region.agent("duin", {"duin-1": "oost"})
    reader = region.reader("meldkamer", coord=audience == pb.AUDIENCE_COORD)
    stop = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED, **fields)
    stop.audience = audience
    agent.state(stop)
    return agent, reader, stop, reader.wait_update(stop)


def refused(reader, update):
    try:
        revision = reader.hand_in(update)
    except Refused as why:
        return why
    raise AssertionError(f"accepted at {revision}: {update}")


def test_who_has_seen_a_stop_is_seen_by_all_its_readers():
    with Region() as region:
        _, reader, stop, record = begin(region)
        second = region.reader("rav")
        revision = reader.hand_in(reader.make_ack(record, "meldkamer"))
        for other in (reader, second, region.reader("rav")):
            other.wait(lambda other=other: other.acks_of(stop))
            seen = other.acks_of(stop)["meldkamer"]
            assert (seen.revision, seen.update.ack.revision) == (revision, record.revision)

        # From a second party, with who it was; the first one's stays.
        ack = second.make_ack(second.find(stop), "rav")
        ack.ack.function = "regievoerder"
        second.hand_in(ack)
        reader.wait(lambda: len(reader.acks_of(stop)) == 2)
        assert reader.acks_of(stop)["rav"].update.ack.function == "regievoerder"


def test_it_stays_over_affirms_and_restatements_and_a_restart_and_ends_with_a_change():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        reader.hand_in(reader.make_ack(record, "meldkamer"))
        reader.wait(lambda: reader.acks_of(stop))
        agent.state(agent.affirm("duin-1", pb.LANE_STATUS))
        again = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED)
        agent.state(again)
        region.daemon.kill()
        region.daemon.start()
        late = region.reader("rav")
        assert list(late.acks_of(stop)) == ["meldkamer"]

        agent.reconnect()
        change = agent.door("duin-1", pb.DOOR_CLOSED, care=pb.CARE_ED)
        agent.state(change)
        gone = late.wait_event("withdrawn")
        assert gone[1][:3] == (pb.STATUS_ACTUAL, "meldkamer", "duin-1")
        assert gone[2] == pb.WITHDRAWN_ENDED
        late.wait_update(change)
        assert not late.acks_of(stop)
        # The withdrawal came before what ended it, in one revision.
        kinds = [event[0] for event in late.events if event[0] in ("withdrawn", "record")]
        assert kinds[-2:] == ["withdrawn", "record"], kinds


def test_it_ends_when_the_record_is_withdrawn_and_when_its_location_moves():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        reader.hand_in(reader.make_ack(record, "meldkamer"))
        reader.wait(lambda: reader.acks_of(stop))
        agent.state(agent.withdraw(stop))
        reader.wait(lambda: not reader.find(stop))
        assert not reader.acks_of(stop)

        agent.state(agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED))
        record = reader.wait(lambda: reader.find(stop))
        reader.hand_in(reader.make_ack(record, "meldkamer"))
        reader.wait(lambda: reader.acks_of(stop))
        region.enrol_agent("duin", {"duin-1": "west"})
        moved = region.reader("rav", regions=["west"])
        moved.wait(lambda: moved.find(stop))
        assert not moved.acks_of(stop)
        reader.wait(lambda: not reader.topics["pic/oost/status/"].records)


def test_it_can_be_taken_back():
    with Region() as region:
        _, reader, stop, record = begin(region)
        ack = reader.make_ack(record, "meldkamer")
        reader.hand_in(ack)
        reader.wait(lambda: reader.acks_of(stop))
        back = reader.make_ack(record, "meldkamer",
                               withdraw=records.key_of_ref(records.ref_of(ack)))
        reader.hand_in(back)
        reader.wait(lambda: not reader.acks_of(stop))


def test_a_record_that_may_not_be_read_cannot_be_told_from_none():
    with Region() as region:
        _, centre, _, record = begin(region, pb.AUDIENCE_COORD)
        care = region.reader("rav")
        hidden = care.make_ack(record, "rav")
        hidden.audience = pb.AUDIENCE_CARE
        why = refused(care, hidden)
        nothing = care.make_ack(record, "rav")
        nothing.ack.record.care = pb.CARE_BURN
        other = refused(care, nothing)
        assert why.code == other.code == pb.REFUSED_NOT_FOUND
        assert (why.refusal.text, why.refusal.field) == (other.refusal.text, other.refusal.field)
        # Nor does a revision, or an audience, that is right or wrong tell more.
        wrong = care.make_ack(record, "rav")
        wrong.ack.revision += 1
        assert refused(care, wrong).refusal.text == why.refusal.text
        centre.hand_in(centre.make_ack(record, "meldkamer"))


def test_what_has_changed_since_must_be_looked_at_first():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        again = agent.door("duin-1", pb.DOOR_CLOSED, care=pb.CARE_ED)
        agent.state(again)
        why = refused(reader, reader.make_ack(record, "meldkamer"))
        assert why.code == pb.REFUSED_STATEMENT and why.refusal.field == "ack.revision"
        now = reader.wait_update(again)
        foreign = reader.make_ack(now, "meldkamer")
        foreign.ack.epoch ^= 1
        assert refused(reader, foreign).code == pb.REFUSED_STATEMENT
        reader.hand_in(reader.make_ack(now, "meldkamer"))


def test_forged_repeated_and_misplaced_ones_are_refused():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        region.reader("rav")
        # Another party's name, one's own record, another audience, a public one.
        assert refused(reader, reader.make_ack(record, "rav")).code == pb.REFUSED_PARTY
        wide = reader.make_ack(record, "meldkamer")
        wide.audience = pb.AUDIENCE_OPEN
        assert refused(reader, wide).refusal.field == "audience"
        wide.audience = pb.AUDIENCE_COORD
        assert refused(reader, wide).refusal.field == "audience"
        for number, field in ((20, "ack.record"), (27, "ack.record")):
            odd = reader.make_ack(record, "meldkamer")
            odd.ack.record.report = number
            assert refused(reader, odd).refusal.field.startswith(field)

        # A repeat gets the same answer; under the floor it is a replay.
        ack = reader.make_ack(record, "meldkamer")
        revision = reader.hand_in(ack)
        assert reader.hand_in(ack) == revision
        old = reader.make_ack(record, "meldkamer")
        old.seq = ack.seq - 1
        assert refused(reader, old).code == pb.REFUSED_REPLAY
        broken = bytearray(reader.seal(reader.make_ack(record, "meldkamer")))
        broken[40] ^= 1
        try:
            reader.session.ask(submit=pb.Submit(envelope=bytes(broken)))
        except Refused as why:
            assert why.code in (pb.REFUSED_SIGNATURE, pb.REFUSED_MALFORMED), why
        else:
            raise AssertionError("a broken signature was accepted")


def test_it_does_not_travel_with_updates_and_updates_not_with_it():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        both = region.agent("berg", {"berg-1": "oost"})
        ack = both.make("duin-1", ack=reader.make_ack(record, "berg").ack)
        ack.ClearField("source")
        why = both.refused(ack)
        assert why.code == pb.REFUSED_NOT_ALLOWED and why.refusal.field == "ack"
        door = both.door("berg-1", pb.DOOR_STOP)
        try:
            both.session.ask(submit=pb.Submit(envelope=both.sign(door)))
        except Refused as refusal:
            assert refusal.code == pb.REFUSED_NOT_ALLOWED
        else:
            raise AssertionError("a report was accepted in a submit")
        # An agent without a role that reads has seen nothing.
        ack.seq = both.next_seq()
        try:
            both.session.ask(submit=pb.Submit(envelope=both.sign(ack)))
        except Refused as refusal:
            assert refusal.code == pb.REFUSED_ROLE
        else:
            raise AssertionError("an agent without a role that reads has acknowledged")


def test_narrowing_takes_it_from_sight_and_from_the_past():
    with Region() as region:
        agent, reader, stop, record = begin(region)
        ack = reader.make_ack(record, "meldkamer")
        ack.ack.function = "planted-function"
        reader.hand_in(ack)
        reader.wait(lambda: reader.acks_of(stop))
        then = reader.acks_of(stop)["meldkamer"].received_at_ms
        before = {"at_ms": then, "audience": pb.AUDIENCE_CARE}
        narrow = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED)
        narrow.audience = pb.AUDIENCE_COORD
        agent.state(narrow)
        reader.wait(lambda: not reader.find(stop))
        assert not reader.acks_of(stop)

        late, centre = region.reader("laat"), region.reader("centre", coord=True)
        assert not late.records()
        for session, level, found in ((late.session, pb.AUDIENCE_CARE, False),
                                      (centre.session, pb.AUDIENCE_COORD, True)):
            before["audience"] = level
            _, bodies = session.since("pic/oost/status/", **before)
            whole = b"".join(body.SerializeToString() for body in bodies)
            assert (b"planted-function" in whole) == found, level
            _, bodies = session.history(then - 3600_000, then + 3600_000, "duin-1", restated=True)
            whole = b"".join(body.SerializeToString() for body in bodies)
            assert (b"planted-function" in whole) == found, level
            assert found or b"meldkamer" not in whole


def test_who_acknowledges_without_end_is_told_and_holds_up_no_capacity():
    with Region(settings={"updates-per-second": "100", "updates-at-once": "200"}) as region:
        agent, reader, stop, record = begin(region)
        whys = []
        for _ in range(6):
            try:
                reader.hand_in(reader.make_ack(record, "meldkamer"))
            except Refused as refused_one:
                whys.append(refused_one)
        assert whys and all(why.code == pb.REFUSED_QUOTA for why in whys), whys
        assert whys[0].refusal.field == "submit.envelope"
        assert "acknowledgements" in whys[0].refusal.text, whys[0].refusal
        assert agent.state(agent.counts("duin-1", "u1", pb.CARE_WARD, staffed=4))
        # Another's are its own.
        other = region.reader("rav")
        other.hand_in(other.make_ack(other.find(stop), "rav"))


def test_a_record_has_so_many_and_no_more():
    with Region() as region:
        _, reader, stop, record = begin(region)
        for number in range(64):
            party = f"lezer-{number}"
            other = region.reader(party)
            other.hand_in(other.make_ack(other.find(stop), party))
            if number < 63:
                other.close()
        why = refused(reader, reader.make_ack(record, "meldkamer"))
        assert why.code == pb.REFUSED_QUOTA
        other.hand_in(other.make_ack(other.find(stop), party))  # its own again


if __name__ == "__main__":
    tap.run(globals())
