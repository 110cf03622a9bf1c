#!/usr/bin/python3
"""What --help says and what the manual pages say: the same commands, the same options"""

import os
import re
import shutil
import subprocess

import tap
from harness import PLEKD
from tools import AGENT, DONE, FILE, PLEK, SOURCE, USAGE, run

PAGES = {"plek": SOURCE / "clients/plek/plek.1", "plek-agent": SOURCE / "clients/agent/plek-agent.1",
         "plekd": SOURCE / "daemon/plekd.8"}
EVERYWHERE = {"help", "usage", "version"}  # of every program with argp; version is of programs


def options_of(*command):
    """(its own, those of every command) as --help lists them."""
    groups = {"": set(), "For every command:": set()}
    group = ""
    for line in run(*command, "--help").out.splitlines():
        heading = re.match(r" (\S.*:)$", line)
        group = heading[1] if heading else group
        option = re.match(r"(?: {6}|  -.\, )--([a-z-]+)", line)
        if option and option[1] not in EVERYWHERE:
            groups["For every command:" if group == "For every command:" else ""] |= {
                option[1], *re.findall(r", --([a-z-]+)", line)}
    return groups[""], groups["For every command:"]


def commands_of(program):
    """As its help lists them."""
    found = re.findall(r"^  ([a-z]\S*) +\S", run(program, "help").out, re.MULTILINE)
    assert found
    return found


def flags_in(text):
    """Options that the source of a page names: .Fl -one , -two."""
    found = set()
    for line in text.splitlines():
        if not line.startswith("."):
            continue
        for words in re.findall(r"\bFl ((?:-[a-z][a-z-]*|,|Ar \S+|\|)(?: (?:-[a-z][a-z-]*|,))*)",
                                line):
            found |= {word[1:] for word in words.split() if word.startswith("-")}
    return found - EVERYWHERE


def sections_of(page):
    """Its subsections and sections: name -> text."""
    parts = re.split(r"^\.S[sh] (.*)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def items_of(text):
    """(command, its item's text) for each .It Cm of its lists."""
    for item in re.split(r"^\.It ", text, flags=re.MULTILINE)[1:]:
        if item.startswith("Cm "):
            yield item.split()[1], ".It " + re.split(r"^\.El", item, flags=re.MULTILINE)[0]


def test_each_command_of_plek_is_in_its_manual_and_no_other():
    text = PAGES["plek"].read_text(encoding="utf-8")
    named = {command for section in sections_of(text).values() for command, _ in items_of(section)}
    # A pair may share an item.
    named |= set(re.findall(r"^\.Cm (\w+)$", text, re.MULTILINE)) - {"help"}
    assert named == set(commands_of(PLEK)), named ^ set(commands_of(PLEK))


def test_the_options_of_every_command_are_the_same_ones():
    text = sections_of(PAGES["plek"].read_text(encoding="utf-8"))["For every command"]
    for command in commands_of(PLEK):
        _, common = options_of(PLEK, command)
        if command != "verify":  # speaks to no broker
            assert common == flags_in(text), (command, common ^ flags_in(text))


def test_each_option_of_plek_is_in_its_manual_and_no_other():
    wrong = []
    seen = set()
    everywhere = flags_in(sections_of(PAGES["plek"].read_text(encoding="utf-8"))[
        "For every command"])
    for name, section in sections_of(PAGES["plek"].read_text(encoding="utf-8")).items():
        commands = {command for command, _ in items_of(section)}
        if not commands:
            continue
        seen |= commands
        own = {command: options_of(PLEK, command) for command in commands}
        common = set.union(*(options[1] for options in own.values()))
        for command, item in items_of(section):
            wrong += [f"{command} has no --{flag}" for flag in
                      flags_in(item) - own[command][0] - common]
        # What is said below a list is about all of it.
        lacks = set.union(*(options[0] for options in own.values())) - flags_in(section)
        lacks -= everywhere
        wrong += [f"{name}: no word of --{flag}" for flag in sorted(lacks)]
        wrong += [f"{name}: none of its commands has --{flag}" for flag in sorted(
            flags_in(section) - common - set.union(*(options[0] for options in own.values())))]
    assert not wrong, "\n".join(wrong)
    assert seen >= set(commands_of(PLEK)) - {"unsuspend"}
    assert options_of(PLEK, "unsuspend") == options_of(PLEK, "suspend")


def test_each_kind_and_option_of_plek_agent_is_in_its_manual_and_no_other():
    text = PAGES["plek-agent"].read_text(encoding="utf-8")
    kinds = commands_of(AGENT)
    assert set(kinds) == set(re.findall(r"^\.Cm (\S+)$", text, re.MULTILINE))
    options = set.union(*(options_of(AGENT, kind)[0] for kind in kinds))
    assert options == flags_in(text), options ^ flags_in(text)


def test_each_option_of_plekd_is_in_its_manual_and_no_other():
    text = PAGES["plekd"].read_text(encoding="utf-8")
    options, _ = options_of(PLEKD)
    assert options == flags_in(text), options ^ flags_in(text)


def test_exit_statuses_are_listed_alike():
    for program, page, source in ((PLEK, "plek", "help"), (PLEKD, "plekd", "--help")):
        said = run(program, source, expect=DONE).out.partition("Exit status:")[2]
        text = sections_of(PAGES[page].read_text(encoding="utf-8"))["EXIT STATUS"]
        listed = set(re.findall(r"^\.It (\d+)$", text, re.MULTILINE))
        assert set(re.findall(r"\b(\d+) ", said)) == listed, (page, said, listed)
    # What the code of plekd ends with, of each kind.
    code = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "daemon").rglob("*.[ch]"))
    ends = {str(getattr(os, name)) for name in re.findall(r"\bEX_[A-Z]+\b", code)}
    ends |= set(re.findall(r"\b(?:OFFLINE|EXIT)_[A-Z_]+ = (\d+)", code))
    assert len(ends) >= 7 and ends <= listed, (ends, listed)


