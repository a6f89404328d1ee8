"""Examples and commands of the documents: they run, and name what is there."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from kernel_source import ROOT, TOOL

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)


def blocks(page, language):
    return [body for _, tag, body in BLOCK.findall(page.read_text())
            if tag == language]


def commands():
    """What documents write of `tilesdk`, as page, command and options."""
    for page in PAGES:
        text = page.read_text()
        found = [body.replace("\\\n", " ") for _, _, body in BLOCK.findall(text)]
        found += re.findall(r"`((?:build/bin/)?tilesdk [^`]*)`", text)
        for line in "\n".join(found).splitlines():
            line = line.split("  #")[0].strip()
            words = re.sub(r"'[^']*'", "", line).removeprefix("$ ").split()
            if words and words[0] in ("tilesdk", "build/bin/tilesdk"):
                yield page.name, line, words[1:]


@functools.lru_cache(maxsize=None)
def help_of(*command):
    return subprocess.run([TOOL, *command, "--help"], text=True,
                          stdout=subprocess.PIPE).stdout


def test_commands_are_there():
    wrong, seen = [], 0
    names = re.findall(r"^  (\w+)  +[A-Z]", help_of(), re.M)
    assert {"build", "explain", "cache"} <= set(names)
    for page, line, words in commands():
        if not words or not re.match("[a-z]", words[0]):
            continue  # COMMAND, --help
        for name in re.split(r"\|", words[0]):
            if name not in names:
                wrong.append(f"{page}: {line}: no command {name}")
                continue
            command = [name]
            if name == "cache" and len(words) > 1 and words[1].isalpha():
                command.append(words[1])
            known = help_of(*command)
            for option in re.findall(r"(?<!\S)--?[a-z][\w-]*",
                                     " ".join(words[1:])):
                seen += 1
                if not re.search(rf"{option}\b", known):
                    wrong.append(f"{page}: {line}: no option {option}")
    assert not wrong, "\n".join(wrong)
    assert seen > 20


def environment(tmp_path):
    return {**os.environ, "PYTHONPATH": str(ROOT / "build/python"),
            "PATH": f"{pathlib.Path(TOOL).parent}:{os.environ['PATH']}",
            "TILESDK_CACHE_DIR": str(tmp_path / "cache")}


def test_session_of_the_readme(tmp_path):
    """Each command of the README's session ends well, as it stands."""
    text = (ROOT / "README.md").read_text().split("## From the command line")[1]
    session = BLOCK.search(text)[3]
    session = session.replace("cd samples/", f"cd '{ROOT}/samples/", 1)
    session = re.sub(r"(cd '[^\n]*)", r"\1'", session, count=1)
    session = session.replace("--output ", f"--output '{tmp_path}'/")
    done = subprocess.run(["bash", "-e"], input=session, text=True,
                          env=environment(tmp_path), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    for words in ("f32[4096] sum", "load of 4 bytes a lane", "ld.global",
                  "dot-inner-mismatch", "gfx1200", "cpu:0", "vector_add"):
        assert words in done.stdout, words
    assert (tmp_path / "vector_add.hsaco").stat().st_size > 1000


def test_example_of_explain():
    """The remarks of the page are those of its command, but for numbers."""
    session, = [body for body in blocks(ROOT / "docs/explain.md", "")
                if body.startswith("$ ")]
    command, shown = re.match(r"\$ ((?:.*\\\n)*.*)\n((?:.*\n?)*)",
                              session).groups()
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, text=True,
                          env={**os.environ, "PATH": f"{pathlib.Path(TOOL).parent}"
                               f":{os.environ['PATH']}"},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr

    def lines(text):
        return {re.sub(r"\d[\d,]*", "N", line) for line in text.splitlines()
                if line.strip() and not line.startswith(("  reg", "  occ"))}
    assert not lines(shown) - lines(done.stdout)


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_python_example(page, tmp_path):
    example, = blocks(ROOT / page, "python")
    check = ("\nassert np.array_equal(z, x + y)\n" if "(z.size" in example else
             "\nassert np.array_equal(out, x + x)\n")
    (tmp_path / "example.py").write_text(example + check)
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path,
                          env=environment(tmp_path), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_c_example(tmp_path):
    example, = blocks(ROOT / "README.md", "c")
    head, body = example.split("\n", 1)
    (tmp_path / "app.c").write_text(head + """
#include <stdio.h>
#define COUNT 5000
static float x[COUNT], y[COUNT];
static int report(tsdk_error error) {
  tsdk_str text = tsdk_error_message(error);
  fprintf(stderr, "%.*s\\n", (int)text.size, text.data);
  return 1;
}
int main(void) {
  const int count = COUNT;
  int i;
  for (i = 0; i < COUNT; ++i)
    x[i] = (float)i;
""" + body + """
  for (i = 0; i < COUNT; ++i)
    if (y[i] != 3.0f * x[i])
      return 2;
  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(stream);
  tsdk_release(device);
  tsdk_release(context);
  return 0;
}
""")
    library = ROOT / "build/lib"
    subprocess.run(["cc", "-std=c99", "-Wall", "-Werror",
                    "-Wno-misleading-indentation", "app.c", "-o", "app",
                    f"-I{ROOT}/api/include", f"-L{library}", "-ltilesdk",
                    f"-Wl,-rpath,{library}"], cwd=tmp_path, check=True)
    done = subprocess.run(["./app"], cwd=tmp_path, env=environment(tmp_path),
                          text=True, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr


def rows(page, heading):
    """Rows of the table behind a heading, as lists of cells."""
    text = (ROOT / page).read_text().split(heading, 1)[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.M)[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table if not re.match(r"\|[\s:|-]+$", line)]


def test_exit_codes_are_those_of_the_help():
    documented = {row[0] for row in rows("docs/command_line.md",
                                         "`--message-format=json` writes")[1:]}
    listed = help_of().split("Exit codes:")[1]
    assert documented == set(re.findall(r"(?<![\w.])(\d+) [a-z]", listed))


def test_build_options_have_these_defaults():
    text = (ROOT / "core/runtime/build_options.def").read_text()
    known = {name: default for name, default in re.findall(
        r'^TILESDK_(?:BUILD|IGNORED)_OPTION\((\w+), \w+, "(.*?)"', text, re.M)}
    documented = rows("docs/command_line.md", "those of one target are listed")
    assert len(documented) > 5
    for name, default, _ in documented[1:]:
        assert known.pop(name.strip("`")) == default, name
    assert not known, f"undocumented: {known}"


def test_the_readme_names_all_targets():
    done = subprocess.run([TOOL, "targets", "-q"], text=True,
                          stdout=subprocess.PIPE)
    names = {line.split()[0] for line in done.stdout.splitlines()}
    assert "x86-64-v4" in names
    head = rows("README.md", "## What works on what")[0]
    for name in names:
        if not name.startswith("sim:"):
            assert name.removeprefix("x86-64") in " ".join(head), name


def test_limits_of_the_language():
    limits = {}
    for header in ("sema.h", "bigint.h"):
        text = (ROOT / "core/frontend" / header).read_text()
        for name, value in re.findall(
                r"constexpr \w+ (max\w+) = ([\du <]+);", text):
            limits[name] = eval(value.replace("u", ""))
    assert len(limits) >= 8
    for row in rows("docs/kernel_language.md", "## Limits")[1:]:
        if row[0] == "dimensions of a tensor":
            continue  # No constant of its own.
        for number, unit in re.findall(r"(\d[\d ]*)(MiB)?", row[1]):
            number = int(number.replace(" ", "")) << (20 if unit else 0)
            assert number in limits.values(), row
