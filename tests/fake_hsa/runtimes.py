"""The launch path on the HIP runtimes of newer Debian releases, each under its
own dynamic loader and C library: runtime x target, passed, refused or not
obtainable.

    python tests/fake_hsa/runtimes.py [--runtime sid] [--target gfx942] [--all]

Fetches libamdhip64 and what it needs by apt into build/runtimes, as packages
that are unpacked and not installed; needs no root. Not part of CI: what these
releases hold changes from day to day.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import run_cases

ROOT = run_cases.ROOT
BUILD = run_cases.BUILD
TARGETS = ("gfx90a", "gfx942", "gfx950", "gfx1100", "gfx1200")
LIBRARIES = "usr/lib/x86_64-linux-gnu"


class Unobtainable(Exception):
    pass


def mirror():
    """Where this machine has Debian's packages from."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)",
         "Created-By: Packages", "Component: main"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    sites = [site for site in done.stdout.split()
             if not site.endswith("-security")]
    if not sites:
        raise Unobtainable("apt-get knows no mirror of Debian's packages")
    return sites[0]


class Runtime:
    """A Debian release (none: the one this runs on), its package, and the
    version of code objects that it takes."""

    def __init__(self, release, package, version, suites=()):
        self.release, self.package, self.version = release, package, version
        self.suites = suites or (release,)
        self.folder = BUILD / "runtimes" / release

    @property
    def is_own(self):
        return self.release == "bookworm"

    def apt(self, *arguments):
        done = subprocess.run(
            arguments, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"),
                 "LC_ALL": "C"})
        if done.returncode:
            lines = [line for line in done.stdout.splitlines()
                     if line.startswith("E:")] or done.stdout.splitlines()
            raise Unobtainable(" ".join(lines[:2]))
        return done.stdout

    def fetch(self):
        """The package's version; afterwards there is a root folder."""
        if self.is_own:
            done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}",
                                   self.package], text=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            if done.returncode:
                raise Unobtainable(f"{self.package} is not installed")
            return done.stdout
        root = self.folder / "root"
        noted = self.folder / "version"
        if noted.exists():
            return noted.read_text()
        if not shutil.which("apt-get"):
            raise Unobtainable("there is no apt-get here")
        for name in ("etc/apt.conf.d", "etc/preferences.d",
                     "state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (self.folder / "etc/sources.list").write_text("".join(
            f"deb [signed-by={keys}] {mirror()} {suite} main\n"
            for suite in self.suites))
        # Nothing is installed here: the status file says so. A mirror may be a
        # snapshot, whose signature has run out.
        (self.folder / "apt.conf").write_text(
            f'Dir "{self.folder}"; Dir::Etc "etc"; Dir::State "state";\n'
            f'Dir::State::status "{self.folder}/status"; Dir::Cache "cache";\n'
            'Acquire::Check-Valid-Until "false"; Acquire::Languages "none";\n'
            'APT::Install-Recommends "false"; APT::Sandbox::User "";\n')
        self.apt("apt-get", "-q", "update")
        self.apt("apt-get", "-q", "-y", "--download-only", "-t", self.release,
                 "install", self.package)
        shutil.rmtree(root, ignore_errors=True)
        version = ""
        for package in sorted((self.folder / "cache/archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
            if package.name.startswith(self.package + "_"):
                version = package.name.split("_")[1].replace("%3a", ":")
        for name in ("cache", "state"):
            shutil.rmtree(self.folder / name)
        noted.write_text(version)
        return version

    def command(self, *arguments):
        """Under the loader of the release, whose libraries come before those of
        this machine."""
        if self.is_own:
            return list(arguments)
        own = self.folder / "root" / LIBRARIES
        return [own / "ld-linux-x86-64.so.2", "--library-path",
                f"{BUILD / 'fake_hsa'}:{own}:/{LIBRARIES}", "--argv0",
                arguments[0], os.path.realpath(arguments[0]), *arguments[1:]]


RUNTIMES = (
    Runtime("bookworm", "libamdhip64-5", "4"),
    Runtime("trixie", "libamdhip64-5", "4"),
    Runtime("sid", "libamdhip64-6", "5"),
    Runtime("experimental", "libamdhip64-7", "5", ("sid", "experimental")),
)


# HIP by itself, in a process of its own: 5.2 may crash over an unknown device.
PROBE = """
import ctypes, sys
hip = ctypes.CDLL(sys.argv[1])
count = ctypes.c_int()
status = hip.hipInit(0) or hip.hipGetDeviceCount(ctypes.byref(count))
sys.exit(0 if count.value == 1 else 3 if status in (0, 100, 101) else 4)
"""


def is_refused(runtime, environment):
    """Whether HIP has no such device."""
    name = "libamdhip64.so." + runtime.package[-1]
    done = subprocess.run(runtime.command(sys.executable, "-c", PROBE, name),
                          stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode in (0, 3):
        return done.returncode == 3
    if done.returncode < 0:
        return True
    raise RuntimeError(f"HIP of {runtime.release} cannot be asked: "
                       f"{done.returncode} {done.stderr}")


def run(runtime, target, options):
    """A cell of the table, and what to print beside it."""
    with tempfile.TemporaryDirectory() as directory:
        environment = run_cases.environment(directory, target)
        output = ""
        if is_refused(runtime, environment):
            return "refused: HIP knows no such device", output
        arguments = ["--here", "--target", target, "--version",
                     runtime.version, *([] if options.all else ["--sample"])]
        for command in ([str(BUILD / "test/hip_test"), "--gtest_brief=1"],
                        [sys.executable, str(run_cases.HERE / "run_cases.py"),
                         *arguments]):
            try:
                done = subprocess.run(
                    runtime.command(*command), text=True, errors="replace",
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    timeout=options.timeout,
                    env={**environment, **(
                        {} if runtime.is_own else
                        {"FAKE_HSA_VERSION": runtime.version})})
            except subprocess.TimeoutExpired:
                return "failed: it did not end", output
            output += done.stdout
            if done.returncode:
                return "failed", output
    return "passed", output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", action="append",
                        choices=[r.release for r in RUNTIMES])
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--all", action="store_true",
                        help="the whole table, not one case of each kernel")
    parser.add_argument("--timeout", type=int, default=1200)
    options = parser.parse_args()
    targets = options.target or TARGETS
    rows, failed = [], 0
    for runtime in RUNTIMES:
        if options.runtime and runtime.release not in options.runtime:
            continue
        try:
            name = f"{runtime.fetch()} ({runtime.release})"
        except Unobtainable as error:
            rows.append((f"{runtime.package} ({runtime.release})",
                         ["not obtainable"] * len(targets)))
            print(f"{rows[-1][0]}: not obtainable: {error}", flush=True)
            continue
        cells = []
        for target in targets:
            cell, output = run(runtime, target, options)
            cells.append(cell)
            counts = re.findall(r"^.*(?:\d+ dispatches|\d+ passed).*$", output,
                                flags=re.M | re.I)
            print(f"{name} {target}: {cell}; {'; '.join(counts)}", flush=True)
            if cell.startswith("failed"):
                failed += 1
                print(output[-3000:])
        rows.append((name, cells))
    print("\n| HIP | " + " | ".join(targets) + " |")
    print("|---" * (1 + len(targets)) + "|")
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(cells) + " |")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
