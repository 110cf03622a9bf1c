#!/usr/bin/python3
"""The past: the picture as it was held, and what was said, under the stricter of then and now."""

import time

import plek_pb2 as pb
import tap
from harness import Region, until_true
from plekpy import envelope, records
from plekpy.session import Refused
from tools import REFUSED, USAGE, Tools

COUNTS = "pic/oost/counts/"
HOUR_MS = 3600_000


def ward(agent, unit="w1", location="duin-1", **numbers):
    return agent.counts(location, unit, pb.CARE_WARD, **numbers)


def updates(bodies):
    return [pb.Update.FromString(envelope.parse(entry.envelope).body)
            for body in bodies for entry in body.entries if entry.envelope]


def staffed(bodies):
    return [update.counts.staffed for update in updates(bodies)]


def said(bodies):
    """What each entry says."""
    found = []
    for entry in [entry for body in bodies for entry in body.entries]:
        if entry.HasField("withdrawn"):
            found.append("withdrawn")
            continue
        update = pb.Update.FromString(envelope.parse(entry.envelope).body)
        kind = update.WhichOneof("body")
        found.append(update.counts.staffed if kind == "counts" else kind)
    return found


def moment(session):
    """A time at which nothing more will be received."""
    now = session.time_ms() + 1
    until_true(lambda: session.time_ms() > now + 1)
    return now


def refusal(call):
    try:
        call()
    except Refused as refused:
        return refused.code, refused.refusal.field
    raise AssertionError("it was not refused")


def test_picture_is_the_one_of_then():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        session = region.reader("meldkamer").session
        agent.state(ward(agent, staffed=1))
        first = agent.state(ward(agent, "w2", staffed=7))
        then = moment(session)
        agent.state(ward(agent, staffed=2))
        agent.state(agent.withdraw(ward(agent, "w2", staffed=7)))
        agent.state(ward(agent, "w3", staffed=3))

        manifest, bodies = session.since(COUNTS, at_ms=then)
        assert manifest.whole and manifest.at_ms == then and manifest.to == first
        assert sorted(staffed(bodies)) == [1, 7]
        head = session.open_broker(manifest.head, envelope.HEAD, pb.Head)
        assert head.revision == first and head.time_ms <= then
        assert sorted(staffed(session.since(COUNTS, at_ms=moment(session))[1])) == [2, 3]

        # The registry of then judges it; a topic on which nothing was said is empty.
        assert session.since("reg/", at_ms=then)[1][0].entries
        manifest, bodies = session.since("pic/west/counts/", at_ms=then)
        assert manifest.whole and not bodies


def test_a_time_that_is_not_over_is_waited_for():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        session = region.reader("meldkamer").session
        agent.state(ward(agent, staffed=1))
        for ahead_ms in (0, 1, 20, 300):
            then = session.time_ms() + ahead_ms
            manifest, bodies = session.since(COUNTS, at_ms=then)
            assert session.time_ms() >= then and manifest.at_ms == then
            agent.state(ward(agent, staffed=2 + ahead_ms))
            for other in (1, 2):  # the broker keeps two
                session.since(COUNTS, at_ms=then - other)
            assert session.since(COUNTS, at_ms=then)[1] == bodies
        assert refusal(lambda: session.since(COUNTS, at_ms=session.time_ms() + 10_000)) == \
            (pb.REFUSED_FIELD, "since.at_ms")


def test_past_is_the_same_after_a_restart():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        for number in range(20):
            agent.state(ward(agent, f"w{number % 4}", staffed=number))
        session = region.reader("meldkamer").session
        then = moment(session)
        agent.state(ward(agent, staffed=99))
        before = session.since(COUNTS, at_ms=then)[1]
        assert sorted(staffed(before)) == [16, 17, 18, 19]
        region.daemon.kill()
        region.daemon.start()
        assert region.reader("meldkamer").session.since(COUNTS, at_ms=then)[1] == before


