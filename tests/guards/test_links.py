"""What documents point at is there."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import fnmatch
import re

from tree import ROOT, tracked

NAMES = {p.relative_to(ROOT).as_posix() for p in tracked()}
PAGES = sorted(name for name in NAMES if name.endswith(".md") and
               (name.startswith("docs/") or "/" not in name))
GENERATED = {"docs/c_reference.md", "docs/tile_ops.md", "docs/simt_ops.md",
             "docs/tile_passes.md", "docs/simt_passes.md"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
FOLDERS = sorted({name.split("/")[0] for name in NAMES if "/" in name})
PATH = re.compile(r"(?<![\w/.-])((?:%s)/[\w./*{}-]*[\w*}])" %
                  "|".join(map(re.escape, FOLDERS)))


def anchors(text):
    """The names of headings, as web pages of repositories make them."""
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "")).lower()
        yield plain.strip().replace(" ", "-")


def test_links_lead_somewhere():
    wrong = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        for target in LINK.findall(text):
            if target.startswith(("http:", "https:", "mailto:")):
                continue
            file, _, anchor = target.partition("#")
            path = (ROOT / page).parent / file if file else ROOT / page
            if not path.exists():
                wrong.append(f"{page}: {target}")
            elif anchor and page not in GENERATED and \
                    anchor not in set(anchors(path.read_text())):
                wrong.append(f"{page}: {target}: no such heading")
    assert not wrong, "\n".join(wrong)


def test_paths_are_there():
    """Files and folders of the tree that documents name."""
    wrong, seen = [], 0
    for page in PAGES:
        for path in PATH.findall((ROOT / page).read_text()):
            seen += 1
            if "*" in path:
                found = any(fnmatch.fnmatch(name, path + "*")
                            for name in NAMES)
            else:
                found = (ROOT / path).exists() or any(
                    name.startswith(path) for name in NAMES)
            if not found:
                wrong.append(f"{page}: {path}")
    assert not wrong, "\n".join(wrong)
    assert seen > 100


def test_every_page_is_reached():
    """From the README, by links of its own."""
    linked = {target.partition("#")[0]
              for target in LINK.findall((ROOT / "README.md").read_text())}
    lost = [page for page in PAGES if page.startswith("docs/") and
            page not in linked]
    assert not lost, lost
