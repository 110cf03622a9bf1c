#!/usr/bin/python3
"""A coordinator calls on a region: who is asked, who has answered, and until when"""

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy import call as calls
from plekpy import envelope, keys, wire
from plekpy.session import Refused

ASKED, ANSWERED, UNREACHABLE = pb.CALL_ASKED, pb.CALL_ANSWERED, pb.CALL_UNREACHABLE
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


def caller_of(region, party="zcc", coord=True):
    if party not in region.enrolments:
        region.enrol_reader(party, coord)
    session = region.session(party)
    session.hello(pb.PEER_HAND)
    return calls.Caller(session, party)


def agent_of(region, party, location=None, care=pb.CARE_ED, **numbers):
    """A connected agent that has said something."""
    agent = region.agent(party, {location or f"{party}-1": "oost"})
    agent.location = location or f"{party}-1"
    agent.state(agent.counts(agent.location, None, care, **(numbers or {"staffed": 10})))
    return agent


def told(agent):
    """The call that the agent is asked to answer, checked."""
    asked = agent.session.wait_told("asked").asked
    return calls.check(agent.card, asked, agent.session.time_ms())


def was_told(agent):
    agent.session.clock()  # what was sent before its answer is here
    return [reply for reply in agent.session.told if reply.WhichOneof("reply") == "asked"]


def refused(caller, whole):
    try:
        caller.ask(whole)
    except Refused as why:
        return why.refusal.code, why.refusal.field
    raise AssertionError("the call was taken")


def test_a_call_shows_who_answers_who_is_silent_and_who_is_gone():
    with Region() as region:
        good, silent, dead = (agent_of(region, party) for party in ("alfa", "bravo", "charlie"))
        dead.state(dead.make("charlie-1", card=pb.LocationCard(
            name="Charlie", kind="V4", contacts=[pb.Contact(function="SEH", phone="088 1234")])))
        dead.close()
        region.peers.remove(dead)
        elsewhere = region.agent("delta", {"delta-1": "west"})
        caller = caller_of(region)
        caller.call("oost", within_ms=6000, text="bus accident A28")

        call = told(good)
        assert call.text == "bus accident A28"
        assert told(silent).region == "oost"
        assert not was_told(elsewhere)
        caller.wait(lambda _: caller.states()["charlie", "charlie-1"] == UNREACHABLE)
        assert caller.states() == {("alfa", "alfa-1"): ASKED, ("bravo", "bravo-1"): ASKED,
                                   ("charlie", "charlie-1"): UNREACHABLE}
        lost = caller.lines["charlie", "charlie-1"]
        assert (lost.name, lost.phone) == ("Charlie", "088 1234"), lost
        assert lost.since_ms > 0

        good.state(good.counts("alfa-1", None, pb.CARE_ED, staffed=10))  # the same again
        caller.wait(lambda _: caller.states()["alfa", "alfa-1"] == ANSWERED)
        final = caller.wait_final()
        assert caller.states()["bravo", "bravo-1"] == ASKED
        assert final.of == 3
        assert caller.session.time_ms() >= call.until_ms
        assert region.metrics()["plek_calls_total", ""] == 1


def test_a_call_is_over_when_all_have_answered():
    with Region() as region:
        agents = [agent_of(region, party) for party in ("alfa", "bravo")]
        caller = caller_of(region)
        caller.call("oost", within_ms=HOUR_MS)
        for agent in agents:
            told(agent)
            agent.state(agent.counts(agent.location, None, pb.CARE_ED, staffed=11))
        caller.wait_final()
        assert set(caller.states().values()) == {ANSWERED}
        assert all(line.since_ms for line in caller.lines.values())


def test_a_call_on_locations_asks_nobody_else():
    with Region() as region:
        alfa, bravo = (agent_of(region, party) for party in ("alfa", "bravo"))
        west = region.agent("delta", {"delta-1": "west"})
        caller = caller_of(region)
        for region_name, locations, why in (
                ("oost", ["alfa-1"], (pb.REFUSED_FIELD, "region")),
                ("", [], (pb.REFUSED_FIELD, "region")),
                ("", ["alfa-1", "nergens"], (pb.REFUSED_NOT_FOUND, "locations")),
                ("", ["alfa-1"] * 33, (pb.REFUSED_FIELD, "locations"))):
            assert refused(caller, caller.seal(
                caller.make(region_name, locations=locations))) == why, locations
        caller.call("", locations=["delta-1", "alfa-1"], within_ms=HOUR_MS)
        assert list(told(alfa).locations) == ["delta-1", "alfa-1"]
        told(west)
        assert not was_told(bravo)
        assert caller.states() == {("alfa", "alfa-1"): ASKED, ("delta", "delta-1"): ASKED}
        alfa.state(alfa.counts("alfa-1", None, pb.CARE_ED, staffed=10))
        west.state(west.counts("delta-1", None, pb.CARE_ED, staffed=10))
        caller.wait_final()
        assert set(caller.states().values()) == {ANSWERED}