def test_what_was_narrowed_since_is_narrow_in_its_past():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(ward(agent, staffed=1))
        agent.state(ward(agent, "open", staffed=2))
        care, coord = region.reader("meldkamer").session, region.reader("centre", True).session
        then = moment(care)

        def of(session, unit):
            return staffed(session.history(then - HOUR_MS, then + HOUR_MS, "duin-1",
                                           unit=unit)[1])

        # The same question, asked again: what was answered before is not answered any more.
        def sees():
            return (sorted(staffed(care.since(COUNTS, at_ms=then)[1])),
                    sorted(staffed(coord.since(COUNTS, at_ms=then)[1])), of(care, "w1"))

        assert sees() == ([1, 2], [1, 2], [1])
        secret = ward(agent, staffed=1)
        secret.audience = pb.AUDIENCE_COORD
        agent.state(secret)
        assert sees() == ([2], [1, 2], [])
        # Nor after it is gone, nor after a restart.
        agent.state(agent.withdraw(secret))
        assert sees() == ([2], [1, 2], [])
        region.daemon.stop()
        region.daemon.start()
        care, coord = region.reader("meldkamer").session, region.reader("centre", True).session
        assert sees() == ([2], [1, 2], [])
        # And what was for centres then stays so, whatever it is now.
        agent.reconnect()
        agent.state(ward(agent, staffed=5))
        assert of(care, "w1") == [1, 5] and of(coord, "w1") == [1, 1, 5]


def test_history_has_each_word_once_and_the_same_again_if_asked():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost", "duin-2": "oost"})
        agent.state(ward(agent, staffed=1))
        session = region.reader("meldkamer").session
        then = moment(session)
        agent.state(ward(agent, staffed=1))
        agent.state(ward(agent, staffed=2))
        agent.state(ward(agent, "other", staffed=9))
        agent.state(ward(agent, location="duin-2", staffed=8))
        agent.state(agent.door("duin-1", pb.DOOR_STOP, "w1"))
        agent.state(agent.withdraw(ward(agent, staffed=2)))
        until = then + HOUR_MS

        manifest, bodies = session.history(then, until, "duin-1", unit="w1")
        assert manifest.topic == "history/" and said(bodies) == [1, 2, "door", "withdrawn"]
        assert said(session.history(then, until, "duin-1", unit="w1", restated=True)[1]) == \
            [1, 1, 2, "door", "withdrawn"]
        assert said(session.history(then, until, "duin-1", reports=[21])[1]) == ["door"]
        assert said(session.history(then, until, "duin-2")[1]) == [8]
        assert said(session.history(then, until, reports=[21, 23])[1]) == ["door"]


