#!/usr/bin/python3
"""A broker whose directory is an older copy: noticed when a peer shows a later head."""

import shutil

import plek_pb2 as pb
import tap
from harness import Region, until_true


def counts(agent, staffed):
    return agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=staffed)


def copy_now(region):
    """A copy of the directory as it is, and the broker running again."""
    region.daemon.kill()
    shutil.copytree(region.directory / "data", region.directory / "older")
    region.daemon.start()


def roll_back(region):
    region.daemon.kill()
    shutil.rmtree(region.directory / "data")
    shutil.copytree(region.directory / "older", region.directory / "data")
    region.daemon.start()


def rolled_back(region):
    """(agent, what it said after the copy was made); the broker has lost the latter."""
    agent = region.agent("duin", {"duin-1": "oost"})
    agent.state(counts(agent, 1))
    copy_now(region)
    agent.reconnect()
    lost = counts(agent, 2)
    agent.state(lost)
    roll_back(region)
    return agent, lost


def test_later_head_opens_an_epoch_that_does_not_continue():
    with Region() as region:
        agent, lost = rolled_back(region)
        reader = region.reader("meldkamer")
        assert reader.find(lost).update.counts.staffed == 1, "the copy was not older"
        before = reader.epoch

        agent.reconnect()
        epoch = agent.session.take_epoch(agent.session.wait_told("epoch").epoch) \
            if agent.session.epoch.continues else agent.session.epoch
        assert not epoch.continues and epoch.cause == "rolled-back"

        reader.wait(lambda: reader.epoch != before)
        assert reader.epoch == epoch.epoch
        agent.hello()
        assert agent.session.greeting.floor >= lost.seq, "a floor that would let a replay in"
        again = counts(agent, 2)
        agent.state(again)
        reader.wait(lambda: reader.find(again) and reader.find(again).update.seq == again.seq)


def test_what_was_signed_before_cannot_be_played_again():
    with Region() as region:
        agent, _ = rolled_back(region)
        agent.reconnect()
        stale = counts(agent, 77)
        stale.seq -= 60_000_000
        if agent.session.epoch.continues:
            agent.session.wait_told("epoch")
        assert agent.refused(stale).code == pb.REFUSED_REPLAY


def test_operator_is_told_until_he_confirms():
    with Region() as region:
        agent, _ = rolled_back(region)
        agent.reconnect()
        until_true(lambda: any("registry" in text for text in region.status().warnings), 5,
                   "a warning about the registry")
        assert "rolled" in region.daemon.said()
        region.daemon.kill()
        region.daemon.start()
        assert any("registry" in text for text in region.status().warnings)
        region.operator().ask(confirm=pb.Confirm(what=pb.CONFIRM_EPOCH))
        assert not any("registry" in text for text in region.status().warnings)


def test_head_from_before_that_epoch_opens_no_other():
    with Region() as region:
        agent, _ = rolled_back(region)
        evidence = agent.session.head
        agent.reconnect()
        until_true(lambda: not pb.Epoch.FromString(
            region.status().epoch_envelope[96:]).continues, 5, "the epoch")
        epoch = region.status().epoch
        other = region.session("duin")
        other.head = evidence
        other.hello(pb.PEER_HAND)
        other.clock()
        assert region.status().epoch == epoch


def test_head_that_the_broker_did_not_sign_proves_nothing():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent, 1))
        epoch = region.status().epoch
        head = pb.Head(epoch=1, revision=10_000, time_ms=agent.session.time_ms(), head=bytes(32))
        from plekpy import envelope  # pylint: disable=import-outside-toplevel
        for signer in (agent.secret, region.authority.key):
            forged = envelope.seal(envelope.HEAD, region.card.network, signer,
                                   head.SerializeToString())
            session = region.session("duin")
            session.hello(pb.PEER_HAND, head=forged)
            session.clock()
        assert region.status().epoch == epoch


def test_restart_continues_and_an_honest_head_changes_nothing():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(counts(agent, 1))
        first = agent.session.epoch.epoch
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        assert agent.session.epoch.continues
        assert agent.session.epoch.previous_epoch == first
        agent.state(counts(agent, 2))
        assert not any("registry" in text for text in region.status().warnings)


if __name__ == "__main__":
    tap.run(globals())
