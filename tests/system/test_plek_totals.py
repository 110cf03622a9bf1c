#!/usr/bin/python3
"""plek totals and crowding scores: what is added up, what is not, and how much of it is old"""

import tap
from harness import Region
from tools import FILE, USAGE, Tools

ICU = ("--care", "ICU_ADULT")


def two_hospitals(region):
    region.enrol_agent("duin", {"duin-ed": "oost", "duin-west": "west"})
    region.enrol_agent("strand", {"strand": "oost", "duin-ed": "oost"})
    region.enrol_reader("meldkamer")
    return Tools(region)


def say_free(tools, party, location, unit, free, *more):
    tools.put(party, "counts", "--location", location, *ICU, "--unit", unit, "staffed=20",
              f"available={free}", *more)


def totals(tools, *arguments, party="meldkamer"):
    """Lines by region and care; None: over all regions."""
    return {(line.get("region"), line["care"]): line
            for line in tools.plek("totals", "--json", *arguments, party=party).lines()}


def test_sums_say_what_of_them_is_old_and_what_is_withheld():
    with Region() as region:
        tools = two_hospitals(region)
        say_free(tools, "duin", "duin-ed", "ic", 6)
        say_free(tools, "strand", "strand", "ic", 4, "--observed", "-1h", "--valid-for", "30min")
        say_free(tools, "duin", "duin-west", "ic", 3)
        tools.put("strand", "counts", "--location", "strand", *ICU, "--unit", "mc", "staffed=20",
                  "occupied=SUPPRESSED")
        found = totals(tools)
        assert set(found) == {("oost", "ICU_ADULT"), ("west", "ICU_ADULT"), (None, "ICU_ADULT")}
        oost = found["oost", "ICU_ADULT"]
        assert oost["free"] == {"sum": 10, "units": 2, "withheld": 1, "unknown": 0, "stale_sum": 4,
                                "stale_units": 1, "silent_sum": 0, "silent_units": 0}
        assert oost["staffed"]["sum"] == 60 and oost["units"] == 3 and oost["locations"] == 2
        assert "sum" not in oost["physical"] and "sum" not in oost["occupied"]
        assert found[None, "ICU_ADULT"]["free"]["sum"] == 13

        table = tools.plek("totals", party="meldkamer").out
        assert table.startswith("Plek  live  "), table
        assert "  ~ ICU  " in table and "10 free (in 2 of 3) · 60 staffed · - occupied" in table, table
        assert ("3 units · 4 of 10 free older than agreed · 20 of 60 staffed older than agreed · "
                "1 withheld") in table, table
        table = tools.plek("totals", "--lang", "nl", party="meldkamer").out
        assert "4 van 10 vrij ouder dan afgesproken" in table and "alle regio's" in table, table


def test_what_is_free_behind_a_stop_is_told_apart():
    with Region() as region:
        tools = two_hospitals(region)
        say_free(tools, "duin", "duin-ed", "ic", 6)
        say_free(tools, "duin", "duin-ed", "mc", 1)
        say_free(tools, "strand", "strand", "ic", 4)
        shut = lambda: totals(tools)["oost", "ICU_ADULT"]["free_behind_shut_doors"]
        assert shut() == {"units": 0, "sum": 0}
        assert "behind" not in tools.plek("totals", party="meldkamer").out
        # A unit's own stop is of that unit; the house's is of all of it.
        tools.plek("stop", "duin-ed", *ICU, "--unit", "ic", party="duin")
        assert shut() == {"units": 1, "sum": 6}
        tools.plek("close", "duin-ed", party="duin")
        assert shut() == {"units": 2, "sum": 7}
        table = tools.plek("totals", party="meldkamer").out
        assert "11 free" in table and "7 free behind a stop or a closed door" in table, table
        table = tools.plek("totals", "--lang", "nl", party="meldkamer").out
        assert "7 vrij achter een stop of een dichte deur" in table, table


def test_a_number_that_is_not_of_free_places_is_marked_when_it_is_old_too():
    with Region() as region:
        tools = two_hospitals(region)
        tools.put("duin", "counts", "--location", "duin-ed", *ICU, "staffed=12", "--observed", "-1h",
                  "--valid-for", "1min")
        tools.put("strand", "counts", "--location", "strand", *ICU, "staffed=10")
        oost = totals(tools)["oost", "ICU_ADULT"]
        assert (oost["staffed"]["sum"], oost["staffed"]["silent_sum"]) == (22, 12)
        table = tools.plek("totals", party="meldkamer").out
        assert "  ~ ICU  " in table, table
        assert "2 units · 12 of 22 staffed older than agreed (silent: 12)" in table, table
        # And where all that is known is of who is silent.
        tools.put("strand", "withdraw", "counts", "--location", "strand", *ICU)
        assert "  ? ICU  " in tools.plek("totals", party="meldkamer").out


