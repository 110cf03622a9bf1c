#!/usr/bin/python3
"""A location lies in several regions at once, by scheme, and every question can be asked by each."""

import csv
import io

import tap
from harness import Region
from tools import REFUSED, USAGE, Tools

# Two ambulance regions over two home regions; who is in which only the enrolments say.
PLACES = {
    "duin": ("52.95,4.02", "oost,rav:noordkust,ggz:kust"),
    "zee": ("52.96,4.05", "west,rav:noordkust,ggz:binnen"),
    "berg": ("52.97,4.60", "west,rav:heuvels"),
    "stil": ("52.98,4.70", "oost,rav:noordkust"),  # never reports
}
NOORDKUST = ("--region", "rav:noordkust")
HEUVELS = ("--region", "rav:heuvels")


def enrol(region, **changes):
    for party, (_, regions) in PLACES.items():
        region.enrol_agent(party, {f"{party}-ed": changes.get(party, regions)})


def two_by_two(region):
    enrol(region)
    region.enrol_reader("meldkamer")
    tools = Tools(region)
    for party, (position, _) in PLACES.items():
        if party == "stil":
            continue
        tools.put(party, "card", "--location", f"{party}-ed", "--name", f"Ziekenhuis {party}",
                  "--kind", "V6", "--position", position, "--phone", f"SEH=088 {len(party)}")
        tools.put(party, "door", "--location", f"{party}-ed", "--care", "ED", "OPEN")
        tools.put(party, "counts", "--location", f"{party}-ed", "--unit", "ic", "--care",
                  "ICU_ADULT", "staffed=10", f"available={len(party)}")
    return tools


def locations(lines):
    return sorted({line["location"] for line in lines})


def asked(tools, *arguments):
    return tools.plek(*arguments, "--json", party="meldkamer").lines()


def test_the_picture_is_shown_by_any_scheme_across_home_regions():
    with Region() as region:
        tools = two_by_two(region)
        found = asked(tools, "get", *NOORDKUST)
        assert locations(found) == ["duin-ed", "stil-ed", "zee-ed"]
        assert {line["region"] for line in found} == {"oost", "west"}
        assert next(line for line in found if line["location"] == "zee-ed")["regions"] == [
            {"scheme": "rav", "id": "noordkust"}, {"scheme": "ggz", "id": "binnen"}]
        assert next(line for line in found if line["location"] == "stil-ed")["regions"]

        assert locations(asked(tools, "get", *HEUVELS)) == ["berg-ed"]
        assert locations(asked(tools, "get", "--region", "ggz:kust")) == ["duin-ed"]
        # An id alone is a home region, as it always was; several add up.
        assert locations(asked(tools, "get", "--region", "oost")) == ["duin-ed", "stil-ed"]
        assert locations(asked(tools, "get", "--region", "oost", *HEUVELS)) == [
            "berg-ed", "duin-ed", "stil-ed"]
        for text in ("noordkust", "ggz:noordkust"):
            said = tools.plek("get", "--region", text, party="meldkamer", expect=REFUSED).err
            assert f"there is no region '{text}'" in said, said
        text = tools.plek("get", *HEUVELS, party="meldkamer").out
        assert "Ziekenhuis berg" in text and "Ziekenhuis duin" not in text, text


def test_a_call_says_which_home_regions_a_region_of_another_scheme_lies_in():
    with Region() as region:
        tools = two_by_two(region)
        said = tools.plek("call", *NOORDKUST, party="meldkamer", expect=REFUSED).err
        assert "'rav:noordkust' is none" in said and "west" in said and "oost" in said, said
        assert said.count("oost") == 1, said
        said = tools.plek("call", "--region", "rav:weg", party="meldkamer", expect=REFUSED).err
        assert "there is no region 'rav:weg'" in said, said


def test_a_desk_is_alerted_by_any_scheme_and_of_a_place_that_never_reported():
    with Region() as region:
        tools = two_by_two(region)
        tools.put("berg", "door", "--location", "berg-ed", "--care", "ED", "STOP")
        desk = ("alert", "--once", "--lang", "en")
        tools.plek(*desk, "--for", "300ms", *NOORDKUST, party="meldkamer", expect=REFUSED)
        said = tools.plek(*desk, "--for", "300ms", "--location", "stil-ed", party="meldkamer",
                          expect=REFUSED).err
        assert "there was no alert" in said, said
        assert "Ziekenhuis berg" in tools.plek(*desk, "--for", "20s", *HEUVELS,
                                               party="meldkamer").out


