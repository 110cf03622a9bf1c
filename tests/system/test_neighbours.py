#!/usr/bin/python3
"""Who is next nearest to a door that is shut, and when all neighbours have stopped too"""

import re
import time

import plek_pb2 as pb
import tap
from harness import Region
from neighbourhood import ED, PLACES, door, hospital, neighbourhood
from tools import REFUSED, Tools


def test_a_stop_shows_who_is_next_and_when_all_neighbours_have_stopped():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("stop", "duin", *ED, party="duin")
        own = next(r for r in tools.get("meldkamer", "--location", "duin") if "door" in r)
        assert own["leads"] and not own["neighbours"]["all_stopped"]
        assert [n["location"] for n in own["neighbours"]["nearest"]] == ["vliet", "haven", "bos"]
        assert own["neighbours"]["next"]["location"] == "vliet"
        assert abs(own["neighbours"]["next"]["distance_m"] - 11119) < 5
        assert own["neighbours"]["next"]["contact"] == {"function": "SEH",
                                                        "phone": "088 000 0521"}
        for place in ("vliet", "haven", "bos"):
            tools.plek("stop", place, *ED, "--except", "STROKE", party=place)
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        assert re.search(r"^ +all neighbours have stopped too \(3\) · next: Ziekenhuis Verweg, "
                         r"111 km, open, SEH 088 000 0530$", table, re.MULTILINE), table
        table = tools.plek("get", "--lang", "nl", "--neighbours", "4", party="meldkamer").out
        assert "alle buren" not in table and "eerstvolgende: Ziekenhuis Verweg" in table, table
        near = door(tools, *ED, "--within", "12")["neighbours"]
        assert [n["location"] for n in near["nearest"]] == ["vliet"] and near["all_stopped"]
        tools.plek("stop", "verweg", *ED, party="verweg")
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        assert "nobody else is known to take patients" in table, table


def test_who_watches_one_region_is_told_of_neighbours_across_its_border_and_of_nothing_else_there():
    with Region() as region:
        tools = Tools(region)
        region.enrol_reader("meldkamer")
        for place, home in (("duin", "oost"), ("vliet", "west"), ("haven", "oost")):
            name, latitude = PLACES[place]
            region.enrol_agent(place, {place: home}, name=name)
            tools.put(place, "card", "--location", place, "--name", name, "--kind", "V6",
                      "--position", f"{latitude},5.0", "--phone", "SEH=088 000 0521")
            tools.plek("open", place, *ED, party=place)
        events = tools.watch_json("meldkamer", "--region", "oost")
        strange = []

        def until(predicate):
            return events.next(lambda e: e.get("location") == "vliet" and strange.append(e)
                               or predicate(e))

        until(lambda e: e["event"] == "door" and e["location"] == "haven")
        for place in ("haven", "duin"):
            tools.plek("stop", place, *ED, "--until", "1h", party=place)
        stop = until(lambda e: e["event"] == "door" and e["location"] == "duin"
                     and e["state"] == "STOP")
        assert not stop["neighbours"]["all_stopped"]
        assert stop["neighbours"]["next"]["location"] == "vliet"
        tools.plek("stop", "vliet", *ED, party="vliet")
        told = until(lambda e: e["event"] == "neighbours" and e["location"] == "duin")
        assert told["neighbours"]["all_stopped"] and "next" not in told["neighbours"]
        tools.plek("open", "vliet", *ED, party="vliet")
        tools.plek("open", "haven", *ED, party="haven")
        until(lambda e: e["event"] == "door" and e["location"] == "haven" and e["state"] == "OPEN")
        assert not strange, strange

        for command in (("get",), ("at", "0s"), ("alert", "--once", "--for", "20s")):
            text = tools.plek(*command, "--region", "oost", "--lang", "en", party="meldkamer").out
            assert "next: Ziekenhuis De Vliet, 11.1 km, open" in text, text
            assert "nobody else" not in text and "all neighbours" not in text, text
        assert "vliet" not in {r["location"] for r in tools.get("meldkamer", "--region", "oost")}
        alone = tools.plek("alert", "--region", "west", "--once", "--for", "300ms",
                           party="meldkamer", expect=REFUSED)
        assert "there was no alert" in alone.err


