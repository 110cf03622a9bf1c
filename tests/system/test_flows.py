#!/usr/bin/python3
"""Flows and refusals: small counts stay with coordination centres, and nothing counts twice"""

import json
import re
import time

import plek_pb2 as pb
import tap
from harness import Region, until_true
from moved_time import MovedRegion, MovedTools
from tools import REFUSED, USAGE, Tools

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def flow(agent, days_ago, count=None, audience=pb.AUDIENCE_CARE, days=1, location="duin-ed",
         **fields):
    """Arrivals by ambulance on days in UTC, @days_ago to begin with."""
    begin = (agent.session.time_ms() // DAY_MS - days_ago) * DAY_MS
    body = {"from": pb.CHAIN_AMBULANCE, "to": pb.CHAIN_ED, "care": pb.CARE_ED, "from_ms": begin,
            "until_ms": begin + days * DAY_MS} | fields
    if count is not None:
        body["count"] = count
    return agent.make(location, audience=audience, flow=pb.Flow(**body))


def refusal(agent, number, count=None, **fields):
    body = {"id": bytes([number]) * 16, "care": pb.CARE_ICU_ADULT, "reason": pb.REASON_BEDS_FULL,
            "at_ms": agent.session.time_ms() - HOUR_MS} | fields
    if count is not None:
        body["count"] = count
    return agent.make("duin-ed", audience=pb.AUDIENCE_COORD, refusal=pb.CareRefusal(**body))


def iso(at_ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000))


def events(reader):
    return [record.update for record in reader.records().values()
            if record.update.WhichOneof("body") in ("flow", "refusal")]


def test_a_count_of_one_to_four_is_refused_but_for_coordination_centres():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        for count in (1, 4):
            for audience in (pb.AUDIENCE_OPEN, pb.AUDIENCE_CARE):
                why = agent.refused(flow(agent, 2, count, audience)).refusal
                assert (why.code, why.field) == (pb.REFUSED_POLICY, "flow.count")
                assert "audience COORD" in why.text
        agent.state(flow(agent, 2, 4, pb.AUDIENCE_COORD))
        agent.state(flow(agent, 3, 0))
        agent.state(flow(agent, 4, 5))
        why = agent.refused(agent.make("duin-ed", refusal=pb.CareRefusal(
            id=bytes(16), care=pb.CARE_ED, at_ms=agent.session.time_ms(), count=50))).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "audience")


def test_readers_see_what_is_for_them():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        care, coord = region.reader("meldkamer"), region.reader("zcc", coord=True)
        agent.state(flow(agent, 2, 3, pb.AUDIENCE_COORD))
        agent.state(refusal(agent, 7))
        agent.state(flow(agent, 3, 12))
        coord.wait(lambda: len(events(coord)) == 3)
        care.wait(lambda: len(events(care)) == 1)
        assert events(care)[0].flow.count == 12

        # What others have read is only taken back, and then stays so.
        why = agent.refused(flow(agent, 3, 13)).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "flow.count")
        why = agent.refused(agent.withdraw(flow(agent, 3, 12))).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "withdraw")
        agent.state(flow(agent, 3, 13, pb.AUDIENCE_COORD))
        care.wait(lambda: not events(care))
        coord.wait(lambda: sorted(e.flow.count for e in events(coord) if e.HasField("flow"))
                   == [3, 13])
        why = agent.refused(flow(agent, 3, 13)).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "audience")
        why = agent.refused(flow(agent, 4, 40, days=3)).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "flow.from_ms")