def test_manual_pages_are_well_formed():
    if not shutil.which("mandoc"):
        raise tap.Skip("mandoc is not here")
    for page in sorted(SOURCE.glob("*/**/*.[1-8]")):
        if page.read_text(encoding="utf-8").startswith(".Dd"):
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], check=False, text=True,
                                  capture_output=True)
            assert not done.stdout, done.stdout


def test_manual_pages_are_whole_in_a_terminal_of_80_columns():
    if not shutil.which("groff"):
        raise tap.Skip("groff is not here")
    for page in sorted(SOURCE.glob("*/**/*.[1-8]")):
        if not page.read_text(encoding="utf-8").startswith(".Dd"):
            continue
        done = subprocess.run(["groff", "-mandoc", "-Tascii", "-P-c", "-ww", "-rLL=78n", page],
                              check=False, text=True, capture_output=True)
        assert done.returncode == 0 and not done.stderr, done.stderr
        text = re.sub(r".\x08", "", done.stdout)
        assert "NAME" in text
        assert not [line for line in text.splitlines() if len(line) > 80], page
        # A cell of a table that is too wide goes on at the right, a word a line.
        assert not re.search(r"^ {60}", text, re.MULTILINE), page


def test_lists_of_codes_that_help_names_are_there():
    named = set(re.findall(r"plek codes\s+([a-z-]+)\s+lists", "".join(
        run(PLEK, command, "--help").out for command in commands_of(PLEK))))
    assert "link" in named
    for name in named:
        assert run(PLEK, "codes", name).out
    assert "AMBULANCE" in run(PLEK, "codes", "link").out


STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def sources_of(folder):
    """C files, strings that stand in parts put together: name -> text."""
    return {path.name: re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
            for path in (SOURCE / folder).glob("*.c")}


def strings_of(source, function, only_first):
    """In calls of a function."""
    for call in re.finditer(rf"\b(?:{function})\(", source):
        depth, at = 1, call.end()
        while depth:
            string = STRING.match(source, at)
            if string:
                yield string[1]
                if only_first:
                    break
            depth += {"(": 1, ")": -1}.get(source[at], 0)
            at = string.end() if string else at + 1


def test_every_word_has_one_in_dutch():
    sources = sources_of("clients/plek")
    words = re.findall(r'\{\s*"((?:[^"\\]|\\.)*)",', sources["words.c"])
    assert len(words) > 250 and len(words) == len(set(words)), words
    used = {word for text in sources.values() for word in strings_of(text, "word", False)}
    assert len(used) > 150 and used <= set(words), used - set(words)


def test_what_goes_wrong_is_said_in_dutch_too():
    sources = sources_of("clients/plek")
    tables = "".join(text for name, text in sources.items() if name.startswith("sentences-"))
    said = {one for name, text in sources.items() if not name.startswith("sentences")
            for one in strings_of(text, "fail|usage_error", True) if re.search("[a-z]{3}", re.sub("--[a-z]+|%[a-z]+", "", one))}
    assert len(said) > 150, len(said)
    missing = [one for one in said if f'"{one}"' not in tables]
    assert not missing, "\n".join(missing)

    def wrong(*command, language="nl", status=USAGE):
        return run(PLEK, *command, "--lang", language, expect=status).err

    assert "plek find: find vraagt --care en --near" in wrong("find")
    assert "find needs --care and --near" in wrong("find", language="en")
    # Wherever in the line the language stands.
    assert "--need is 1 tot 100000, niet 'veel'" in wrong("find", "--need", "veel")
    assert "er is geen zorgsoort 'SEH': is ED bedoeld?" in wrong("find", "--care", "SEH")
    assert "er is geen regiokaart /nergens" in wrong("get", "--card", "/nergens", status=FILE)
    assert "er is geen opdracht 'zoek'" in wrong("zoek")


if __name__ == "__main__":
    tap.run(globals())
