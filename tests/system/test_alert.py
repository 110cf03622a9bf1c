#!/usr/bin/python3
"""plek alert and plek ack: a desk hears of a stop at once, until somebody has seen it."""

import fcntl
import os
import subprocess
import time

import plek_pb2 as pb
import tap
from alerting import alert, begin, env_of, program, ran, said, show_environment, stop
from harness import Region, until_true
from tools import DONE, PLEK, REFUSED, Events, run


def test_a_stop_is_told_within_a_second_while_counts_flood_a_reader_that_is_slow_on_them():
    with Region(settings={"updates-per-second": "5000"}) as region:
        agent, tools = begin(region)
        stop(agent, state=pb.DOOR_OPEN)
        desk = alert(tools, "meldkamer", "--flaps", "0")
        reader = region.reader("rav")
        counts = reader.subs["counts"]  # nobody reads this one any more
        flooder = region.agent("golf", {"golf-1": "oost"})
        began = time.monotonic()
        sent = 0
        waits = []
        for number in range(6):
            for unit in range(200):
                flooder.send(flooder.counts("golf-1", f"u{unit}", pb.CARE_WARD,
                                            staffed=number * 200 + unit))
                sent += 1
            door = agent.door("duin-1", pb.DOOR_OPEN if number % 2 else pb.DOOR_STOP,
                              care=pb.CARE_ED)
            before = time.monotonic()
            agent.send(door)
            frame = None
            while frame is None or door.party.encode() not in frame:
                frame = reader.subs["status"].recv_multipart()[0]
                if b"pic/oost/status/" not in frame:
                    frame = None
            waits.append(time.monotonic() - before)
            if number % 2 == 0:
                said(desk, "RAISED", 5)
                assert time.monotonic() - before < 1.5, "plek alert was late"
            else:
                said(desk, "ENDED", 5)
        assert sent / (time.monotonic() - began) > 100, "that was no flood"
        assert max(waits) < 1, f"a stop was late: {waits}"
        assert counts.poll(0), "counts had not flooded it"


def test_it_repeats_escalates_and_is_quiet_once_anybody_has_seen_it():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--repeat", "300ms", "--escalate-after", "700ms")
        stop(agent, exceptions=[pb.EXCEPTION_MULTITRAUMA])
        raised = said(desk, "RAISED")
        assert raised["cause"] == "STATE" and raised["state"] == "STOP"
        assert raised["exceptions"] == ["MULTITRAUMA"] and "acks" not in raised
        said(desk, "REPEATED")
        said(desk, "ESCALATED")
        said(desk, "REPEATED")

        done = tools.plek("ack", "duin-1", "--function", "regievoerder", "--json", party="rav")
        assert done.one()["record"] == raised["record"]["id"]
        seen = said(desk, "ACKNOWLEDGED")
        assert [(a["by"], a["function"]) for a in seen["acks"]] == [("rav", "regievoerder")]
        # It says something else: that is news, and was seen by nobody.
        stop(agent, state=pb.DOOR_CLOSED)
        again = desk.next(lambda e: e["event"] == "alert")
        assert (again["alert"], again["state"]) == ("RAISED", "CLOSED") and "acks" not in again
        stop(agent, state=pb.DOOR_OPEN)
        said(desk, "ENDED")


def test_a_stop_that_was_seen_is_told_again_when_it_passes_its_end():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--repeat", "0s")
        stop(agent, ends_at_ms=agent.session.time_ms() + 3000)
        said(desk, "RAISED")
        tools.plek("ack", "duin-1", party="rav")
        said(desk, "ACKNOWLEDGED")
        again = said(desk, "RAISED")
        assert again["cause"] == "EXPIRED", again
        tools.plek("ack", "duin-1", party="rav")
        assert said(desk, "ACKNOWLEDGED")["cause"] == "EXPIRED"


def test_other_words_do_not_put_off_that_nobody_has_seen_it():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--repeat", "0s", "--escalate-after", "2s", "--flaps", "0")
        until = time.monotonic() + 20
        for minutes in range(10, 100):
            stop(agent, ends_at_ms=agent.session.time_ms() + minutes * 60000)
            event = desk.next(lambda e: e["event"] == "alert")
            if event["alert"] == "ESCALATED":
                break
            assert event["alert"] == "RAISED" and time.monotonic() < until, event
            desk.read(0.3)
        else:
            raise AssertionError("it was never escalated")


