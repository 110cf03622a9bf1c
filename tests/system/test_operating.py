#!/usr/bin/python3
"""What an operator does to a running broker: reload it, stop it under load, ask it"""

import signal

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy import wire
from plekpy.session import Refused


def ask_often(session, number):
    """How many of @number questions were answered with the time."""
    ids = [session.send(clock=pb.Clock(nonce=nonce)) for nonce in range(number)]
    answered = 0
    for identity in ids:
        try:
            reply = session.answer(identity, wire.deadline(1))
        except wire.TimedOut:
            break
        if reply.HasField("refusal"):
            assert reply.refusal.code == pb.REFUSED_QUOTA
            break
        answered += 1
    return answered


def test_reload_changes_a_limit_and_nobody_is_cut():
    with Region(settings={"requests-per-second": 1000, "requests-at-once": 1000}) as region:
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()
        assert ask_often(session, 100) == 100
        region.write_config(**{"requests-per-second": 1, "requests-at-once": 5})
        region.daemon.process.send_signal(signal.SIGHUP)
        until_true(lambda: "was reloaded" in region.daemon.said(), what="the reload")
        fresh = region.session("meldkamer")
        fresh.hello()
        assert ask_often(fresh, 100) <= 5
        assert session.clock().time_us


def test_reload_of_what_is_wrong_changes_nothing_and_says_so():
    with Region() as region:
        region.write_config(**{"requests-per-second": "many"})
        region.daemon.process.send_signal(signal.SIGHUP)
        until_true(lambda: "was not reloaded" in region.daemon.said(), what="the complaint")
        region.settings.pop("requests-per-second")
        region.write_config(workers=3)
        region.daemon.process.send_signal(signal.SIGHUP)
        until_true(lambda: "`workers` needs a restart" in region.daemon.said(), what="the other")
        session = region.session(region.enrol_reader("meldkamer"))
        session.hello()


def test_stop_under_load_ends_and_keeps_what_was_receipted():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        updates = [agent.counts("duin-1", f"w{number}", pb.CARE_WARD, staffed=number)
                   for number in range(500)]
        for update in updates[:250]:
            agent.send(update)
        agent.take_receipt(wire.deadline())
        for update in updates[250:]:
            agent.send(update)
        region.daemon.process.terminate()
        assert region.daemon.wait_end() == 0
        agent.session.pump_ready()
        while any(reply.WhichOneof("reply") == "receipt" for reply in agent.session.told):
            agent.take_receipt(wire.deadline())

        region.daemon.start()
        reader = region.reader("meldkamer")
        kept = {record.update.seq for record in reader.records().values()}
        assert agent.outcomes and all(seq in kept for seq, outcome in agent.outcomes.items()
                                      if outcome.revision)


def test_second_daemon_on_the_same_directory_is_refused_with_a_sentence():
    with Region() as region:
        other = Region(start=False, settings={"directory": region.directory / "data"})
        try:
            other.daemon.start(wait=False)
            assert other.daemon.wait_end() == 78
            assert str(region.directory / "data") in other.daemon.said()
        finally:
            other.__exit__(None, None, None)


def test_operators_over_the_network_may_ask_for_status_and_others_may_not():
    with Region() as region:
        ops = region.session(region.enrol("ops", [pb.ROLE_OPERATOR]))
        ops.hello()
        status = ops.ask(status=pb.StatusRequest()).status
        assert status.accepting and status.network_name == region.authority.network_name
        reader = region.session(region.enrol_reader("meldkamer"))
        reader.hello()
        for request in ({"status": pb.StatusRequest()}, {"suspend": pb.Suspend(
                party="ops", suspended=True)}, {"parties": pb.PartiesRequest(party="ops")}):
            try:
                reader.ask(**request)
            except Refused as refused:
                assert refused.code == pb.REFUSED_NOT_ALLOWED
            else:
                raise AssertionError(f"{request} was answered")
        (own,) = reader.ask(parties=pb.PartiesRequest()).parties.parties
        assert own.party == "meldkamer"


if __name__ == "__main__":
    tap.run(globals())