def test_who_may_not_report_is_named_and_the_call_is_not_complete():
    with Region() as region:
        good, barred, over = (agent_of(region, party) for party in ("alfa", "bravo", "charlie"))
        for agent, phone in ((barred, "088 2"), (over, "088 3")):
            agent.state(agent.make(agent.location, card=pb.LocationCard(
                name=agent.location, kind="V4",
                contacts=[pb.Contact(function="SEH", phone=phone, care=pb.CARE_ED)])))
        never = region.agent("delta", {"delta-1": "oost"})
        region.operator().ask(suspend=pb.Suspend(party="bravo", suspended=True, reason="numbers"))
        now = good.session.time_ms()
        region.enrol_agent("charlie", {"charlie-1": "oost"}, valid_from_ms=now - DAY_MS,
                           valid_until_ms=now - 1000)
        # Nothing of it is shown: nobody would expect it to answer.
        region.enrol_agent("echo", {"echo-1": "oost"})
        region.operator().ask(suspend=pb.Suspend(party="echo", suspended=True, reason="numbers"))

        caller = caller_of(region)
        caller.call("oost", within_ms=4000, cares=[pb.CARE_ED])
        told(good)
        told(never)
        good.state(good.counts("alfa-1", None, pb.CARE_ED, staffed=10))
        final = caller.wait_final()
        assert caller.states() == {
            ("alfa", "alfa-1"): ANSWERED, ("bravo", "bravo-1"): pb.CALL_BARRED,
            ("charlie", "charlie-1"): pb.CALL_BARRED, ("delta", "delta-1"): ASKED}
        assert final.of == 4
        assert caller.lines["bravo", "bravo-1"].phone == "088 2"
        assert caller.lines["charlie", "charlie-1"].phone == "088 3"


def test_the_call_of_who_may_not_call_any_more_is_broken_off():
    with Region() as region:
        agent_of(region, "alfa")
        caller, other = caller_of(region), caller_of(region, "rcc")
        caller.call("oost", within_ms=HOUR_MS)
        other.call("oost", within_ms=HOUR_MS)
        region.enrol("zcc", [pb.ROLE_SUBSCRIBER], audience=pb.AUDIENCE_CARE)
        caller.wait_final()
        region.operator().ask(suspend=pb.Suspend(party="rcc", suspended=True, reason="stolen"))
        until_true(lambda: region.daemon.said().count("is broken off") == 2)
        bravo = region.agent("bravo", {"alfa-1": "oost"})
        assert not was_told(bravo)


def test_what_was_old_already_is_no_answer():
    with Region() as region:
        agent = agent_of(region, "alfa")
        caller = caller_of(region)
        caller.call("oost", within_ms=4000)
        agent.state(agent.make("alfa-1", valid_for_s=60, counts=pb.Counts(
            care=pb.CARE_ED, staffed=10), observed_at_ms=agent.session.time_ms() - HOUR_MS))
        caller.wait_final()
        assert caller.states() == {("alfa", "alfa-1"): ASKED}


def test_an_affirm_is_no_answer():
    with Region() as region:
        agent = agent_of(region, "alfa")
        caller = caller_of(region)
        caller.call("oost", within_ms=4000)
        agent.state(agent.affirm("alfa-1", pb.LANE_COUNTS))
        caller.wait_final()
        assert caller.states() == {("alfa", "alfa-1"): ASKED}


