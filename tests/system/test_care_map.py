#!/usr/bin/python3
"""The care map: what is offered, at what level and when; changes take effect by themselves"""

import time

import tap
from harness import Region
from tools import REFUSED, USAGE, Tools

VUUR = ("--location", "vuurtoren")


def region_with_two(region):
    """Two parties that offer care, one that reads, and plek."""
    region.enrol_agent("vuur", {"vuurtoren": "oost"}, name="De Vuurtoren")
    region.enrol_agent("hap", {"post": "west"})
    region.enrol_reader("meldkamer")
    return Tools(region)


def map_of(tools, *arguments):
    return {place["location"]: place
            for place in tools.plek("map", "--json", *arguments, party="meldkamer").lines()}


def test_a_place_is_shown_with_all_that_its_party_says_of_it():
    with Region() as region:
        tools = region_with_two(region)
        tools.put("vuur", "card", *VUUR, "--name", "Ziekenhuis De Vuurtoren", "--kind", "V6",
                  "--position", "52.95,4.02", "--phone", "Receptie=088 000 0200", "--phone",
                  "SEH-arts@ED=088 000 0201", "--identifier", "agb=06010101", "--identifier",
                  "local=vt", "--hours", "24/7", "--time-zone", "Europe/Amsterdam")
        tools.put("vuur", "offering", *VUUR, "--care", "ED", "--level", "2")
        tools.put("vuur", "offering", *VUUR, "--care", "ICU_ADULT", "--not-offered")
        shown = map_of(tools)["vuurtoren"]
        assert shown["region"] == "oost" and shown["party_name"] == "De Vuurtoren"
        assert shown["opening"] == "OPEN" and "opening_changes_in_min" not in shown
        assert shown["card"]["identifiers"] == [{"scheme": "agb", "id": "06010101"},
                                                {"scheme": "local", "id": "vt"}]
        assert shown["card"]["contacts"] == [
            {"function": "Receptie", "phone": "088 000 0200"},
            {"function": "SEH-arts", "phone": "088 000 0201", "care": "ED"}]
        icu, ed = sorted(shown["offerings"], key=lambda o: o["care"] == "ED")
        assert ed["offered"] and ed["holds"] and ed["level"] == "2" and ed["opening"] == "OPEN"
        assert not icu["offered"] and icu["holds"]

        # Who is enrolled and says nothing is on the map too; not where a care is asked about.
        assert map_of(tools)["post"]["offerings"] == [] and "card" not in map_of(tools)["post"]
        assert list(map_of(tools, "--care", "ED")) == ["vuurtoren"]
        assert list(map_of(tools, "--region", "west")) == ["post"]

        text = tools.plek("map", "--lang", "nl", party="meldkamer").out
        assert "Ziekenhuis De Vuurtoren (V6)" in text and "088 000 0201 SEH-arts, SEH" in text
        assert "niveau 2" in text and "niet aangeboden" in text and "geen zorgaanbod" in text


def test_other_regions_are_those_that_the_authority_says():
    with Region() as region:
        region.enrol_agent("vuur", {"vuurtoren": "oost,rav:noordkust,province:waterland"})
        region.enrol_reader("meldkamer")
        tools = Tools(region)
        shown = map_of(tools, "--region", "rav:noordkust")["vuurtoren"]
        assert shown["regions"] == [{"scheme": "rav", "id": "noordkust"},
                                    {"scheme": "province", "id": "waterland"}]
        tools.plek("map", "--region", "rav:waterland", party="meldkamer", expect=REFUSED)