def test_changes_are_told_by_any_scheme():
    with Region() as region:
        tools = two_by_two(region)
        watch = tools.watch_json("meldkamer", *NOORDKUST)
        watch.next(lambda e: e["event"] == "link" and e["in_sync"])
        tools.put("berg", "door", "--location", "berg-ed", "--care", "ED", "STOP")
        tools.put("zee", "door", "--location", "zee-ed", "--care", "ED", "STOP")
        seen = []
        stop = watch.next(lambda e: seen.append(e) or (
            e["event"] == "door" and e["location"] == "zee-ed" and e.get("state") == "STOP"
            or e["event"] == "record" and e.get("location") == "zee-ed"
            and e.get("door", {}).get("state") == "STOP"))
        assert stop["location"] == "zee-ed"
        assert not [e for e in seen if e.get("location") == "berg-ed"], seen


def test_who_is_in_a_region_changes_with_the_enrolment():
    with Region() as region:
        tools = two_by_two(region)
        enrol(region, zee="west,rav:heuvels")
        assert locations(asked(tools, "get", *HEUVELS)) == ["berg-ed", "zee-ed"]
        assert locations(asked(tools, "map", *NOORDKUST)) == ["duin-ed", "stil-ed"]


def test_sums_are_by_any_scheme_each_place_once():
    with Region() as region:
        tools = two_by_two(region)
        enrol(region, berg="west,rav:heuvels,rav:noordkust,rav:noordkust")

        def free(*arguments):
            return {line.get("region"): (line["free"]["sum"], line["units"])
                    for line in asked(tools, "totals", "--care", "ICU_ADULT", *arguments)}

        # berg lies in both, and is in each sum once, and once in all.
        assert free("--by", "rav") == {"noordkust": (11, 3), "heuvels": (4, 1), None: (11, 3)}
        assert free(*HEUVELS)["heuvels"] == (4, 1)
        assert free("--region", "oost")["oost"] == (4, 1)
        tools.plek("totals", "--by", "ggz", *HEUVELS, party="meldkamer", expect=USAGE)


def test_every_other_question_takes_a_region_of_any_scheme():
    with Region(settings={"agreed": "counts 1 min"}) as region:
        tools = two_by_two(region)
        assert locations(asked(tools, "map", *HEUVELS)) == ["berg-ed"]
        found = asked(tools, "find", "--care", "ICU_ADULT", "--near", "52.95,4.02", *HEUVELS)
        assert locations([line["place"] for line in found]) == ["berg-ed"]
        late = asked(tools, "overdue", *NOORDKUST)
        assert locations([line for line in late if "location" in line]) == ["stil-ed"]
        assert not [line for line in asked(tools, "overdue", *HEUVELS) if "location" in line]

        def places(*arguments):
            answer = tools.plek("impact", "--close", "duin-ed", "--care", "ED", "--json",
                                *arguments, party="meldkamer").one()
            return locations(answer["places"])

        assert places() == ["berg-ed", "duin-ed", "zee-ed"]
        assert places(*NOORDKUST) == ["duin-ed", "zee-ed"]

        document = tools.plek("export", "--format", "csv", *HEUVELS, party="meldkamer").out
        assert {row["location"] for row in csv.DictReader(io.StringIO(document))} == {"berg-ed"}


def test_stops_are_counted_by_any_scheme():
    with Region() as region:
        tools = two_by_two(region)
        for party in ("duin", "zee", "berg"):
            tools.put(party, "door", "--location", f"{party}-ed", "--care", "ED", "STOP")

        def stops(*arguments):
            return {line["region"]: (line["stops"], line["locations"])
                    for line in asked(tools, "stops", "--from", "1h", *arguments)}

        assert stops() == {"oost": (1, 1), "west": (2, 2)}
        assert stops("--by", "rav") == {"noordkust": (2, 2), "heuvels": (1, 1)}
        assert stops(*NOORDKUST) == {"noordkust": (2, 2)}
        assert stops("--region", "west") == {"west": (2, 2)}
        by_location = asked(tools, "stops", "--from", "1h", "--by", "location", *NOORDKUST)
        assert locations(by_location) == ["duin-ed", "zee-ed"]


def test_region_that_cannot_be_one_is_said():
    with Region() as region:
        tools = two_by_two(region)
        for text in (":noordkust", "rav:", ""):
            assert "SCHEME:ID" in tools.plek("get", "--region", text, party="meldkamer",
                                             expect=USAGE).err


if __name__ == "__main__":
    tap.run(globals())
