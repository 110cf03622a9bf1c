#!/usr/bin/python3
"""Changes since a position: only what changed, all of it, and whole when nothing else is true."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import envelope, records, wire
from plekpy.session import Refused

TOPIC = "pic/oost/counts/"


def ward(agent, number, **numbers):
    return agent.counts("duin-1", f"w{number}", pb.CARE_WARD, **numbers)


def entries(bodies):
    return [entry for body in bodies for entry in body.entries]


def units(bodies):
    return [pb.Update.FromString(envelope.parse(entry.envelope).body).unit
            for entry in entries(bodies)]


def test_answer_has_only_what_changed_in_order():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for number in range(10):
            position = agent.state(ward(agent, number, staffed=1))
        agent.state(ward(agent, 7, staffed=2))
        last = agent.state(ward(agent, 3, staffed=2))

        reader = region.reader("meldkamer")
        manifest, bodies = reader.session.since(TOPIC, reader.epoch, position)
        assert not manifest.whole
        assert units(bodies) == ["w7", "w3"]
        assert manifest.to >= last

        manifest, bodies = reader.session.since(TOPIC, reader.epoch, manifest.to)
        assert not manifest.whole and not entries(bodies)


def test_position_zero_is_everything():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for number in range(5):
            agent.state(ward(agent, number, staffed=1))
        reader = region.reader("meldkamer")
        manifest, bodies = reader.session.since(TOPIC, reader.epoch, 0)
        assert sorted(units(bodies)) == [f"w{number}" for number in range(5)]
        assert manifest.n_entries == 5


def test_withdrawal_is_among_the_changes():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(ward(agent, 0, staffed=1))
        update = ward(agent, 1, staffed=1)
        position = agent.state(update)
        agent.state(agent.withdraw(update))
        reader = region.reader("meldkamer")
        manifest, bodies = reader.session.since(TOPIC, reader.epoch, position)
        assert not manifest.whole
        (entry,) = entries(bodies)
        assert entry.withdrawn.cause == pb.WITHDRAWN_BY_PARTY
        assert records.ref_of_key(entry.withdrawn.key) == records.ref_of(update)


def test_position_of_an_epoch_that_leads_nowhere_is_answered_whole():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        position = agent.state(ward(agent, 0, staffed=1))
        reader = region.reader("meldkamer")
        manifest, bodies = reader.session.since(TOPIC, reader.epoch ^ 1, position)
        assert manifest.whole and units(bodies) == ["w0"]


def test_position_of_another_audience_is_answered_whole():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        position = agent.state(ward(agent, 0, staffed=1))
        reader = region.reader("meldkamer")
        manifest, _ = reader.session.since(TOPIC, reader.epoch, position,
                                           audience=pb.AUDIENCE_OPEN)
        assert manifest.whole


def test_position_after_the_last_revision_is_answered_whole():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        position = agent.state(ward(agent, 0, staffed=1))
        reader = region.reader("meldkamer")
        manifest, bodies = reader.session.since(TOPIC, reader.epoch, position + 1000)
        assert manifest.whole and units(bodies) == ["w0"]


def test_position_of_an_earlier_epoch_that_leads_here_is_answered_with_changes():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        reader = region.reader("meldkamer")
        position = agent.state(ward(agent, 0, staffed=1))
        epoch = reader.epoch
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        agent.state(ward(agent, 1, staffed=1))
        late = region.reader("meldkamer")
        assert late.epoch != epoch
        manifest, bodies = late.session.since(TOPIC, epoch, position)
        assert not manifest.whole and units(bodies) == ["w1"]


def test_large_answer_comes_in_chunks_as_credit_allows():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        until = wire.deadline(60)
        sent = []
        for number in range(1500):
            update = ward(agent, number, staffed=1)
            update.label = "l" * 120
            agent.send(update)
            sent.append(update.seq)
            if len(sent) >= 32:
                assert agent.outcome(sent.pop(0), until).revision
        for seq in sent:
            assert agent.outcome(seq, until).revision

        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        number = session.send(since=pb.Since(topic=TOPIC, epoch=0, revision=0, credit=1,
                                             audience=pb.AUDIENCE_CARE))
        answer = session.answer(number).since
        manifest = session.open_broker(answer.manifest, envelope.MANIFEST, pb.Manifest)
        assert len(manifest.digests) >= 3
        session.clock()  # what came before its answer came without further credit
        assert len(session.chunks.get(answer.transfer, [])) <= 1

        manifest, bodies = session.since(TOPIC, 0, 0, credit=2)
        assert len(set(units(bodies))) == 1500


def test_topic_without_changes_of_its_own_is_refused():
    with Region() as region:
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        for topic in ("beat/status/", "beat/counts/"):
            try:
                session.since(topic, 0, 0)
            except Refused:
                continue
            raise AssertionError(f"{topic!r} was answered")


def test_what_is_no_topic_is_refused_without_a_number():
    with Region() as region:
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        session.wait_told("agreed")
        for topic in ("pic/", "pic/oost/", "nothing", "pic/OOST/counts/", "reg", ""):
            session.send(since=pb.Since(topic=topic, epoch=0, revision=0, credit=1,
                                        audience=pb.AUDIENCE_CARE))
            session.clock()
            (told,) = session.told
            assert told.refusal.code == pb.REFUSED_MALFORMED, topic
            session.told.clear()


def test_agent_can_ask_for_what_is_held_of_it():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost", "duin-2": "west"})
        berg = region.agent("berg", {"berg-1": "oost"})
        berg.state(berg.counts("berg-1", "ic", pb.CARE_WARD, staffed=1))
        agent.state(ward(agent, 1, staffed=1))
        agent.state(agent.counts("duin-2", "ic", pb.CARE_WARD, staffed=1))
        coord = agent.door("duin-1", pb.DOOR_OPEN)
        coord.audience = pb.AUDIENCE_COORD
        agent.state(coord)

        _, bodies = agent.session.own()
        own = [pb.Update.FromString(envelope.parse(entry.envelope).body)
               for entry in entries(bodies)]
        assert {update.party for update in own} == {"duin"} and len(own) == 3
        _, bodies = agent.session.own("duin-2")
        assert len(entries(bodies)) == 1


if __name__ == "__main__":
    tap.run(globals())