def test_each_unit_that_was_reported_is_asked_for():
    with Region() as region:
        agent = agent_of(region, "alfa")
        agent.state(agent.counts("alfa-1", "b2", pb.CARE_WARD, staffed=4))
        agent_of(region, "bravo", care=pb.CARE_WARD)
        caller = caller_of(region)
        caller.call("oost", cares=[pb.CARE_ED])
        assert list(caller.states()) == [("alfa", "alfa-1")]
        agent.state(agent.counts("alfa-1", None, pb.CARE_ED, staffed=9))
        caller.wait_final()  # the ward is not asked for

        caller.call("oost")
        agent.state(agent.counts("alfa-1", None, pb.CARE_ED, staffed=9))
        caller.wait(lambda _: caller.lines["alfa", "alfa-1"].n_answered == 1)
        assert caller.lines["alfa", "alfa-1"].n_records == 2
        agent.state(agent.counts("alfa-1", "b2", pb.CARE_WARD, staffed=4))
        caller.wait(lambda _: caller.states()["alfa", "alfa-1"] == ANSWERED)


def test_an_agent_that_connects_while_it_lasts_is_asked_then():
    with Region() as region:
        agent = agent_of(region, "alfa")
        agent.close()
        caller = caller_of(region)
        caller.call("oost")
        caller.wait(lambda _: caller.states()["alfa", "alfa-1"] == UNREACHABLE)
        region.peers.remove(agent)
        back = region.agent("alfa")
        told(back)
        caller.wait(lambda _: caller.states()["alfa", "alfa-1"] == ASKED)


def test_only_a_coordinator_may_call():
    with Region() as region:
        agent_of(region, "alfa")
        caller = caller_of(region, "meldkamer", coord=False)
        assert refused(caller, caller.seal(caller.make("oost"))) == (pb.REFUSED_ROLE, "")


def test_forged_foreign_and_old_calls_are_refused():
    with Region() as region:
        agent = agent_of(region, "alfa")
        caller, other = caller_of(region), caller_of(region, "rav")
        good = caller.make("oost")
        now = caller.session.time_ms()
        for whole, why in (
                (caller.seal(good)[:-1] + b"\1", (pb.REFUSED_SIGNATURE, "")),
                (caller.seal(good, secret=keys.SecretKey()), (pb.REFUSED_PARTY, "")),
                (caller.seal(good, secret=region.key("rav")), (pb.REFUSED_PARTY, "")),
                (caller.seal(other.make("oost")), (pb.REFUSED_PARTY, "party")),
                (caller.seal(good, network=bytes(16)), (pb.REFUSED_NETWORK, "")),
                (agent.sign(agent.door("alfa-1", pb.DOOR_OPEN)),
                 (pb.REFUSED_MALFORMED, "call.envelope")),
                (caller.seal(caller.make("oost", within_ms=HOUR_MS + 1)),
                 (pb.REFUSED_PERIOD, "until_ms")),
                (caller.seal(caller.make("oost", asked_at_ms=now - 2000, until_ms=now - 1000)),
                 (pb.REFUSED_TOO_LATE, "until_ms")),
                (caller.seal(caller.make("oost", asked_at_ms=now + HOUR_MS,
                                         until_ms=now + HOUR_MS + 1)),
                 (pb.REFUSED_SENT_AHEAD, "asked_at_ms")),
                (caller.seal(caller.make("oost", id=bytes(15))), (pb.REFUSED_FIELD, "id")),
                (caller.seal(caller.make("oost", status=pb.STATUS_TEST)),
                 (pb.REFUSED_FIELD, "status")),
                (caller.seal(caller.make("oost", text="x" * 281)), (pb.REFUSED_FIELD, "text")),
                (caller.seal(caller.make("oost", cares=range(1, 18))),
                 (pb.REFUSED_FIELD, "cares")),
                (caller.seal(caller.make("west")), (pb.REFUSED_NOT_FOUND, "region")),
                (caller.seal(caller.make("oost", cares=[pb.CARE_BURN])),
                 (pb.REFUSED_NOT_FOUND, "region"))):
            assert refused(caller, whole) == why, (refused(caller, whole), why)
        assert not was_told(agent)
        assert region.metrics()["plek_calls_total", ""] == 0


def test_the_same_call_again_asks_nobody_twice():
    with Region() as region:
        agent = agent_of(region, "alfa")
        caller = caller_of(region)
        whole = caller.call("oost")
        told(agent)
        again = caller_of(region)  # another session of the same party
        again.ask(whole)
        assert again.states() == {("alfa", "alfa-1"): ASKED}
        assert not was_told(agent)
        agent.state(agent.counts("alfa-1", None, pb.CARE_ED, staffed=9))
        again.wait_final()
        assert again.ask(whole).final  # it is over, and stays so