def test_a_neighbour_that_is_not_surely_open_says_so_and_is_not_next_before_one_that_is():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("stop", "duin", *ED, party="duin")
        tools.plek("stop", "vliet", *ED, "--until", "+20ms", "--on-expiry", "REOPEN",
                   party="vliet")
        tools.plek("stop", "haven", *ED, "--until", "+20ms", party="haven")
        seen = door(tools, *ED)["neighbours"]
        assert [(n["state"], n["standing"], n["freshness"]) for n in seen["nearest"]] == \
            [("OPEN", "REOPENED", "FRESH"), ("STOP", "EXPIRED", "FRESH"),
             ("OPEN", "STANDS", "FRESH")]
        assert all(n["age_ms"] >= 0 and n["since_ms"] for n in seen["nearest"])
        assert seen["next"]["location"] == "bos" and not seen["all_stopped"]
        assert (seen["stopped"], seen["expired"]) == (0, 1)
        text = tools.plek("door", "duin", *ED, "--lang", "en", party="meldkamer").out
        assert re.search(r"De Vliet, 11\.1 km, open \(reopened, unconfirmed\)", text), text
        assert re.search(r"Haven, 33\.4 km, stop \(expired\)", text), text
        assert re.search(r"next: Ziekenhuis Bos, 66\.7 km, open, SEH", text), text

        for place in ("vliet", "bos"):
            tools.plek("stop", place, *ED, party=place)
        text = tools.plek("door", "duin", *ED, "--lang", "en", party="meldkamer").out
        assert "all neighbours have stopped too (2, past their end 1)" in text, text

        tools.plek("open", "verweg", *ED, "--valid-for", "1s", party="verweg")
        events = tools.watch_json("meldkamer", "--location", "verweg")
        events.record(change="TIME", freshness="SILENT")
        text = tools.plek("door", "duin", *ED, "--lang", "nl", party="meldkamer").out
        assert re.search(r"eerstvolgende: Ziekenhuis Verweg, 111 km, open \(zwijgt, \d+ s\)",
                         text), text


def test_who_does_not_give_the_care_or_is_shut_is_not_next_as_find_says_too():
    with Region() as region:
        tools = neighbourhood(region)
        post = ("--care", "GP_POST")
        never = ("--hours", "Mo 00:00-00:01", "--time-zone", "Asia/Tokyo") \
            if time.gmtime().tm_wday != 0 else ("--hours", "Fr 00:00-00:01", "--time-zone",
                                                "Asia/Tokyo")
        for place in ("duin", "vliet", "haven", "bos"):
            tools.plek("open", place, *post, party=place)
        name, latitude = PLACES["vliet"]
        tools.put("vliet", "card", "--location", "vliet", "--name", name, "--kind", "V6",
                  "--position", f"{latitude},5.0", *never)
        tools.put("haven", "offering", "--location", "haven", *post, "--not-offered")
        tools.plek("close", "duin", *post, "--until", "2h", party="duin")
        seen = door(tools, *post)["neighbours"]
        assert [n["location"] for n in seen["nearest"]] == ["vliet", "bos"], seen
        assert seen["nearest"][0]["opening"] == "SHUT" and seen["next"]["location"] == "bos"
        found = tools.plek("find", *post, "--near", "duin", "--json", party="meldkamer").lines()
        assert [f["place"]["location"] for f in found if "place" in f] == ["bos"], found
        text = tools.plek("alert", "--location", "duin", "--once", "--for", "20s", "--lang", "en",
                          party="meldkamer").out
        assert "next: Ziekenhuis Bos" in text and "Vliet" not in text, text

        events = tools.watch_json("meldkamer", *post, "--location", "duin")
        events.next(lambda e: e["event"] == "door")
        tools.plek("close", "bos", *post, "--until", "2h", party="bos")
        events.next(lambda e: e["event"] == "neighbours" and e["neighbours"]["all_stopped"])
        text = tools.plek("door", "duin", *post, "--lang", "nl", party="meldkamer").out
        assert "alle buren hebben ook een stop (1, buiten openingstijd 1)" in text, text
        tools.put("haven", "offering", "--location", "haven", *post)
        told = events.next(lambda e: e["event"] == "neighbours")["neighbours"]
        assert told["next"]["location"] == "haven" and not told["all_stopped"], told


