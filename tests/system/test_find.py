#!/usr/bin/python3
"""plek find: where a patient can be taken now, and why not elsewhere"""

import tap
from harness import Region, until_true
from tools import REFUSED, USAGE, Tools

HERE = ("--near", "52.00,5.00")
# Each 0.1 degree of latitude further is 11.1 km.
PLACES = {"a": "52.1,5.0", "b": "52.2,5.0", "c": "52.3,5.0", "d": "52.4,5.0", "e": "52.5,5.0"}


def five(region):
    """Five hospitals in a row, one that reads, and plek."""
    region.enrol_agent("zorg", {place: "oost" for place in PLACES}, name="Zorggroep")
    region.enrol_reader("meldkamer")
    tools = Tools(region)
    for place, position in PLACES.items():
        tools.put("zorg", "card", "--location", place, "--name", f"Ziekenhuis {place}", "--kind",
                  "V6", "--position", position, "--phone", "Receptie=088 100", "--phone",
                  f"SEH-arts@ED=088 20{ord(place)}")
    return tools


def put(tools, kind, place, *arguments, care="ED"):
    tools.put("zorg", kind, "--location", place, "--care", care, *arguments)


def find(tools, *arguments, care="ED"):
    return tools.plek("find", "--json", "--care", care, *HERE, *arguments,
                      party="meldkamer").lines()


def ranks(found):
    return [(f["rank"], f["place"]["location"]) for f in found]


def test_the_nearest_free_place_comes_first_and_what_is_not_known_is_never_above_it():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN")                                  # open, and full
        put(tools, "counts", "a", "--unit", "seh", "available=0")
        put(tools, "offering", "b")                                      # nothing known
        put(tools, "counts", "c", "--unit", "seh", "available=2")        # free, no door
        put(tools, "door", "d", "OPEN")                                  # free
        put(tools, "counts", "d", "--unit", "seh", "--label", "SEH", "staffed=9", "occupied=6")
        put(tools, "door", "e", "RESTRICTED")                            # free, further
        put(tools, "counts", "e", "--unit", "seh", "available=9")

        found = find(tools)
        assert ranks(found) == [("free", "d"), ("free", "e"), ("unconfirmed", "c"),
                                ("unknown", "b"), ("full", "a")]
        best = found[0]
        assert best["n"] == 1 and abs(best["distance_m"] - 44478) < 100
        assert best["counts"]["free"] == 3 and best["counts"]["free_is_computed"]
        assert best["counts"]["source"] == "MANUAL" and best["counts"]["age_ms"] >= 0
        assert best["door"]["state"] == "OPEN" and best["door"]["party"] == "zorg"
        assert best["contact"] == {"function": "SEH-arts", "phone": f"088 20{ord('d')}"}
        assert found[2]["doubts"] == ["DOOR_UNKNOWN"] and found[2]["door"]["state"] == "UNKNOWN"
        assert found[3]["doubts"] == ["COUNTS_UNKNOWN", "DOOR_UNKNOWN"] and "counts" not in found[3]

        assert ranks(find(tools, "--need", "4"))[0] == ("free", "e")
        assert ranks(find(tools, "--within", "40"))[0] == ("unconfirmed", "c")
        # Another care, which nobody speaks of: nowhere, and nothing is made up.
        assert not find(tools, care="ICU_ADULT")
        assert ranks(find(tools)) == ranks(found)


def test_a_stop_is_left_out_unless_it_excepts_this_patient():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "STOP", "--except", "MULTITRAUMA", "--reason", "ED_CROWDING",
            "--until", "+2h")
        put(tools, "counts", "a", "available=1")
        put(tools, "door", "b", "OPEN")
        put(tools, "counts", "b", "available=1")
        put(tools, "door", "c", "CLOSED")
        put(tools, "counts", "c", "available=1")

        assert ranks(find(tools)) == [("free", "b")]
        why = find(tools, "--why")
        assert [(f["place"]["location"], f.get("why")) for f in why] == [
            ("b", None), ("a", "DOOR"), ("c", "DOOR")]
        assert why[1]["door"]["exceptions"] == ["MULTITRAUMA"] and why[1]["door"]["ends_at_ms"]

        found = find(tools, "--for", "MULTITRAUMA")
        assert ranks(found) == [("free", "a"), ("free", "b")]
        assert found[0]["exception"] == "MULTITRAUMA" and "exception" not in found[1]
        assert ranks(find(tools, "--for", "STROKE")) == [("free", "b")]
        assert ranks(find(tools, "--for", "STROKE,MULTITRAUMA"))[0] == ("free", "a")

        text = tools.plek("find", "--care", "ED", *HERE, "--for", "MULTITRAUMA", "--why", "--lang",
                          "en", party="meldkamer").out
        assert "stop except multitrauma · ED crowding" in text, text
        assert f"088 20{ord('a')} SEH-arts" in text and "left out" in text and "<- its door" in text
        text = tools.plek("find", "--care", "ED", *HERE, "--lang", "nl", party="meldkamer").out
        assert "weggelaten: 2 (--why)" in text, text


