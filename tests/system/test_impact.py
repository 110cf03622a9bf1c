#!/usr/bin/python3
"""plek impact: what follows if a GP post closes part of a weekend"""

import time

import tap
from harness import Region
from tools import FILE, REFUSED, USAGE, Tools

# In a row from south to north; 0.1 degree is 11.1 km.
POSTS = {"duin": "52.0,5.0", "kust": "52.1,5.0", "zee": "52.4,5.0"}
AREAS = """id,name,lat,lon,population
1000,Duinstad,52.0,5.0,6000
1001,Achterduin,51.9,5.0,2000
1002,Tussenduin,52.04,5.0,1000
2000,Kustwijk,52.1,5.0,9000
"""
MATRIX = """from,to,minutes
1000,duin,4
1000,kust,25
1000,zee,12
2000,kust,3
2000,duin,18
"""


def three_posts(region):
    region.enrol_agent("hap", {post: "oost" for post in POSTS})
    region.enrol_reader("zcc", coord=True)
    tools = Tools(region)
    for post, position in POSTS.items():
        tools.put("hap", "card", "--location", post, "--name", f"Huisartsenpost {post}", "--kind",
                  "N6", "--position", position, "--phone", f"Regie=088 30{ord(post[0])}")
        tools.put("hap", "door", "--location", post, "--care", "GP_POST", "OPEN")
    tools.put("hap", "counts", "--location", "kust", "--care", "GP_POST", "available=4")
    return tools


def impact(tools, *arguments):
    return tools.plek("impact", "--json", *arguments, party="zcc").one()


def shown(answer, location):
    return next(p for p in answer["places"] if p["location"] == location)


def test_the_load_of_a_post_that_closes_moves_to_whoever_is_next_nearest():
    with Region() as region:
        tools = three_posts(region)
        areas = region.write_file("areas.csv", AREAS)
        answer = impact(tools, "--close", "duin", "--care", "GP_POST", "--load", "9/h", "--from",
                        "+1d", "--to", "24h", "--areas", areas, "--beyond", "20km")
        assert answer["distances_are"] == "as the crow flies" and answer["areas_are"] == "given"
        moves = {move["area"]: move for move in answer["moves"]}
        assert set(moves) == {"1000", "1001", "1002"} and answer["weight"] == 9000
        assert all(move["to"] == "kust" for move in moves.values())
        assert abs(moves["1000"]["after"] - 11119) < 50 and moves["1000"]["before"] == 0
        # Achterduin had 11 km to go, and has 22 then.
        assert answer["newly_beyond"] == 1 and answer["weight_newly_beyond"] == 2000
        assert moves["1001"]["is_beyond"] and not moves["1001"]["was_beyond"]

        kust = shown(answer, "kust")
        assert answer["places"][0] == kust and kust["share"] == 1 and kust["areas"] == 3
        assert kust["load_per_hour"] == 9 and abs(kust["load_in_all"] - 216) < 0.1
        assert kust["free"]["sum"] == 4 and kust["free"]["units"] == 1
        assert kust["door"]["state"] == "OPEN" and kust["contact"]["phone"] == f"088 30{ord('k')}"
        assert shown(answer, "duin")["why"] == "CLOSES" and shown(answer, "zee")["share"] == 0
        assert "sum" not in shown(answer, "zee")["free"]  # nobody says: no zero is made up

        text = tools.plek("impact", "--close", "duin", "--care", "GP_POST", "--load", "9/h",
                          "--areas", areas, "--beyond", "20km", "--lang", "nl", party="zcc").out
        assert "hemelsbreed" in text and "4 gebieden" in text and "+9.0/h" in text, text
        assert "! Achterduin" in text and "dan verder dan 20 km: 1 gebieden" in text, text