def test_a_neighbour_whose_party_left_says_so_and_comes_after_one_that_is_enrolled():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("stop", "duin", *ED, party="duin")
        assert door(tools, *ED)["neighbours"]["next"]["location"] == "vliet"
        region.operator().ask(suspend=pb.Suspend(party="vliet", suspended=True))
        seen = door(tools, *ED)["neighbours"]
        assert seen["nearest"][0]["enrolled"] == "NO_LONGER_ENROLLED", seen
        assert seen["next"]["location"] == "haven" and seen["next"]["enrolled"] == "ENROLLED"
        text = tools.plek("door", "duin", *ED, "--lang", "en", party="meldkamer").out
        assert re.search(r"De Vliet, 11\.1 km, open \(no longer enrolled\)", text), text


def test_a_stop_for_ambulances_only_is_seen_where_an_ambulance_is_sent():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("stop", "vliet", *ED, "--group", "AMBULANCE", "--until", "2h", party="vliet")
        vliet = tools.plek("door", "vliet", *ED, "--json", party="meldkamer").one()
        worse = [{"patient_group": "AMBULANCE", "state": "STOP", "standing": "STANDS"}]
        assert vliet["state"] == "OPEN" and vliet["narrower"] == worse
        text = tools.plek("door", "vliet", *ED, "--lang", "en", party="meldkamer").out
        assert re.search(r"^ED: open · but stop for: by ambulance", text, re.MULTILINE), text
        table = tools.plek("get", "--location", "vliet", "--lang", "nl", party="meldkamer").out
        assert re.search(r"open .*· maar stop voor: .*ambulance", table), table

        asked = ("find", *ED, "--near", "52.09,5.0")
        found = tools.plek(*asked, "--json", party="meldkamer").lines()
        first = next(f for f in found if f["place"]["location"] == "vliet")
        assert (first["rank"], first["doubts"]) == ("unconfirmed", ["DOOR_NARROWER"])
        assert first["door"]["narrower"] == worse
        assert "but stop for: by ambulance" in tools.plek(*asked, "--lang", "en",
                                                       party="meldkamer").out
        found = tools.plek(*asked, "--group", "WALK_IN", "--json", party="meldkamer").lines()
        assert (found[0]["place"]["location"], found[0]["rank"]) == ("vliet", "free")

        # Where the nearest takes no ambulance, an ambulance goes on.
        tools.plek("stop", "duin", *ED, "--group", "AMBULANCE", "--until", "2h", party="duin")
        seen = door(tools, *ED, "--group", "AMBULANCE")["neighbours"]
        assert [(n["location"], n["state"]) for n in seen["nearest"]] == \
            [("vliet", "STOP"), ("haven", "OPEN"), ("bos", "OPEN")]
        assert seen["next"]["location"] == "haven" and seen["stopped"] == 1
        for arguments in (("door", "duin", *ED, "--group", "AMBULANCE"),
                          ("get", "--location", "duin")):
            text = tools.plek(*arguments, "--lang", "en", party="meldkamer").out
            assert "next: Ziekenhuis Haven" in text, text
        # Of the ED as a whole the nearest that takes everybody is next.
        tools.plek("stop", "duin", *ED, party="duin")
        seen = door(tools, *ED)["neighbours"]
        assert seen["nearest"][0]["narrower"] == worse
        assert seen["next"]["location"] == "haven"