def test_what_is_old_or_past_its_end_is_a_doubt_and_not_a_free_place():
    with Region() as region:
        tools = five(region)
        old = ("--observed", "-1h", "--valid-for")
        for place in PLACES:
            put(tools, "door", place, "OPEN")
        put(tools, "counts", "a", "available=5", *old, "30min")   # stale
        put(tools, "counts", "b", "available=5", *old, "10min", care="ICU_ADULT")   # silent
        put(tools, "door", "b", "OPEN", care="ICU_ADULT")
        put(tools, "counts", "c", "available=5")
        put(tools, "door", "c", "STOP", "--until", "+20ms")       # an expired stop
        put(tools, "counts", "d", "available=5")
        put(tools, "door", "d", "STOP", "--until", "+20ms", "--on-expiry", "REOPEN")
        put(tools, "counts", "e", "available=5")
        found = find(tools)
        assert ranks(found) == [("free", "b"), ("free", "e"), ("unconfirmed", "a"),
                                ("unconfirmed", "c"), ("unconfirmed", "d")]
        assert [f["doubts"] for f in found] == [
            [], [], ["COUNTS_STALE"], ["DOOR_EXPIRED"], ["DOOR_REOPENED"]]
        assert found[0]["by_door"] and "by_door" not in found[1]
        # Beds are counted, so there an open door is not enough.
        found = find(tools, care="ICU_ADULT")
        assert ranks(found) == [("unknown", "b")] and found[0]["doubts"] == ["COUNTS_SILENT"]


def test_an_open_ed_nearby_is_not_below_a_counted_place_far_away():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN")                           # who counts the places of an ED?
        put(tools, "door", "e", "OPEN")
        put(tools, "counts", "e", "available=1")
        found = find(tools)
        assert ranks(found) == [("free", "a"), ("free", "e")]
        assert found[0]["by_door"] and not found[0]["doubts"]
        found = find(tools, "--need", "2")
        assert ranks(found) == [("unconfirmed", "a"), ("full", "e")]


def test_units_that_have_enough_together_are_named():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN", care="ICU_ADULT")
        put(tools, "counts", "a", "--unit", "ic1", "--label", "IC 1", "available=1",
            care="ICU_ADULT")
        put(tools, "counts", "a", "--unit", "ic2", "available=2", care="ICU_ADULT")
        assert len(find(tools, "--need", "2", care="ICU_ADULT")) == 2
        found = find(tools, "--need", "3", care="ICU_ADULT")
        assert ranks(found) == [("free", "a")] and found[0]["counts"]["free"] == 3
        assert [(u["unit"], u["free"]) for u in found[0]["units"]] == [("ic2", 2), ("ic1", 1)]
        text = tools.plek("find", "--care", "ICU_ADULT", *HERE, "--need", "3", "--lang", "en",
                          party="meldkamer").out
        assert "Ziekenhuis a, ic2 2 + IC 1 1" in text and "3 free" in text, text


def test_what_is_not_given_or_outside_its_hours_is_left_out():
    with Region() as region:
        tools = five(region)
        for place in PLACES:
            put(tools, "door", place, "OPEN")
            put(tools, "counts", place, "available=5")
        put(tools, "offering", "a", "--not-offered")
        put(tools, "offering", "b", "--level", "2")
        tools.put("zorg", "card", "--location", "c", "--name", "C", "--kind", "V6", "--position",
                  PLACES["c"], "--time-zone", "Etc/UTC")
        put(tools, "offering", "c", "--hours", "Mo 00:00-00:01")
        # Announced is not yet: it has neither counts nor a door, and comes in an hour.
        put(tools, "offering", "e", "--plan", "1", "--from", "+1h", care="CATH_LAB")
        found = find(tools, "--why")
        assert ranks(found)[:3] == [("free", "b"), ("free", "d"), ("free", "e")]
        left_out = {f["place"]["location"]: f["why"] for f in found[3:]}
        assert left_out["a"] == "NOT_OFFERED" and left_out.get("c", "SHUT") == "SHUT"
        assert [f["why"] for f in find(tools, "--why", care="CATH_LAB")] == ["NOT_OFFERED"]


def test_where_a_location_is_may_stand_for_where_the_patient_is():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN")
        found = tools.plek("find", "--json", "--care", "ED", "--near", "e",
                           party="meldkamer").lines()
        assert abs(found[0]["distance_m"] - 44478) < 100
        done = tools.plek("find", "--care", "ED", "--near", "nowhere", party="meldkamer",
                          expect=REFUSED)
        assert "neither" in done.err
        for wrong in (["--care", "ED"], ["--near", "52,5"], ["--care", "X", *HERE],
                      ["--care", "ED", *HERE, "--need", "0"],
                      ["--care", "ED", *HERE, "--for", "NONSUCH"],
                      ["--care", "ED", *HERE, "--within", "-1"]):
            tools.plek("find", *wrong, party="meldkamer", expect=USAGE)