def test_a_call_goes_on_over_a_broker_that_was_killed():
    with Region() as region:
        first, second = agent_of(region, "alfa"), agent_of(region, "bravo")
        caller = caller_of(region)
        whole = caller.call("oost", within_ms=HOUR_MS)
        first.state(first.counts("alfa-1", None, pb.CARE_ED, staffed=9))
        caller.wait(lambda _: caller.states()["alfa", "alfa-1"] == ANSWERED)
        region.daemon.kill()
        region.daemon.start()
        for agent in (first, second):
            agent.reconnect()
        again = caller_of(region)
        again.ask(whole)
        assert again.states()["alfa", "alfa-1"] == ANSWERED
        told(second)
        assert not was_told(first)
        second.state(second.counts("bravo-1", None, pb.CARE_ED, staffed=9))
        again.wait_final()


def test_an_agent_does_not_believe_a_broker_about_who_calls():
    with Region() as region:
        agent = agent_of(region, "alfa")
        caller = caller_of(region)
        whole = caller.call("oost")
        asked = agent.session.wait_told("asked").asked
        now = agent.session.time_ms()
        assert calls.check(agent.card, asked, now).party == "zcc"
        region.enrol_reader("meldkamer")
        forged = caller.seal(caller.make("oost", party="meldkamer"),
                             secret=region.key("meldkamer"))
        for envelope_, enrolment in ((forged, region.enrolments["meldkamer"]),
                                     (forged, region.enrolments["zcc"]),
                                     (whole[:-1] + b"\1", region.enrolments["zcc"]),
                                     (whole, whole)):
            try:
                calls.check(agent.card, pb.CallAsked(envelope=envelope_, enrolment=enrolment), now)
            except envelope.EnvelopeError:
                continue
            raise AssertionError("believed")


def test_calls_are_few():
    with Region() as region:
        agent_of(region, "alfa")
        caller = caller_of(region)
        for _ in range(4):
            caller.call("oost")
        assert refused(caller, caller.seal(caller.make("oost"))) == (pb.REFUSED_QUOTA, "")
        caller_of(region, "rav").call("oost")  # another party's own


def test_free_places_by_triage_colour_add_up_to_what_was_said_since():
    with Region() as region:
        first = agent_of(region, "alfa", triage_red=50, triage_green=50)
        second = agent_of(region, "bravo", triage_red=50)
        secret = agent_of(region, "charlie")
        caller = caller_of(region)
        caller.call("oost", triage=True)
        assert caller.progress[-1].triage == pb.CallTriage(n_places=0)
        first.state(first.counts("alfa-1", None, pb.CARE_ED, triage_red=2, triage_green=9))
        second.state(second.counts("bravo-1", None, pb.CARE_ED, triage_red=3, triage_black=0))
        caller.wait(lambda progress: progress.triage.n_places == 2)
        assert caller.progress[-1].triage == pb.CallTriage(red=5, green=9, black=0, n_places=2)

        # Who may not read it is not told of it in a sum either.
        region.enrol("zcc-care", [pb.ROLE_COORDINATOR], audience=pb.AUDIENCE_CARE)
        narrow = caller_of(region, "zcc-care")
        update = secret.counts("charlie-1", None, pb.CARE_ED, triage_red=100)
        update.audience = pb.AUDIENCE_COORD
        secret.state(update)
        caller.wait(lambda progress: progress.triage.red == 105)
        narrow.call("oost", triage=True, asked_at_ms=caller.session.time_ms() - 30000)
        assert narrow.progress[-1].triage.red == 5
        assert narrow.lines["charlie", "charlie-1"].n_records == 0


def test_three_hundred_feeds_get_one_message_each():
    with Region(settings={"requests-per-second": 10000}) as region:
        sessions = []
        for number in range(300):
            party = f"p{number}"
            region.enrol_agent(party)
            sessions.append(region.session(party))
        for session in sessions:
            session.hello(pb.PEER_FEED, wire.deadline(60))
        caller = caller_of(region)
        caller.call("oost", within_ms=3000)
        for session in sessions:
            session.wait_told("asked", wire.deadline(30))
        final = caller.wait_final(wire.deadline(30))
        for session in sessions:
            session.clock(wire.deadline(30))
            assert not [reply for reply in session.told if reply.WhichOneof("reply") == "asked"]
        assert final.of == 300 and len(caller.lines) == 300


if __name__ == "__main__":
    tap.run(globals())
