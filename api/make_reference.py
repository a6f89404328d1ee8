#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes docs/c_reference.md from the public headers.

Usage: make_reference.py [--check]   (--check: fail when the page is not current)
"""

import pathlib
import re
import sys

API = pathlib.Path(__file__).resolve().parent
PAGE = API.parent / "docs" / "c_reference.md"
HEADERS = ["tilesdk_types.h", "tilesdk.h", "tilesdk_plugin.h"]
TAGS = {"thread": "Threads", "blocks": "May wait for", "since": "Since",
        "owns": "Ownership", "errors": "Errors"}


def clean(comment):
    """The text of a C comment without its frame."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in
             comment.strip()[2:-2].lstrip("*").split("\n")]
    return " ".join(line.strip() for line in lines).strip()


def document(comment):
    """Paragraph and one list item for each tag."""
    text = clean(comment)
    parts = re.split(r"@(" + "|".join(TAGS) + r")\b", text)
    result = [parts[0].strip()] if parts[0].strip() else []
    items = [f"- {TAGS[tag]}: {value.strip()}"
             for tag, value in zip(parts[1::2], parts[2::2])]
    if items:
        result.append("\n".join(items))
    return "\n\n".join(result)


def declarations(header):
    """Sections, functions and documented types in the order of the header."""
    text = (API / "include" / "tilesdk" / header).read_text()
    # A comment behind a declaration, /**<, is of that one.
    pattern = re.compile(
        r"/\*===- (?P<section>[^\n]*?) ?-+===\*/"
        r"|(?P<doc>/\*\*(?!<)(?:(?!\*/).)*\*/)\s*"
        r"(?P<code>TSDK_API[^;]*;|typedef struct \w+ \{.*?\n\} \w+;"
        r"|typedef [^;{]*;|#define [^\n]*)"
        r"|(?P<bare>typedef struct \w+ \{.*?\n\} \w+;)"
        r"|(?P<own>#define \w+(?:\\\n|[^\n/])*|typedef struct \w+ \*\w+;)\s*"
        r"(?P<behind>/\*\*<(?:(?!\*/).)*\*/)",
        re.S)
    for match in pattern.finditer(text):
        if match["section"]:
            yield "section", match["section"].strip(), ""
        elif match["bare"]:
            yield "code", "", match["bare"]
        elif match["own"]:
            behind = match["behind"].replace("\\\n", "\n")
            yield ("code", document(behind.replace("/**<", "/**")),
                   " ".join(match["own"].replace("\\", "").split()))
        else:
            yield "code", document(match["doc"]), match["code"]


def name_of(code):
    if code.startswith("TSDK_API"):
        return re.search(r"(tsdk_\w+)\(", code)[1]
    if code.startswith("#define"):
        return code.split()[1]
    pointer = re.search(r"\(\*(\w+)\)", code)
    return pointer[1] if pointer else re.search(r"(\w+);$", code)[1]


def source_of(code):
    """The declaration without the export macro and its indentation."""
    if not code.startswith("TSDK_API "):
        return code
    return code[len("TSDK_API "):].replace("\n" + " " * len("TSDK_API "), "\n")


def page():
    out = ["# C reference", "",
           "Made from the headers by `api/make_reference.py`; do not edit.", ""]
    for header in HEADERS:
        out += [f"## `tilesdk/{header}`", ""]
        for kind, text, code in declarations(header):
            if kind == "section":
                out += [f"### {text}", ""]
                continue
            out += [f"#### `{name_of(code)}`", "", "```c",
                    source_of(code), "```", ""]
            if text:
                out += [text, ""]
    return "\n".join(out)


def main():
    made = page()
    if "--check" not in sys.argv:
        PAGE.write_text(made)
        return 0
    functions = set(re.findall(r"\b(tsdk_\w+)\(",
                    (API / "include/tilesdk/tilesdk.h").read_text()))
    missing = [f for f in functions
               if f"`{f}`" not in made and not f.startswith("tsdk_make_")]
    # Every function says on which threads it may be called.
    bare = [name_of(code) for kind, text, code in declarations("tilesdk.h")
            if kind == "code" and code.startswith("TSDK_API")
            and not ("Threads:" in text and "Since:" in text)]
    if missing or bare:
        print("undocumented:", *missing, *bare)
        return 1
    if not PAGE.exists() or PAGE.read_text() != made:
        print(f"{PAGE.name} is not current; run api/make_reference.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