def test_what_is_sent_again_is_not_counted_again_also_after_a_restart():
    with Region() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        coord = region.reader("zcc", coord=True)
        first = agent.state(refusal(agent, 7, at_ms=agent.session.time_ms() // HOUR_MS * HOUR_MS))
        again = agent.state(refusal(agent, 7, at_ms=agent.session.time_ms() // HOUR_MS * HOUR_MS))
        assert again > first
        region.daemon.kill()
        region.daemon.start()
        agent.reconnect()
        agent.state(refusal(agent, 7, at_ms=agent.session.time_ms() // HOUR_MS * HOUR_MS))
        why = agent.refused(refusal(agent, 7, count=2)).refusal
        assert (why.code, why.field) == (pb.REFUSED_FIELD, "refusal.id")
        agent.state(flow(agent, 2, 12))
        coord.close()
        coord = region.reader("zcc-2", coord=True)
        coord.wait(lambda: len(events(coord)) == 2)
        [held] = [record for record in coord.records().values()
                  if record.update.HasField("refusal")]
        assert held.revision == first


def test_plek_refuse_is_one_command():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        region.enrol_agent("berg", {"berg-1": "oost", "berg-2": "oost"})
        tools, coord = Tools(region), region.reader("zcc", coord=True)
        care = region.reader("meldkamer")
        said = tools.plek("refuse", "--care", "ICU_ADULT", "--reason", "BEDS_FULL", "--from",
                          "AMBULANCE", "--json", party="duin").one()
        assert said["revision"] > 3
        coord.wait(lambda: events(coord))
        [update] = events(coord)
        assert update.location == "duin-ed" and update.audience == pb.AUDIENCE_COORD
        assert update.refusal.count == 1 and len(set(update.refusal.id)) > 4
        assert getattr(update.refusal, "from") == pb.CHAIN_AMBULANCE
        assert abs(update.refusal.at_ms - coord.session.time_ms()) < 60_000

        tools.plek("refuse", "--care", "ICU_ADULT", party="duin")
        coord.wait(lambda: len(events(coord)) == 2)
        assert not events(care)
        done = tools.plek("refuse", "--care", "ED", party="berg", expect=USAGE)
        assert "speaks for 2 locations" in done.err
        tools.plek("refuse", "berg-2", "--care", "ED", "--check", party="berg")
        assert len(events(coord)) == 2


def test_a_refusal_is_said_back_and_can_be_taken_back():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools, coord = Tools(region), region.reader("zcc", coord=True)
        said = tools.plek("refuse", "--care", "ED", "--reason", "BEDS_FULL", "--count", "20", "--at",
                          "-16h", party="duin").out
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 16 * 3600))
        assert f"duin-ed, ED: 20 could not be taken · beds full · {day} " in said, said
        assert "16 h 00 ago" in said, said
        coord.wait(lambda: events(coord))
        undo = re.search(r"to take it back: plek (refuse --undo [0-9a-f]{32})$", said, re.M)[1]
        said = tools.plek(*undo.split(), "--lang", "nl", party="duin").out
        assert said.startswith("ingetrokken als revisie "), said
        coord.wait(lambda: not events(coord))
        # Twice, or another's: nothing is taken back, and it says so.
        region.enrol_agent("berg", {"berg-ed": "oost"})
        said = tools.plek("refuse", "--care", "ED", "--json", party="duin").one()
        assert "no refusal with this id" in tools.plek(*undo.split(), party="duin",
                                                       expect=REFUSED).err
        assert "no refusal with this id" in tools.plek("refuse", "--undo", said["id"], party="berg",
                                                       expect=REFUSED).err
        coord.wait(lambda: len(events(coord)) == 1)
        tools.plek("refuse", "--undo", said["id"], party="duin")
        coord.wait(lambda: not events(coord))

        for more in ((), ("--check",)):
            done = tools.plek("refuse", "--care", "ED", "--count", "21", *more, party="duin",
                              expect=USAGE)
            assert "--count 21 is many" in done.err and "--sure" in done.err, done.err
        said = tools.plek("refuse", "--care", "ED", "--count", "500", "--sure", "--json",
                          "--status", "EXERCISE", party="duin").one()
        assert (said["count"], said["care"], said["location"]) == (500, "ED", "duin-ed")
        assert said["id"] == coord.wait(lambda: events(coord))[0].refusal.id.hex()
        done = tools.plek("refuse", "--undo", "beef", party="duin", expect=USAGE)
        assert "--undo takes the id" in done.err
        done = tools.plek("refuse", "--care", "ED", "--undo", said["id"], party="duin",
                          expect=USAGE)
        assert "nothing beside it" in done.err, done.err
        again = tools.plek("refuse", "--undo", said["id"], "--json", party="duin").one()
        assert (again["id"], again["care"]) == (said["id"], "ED") and "count" not in again
        coord.wait(lambda: not events(coord))


def test_plek_flow_says_a_number_and_no_small_one():
    with Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        tools, care = Tools(region), region.reader("meldkamer")
        said = ("flow", "duin-ed", "--from", "AMBULANCE", "--to", "ED", "--care", "ED", "--begin",
                "-3d")
        done = tools.plek(*said, "--count", "3", party="duin", expect=REFUSED)
        assert "1 to 4" in done.err
        done = tools.plek("flow", "duin-ed", "--from", "AMBULANCE", "--to", "ED", "--care", "ED",
                          "--begin", "2026-01-01", "--count", "12", party="duin", expect=REFUSED)
        assert "35 days" in done.err
        at_ms = care.session.time_ms() // DAY_MS * DAY_MS - 3 * DAY_MS
        tools.plek("flow", "duin-ed", "--from", "AMBULANCE", "--to", "ED", "--care", "ED",
                   "--begin", iso(at_ms), "--count", "12", party="duin")
        care.wait(lambda: events(care))
        assert (events(care)[0].flow.from_ms, events(care)[0].flow.count) == (at_ms, 12)

        # In spring a day has 23 hours, and the next one begins where it ends.
        spring = time.gmtime((at_ms - 7 * DAY_MS) / 1000)
        tools.env["TZ"] = f"AAA0BBB,{spring.tm_yday - 1}/2,{(spring.tm_yday + 150) % 365}/3"
        for days, count in (7, 40), (6, 50):
            day = time.strftime("%Y-%m-%d", time.gmtime((at_ms - days * DAY_MS) / 1000))
            tools.plek("flow", "duin-ed", "--from", "AMBULANCE", "--to", "ED", "--care", "ED",
                       "--begin", day, "--count", str(count), party="duin")
        care.wait(lambda: len(events(care)) == 3)
        lengths = {e.flow.count: (e.flow.until_ms - e.flow.from_ms) // HOUR_MS for e in events(care)}
        assert lengths == {12: 24, 40: 23, 50: 24}, lengths


def cells(tools, party, *arguments):
    """The cells of plek flows, by care and links, and what it says of itself."""
    when = () if "--from" in arguments else ("--from", "30d")
    lines = tools.plek("flows", *when, "--json", *arguments, party=party).lines()
    return ({(line["from"], line["to"], line.get("from_location")): line for line in lines
             if line["is"] == "flow"},
            [line for line in lines if line["is"] == "refusal"], lines[-1])


def test_the_matrix_has_what_its_reader_may_read_and_no_small_count():
    with Region() as region:
        region.enrol_reader("meldkamer")
        region.enrol_reader("zcc", coord=True)
        agent = region.agent("duin", {"duin-ed": "oost,rav:17", "berg-ed": "west"})
        tools = Tools(region)
        for update in (flow(agent, 3, 12), flow(agent, 4, 9), flow(agent, 5, 3, pb.AUDIENCE_COORD),
                       flow(agent, 3, 7, to=pb.CHAIN_HOME, **{"from": pb.CHAIN_ED}),
                       flow(agent, 3, 20, location="berg-ed"),
                       flow(agent, 6, 2, pb.AUDIENCE_COORD, **{"from": pb.CHAIN_GP}),
                       refusal(agent, 1), refusal(agent, 2, count=2)):
            agent.state(update)

        found, refusals, answer = cells(tools, "zcc", "--region", "oost")
        assert found["AMBULANCE", "ED", None]["count"] == 24
        assert found["GP", "ED", None]["count"] == 2
        assert found["ED", "HOME", None]["count"] == 7
        [line] = refusals
        assert (line["count"], line["reason"], line["location"]) == (3, "BEDS_FULL", "duin-ed")
        assert answer["audience"] == "COORD" and not answer["suppressed"]
        by_scheme, also_refused, _ = cells(tools, "zcc", "--region", "rav:17")
        assert {key: cell["count"] for key, cell in by_scheme.items()} == {
            key: cell["count"] for key, cell in found.items()}, by_scheme
        assert [line["count"] for line in also_refused] == [3]

        for party, arguments in (("meldkamer", ()), ("zcc", ("--audience", "CARE"))):
            found, refusals, answer = cells(tools, party, "--region", "oost", *arguments)
            assert found["AMBULANCE", "ED", None]["count"] == 21, "12 and 9"
            assert "count" not in found.get(("GP", "ED", None), {})
            assert not refusals and answer["audience"] == "CARE"
            assert answer["suppressed"] == (party == "zcc"), "who does not know cannot say"

        found, _, _ = cells(tools, "meldkamer")
        assert found["AMBULANCE", "ED", None]["region"] == "west", "the last of them"
        found, _, _ = cells(tools, "zcc", "--by", "location", "--location", "berg-ed")
        [cell] = found.values()
        assert (cell["to_location"], cell["count"]) == ("berg-ed", 20)
        text = tools.plek("flows", "--from", "30d", "--region", "oost", party="meldkamer").out
        assert says(text, 21) and not says(text, 24) and "small counts" in text
        text = tools.plek("flows", "--from", "30d", "--region", "oost", "--lang", "nl",
                          party="zcc").out
        assert says(text, 24) and "geweigerd" in text


def says(text, number):
    """As a number of its own, and not in a date or a time of day."""
    return re.search(rf"(?<![\d:-]){number}(?![\d:-])", text)


def test_a_quarter_is_told_from_the_past_when_nobody_holds_it_any_more():
    with MovedRegion() as region:
        region.enrol_reader("meldkamer")
        region.enrol_reader("zcc", coord=True)
        agent = region.agent("duin", {"duin-ed": "oost"})
        tools = MovedTools(region)
        agent.state(flow(agent, 3, 12))
        agent.state(flow(agent, 4, 2, pb.AUDIENCE_COORD))
        agent.state(refusal(agent, 1))
        region.move_to(region.now_ms() + 72 * DAY_MS)
        agent.reconnect()
        late = agent.refused(refusal(agent, 2, at_ms=region.now_ms() - 36 * DAY_MS)).refusal
        assert (late.code, late.field) == (pb.REFUSED_PERIOD, "refusal.at_ms")
        agent.state(flow(agent, 2, 30))  # with which the broker's time goes on

        coord = region.reader("zcc", coord=True)
        coord.wait(lambda: len(events(coord)) == 1)
        found, _, _ = cells(tools, "meldkamer", "--from", "90d")
        assert found["AMBULANCE", "ED", None]["count"] == 42
        found, refusals, _ = cells(tools, "zcc", "--from", "90d", "--to", "20d")
        assert found["AMBULANCE", "ED", None]["count"] == 14
        assert refusals[0]["count"] == 1

        region.daemon.kill()
        region.daemon.start()
        found, _, _ = cells(tools, "zcc", "--from", "90d")
        assert found["AMBULANCE", "ED", None]["count"] == 44


def test_no_period_around_another_is_taken_later_either():
    with MovedRegion() as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        begin = (region.now_ms() // DAY_MS - 28) * DAY_MS
        agent.state(flow(agent, 28, 100, days=28))
        region.move_to(region.now_ms() + 37 * DAY_MS)
        agent.reconnect()
        # Three days more: the difference would be three patients.
        around = flow(agent, 65, 103, days=31)
        assert around.flow.from_ms == begin
        why = agent.refused(around).refusal
        assert (why.code, why.field) == (pb.REFUSED_POLICY, "flow.from_ms")


def test_the_open_document_has_the_flows_that_are_public_and_no_other():
    with Region(settings={"open-document": "open.json"}) as region:
        agent = region.agent("duin", {"duin-ed": "oost"})
        public, care, coord = pb.AUDIENCE_OPEN, pb.AUDIENCE_CARE, pb.AUDIENCE_COORD
        agent.state(flow(agent, 3, 4321, public, other="post-7"))
        agent.state(flow(agent, 4, None, public))  # withheld
        agent.state(flow(agent, 5, 0, public))
        agent.state(flow(agent, 6, 5432, public))
        agent.state(flow(agent, 6, 5432, coord))   # and taken back
        agent.state(flow(agent, 7, 6543, care))
        agent.state(flow(agent, 8, 7654, coord))
        agent.state(refusal(agent, 7, count=8765))
        exercise = flow(agent, 9, 9876, public)
        exercise.status = pb.STATUS_EXERCISE
        agent.state(exercise)
        agent.refused(flow(agent, 10, 3, public))
        region.daemon.stop()
        region.daemon.start()
        path = region.directory / "open.json"
        until_true(lambda: path.exists() and b"4321" in path.read_bytes(), what="the document")
        found = {record["flow"]["count"]: record for record in
                 json.loads(path.read_text())["records"]}
        assert set(found) == {4321, "SUPPRESSED", 0}, found
        said = found[4321]
        day_ms = agent.session.time_ms() // DAY_MS * DAY_MS
        assert said["location"] == "duin-ed" and said["flow"] == {
            "from": "AMBULANCE", "to": "ED", "care": "ED", "other": "post-7", "count": 4321,
            "from_ms": day_ms - 3 * DAY_MS, "until_ms": day_ms - 2 * DAY_MS}
        for planted in (b"5432", b"6543", b"7654", b"8765", b"9876", b"refusal"):
            assert not re.search(rb'count":' + planted, path.read_bytes()), planted
        tools = Tools(region)
        tools.plek("open-document", path)


def test_a_time_whose_beginning_is_not_kept_is_not_shown_as_all_of_it():
    with MovedRegion(settings={"keep-past": "10 d", "checkpoint": "100 ms"}) as region:
        region.enrol_reader("zcc", coord=True)
        agent = region.agent("duin", {"duin-ed": "oost"})
        tools = MovedTools(region)
        begin = region.now_ms() - 3 * DAY_MS
        agent.state(flow(agent, 1, 100))
        for count in range(60, 70):
            region.move_to(region.now_ms() + 2 * DAY_MS)
            agent.reconnect()
            agent.state(flow(agent, 1, count))
        until_true(lambda: region.metrics()["plek_kept_from_time_seconds", ""] * 1000 > begin, 20,
                   "a cut")

        def flows(*arguments):
            return tools.plek("flows", "--from", iso(begin), *arguments, party="zcc")

        answer = flows("--json").lines()[-1]
        assert answer["is"] == "answer" and answer["cut"], answer
        assert "there was more than is shown" in flows().out
        assert "er was meer" in flows("--lang", "nl").out
        recent = tools.plek("flows", "--from", "5d", "--json", party="zcc").lines()[-1]
        assert not recent["cut"]


if __name__ == "__main__":
    tap.run(globals())