def test_a_neighbour_that_has_announced_to_be_closed_then_takes_nobody():
    with Region() as region:
        tools = three_posts(region)
        tools.put("hap", "door", "--location", "kust", "--care", "GP_POST", "CLOSED", "--plan", "1",
                  "--from", "+20h", "--until", "+20h")
        now = impact(tools, "--close", "duin", "--care", "GP_POST", "--to", "+2d")
        assert now["areas_are"] == "the places' own points" and "load_per_hour" not in \
            shown(now, "kust")
        assert [m["to"] for m in now["moves"]] == ["kust"]
        # For 20 of the 48 hours kust takes them, and 20 to 40 nobody but zee is left.
        parts = now["parts"]
        assert [[m["to"] for m in p["moves"]] for p in parts] == [["kust"], ["zee", "zee"], ["kust"]]
        assert parts[0]["to_ms"] == parts[1]["from_ms"] and parts[2]["to_ms"] == now["to_ms"]
        assert abs(shown(now, "kust")["share"] - 28 / 48) < 0.001
        assert abs(shown(now, "zee")["share"] - 20 / 48) < 0.001
        assert shown(parts[1], "kust")["why"] == "DOOR" and shown(now, "kust")["why"] == "TAKES"
        asked = ("impact", "--close", "duin", "--to", "+2d", "--load", "2/h", "--care", "GP_POST")
        text = tools.plek(*asked, "--lang", "nl", party="zcc").out
        assert text.count("\n  vanaf ") == 3 and "100.0 %  Huisartsenpost zee" in text, text
        assert "(56 in totaal)" in text and "(40 in totaal)" in text, text
        assert "    neemt niemand op: Huisartsenpost kust (dicht of stop)" in text, text
        # Without an end it is not averaged, and who takes over later has a telephone all the same.
        text = tools.plek("impact", "--close", "duin", "--lang", "en", party="zcc").out
        assert text.count("Huisartsenpost zee") == 3 and f"088 30{ord('z')}" in text, text
        announced = shown(now, "kust")["door"]
        assert announced["announced"] == "CLOSED"
        assert announced["announced_starts_at_ms"] > time.time() * 1000

        then = impact(tools, "--close", "duin", "--care", "GP_POST", "--from", "+24h")
        # Then duin serves Kust's people too, and neither has anything but Zee left.
        assert [(m["area"], m["to"]) for m in then["moves"]] == [("duin", "zee"), ("kust", "zee")]
        assert shown(then, "kust")["why"] == "DOOR"
        text = tools.plek("impact", "--close", "duin", "--from", "+24h", "--lang", "en",
                          party="zcc").out
        assert "takes nobody: Huisartsenpost kust (closed, stop)" in text, text
        assert "the load is not given" in text and "own points" in text, text


def test_who_gives_no_load_has_that_of_the_flows_that_it_may_read():
    with Region() as region:
        tools = three_posts(region)
        for days_ago, count, audience in ((3, 96, "CARE"), (4, 48, "CARE"), (5, 4, "COORD")):
            begin = int(time.time()) // 86400 * 86400 - days_ago * 86400
            tools.plek("flow", "duin", "--from", "HOME", "--to", "GP_POST", "--care", "GP_POST",
                       "--count", str(count), "--audience", audience, "--begin",
                       time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin)), party="hap")
        answer = impact(tools, "--close", "duin", "--care", "GP_POST")
        assert answer["load"] == "flows, 28 days"
        assert abs(answer["load_per_hour"] - (96 + 48 + 4) / 72) < 0.001
        assert "load_withheld" not in answer

        # A day of which nobody says how many is not a quiet one.
        begin = int(time.time()) // 86400 * 86400 - 6 * 86400
        tools.plek("flow", "duin", "--from", "HOME", "--to", "GP_POST", "--care", "GP_POST",
                   "--begin", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin)), party="hap")
        answer = impact(tools, "--close", "duin", "--care", "GP_POST")
        assert abs(answer["load_per_hour"] - (96 + 48 + 4) / 72) < 0.001
        assert answer["load_withheld"] == 1
        text = tools.plek("impact", "--close", "duin", "--care", "GP_POST", party="zcc").out
        assert "and what 1 report does not say how many" in text, text

        region.enrol_reader("meldkamer")
        answer = tools.plek("impact", "--json", "--close", "duin", "--care", "GP_POST", "--from",
                            "+1d", "--to", "+2d", party="meldkamer").one()
        assert answer["load_per_hour"] == 3 == shown(answer, "kust")["load_per_hour"]
        assert abs(shown(answer, "kust")["load_in_all"] - 144) < 0.1
        text = tools.plek("impact", "--close", "duin", "--care", "GP_POST",
                          party="meldkamer").out
        assert "3.0/h by its own flows of 28 days" in text and "+3.0/h" in text, text
        answer = impact(tools, "--close", "duin", "--care", "GP_POST", "--load", "9/h")
        assert answer["load"] == "given" and answer["load_per_hour"] == 9


def test_who_is_next_nearest_but_not_for_ambulances_says_so():
    with Region() as region:
        tools = three_posts(region)
        for post in POSTS:
            tools.put("hap", "door", "--location", post, "--care", "ED", "OPEN")
        tools.put("hap", "door", "--location", "kust", "--care", "ED", "--group",
                  "AMBULANCE", "STOP")
        asked = ("--close", "duin", "--care", "ED")
        door = shown(impact(tools, *asked), "kust")["door"]
        assert door["state"] == "OPEN" and door["narrower"][0]["state"] == "STOP", door
        assert "narrower" not in shown(impact(tools, *asked), "zee")["door"]
        text = tools.plek("impact", *asked, "--lang", "en", party="zcc").out
        assert "but stop for: by ambulance" in text, text


