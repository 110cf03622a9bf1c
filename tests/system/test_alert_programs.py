#!/usr/bin/python3
"""What plek alert --run starts: without a shell, for each, and holding nothing up"""

import json
import time

import plek_pb2 as pb
import tap
from alerting import alert, begin, program, ran, said, stop, wait_for
from harness import Region

HOSTILE = "$(touch pwned); `touch pwned` | & \"x\" 'y' \\ --help EVIL=1 %s%n \u202e"


def test_a_program_is_run_without_a_shell_and_hostile_words_stay_words():
    with Region() as region:
        agent, tools = begin(region)
        out = region.directory / "told"
        show = program(region, "show", f'printf "%s\\n" "$#" "$1" "$2" >> {out}.new\n'
                       f"env >> {out}.new\nmv {out}.new {out}.$PLEK_ALERT_EVENT")
        door = agent.door("duin-1", pb.DOOR_STOP, care=pb.CARE_ED, text=HOSTILE)
        door.label = HOSTILE
        desk = alert(tools, "meldkamer", "--run", show, "--", "a b; touch pwned", "$HOME")
        agent.state(door)
        said(desk, "RAISED")
        path = region.directory / "told.RAISED"
        until = time.monotonic() + 20
        while not path.exists():
            assert time.monotonic() < until, "the program was not run"
            desk.read(0.05)
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[:3] == ["2", "a b; touch pwned", "$HOME"], lines[:3]
        told = dict(line.split("=", 1) for line in lines[3:] if "=" in line)
        assert told["PLEK_ALERT_STATE"] == "STOP" and told["PLEK_ALERT_LOCATION"] == "duin-1"
        assert told["PLEK_ALERT_CARE"] == "ED" and told["PLEK_ALERT_PARTY"] == "duin"
        assert told["PLEK_ALERT_TEXT"] == told["PLEK_ALERT_LABEL"] == HOSTILE
        assert "EVIL" not in told and not any(name.startswith("PLEK_KEY") for name in told)
        assert "PLEK_CARD" not in told
        assert not list(region.directory.rglob("pwned"))


def test_a_program_that_hangs_or_fails_holds_nothing_up():
    with Region() as region:
        agent, tools = begin(region)
        hang = program(region, "hang", "exec sleep 600")
        desk = alert(tools, "meldkamer", "--run", hang, "--run-timeout", "500ms", "--flaps", "0",
                     "--repeat", "0s")
        for number in range(12):
            before = time.monotonic()
            stop(agent, state=pb.DOOR_STOP if number % 2 == 0 else pb.DOOR_OPEN)
            while True:
                line = desk.expect("", 5)
                if line.startswith("{") and json.loads(line)["event"] == "alert":
                    break
            assert time.monotonic() - before < 2
        assert desk.expect("did not end in time and was killed", 20)
        bad = alert(tools, "rav", "--run", region.directory / "nothing-there")
        stop(agent, "duin-2")
        assert bad.expect("nothing-there cannot be run: No such file")


def test_when_all_stop_at_once_the_program_is_run_for_each():
    with Region() as region:
        agent, tools = begin(region)
        houses = [f"huis-{number}" for number in range(20)]
        many = region.agent("velen", {house: "oost" for house in houses})
        out = region.directory / "ran"
        slow = program(region, "slow", f'sleep 0.3\necho "$PLEK_ALERT_LOCATION" >> {out}')
        desk = alert(tools, "meldkamer", "--run", slow, "--repeat", "0s")
        for house in houses:
            many.send(many.door(house, pb.DOOR_STOP, care=pb.CARE_ED))
        stop(agent)
        wait_for(desk, lambda: ran(out) == {*houses, "duin-1"}, "a program for each")


def test_some_parties_whose_programs_hang_keep_no_others_from_being_run():
    with Region() as region:
        agent, tools = begin(region)
        out = region.directory / "ran"
        some = program(region, "some", f'echo "$PLEK_ALERT_LOCATION" >> {out}\n'
                       '[ "$PLEK_ALERT_PARTY" = duin ] || exec sleep 600')
        desk = alert(tools, "meldkamer", "--run", some, "--run-timeout", "10min")
        for party in ("een", "twee", "drie"):
            houses = [f"{party}-{number}" for number in range(6)]
            many = region.agent(party, {house: "oost" for house in houses})
            for house in houses:
                many.state(many.door(house, pb.DOOR_STOP, care=pb.CARE_ED))

        def hang():
            return [sum(name.startswith(party) for name in ran(out))
                    for party in ("een", "twee", "drie")]

        # Four of the first, four of the second, and then one of who has none.
        wait_for(desk, lambda: hang() == [4, 4, 1], "some to hang")
        stop(agent)
        stop(agent, "duin-2")
        wait_for(desk, lambda: {"duin-1", "duin-2"} <= ran(out), "another's")
        assert hang() == [4, 4, 1], hang()


if __name__ == "__main__":
    tap.run(globals())