def test_a_change_is_announced_and_takes_effect_by_itself():
    with Region() as region:
        tools = region_with_two(region)
        watch = tools.watch_json("meldkamer")
        watch.next(lambda e: e["event"] == "link" and e["in_sync"])
        tools.put("vuur", "offering", *VUUR, "--care", "ED", "--level", "2")
        ahead = int(time.time()) + 6
        begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ahead))
        tools.put("vuur", "offering", *VUUR, "--care", "ED", "--level", "1", "--plan", "1",
                  "--from", begins)

        announced = watch.next(lambda e: e["event"] == "record" and "plan1" in e["id"])
        assert announced["offering"]["standing"] == "ANNOUNCED"
        assert announced["offering"]["holds_from_ms"] == ahead * 1000
        before = map_of(tools)["vuurtoren"]["offerings"]
        if time.time() < ahead:
            assert [(o["level"], o["holds"]) for o in before] == [("2", True), ("1", False)]

        # The picture has what is free; of what is offered only what is announced.
        table = tools.plek("get", "--lang", "en", party="meldkamer").out
        if time.time() < ahead:
            assert "offered (announced) · level 1" in table and "level 2" not in table, table

        # Nobody says anything any more: time alone does it.
        begun = watch.next(lambda e: e["event"] == "record" and e["change"] == "TIME")
        assert begun["offering"]["standing"] == "STANDS" and begun["offering"]["level"] == "1"
        after = map_of(tools)["vuurtoren"]["offerings"]
        assert [(o["level"], o["holds"]) for o in after] == [("2", False), ("1", True)]
        tools.put("vuur", "withdraw", "offering", *VUUR, "--care", "ED", "--plan", "1")
        back = map_of(tools)["vuurtoren"]["offerings"]
        assert [(o["level"], o["holds"]) for o in back] == [("2", True)]


def test_the_map_is_there_again_after_the_broker_was_killed():
    with Region() as region:
        tools = region_with_two(region)
        tools.put("vuur", "card", *VUUR, "--name", "De Vuurtoren", "--kind", "V6", "--hours", "24/7",
                  "--time-zone", "Etc/UTC", "--identifier", "agb=06010101")
        tools.put("vuur", "offering", *VUUR, "--care", "ED", "--level", "2")
        tools.put("vuur", "offering", *VUUR, "--care", "ED", "--plan", "7", "--not-offered",
                  "--from", "+1d", "--until", "+2d")
        before = map_of(tools)
        region.daemon.kill()
        region.daemon.start()
        after = map_of(tools)
        for known in (before, after):  # it goes by while they are asked for
            known["vuurtoren"].pop("opening_changes_in_min", None)
        assert after == before
        assert [o["plan"] for o in after["vuurtoren"]["offerings"]] == [0, 7]


def test_hours_are_those_of_the_clock_there():
    with Region() as region:
        tools = region_with_two(region)
        days = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
        there = time.gmtime(time.time() + 14 * 3600)  # UTC+14, without daylight saving
        tomorrow = days[(there.tm_wday + 1) % 7]
        # Fourteen hours later it is still to come in UTC.
        hours = f"{days[there.tm_wday]} {there.tm_hour:02}:00-24:00; {tomorrow} 00:00-01:00"
        for zone, opening in (("Pacific/Kiritimati", "OPEN"), ("Etc/UTC", "SHUT"),
                              ("No/Such_Zone", None)):
            tools.put("hap", "card", "--location", "post", "--name", "Post", "--kind", "N6",
                      "--hours", hours, "--time-zone", zone)
            assert map_of(tools)["post"].get("opening") == opening, zone


def test_who_does_not_speak_for_a_place_does_not_change_the_map():
    with Region() as region:
        tools = region_with_two(region)
        done = tools.put("hap", "offering", *VUUR, "--care", "ED", expect=REFUSED)
        assert "location" in done.err
        done = tools.put("vuur", "offering", *VUUR, "--care", "ED", "--hours", "altijd",
                         expect=REFUSED)
        assert "offering.hours" in done.err and "at character 1" in done.err
        done = tools.put("vuur", "offering", *VUUR, "--care", "ED", "--plan", "3", expect=REFUSED)
        assert "offering.holds_from_ms" in done.err
        done = tools.put("vuur", "offering", *VUUR, "--care", "ED", "--from", "+1h",
                         expect=REFUSED)
        assert "PERIOD" in done.err and "another plan" in done.err
        tools.put("vuur", "offering", *VUUR, "--care", "WARD", "--from", "-1d")
        [ward] = map_of(tools)["vuurtoren"]["offerings"]
        assert (ward["care"], ward["plan"]) == ("WARD", 0), "what holds may say since when"
        tools.put("vuur", "withdraw", "offering", *VUUR, "--care", "WARD")
        done = tools.put("vuur", "card", *VUUR, "--name", "x", "--kind", "V6", "--hours", "24/7",
                         expect=REFUSED)
        assert "card.time_zone" in done.err
        tools.plek("map", "--care", "NONSUCH", party="meldkamer", expect=USAGE)
        assert map_of(tools)["vuurtoren"]["offerings"] == []


if __name__ == "__main__":
    tap.run(globals())