def test_with_travel_times_nothing_else_says_how_far_it_is():
    with Region() as region:
        tools = three_posts(region)
        areas = region.write_file("areas.csv", AREAS)
        matrix = region.write_file("matrix.csv", MATRIX)
        answer = impact(tools, "--close", "duin", "--care", "GP_POST", "--areas", areas,
                        "--travel-times", matrix, "--beyond", "10min")
        assert answer["distances_are"] == "given" and answer["distances"] == "minutes"
        assert [(m["area"], m["to"], m["after"]) for m in answer["moves"]] == [("1000", "zee", 12)]
        assert answer["newly_beyond"] == 1 and answer["out_of_reach"] == 2


def test_what_cannot_be_read_or_asked_is_said():
    with Region() as region:
        tools = three_posts(region)
        ask = ("impact", "--close", "duin", "--care", "GP_POST")
        for text, words in (("id,lat,lon\n1,2,3\n", "no column 'weight'"),
                            ("id,lat,lon,weight\n1,52,5,x\n", "line 2, column weight: 'x'"),
                            ("id,lat,lon,weight\n1,52,500,1\n", "line 2, column lon: '500'"),
                            ("id,lat,lon,weight\n,52,5,1\n", "line 2, column id: empty"),
                            ("id,lat,lon,weight\n1,52,5,-1\n", "line 2, column weight"),
                            ("id,lat,lon,weight\n", "no areas")):
            path = region.write_file("areas.csv", text)
            done = tools.plek(*ask, "--areas", path, party="zcc", expect=FILE)
            assert words in done.err, done.err
        matrix = region.write_file("matrix.csv", "from,to,minutes\na,b,nan\n")
        done = tools.plek(*ask, "--travel-times", matrix, party="zcc", expect=FILE)
        assert "line 2, column minutes: 'nan'" in done.err, done.err
        tools.plek(*ask, "--areas", region.directory / "none.csv", party="zcc", expect=FILE)

        done = tools.plek("impact", "--close", "duin", "--care", "ED", party="zcc", expect=REFUSED)
        assert "nobody says that duin gives ED" in done.err
        done = tools.plek("impact", "--close", "nowhere", party="zcc", expect=REFUSED)
        assert "there is no location 'nowhere'" in done.err, done.err
        for wrong in (["--beyond", "30"], ["--beyond", "30min"], ["--load", "x"], ["--to", "-1h"],
                      ["--from", "+2h", "--to", "now"]):
            tools.plek(*ask, *wrong, party="zcc", expect=USAGE)
        tools.plek("impact", "--care", "ED", party="zcc", expect=USAGE)
        tools.plek("impact", "--close", "duin", "--load", "6/h", party="zcc", expect=USAGE)


def test_that_nobody_else_gives_a_care_is_said():
    with Region() as region:
        tools = three_posts(region)
        tools.put("hap", "door", "--location", "duin", "--care", "ED", "OPEN")
        for language, words in ("en", "nobody else gives it"), ("nl", "niemand anders geeft het"):
            ask = ("impact", "--close", "duin", "--lang", language, "--care")
            alone = tools.plek(*ask, "ED", party="zcc").out
            assert words in alone, alone
            assert words not in tools.plek(*ask, "GP_POST", party="zcc").out


def test_units_of_which_nothing_is_known_stand_beside_the_free_places():
    with Region() as region:
        tools = three_posts(region)
        kust = ("--location", "kust", "--care", "GP_POST")
        tools.put("hap", "withdraw", "counts", *kust)
        tools.put("hap", "counts", *kust, "--unit", "a", "available=4")
        tools.put("hap", "counts", *kust, "--unit", "b", "staffed=3")
        said = tools.plek("impact", "--close", "duin", party="zcc").out
        assert "4 free" in said and ", 1 units unknown" in said, said


def test_the_end_of_a_closure_counts_from_its_beginning():
    with Region() as region:
        tools = three_posts(region)
        hour = 3600_000
        for to, hours in (("62h", 62), ("+62h", 62), ("mon 08:00", 62), ("sun 06:00", 36)):
            answer = impact(tools, "--close", "duin", "--care", "GP_POST", "--from", "fri 18:00",
                            "--to", to)
            assert answer["to_ms"] - answer["from_ms"] == hours * hour, (to, answer)
        assert "opens again before it closes" in tools.plek(
            "impact", "--close", "duin", "--from", "+2d", "--to", "-1h", party="zcc",
            expect=USAGE).err


if __name__ == "__main__":
    tap.run(globals())