def test_history_goes_by_when_it_was_true():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        session = region.reader("meldkamer").session
        now = session.time_ms()
        for staff, hours in ((3, 3), (2, 2), (1, 1)):
            late = ward(agent, staffed=staff)
            late.observed_at_ms = now - hours * HOUR_MS
            agent.state(late)
        _, bodies = session.history(now - 5 * HOUR_MS // 2, now - HOUR_MS // 2, "duin-1")
        assert said(bodies) == [2, 1]


def test_refusals_name_the_field():
    with Region() as region:
        agent = region.agent("duin", {"duin-1": "oost"})
        agent.state(ward(agent, staffed=1))
        session = region.reader("meldkamer").session
        now = session.time_ms()
        assert refusal(lambda: session.since(COUNTS, at_ms=now + HOUR_MS)) == \
            (pb.REFUSED_FIELD, "since.at_ms")
        assert refusal(lambda: session.since(COUNTS, at_ms=1)) == \
            (pb.REFUSED_NOT_FOUND, "since.at_ms")
        assert refusal(lambda: session.history(1, 2, "duin-1")) == \
            (pb.REFUSED_NOT_FOUND, "history.to_ms")
        assert refusal(lambda: session.history(now, now, "duin-1")) == \
            (pb.REFUSED_FIELD, "history.to_ms")
        assert refusal(lambda: session.history(1, now, reports=[20])) == \
            (pb.REFUSED_FIELD, "history.location")
        # Who may not read has no past either.
        assert refusal(lambda: agent.session.history(1, now, "duin-1"))[0] == \
            pb.REFUSED_NOT_ALLOWED


def test_people_and_scripts_ask_with_plek():
    with Region() as region:
        region.enrol_agent("duin", {"duin-1": "oost"}, name="Duinzicht")
        agent = region.agent("duin")
        agent.state(ward(agent, staffed=12, occupied=10))
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        agent.state(agent.door("duin-1", pb.DOOR_STOP, "w1", care=pb.CARE_WARD,
                               authorised_by="dienstdoende"))
        agent.state(ward(agent, staffed=12, occupied=12))

        lines = tools.plek("at", "0s", "--json", party="meldkamer").lines()
        assert lines[0]["event"] == "past" and not lines[0]["thinned"]
        (counts,) = [line for line in lines if "counts" in line]
        assert counts["counts"]["occupied"] == 12 and counts["freshness"] == "FRESH"
        assert "zoals het bekend was" in tools.plek("at", "0s", "--lang", "nl",
                                                    party="meldkamer").out
        begin = time.strftime("the journal begins at %Y-%m-%d", time.gmtime())
        assert begin in tools.plek("at", "10d", party="meldkamer", expect=REFUSED).err

        *moments, answer = tools.plek("history", "duin-1", "--json", party="meldkamer").lines()
        assert [(line["kind"], line["received_at_ms"] > line["observed_at_ms"] - 1000)
                for line in moments] == [("SAID", True)] * 3
        assert answer["is"] == "answer" and not answer["thinned"]
        table = tools.plek("history", "duin-1", party="meldkamer").out
        assert "Duinzicht (dienstdoende)" in table
        door, _ = tools.plek("history", "duin-1", "--doors", "--json", party="meldkamer").lines()
        assert door["door"]["authorised_by"] == "dienstdoende"
        assert "nothing was said" in tools.plek("history", "duin-1", "--care", "ED",
                                                party="meldkamer").out
        assert "of a unit 'nergens' of 'duin-1'" in tools.plek(
            "history", "duin-1", "--unit", "nergens", party="meldkamer", expect=REFUSED).err
        assert "there is no location 'nowhere'" in tools.plek(
            "history", "nowhere", party="meldkamer", expect=REFUSED).err


def test_a_past_exercise_and_a_word_of_who_is_distrusted_do_not_look_like_others():
    with Region() as region:
        region.enrol_agent("duin", {"duin-1": "oost"})
        region.enrol_agent("bos", {"bos-1": "oost"})
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        tools.plek("stop", "duin-1", "--care", "ED", "--status", "EXERCISE", party="duin")
        tools.plek("stop", "bos-1", "--care", "ED", party="bos")
        tools.plek("stop", "bos-1", "--care", "WARD", party="bos")

        said = tools.plek("history", "duin-1", "--doors", party="meldkamer").out
        assert said.rstrip().endswith("[exercise]"), said
        assert tools.plek("history", "duin-1", "--json",
                          party="meldkamer").lines()[0]["status"] == "EXERCISE"
        for line in tools.plek("history", "bos-1", "--json", party="meldkamer").lines()[:-1]:
            assert line["status"] == "ACTUAL" and "enrolled" not in line
        assert "distrusted" not in tools.plek("history", "bos-1", party="meldkamer").out

        ward_ms = tools.get("meldkamer", "--location", "bos-1",
                            "--care", "WARD")[0]["received_at_ms"]
        region.submit(region.authority.revoke("bos", [region.key("bos").public],
                                              distrusted_since_ms=ward_ms))
        lines = tools.plek("history", "bos-1", "--json", party="meldkamer").lines()[:-1]
        assert [(line["door"]["care"], line.get("enrolled")) for line in lines] == [
            ("ED", None), ("WARD", "DISTRUSTED")], lines
        head, begin, emergency, ward_door = tools.plek("history", "bos-1",
                                                       party="meldkamer").out.splitlines()
        assert begin.startswith("what is kept of it begins 20")
        assert "distrusted" not in head + emergency and "does not count: distrusted" in ward_door


def test_who_has_seen_what_is_part_of_a_history_for_who_may_read_that():
    with Region() as region:
        region.enrol_agent("duin", {"duin-1": "oost", "duin-2": "oost"}, name="Duinzicht")
        region.enrol_reader("rav", name="RAV Oost")
        agent, room, rav, centre = (region.agent("duin"), region.reader("meldkamer"),
                                    region.reader("rav"), region.reader("centre", coord=True))
        tools = Tools(region)
        stop = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED)
        agent.state(stop)
        ack = rav.make_ack(rav.wait_update(stop), "rav", ack=pb.Ack(function="regievoerder"))
        rav.hand_in(ack)
        back = records.key_of_ref(records.ref_of(ack))
        rav.hand_in(rav.make_ack(rav.find(stop), "rav", withdraw=back))
        room.hand_in(room.make_ack(room.wait_update(stop), "meldkamer"))
        agent.state(agent.door("duin-1", pb.DOOR_OPEN, care=pb.CARE_ED))
        hidden = agent.door("duin-2", pb.DOOR_STOP, care=pb.CARE_ED)
        hidden.audience = pb.AUDIENCE_COORD
        agent.state(hidden)
        centre.hand_in(centre.make_ack(centre.wait_update(hidden), "centre",
                                       ack=pb.Ack(function="planted-function")))

        lines = tools.plek("history", "duin-1", "--json", party="meldkamer").lines()[:-1]
        lines.sort(key=lambda line: (line["revision"], "ack" in line))
        said, seen, back, again, opened, ended = lines
        assert said["door"]["state"] == "STOP" and opened["door"]["state"] == "OPEN"
        assert seen["party"] == "rav" and seen["party_name"] == "RAV Oost"
        assert seen["kind"] == "SAID" and seen["location"] == "duin-1"
        assert seen["region"] == "oost" and "door" not in seen
        assert seen["received_at_ms"] >= said["received_at_ms"]
        assert seen["ack"] == {"party": "duin", "party_name": "Duinzicht", "report": "door",
                               "care": "ED", "plan": 0, "revision": said["revision"],
                               "function": "regievoerder"}, seen
        assert (back["kind"], back["party"], back["withdrawn"]) == \
            ("WITHDRAWN", "rav", "BY_PARTY"), back
        assert again["party"] == "meldkamer" and "function" not in again["ack"]
        assert (ended["party"], ended["withdrawn"]) == ("meldkamer", "ENDED"), ended

        table = tools.plek("history", "duin-1", "--lang", "nl", party="rav").out.splitlines()
        assert len(table) == 7, table  # two of them are the head
        for what, who in (("gezien: stop", "RAV Oost (regievoerder)"), ("gezien: stop", "meldkamer"),
                          ("gezien: ingetrokken", "RAV Oost")):
            assert sum(what in line and line.endswith(who) for line in table) == 1, table
        assert all("ack" not in line for line in tools.plek(
            "history", "duin-1", "--doors", "--json", party="meldkamer").lines())

        assert "planted-function" in tools.plek("history", "duin-2", party="centre").out
        for more in ((), ("--json",), ("--all",)):
            assert "planted" not in tools.plek("history", "duin-2", *more, party="meldkamer").out


