#!/usr/bin/python3
"""Who may ask what: operators by role and on the host, parties about themselves, nobody else."""

import plek_pb2 as pb
import tap
from harness import Region
from plekpy.session import Refused


def refused_code(session, **request):
    try:
        session.ask(**request)
    except Refused as refused:
        return refused.code
    raise AssertionError(f"answered: {request}")


def greeted(region, party, kind=pb.PEER_READER):
    session = region.session(party)
    session.hello(kind)
    return session


def test_operator_by_role_may_do_what_the_host_may():
    with Region() as region:
        region.enrol("beheer", [pb.ROLE_OPERATOR])
        region.enrol_agent("duin", {"duin-1": "oost"})
        session = greeted(region, "beheer")
        assert session.ask(status=pb.StatusRequest()).status.accepting
        names = {info.party for info in session.ask(parties=pb.PartiesRequest()).parties.parties}
        assert names == {"beheer", "duin"}
        session.ask(suspend=pb.Suspend(party="duin", suspended=True, reason="drill"))
        (info,) = session.ask(parties=pb.PartiesRequest(party="duin")).parties.parties
        assert info.suspended
        session.ask(suspend=pb.Suspend(party="duin", suspended=False))


def test_others_may_ask_about_themselves_only():
    with Region() as region:
        region.enrol_agent("duin", {"duin-1": "oost"})
        region.enrol_reader("meldkamer")
        for party in ("duin", "meldkamer"):
            session = greeted(region, party)
            (info,) = session.ask(parties=pb.PartiesRequest()).parties.parties
            assert info.party == party
            other = "meldkamer" if party == "duin" else "duin"
            for request in ({"parties": pb.PartiesRequest(party=other)},
                            {"status": pb.StatusRequest()},
                            {"suspend": pb.Suspend(party=other, suspended=True)},
                            {"confirm": pb.Confirm(what=pb.CONFIRM_EPOCH)}):
                assert refused_code(session, **request) == pb.REFUSED_NOT_ALLOWED, request


def test_agent_that_may_not_read_is_given_no_picture():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        request = pb.Since(topic="pic/oost/counts/", epoch=0, audience=pb.AUDIENCE_CARE,
                           revision=0, credit=1)
        assert refused_code(agent.session, since=request) == pb.REFUSED_NOT_ALLOWED
        assert refused_code(agent.session, presence=pb.PresenceRequest()) == pb.REFUSED_NOT_ALLOWED


def test_hello_comes_first():
    with Region() as region:
        session = region.session(region.enrol_reader("meldkamer"))
        assert refused_code(session, clock=pb.Clock(nonce=1)) == pb.REFUSED_NOT_ALLOWED
        session.hello()
        session.clock()


def test_unknown_party_and_key_are_not_found():
    with Region() as region:
        region.enrol_agent("duin")
        operator = region.operator()
        for request in ({"parties": pb.PartiesRequest(party="nobody")},
                        {"suspend": pb.Suspend(party="nobody", suspended=True)},
                        {"suspend": pb.Suspend(party="duin", key_id=bytes(8), suspended=True)}):
            assert refused_code(operator, **request) == pb.REFUSED_NOT_FOUND


def test_checked_update_is_judged_and_leaves_nothing():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        before = region.status().revision
        good = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1)
        answer = agent.session.ask(submit=pb.Submit(envelope=agent.sign(good), check=True)).submit
        assert answer.revision == 0
        bad = agent.counts("berg-1", "ic", pb.CARE_WARD, staffed=1)
        code = refused_code(agent.session, submit=pb.Submit(envelope=agent.sign(bad), check=True))
        assert code == pb.REFUSED_LOCATION
        assert region.status().revision == before
        agent.state(good)


def test_update_cannot_come_in_by_the_query_session():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        before = region.status().revision
        update = agent.counts("duin-1", "ic", pb.CARE_WARD, staffed=1)
        refused_code(agent.session, submit=pb.Submit(envelope=agent.sign(update)))
        assert region.status().revision == before


def test_suspension_is_journaled_and_readers_are_told():
    with Region() as region:
        region.enrol_agent("duin")
        reader = region.reader("meldkamer")
        before = region.status().revision
        region.operator().ask(suspend=pb.Suspend(party="duin", suspended=True, reason="drill"))
        assert region.status().revision == before + 1
        said = reader.wait(lambda: reader.registry.suspensions.get("duin"))
        assert said.suspended and said.reason == "drill" and said.by.startswith("uid ")


if __name__ == "__main__":
    tap.run(globals())