def test_a_house_that_stops_as_a_whole_has_neighbours_for_each_care_that_it_gives():
    with Region() as region:
        tools = neighbourhood(region)
        tools.plek("put", "offering", "--location", "duin", "--care", "WARD", party="duin")
        tools.plek("open", "bos", "--care", "WARD", party="bos")
        tools.plek("stop", "haven", party="haven")
        tools.plek("stop", "duin", "--until", "2h", party="duin")
        whole = next(r for r in tools.get("meldkamer", "--location", "duin")
                     if "door" in r and "care" not in r["door"])
        assert whole["leads"] and "neighbours" not in whole
        assert {n["care"]: n["neighbours"]["next"]["location"]
                for n in whole["neighbours_by_care"]} == {"ED": "vliet", "WARD": "bos"}
        for arguments in (("door", "duin"), ("get", "--location", "duin")):
            text = tools.plek(*arguments, "--lang", "en", party="meldkamer").out
            assert re.search(r"^ +ED: next: Ziekenhuis De Vliet, 11\.1 km, open", text, re.M), text
            assert re.search(r"^ +ward.*: next: Ziekenhuis Bos, 66\.7 km, open", text, re.M), text
            assert "nobody" not in text and "all neighbours" not in text, text


def test_nobody_is_said_to_take_patients_only_of_places_that_were_looked_at():
    with Region() as region:
        tools = neighbourhood(region)
        region.enrol_agent("post", {"post": "oost"}, name="Post")
        tools.put("post", "card", "--location", "post", "--name", "Post", "--kind", "V6",
                  "--position", "52.05,5.0")
        tools.plek("stop", "post", party="post")
        tools.plek("stop", "haven", party="haven")
        text = tools.plek("door", "post", "--lang", "en", party="meldkamer").out
        assert re.search(r"all neighbours have stopped too \(1\) · 4 others say so of their kinds",
                         text), text
        assert "nobody" not in text, text


def test_two_parties_with_other_exceptions_or_ends_are_not_shown_as_if_they_agreed():
    with Region() as region:
        tools = hospital(region)
        region.enrol_agent("zcc", {"duin": "oost"}, name="Coordinatiecentrum")
        tools.plek("stop", "duin", *ED, "--until", "2h", party="zcc")
        tools.plek("stop", "duin", *ED, "--until", "2h", "--except", "MULTITRAUMA,CHILD",
                   party="duin")
        assert door(tools, *ED)["exceptions"] == []
        records = {r["party"]: r for r in tools.get("meldkamer") if "door" in r}
        assert {r["leads"] for r in records.values()} == {True, False}
        assert all(r["leading"]["exceptions"] == [] and r["leading"]["state"] == "STOP"
                   for r in records.values())
        rows = [line for line in tools.plek("get", "--lang", "en", party="meldkamer").out
                .splitlines() if "stop" in line]
        one = next(line for line in rows if "multitrauma" in line)
        assert one.startswith("  / ") and re.search(
            r"nobody is excepted  says: stop except multitrauma|does not lead: stop except", one)

        tools.plek("stop", "duin", *ED, "--until", "2h", "--except", "CHILD", party="zcc")
        assert door(tools, *ED)["exceptions"] == ["CHILD"]
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        assert table.count("does not lead") == 1, table


def test_what_leads_and_what_neighbours_do_are_events():
    with Region() as region:
        tools = neighbourhood(region)
        events = tools.watch_json("meldkamer", *ED)
        first = [events.next(lambda e: e["event"] == "door") for _ in PLACES]
        assert {e["location"] for e in first} == set(PLACES)
        tools.plek("stop", "duin", *ED, "--until", "+2s", "--on-expiry", "REOPEN", party="duin")
        stop = events.next(lambda e: e["event"] == "door")
        assert (stop["location"], stop["state"]) == ("duin", "STOP")
        assert stop["neighbours"]["next"]["location"] == "vliet"
        reopened = events.next(lambda e: e["event"] == "door")
        assert (reopened["state"], reopened["standing"]) == ("OPEN", "REOPENED")
        assert reopened["since_ms"] == stop["ends_at_ms"] and "neighbours" not in reopened

        tools.plek("stop", "duin", *ED, party="duin")
        events.next(lambda e: e["event"] == "door" and e["state"] == "STOP")
        for place, then in (("vliet", ("haven", False)), ("haven", ("bos", False)),
                            ("bos", ("verweg", True))):
            tools.plek("stop", place, *ED, party=place)
            told = events.next(lambda e: e["event"] == "neighbours" and e["location"] == "duin")
            told = told["neighbours"]
            assert (told["next"]["location"], told["all_stopped"]) == then, told


if __name__ == "__main__":
    tap.run(globals())