def test_the_head_is_a_question_and_not_a_finding():
    with Region() as region:
        tools = five(region)
        ask = ("find", "--care", "ED", *HERE, "--need", "2", "--lang")
        head = tools.plek(*ask, "en", party="meldkamer").out.splitlines()[0]
        assert "ED  wanted: at least 2 free  52.0000,5.0000" in head, head
        head = tools.plek(*ask, "nl", party="meldkamer").out.splitlines()[0]
        assert "gevraagd: minstens 2 vrij" in head, head


def test_a_door_without_counts_says_how_old_it_is_and_from_where():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN", "--observed", "-3min")
        put(tools, "door", "b", "OPEN")
        put(tools, "counts", "b", "available=5")
        lines = tools.plek("find", "--care", "ED", *HERE, "--lang", "en",
                           party="meldkamer").out.splitlines()
        by_door = next(line for line in lines if "Ziekenhuis a" in line)
        assert "· 3 min by hand" in by_door, by_door
        counted = next(line for line in lines if "Ziekenhuis b" in line)
        assert counted.count("by hand") == 1, counted


def test_a_position_that_is_far_from_all_is_warned_of_and_its_swap_suggested():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN")
        ask = ("find", "--care", "ED", "--lang", "en", "--near")
        swapped = tools.plek(*ask, "5.0,52.0", party="meldkamer")
        assert "far from there" in swapped.err and "Is it --near 52.0000,5.0000?" in swapped.err
        far = tools.plek(*ask, "40.0,5.0", party="meldkamer").err
        assert "far from there" in far and "Is it" not in far and "latitude,longitude" in far
        assert not tools.plek(*ask, "52.0,5.0", party="meldkamer").err


def test_a_doubt_is_said_to_people_too():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN", "--valid-for", "1s")
        put(tools, "counts", "a", "available=5", "--valid-for", "1s")
        put(tools, "counts", "b", "available=5")
        put(tools, "door", "b", "STOP", "--until", "1s", "--on-expiry", "REOPEN")
        until_true(lambda: {"COUNTS_SILENT", "DOOR_OLD", "DOOR_REOPENED"} <= {
            doubt for f in find(tools) for doubt in f["doubts"]}, what="silence")
        said = tools.plek("find", "--care", "ED", *HERE, party="meldkamer").out.splitlines()
        a, b = (next(line for line in said if f"Ziekenhuis {place}" in line) for place in "ab")
        assert "~places: silent" in a and "~door: stale" in a, a
        assert "~door: reopened, unconfirmed" in b and "~places" not in b, b


def test_a_stop_that_is_announced_is_seen_before_the_patient_arrives():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN")
        put(tools, "counts", "a", "available=5")
        put(tools, "counts", "b", "available=5")
        for plan, place, begins, end in (("1", "a", "+3h", "+2h"), ("1", "b", "+30h", "+2h")):
            put(tools, "door", place, "STOP", "--plan", plan, "--from", begins, "--until", end,
                "--except", "MULTITRAUMA")
        a, b = find(tools)
        assert a["rank"] == "free" and a["door"]["state"] == "OPEN"
        plan = a["door"]["plan"]
        assert plan["state"] == "STOP" and plan["exceptions"] == ["MULTITRAUMA"]
        assert plan["ends_at_ms"] - plan["starts_at_ms"] == 2 * 3600 * 1000
        assert b["door"]["plan"]["state"] == "STOP"
        for language, words in (("en", "stop from"), ("nl", "stop vanaf")):
            said = tools.plek("find", "--care", "ED", *HERE, "--lang", language,
                              party="meldkamer").out.splitlines()
            a, b = (next(line for line in said if f"Ziekenhuis {place}" in line) for place in "ab")
            assert f"· {words} " in a and "multitrauma  [" in a, a
            assert words not in b, b      # tomorrow evening is not about a patient of now


def test_an_exercise_is_never_an_answer_to_what_is_real():
    with Region() as region:
        tools = five(region)
        put(tools, "door", "a", "OPEN", "--status", "EXERCISE")
        put(tools, "counts", "a", "available=5", "--status", "EXERCISE")
        assert not find(tools)
        answer = find(tools, "--status", "EXERCISE")
        assert ranks(answer) == [("free", "a")] and answer[0]["status"] == "EXERCISE"
        # And it says so to people, wherever it is shown.
        for asked in (["find", "--care", "ED", *HERE], ["map"], ["impact", "--close", "a"]):
            said = tools.plek(*asked, "--status", "EXERCISE", party="meldkamer").out
            assert "[exercise]" in said.splitlines()[0], said
        assert "[exercise]" not in tools.plek("find", "--care", "ED", *HERE, party="meldkamer").out
        assert tools.plek("impact", "--close", "a", "--status", "EXERCISE", "--json",
                          party="meldkamer").lines()[0]["status"] == "EXERCISE"


if __name__ == "__main__":
    tap.run(globals())