def test_the_word_of_whom_nobody_trusts_any_more_does_not_count():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--repeat", "500ms")
        stop(agent, exceptions=[pb.EXCEPTION_MULTITRAUMA])
        told = tools.plek("ack", "duin-1", party="rav").out
        assert "duin-1" in told and "stop except multitrauma" in told and "(seen)" in told, told
        said(desk, "ACKNOWLEDGED")
        region.submit(region.authority.revoke("rav", [region.key("rav").public],
                                              distrusted_since_ms=1))
        until_true(lambda: "does not count: distrusted" in tools.plek(
            "door", "duin-1", "--care", "ED", party="meldkamer").out)
        late = alert(tools, "meldkamer", "--repeat", "0s")
        assert said(late, "RAISED")["cause"] == "STATE"


def test_what_is_said_of_the_whole_house_is_one_alert():
    with Region() as region:
        agent, tools = begin(region)
        agent.state(agent.door("duin-1", pb.DOOR_OPEN))
        stop(agent, state=pb.DOOR_OPEN)
        stop(agent, "duin-2", state=pb.DOOR_OPEN)
        desk = alert(tools, "meldkamer", "--repeat", "0s")
        now = agent.session.time_ms()
        agent.state(agent.door("duin-1", pb.DOOR_CLOSED, plan=1, starts_at_ms=now + 7_200_000,
                               ends_at_ms=now + 9_000_000))
        agent.state(agent.door("duin-1", pb.DOOR_STOP))
        stop(agent, "duin-2")
        raised = []
        while not raised or raised[-1][0] != "duin-2":
            event = desk.next(lambda e: e["event"] == "alert" and e["alert"] == "RAISED")
            raised.append((event["location"], event.get("care"), event["cause"]))
        assert raised == [("duin-1", None, "ANNOUNCED"), ("duin-1", None, "STATE"),
                          ("duin-2", "ED", "STATE")], raised


def test_a_stop_that_nobody_lifted_does_not_end_as_if_it_had_been():
    with Region() as region:
        agent, tools = begin(region)
        out, show = show_environment(region)
        desk = alert(tools, "meldkamer", "--repeat", "0s", "--flaps", "0", "--run", show)
        shown = region.keep(Events([PLEK, "alert", *tools.as_party("rav"), "--repeat", "0s",
                                    "--flaps", "0", "--lang", "nl"], tools.env))
        stop(agent, "duin-2")
        said(desk, "RAISED")
        shown.expect("ALARM .*duin-2")
        stop(agent, "duin-2", pb.DOOR_OPEN)
        assert said(desk, "ENDED")["ended"] == "SAID"
        shown.expect("voorbij .*duin-2")

        gone = stop(agent)
        said(desk, "RAISED")  # each is seen before the next: else there is nothing to end
        shown.expect("ALARM .*duin-1")
        agent.state(agent.withdraw(gone))
        over = said(desk, "ENDED")
        assert (over["ended"], over["state"], over["why"]) == ("WITHDRAWN", "UNKNOWN", "WITHDRAWN")
        shown.expect("ingetrokken .*duin-1")
        stop(agent)
        said(desk, "RAISED")
        shown.expect("ALARM .*duin-1")
        hidden = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED)
        hidden.audience = pb.AUDIENCE_COORD
        agent.state(hidden)
        over = said(desk, "ENDED")
        assert (over["ended"], over["state"], over["why"]) == ("AUDIENCE", "UNKNOWN", "AUDIENCE")
        shown.expect("niet meer met u gedeeld .*duin-1.*niet meer met u gedeeld")
        # What is said of the whole house leads then; that nobody lifted the stop stays true.
        agent.state(agent.door("duin-2", pb.DOOR_OPEN))
        stop(agent, "duin-2")
        said(desk, "RAISED")
        shown.expect("ALARM .*duin-2")
        region.submit(region.authority.revoke("duin", [region.key("duin").public],
                                              distrusted_since_ms=1))
        assert said(desk, "ENDED")["ended"] == "DISTRUSTED"
        env_of(desk, out, EVENT="ENDED", ENDED="DISTRUSTED", LOCATION="duin-2")
        shown.expect("niet meer vertrouwd .*duin-2")


