#!/usr/bin/python3
"""The broker is away: nothing stale is delivered afterwards, and nothing is lost."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy import wire


def counts(agent, staffed, unit="ic"):
    return agent.counts("duin-1", unit, pb.CARE_WARD, staffed=staffed)


def test_what_was_sent_into_an_outage_is_not_delivered_after_it():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        first = counts(agent, 1)
        agent.state(first)
        region.daemon.kill()
        until = wire.deadline()
        while wire.receive(agent.updates, until, "the subscription's end")[0][:1] != b"\0":
            pass
        for number in range(20):
            agent.send(counts(agent, 100 + number))
        region.daemon.start()
        agent.wait_subscribed(wire.deadline(30))

        session = region.session("duin")
        assert session.hello(pb.PEER_HAND).floor == first.seq
        agent.session.close()
        agent.session = session
        agent.session.hello(pb.PEER_FEED)
        last = counts(agent, 2)
        agent.state(last)
        reader = region.reader("meldkamer")
        assert reader.find(last).update.counts.staffed == 2
        assert session.greeting.floor == first.seq


def test_receipt_that_was_lost_leads_to_a_new_statement_not_to_loss():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        update = counts(agent, 3)
        whole = agent.send(update)
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()

        again = counts(agent, 3)
        revision = agent.state(again)
        reader = region.reader("meldkamer")
        record = reader.find(again)
        assert record.revision == revision and record.envelope != whole


def test_every_receipted_update_survives_kills_under_load():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        held = {}
        contents = {}
        number = 0
        for _ in range(5):
            pending = {}
            for _ in range(200):
                number += 1
                update = counts(agent, number, f"w{number % 40}")
                pending[update.seq] = (update, agent.send(update))
            until = wire.deadline()
            while len(agent.outcomes) < 60:
                agent.take_receipt(until)
            region.daemon.kill()
            agent.session.pump_ready()
            for reply in list(agent.session.told):
                for outcome in reply.receipt.outcomes:
                    agent.outcomes[outcome.seq] = outcome
            for seq, outcome in agent.outcomes.items():
                update, whole = pending[seq]
                assert contents.setdefault(outcome.revision, whole) == whole, \
                    f"revision {outcome.revision} has two contents"
                held[update.unit] = max(held.get(update.unit, (0, b"")),
                                        (outcome.revision, whole))
            agent.outcomes.clear()
            region.daemon.start()
            agent.reconnect()

        reader = region.reader("meldkamer")
        shown = {record.update.unit: record for record in reader.records().values()}
        for unit, (revision, whole) in held.items():
            assert shown[unit].revision >= revision, f"{unit} is lost"
            if shown[unit].revision == revision:
                assert shown[unit].envelope == whole


if __name__ == "__main__":
    tap.run(globals())