def test_stops_are_counted_and_what_their_neighbours_did():
    with Region() as region:
        agent = region.agent("duin", {f"duin-{n}": "oost" for n in (1, 2)})
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        session = region.session(region.key("meldkamer"))
        session.hello()
        for number in (1, 2):
            card = agent.make(f"duin-{number}")
            card.card.MergeFrom(pb.LocationCard(name="Duin", kind="V6", longitude_e7=50000000,
                                                latitude_e7=520000000 + number * 100000))
            agent.state(card)

        def door(number, state):
            agent.state(agent.door(f"duin-{number}", state, care=pb.CARE_ED))
            return moment(session)

        def stops(*more):
            return tools.plek("stops", "--from", "1h", "--json", *more, party="meldkamer").lines()

        door(2, pb.DOOR_OPEN)
        began = door(1, pb.DOOR_STOP)
        both = door(2, pb.DOOR_STOP)
        door(2, pb.DOOR_OPEN)
        ended = door(1, pb.DOOR_OPEN)

        (oost,) = stops()
        assert (oost["region"], oost["locations"], oost["stops"], oost["stood_before"]) == \
            ("oost", 2, 2, 0)
        first, second = stops("--by", "location")
        assert (first["location"], first["stops"], second["stops"]) == ("duin-1", 1, 1)
        assert 0 < first["stopped_ms"] <= ended - began + 50 and first["located_ms"] > 0
        # While the second had stopped, all neighbours of both had.
        assert second["all_neighbours_stopped_ms"] == second["stopped_ms"] > 0
        assert first["all_neighbours_stopped_ms"] == second["stopped_ms"] < first["stopped_ms"]
        assert both >= began
        assert "100 %" in tools.plek("stops", "--from", "1h", "--by", "location",
                                     party="meldkamer").out
        assert "alle buren ook" in tools.plek("stops", "--quarter", "2026Q4", "--lang", "nl",
                                              party="meldkamer").out