def test_a_plan_is_told_until_it_is_seen_and_when_it_moves_and_is_called_off():
    with Region() as region:
        agent, tools = begin(region)
        out, show = show_environment(region)
        desk = alert(tools, "meldkamer", "--repeat", "300ms", "--run", show)
        shown = region.keep(Events([PLEK, "alert", *tools.as_party("rav"), "--repeat", "0s",
                                    "--lang", "nl"], tools.env))
        stop(agent, "duin-2")
        shown.expect("ALARM .*duin-2")
        said(desk, "RAISED")
        tools.plek("ack", "duin-2", party="rav")
        said(desk, "ACKNOWLEDGED")
        now = agent.session.time_ms()

        def plan(number, hours):
            door = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED, plan=number,
                              starts_at_ms=now + hours * 3_600_000,
                              ends_at_ms=now + (hours + 2) * 3_600_000,
                              exceptions=[pb.EXCEPTION_MULTITRAUMA])
            agent.state(door)
            return door

        # Nobody has said anything of how it is now.
        first = plan(1, 20)
        raised = said(desk, "RAISED")
        assert (raised["cause"], raised["state"]) == ("ANNOUNCED", "UNKNOWN"), raised
        assert raised["plan"] == {"state": "STOP", "starts_at_ms": first.door.starts_at_ms,
                                  "ends_at_ms": first.door.ends_at_ms,
                                  "exceptions": ["MULTITRAUMA"]}
        shown.expect("aangekondigd .*duin-1.* behalve multitrauma")
        told = env_of(desk, out, EVENT="RAISED", CAUSE="ANNOUNCED")
        assert (told["PLEK_ALERT_STATE"], told["PLEK_ALERT_STANDING"]) == ("STOP", "ANNOUNCED")
        assert told["PLEK_ALERT_EXCEPTIONS"] == "MULTITRAUMA" and told["PLEK_ALERT_PARTY"] == "duin"
        assert told["PLEK_ALERT_RECORD"] == raised["record"]["id"]
        assert told["PLEK_ALERT_PLAN_STARTS_MS"] == str(first.door.starts_at_ms)
        assert said(desk, "REPEATED")["cause"] == "ANNOUNCED"

        stop(agent, state=pb.DOOR_OPEN)
        done = tools.plek("ack", "duin-1", "--json", party="rav").one()
        assert done["record"] == raised["record"]["id"], done
        assert said(desk, "ACKNOWLEDGED")["acks"][0]["by"] == "rav"
        plan(1, 21)
        moved = said(desk, "RAISED")
        assert (moved["state"], moved["plan"]["starts_at_ms"]) == ("OPEN", now + 21 * 3_600_000)
        # One behind it, and the first is called off: the second stays.
        second = plan(2, 30)
        later = said(desk, "RAISED")
        assert later["plan"]["starts_at_ms"] == second.door.starts_at_ms
        agent.state(agent.withdraw(first))
        over = said(desk, "ENDED")
        assert (over["cause"], over["ended"]) == ("ANNOUNCED", "WITHDRAWN")
        assert over["plan"]["starts_at_ms"] == now + 21 * 3_600_000
        assert over["record"]["id"] == raised["record"]["id"]
        shown.expect("afgelast .*duin-1")
        assert said(desk, "REPEATED")["plan"]["starts_at_ms"] == second.door.starts_at_ms
        # Who comes later finds the second announced already: that is no news, its end is.
        late = alert(tools, "meldkamer", "--repeat", "0s")
        plan(2, 31)
        news = late.next(lambda e: e["event"] == "alert")
        assert (news["alert"], news["plan"]["starts_at_ms"]) == ("RAISED", now + 31 * 3_600_000)


def test_whose_word_counts_can_be_said():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--repeat", "200ms", "--acknowledged-by", "me")
        door = stop(agent)
        said(desk, "RAISED")
        tools.plek("ack", "duin-1", party="rav")
        said(desk, "REPEATED")
        said(desk, "REPEATED")
        # By the record's own name, and by us.
        name = tools.get("meldkamer", "--location", "duin-1")[0]["id"]
        tools.plek("ack", name, party="meldkamer")
        assert {a["by"] for a in said(desk, "ACKNOWLEDGED")["acks"]} == {"rav", "meldkamer"}
        shown = tools.plek("get", party="rav").out
        assert "seen by" in shown and "RAV Oost" in shown, shown
        assert "gezien door" in tools.plek("door", "duin-1", "--care", "ED", "--lang", "nl",
                                           party="rav").out
        tools.plek("ack", "duin-1", "--undo", party="meldkamer")
        said(desk, "RAISED")
        assert door.location == "duin-1"


