#!/usr/bin/python3
"""libplek as somebody else has it: installed, found by pkg-config, and nothing of this tree"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import programs
import tap
from harness import BUILD, SANITIZED, Region

SOURCE = Path(__file__).resolve().parents[2]
HEADERS = sorted((SOURCE / "include" / "plek").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def say(*command, **options):
    """What a program prints; it must end well."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Installed:
    """An empty place with what `meson install` puts there."""

    def __enter__(self):
        self.root = Path(tempfile.mkdtemp(prefix="plek-installed-"))
        # Not the meson that somebody has from pip.
        meson = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
        say(meson, "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root)
        found = list(self.root.rglob("plek.pc"))
        assert len(found) == 1, found
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("PKG_CONFIG", "CPATH", "LIBRARY_PATH"))}
        self.env |= {"PKG_CONFIG_PATH": str(found[0].parent),
                     "PKG_CONFIG_SYSROOT_DIR": str(self.root)}
        self.library = found[0].parents[1] / "libplek.so.0"
        self.include = next(self.root.rglob("plek/plek.h")).parents[1]
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def flags(self, *what):
        return say("pkg-config", *what, "plek", env=self.env).split()

    def compile(self, name):
        """An example, alone in a directory, with pkg-config's flags only."""
        place = self.root / "elsewhere"
        place.mkdir(exist_ok=True)
        shutil.copy(SOURCE / "clients" / "examples" / f"{name}.c", place)
        say("cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", *STRICT, "-Wno-unused-parameter",
            f"{name}.c", "-o", name, *self.flags("--cflags", "--libs"), cwd=place, env=self.env)
        return place / name

    def program(self, region, name, party, *arguments):
        program = self.compile(name)
        env = self.env | {"LD_LIBRARY_PATH": str(self.library.parent)}
        loaded = say("ldd", program, env=env)
        assert str(self.library) in loaded, loaded
        return region.keep(programs.Program(program, *programs.files(region, party), *arguments,
                                            env=env))


def declared():
    """The functions of the public headers, and those that no comment stands above."""
    names, bare = [], []
    for header in HEADERS:
        text = header.read_text(encoding="utf-8")
        for found in re.finditer(r"^PLEK_PUBLIC\s[^;(]*?\b(plek_\w+)\(", text, re.MULTILINE):
            names.append(found[1])
            # Of several in a row, the comment above the first one is about all of them.
            paragraph = text[:found.start()].rpartition("\n\n")[2]
            if "*/" not in paragraph:
                bare.append(f"{header.name}: {found[1]}")
    return names, bare


def test_examples_compile_with_what_is_installed_and_run():
    if SANITIZED:
        raise tap.Skip("a library with sanitizers is linked by programs with sanitizers only")
    with Installed() as installed, Region() as region:
        region.enrol_agent("duin", {"duin-ed": "oost"})
        region.enrol_reader("meldkamer")
        reader = installed.program(region, "subscribe", "meldkamer")
        reader.expect("^link live in-sync")
        agent = installed.program(region, "publish", "duin", "duin-ed")
        agent.expect("^link connected")
        agent.tell("door STOP", "counts ic ICU_ADULT 12 11")
        agent.expect("^accepted counts")
        reader.expect_all("^new .*door.* STOP", "^new .*counts/ic/ICU_ADULT")
        assert agent.end() == 0 and reader.end() == 0


def test_each_header_compiles_alone_in_c_and_in_cxx():
    compilers = [["cc", "-std=c11", "-x", "c"]]
    cxx = next((name for name in ("c++", "clang++") if shutil.which(name)), None)
    if cxx:
        compilers.append([cxx, "-std=c++11", "-x", "c++"])
    else:
        print("# there is no C++ compiler here: in C only")
    with Installed() as installed:
        assert {path.name for path in (installed.include / "plek").iterdir()} == \
            {path.name for path in HEADERS}, "a public header is not installed"
        for compiler in compilers:
            for header in HEADERS:
                alone = installed.root / "alone"
                # Twice: a header may be included more than once.
                alone.write_text(f"#include <plek/{header.name}>\n" * 2, encoding="utf-8")
                say(*compiler, *STRICT, "-fsyntax-only", *installed.flags("--cflags"), alone)


def test_plek_h_is_all_of_it():
    text = (SOURCE / "include" / "plek" / "plek.h").read_text(encoding="utf-8")
    assert {f'"plek/{path.name}"' for path in HEADERS if path.name != "plek.h"} <= \
        set(re.findall(r"#include (\S+)", text))


def test_what_is_exported_is_what_is_documented():
    names, bare = declared()
    assert len(names) > 60 and len(names) == len(set(names)), names
    assert not bare, f"no comment above: {bare}"
    with Installed() as installed:
        symbols = say("nm", "-D", "--defined-only", installed.library).splitlines()
    exported = {line.split()[-1] for line in symbols if " plek_" in line}
    assert exported == set(names), (exported - set(names), set(names) - exported)


def test_only_what_a_program_needs_is_in_its_flags():
    with Installed() as installed:
        flags = installed.flags("--cflags", "--libs")
        assert flags == [f"-I{installed.include}", f"-L{installed.library.parent}", "-lplek"], flags


if __name__ == "__main__":
    tap.run(globals())