def test_a_time_before_the_journal_began_is_not_told_as_if_nothing_had_been_said():
    with Region() as region:
        region.enrol_agent("duin", {"duin": "oost"})
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        tools.plek("stop", "duin", "--care", "ED", party="duin")

        def ask(*question):
            return tools.plek(*question, party="meldkamer")

        (oost,) = ask("stops", "--from", "30d", "--json").lines()
        assert oost["still_on"] == 1 and oost["kept_from_ms"] > time.time() * 1000 - HOUR_MS
        head, begin, *_, line = ask("stops", "--from", "30d").out.splitlines()
        assert begin.startswith("what is kept of it begins 20") and "still on: 1" in line, line
        assert "wat ervan bewaard is begint op 20" in ask("stops", "--from", "30d",
                                                          "--lang", "nl").out
        for question in (("flows", "--from", "30d"), ("history", "duin", "--from", "30d")):
            assert "what is kept of it begins 20" in ask(*question).out
            assert ask(*question, "--json").lines()[-1]["kept_from_ms"] == oost["kept_from_ms"]

        # Of what came after the beginning all is told, and nothing is said of it.
        since_s = oost["kept_from_ms"] // 1000 + 1
        until_true(lambda: time.time() > since_s)
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since_s))
        assert "begins" not in ask("history", "duin", "--from", since).out
        assert "kept_from_ms" not in ask("history", "duin", "--from", since, "--json").lines()[-1]


def test_stops_tells_apart_what_rests_on_a_party_that_is_distrusted():
    with Region() as region:
        region.enrol_agent("duin", {"duin": "oost"})
        region.enrol_agent("bos", {"bos": "oost"})
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        for party in ("duin", "bos"):
            tools.plek("stop", party, "--care", "ED", party=party)

        def stops(*more, lines=True):
            done = tools.plek("stops", "--from", "1h", *more, party="meldkamer")
            return done.lines() if lines else done.out

        assert [(line["stops"], line["distrusted_stops"]) for line in stops("--json")] == [(2, 0)]
        assert "distrusted" not in stops(lines=False)
        stop_ms = tools.get("meldkamer", "--location", "bos")[0]["received_at_ms"]
        region.submit(region.authority.revoke("bos", [region.key("bos").public],
                                              distrusted_since_ms=stop_ms))
        bos, duin = stops("--json", "--by", "location")
        assert (duin["distrusted_stops"], duin["distrusted_ms"]) == (0, 0), duin
        assert bos["distrusted_stops"] == bos["stops"] == 1, bos
        assert bos["distrusted_ms"] == bos["stopped_ms"] > 0, bos
        (oost,) = stops("--json")
        assert oost["stops"] == 2 and oost["distrusted_stops"] == 1, oost
        assert "· of these by who is distrusted: 1, " in stops(lines=False)
        assert "· waarvan door wie niet te vertrouwen is: 1, " in stops("--lang", "nl", lines=False)


def test_stops_leaves_out_exercises_and_tells_apart_what_is_for_some_only():
    with Region() as region:
        region.enrol_agent("duin", {"duin": "oost"}, name="Duinzicht")
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        ed = ("--care", "ED")
        tools.plek("open", "duin", *ed, party="duin")
        tools.plek("stop", "duin", *ed, "--status", "EXERCISE", party="duin")
        tools.plek("stop", "duin", *ed, "--group", "AMBULANCE", party="duin")
        (duin,) = tools.plek("stops", "--from", "1h", "--by", "location", "--json",
                             party="meldkamer").lines()
        assert (duin["stops"], duin["stopped_ms"]) == (0, 0), duin
        assert duin["partly_stops"] == 1 and duin["partly_ms"] > 0
        assert duin["is_thinned"] is False
        text = tools.plek("stops", "--from", "1h", "--lang", "en", party="meldkamer").out
        assert "for some patients only: 1, " in text, text
        for wrong in ("3x", "0", "65", "-1", ""):
            done = tools.plek("stops", "--from", "1h", "--neighbours", wrong, party="meldkamer",
                              expect=USAGE)
            assert "--neighbours is 1 to 64" in done.err, done.err


if __name__ == "__main__":
    tap.run(globals())