def test_only_what_was_asked_for_raises_an_alert():
    with Region() as region:
        agent, tools = begin(region)
        desk = alert(tools, "meldkamer", "--location", "duin-2", "--state", "RESTRICTED",
                     "--state", "STOP")
        stop(agent, "duin-1")
        stop(agent, "duin-2", pb.DOOR_CLOSED)
        stop(agent, "duin-2", pb.DOOR_RESTRICTED)
        first = desk.next(lambda e: e["event"] == "alert")
        assert (first["location"], first["state"]) == ("duin-2", "RESTRICTED")
        nothing = tools.plek("alert", "--region", "west", "--once", "--for", "300ms",
                             party="rav", expect=REFUSED)
        assert nothing.status == REFUSED


def test_once_ends_after_the_first_and_says_so():
    with Region() as region:
        agent, tools = begin(region)
        stop(agent)
        done = tools.plek("alert", "--once", "--for", "20s", party="meldkamer")
        assert done.status == DONE and "ALERT" in done.out and "duin-1" in done.out
        dutch = tools.plek("alert", "--once", "--for", "20s", "--lang", "nl", party="meldkamer")
        assert "ALARM" in dutch.out


def test_what_changes_too_often_is_told_once():
    with Region() as region:
        agent, tools = begin(region)
        stop(agent, state=pb.DOOR_OPEN)
        desk = alert(tools, "meldkamer", "--flaps", "2", "--flap-window", "1min",
                     "--steady", "1500ms")
        expected = []
        for number, what in enumerate(("RAISED", "ENDED", "FLAPPING")):
            stop(agent, state=pb.DOOR_OPEN if number % 2 else pb.DOOR_STOP)
            expected.append(said(desk, what))
        for number in range(3, 7):
            stop(agent, state=pb.DOOR_OPEN if number % 2 else pb.DOOR_STOP)
        first = desk.next(lambda e: e["event"] == "alert")
        assert first["alert"] == "STEADY", first
        assert said(desk, "RAISED")["state"] == "STOP"


def test_output_that_nobody_reads_holds_up_no_alert():
    with Region() as region:
        agent, tools = begin(region)
        houses = [f"huis-{number}" for number in range(30)]
        many = region.agent("velen", {house: "oost" for house in houses})
        out = region.directory / "ran"
        quick = program(region, "quick", f'echo "$PLEK_ALERT_LOCATION" >> {out}')
        for form in ([], ["--json"]):
            reads, writes = os.pipe()
            fcntl.fcntl(reads, fcntl.F_SETPIPE_SZ, 4096)
            desk = subprocess.Popen(
                [PLEK, "alert", *form, *map(str, tools.as_party("meldkamer")), "--run", str(quick),
                 "--repeat", "100ms", "--run-timeout", "20s"],
                env=tools.env, stdin=subprocess.DEVNULL, stdout=writes, stderr=writes)
            os.close(writes)
            try:
                for house in houses:
                    many.send(many.door(house, pb.DOOR_STOP, care=pb.CARE_ED))
                stop(agent)
                until_true(lambda: ran(out) == {*houses, "duin-1"}, 30, "a program for each")
                desk.terminate()
                desk.wait(10)
                with os.fdopen(reads, "rb") as told:
                    assert told.read(), "nothing was printed"
            finally:
                desk.kill()
                desk.wait(10)
            for house in houses:
                many.send(many.door(house, pb.DOOR_OPEN, care=pb.CARE_ED))
            stop(agent, state=pb.DOOR_OPEN)
            out.unlink()


def test_silence_does_not_look_like_peace():
    with Region() as region:
        agent, tools = begin(region)
        stop(agent, state=pb.DOOR_OPEN)
        desk = region.keep(Events([PLEK, "alert", *tools.as_party("meldkamer"), "--repeat", "1s"],
                                  tools.env))
        stop(agent)
        desk.expect("ALERT .*duin-1")
        region.daemon.kill()
        desk.expect("THE PICTURE IS NOT FED: no alert does not mean that all is well")
        desk.expect("THE PICTURE IS NOT FED")
        region.daemon.start()
        desk.expect("the picture is fed again", 30)


def test_what_is_not_there_cannot_be_acknowledged():
    with Region() as region:
        agent, tools = begin(region)
        stop(agent, state=pb.DOOR_OPEN)
        tools.plek("ack", "duin-1", party="rav", expect=REFUSED)
        tools.plek("ack", "ACTUAL/duin/duin-9/door/-/ED", party="rav", expect=REFUSED)
        stop(agent)
        own = tools.plek("ack", "duin-1", party="duin", expect=REFUSED)
        assert own.err
        assert run(PLEK, "ack", "--help", env=tools.env).out


if __name__ == "__main__":
    tap.run(globals())