def test_one_place_two_kinds_and_an_exercise_are_not_added_up():
    with Region() as region:
        tools = two_hospitals(region)
        say_free(tools, "duin", "duin-ed", "ic", 6)
        say_free(tools, "strand", "duin-ed", "ic", 5)
        say_free(tools, "duin", "duin-ed", "ic", 1000, "--status", "EXERCISE")
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "ISOLATION_NEGATIVE",
                  "available=2")
        found = totals(tools)
        assert set(found) == {("oost", "ICU_ADULT"), (None, "ICU_ADULT")}
        line = found["oost", "ICU_ADULT"]
        assert line["free"]["sum"] == 5 and line["left_out"]["doubled"] == 1
        line = totals(tools, "--status", "exercise")["oost", "ICU_ADULT"]
        assert line["free"]["sum"] == 1000 and line["status"] == "EXERCISE"
        assert "isolation rooms" in tools.plek("totals", party="meldkamer").out
        refused = tools.plek("totals", "--care", "ISOLATION_NEGATIVE", party="meldkamer",
                             expect=USAGE)
        assert "in no total" in refused.err


def test_a_reader_adds_up_what_it_may_read_and_nothing_else():
    with Region() as region:
        tools = two_hospitals(region)
        region.enrol_reader("zcc", coord=True)
        say_free(tools, "duin", "duin-ed", "ic", 6)
        say_free(tools, "duin", "duin-ed", "secret", 7, "--audience", "COORD")
        assert totals(tools)["oost", "ICU_ADULT"]["free"]["sum"] == 6
        assert totals(tools, party="zcc")["oost", "ICU_ADULT"]["free"]["sum"] == 13
        # Who changes their mind is in nobody else's sum from then on.
        say_free(tools, "duin", "duin-ed", "ic", 6, "--audience", "COORD")
        assert not totals(tools)


def test_one_region_or_care_is_asked_for():
    with Region() as region:
        tools = two_hospitals(region)
        say_free(tools, "duin", "duin-ed", "ic", 6)
        say_free(tools, "duin", "duin-west", "ic", 3)
        tools.put("duin", "counts", "--location", "duin-ed", "--care", "WARD", "available=0")
        assert set(totals(tools, "--region", "west")) == {("west", "ICU_ADULT"),
                                                          (None, "ICU_ADULT")}
        found = totals(tools, "--care", "WARD")
        assert set(found) == {("oost", "WARD"), (None, "WARD")}
        assert found["oost", "WARD"]["free"]["sum"] == 0
        table = tools.plek("totals", "--care", "WARD", party="meldkamer").out
        assert "  0 ward  " in table and "0 free" in table, table


def test_a_nedocs_is_worked_out_and_called_what_the_reader_calls_it():
    with Region() as region:
        tools = two_hospitals(region)
        inputs = {"patients": 31, "ed_beds": 24, "admitted_waiting": 4, "hospital_beds": 320,
                  "ventilated": 1, "longest_boarding_h": 6, "last_door_to_bed_h": 0.5}
        said = [part for name, value in inputs.items() for part in ("--input", f"{name}={value}")]
        tools.put("duin", "pressure", "--location", "duin-ed", "--method", "nedocs", *said)
        pressure = tools.get("meldkamer")[0]["pressure"]
        assert pressure["inputs"] == inputs and "score" not in pressure
        assert abs(pressure["shown"] - 120.125) < 1e-6 and pressure["shown_is_computed"]
        assert pressure["band"] == "overcrowded" and not pressure["differs"]
        assert "nedocs 120.1 (computed) · overcrowded" in tools.plek("get", party="meldkamer").out

        bands = region.write_file("bands", "nedocs - groen\nnedocs 75 code rood\n")
        assert "· code rood" in tools.plek("get", "--bands", bands, party="meldkamer").out
        assert tools.get("meldkamer", "--bands", bands)[0]["pressure"]["band"] == "code rood"
        wrong = region.write_file("wrong", "nedocs - groen\nnedocs rood\n")
        refused = tools.plek("get", "--bands", wrong, party="meldkamer", expect=FILE)
        assert "wrong:2: a band is METHOD ABOVE NAME" in refused.err and not refused.out


if __name__ == "__main__":
    tap.run(globals())
