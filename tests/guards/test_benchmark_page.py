"""The page of benchmarks: whole, escaped, with what its rows say."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import html.parser
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "benchmarks"))
import page


class Reader(html.parser.HTMLParser):
    """Collects tags and text; every tag that opens has to close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def row(name, ratio, **more):
    return {"name": name, "value": 12.5, "unit": "TFLOP/s", "ratio": ratio,
            "peer": "a < b: 13 TFLOP/s", "spread": 0.01, **more}


def test_page():
    work = {"flops": 1e12, "bytes": 1e9, "seconds": 2e-3}
    narrow = {"flops": 1e9, "bytes": 4e9, "seconds": 1e-3}
    rows = [row("matmul", 0.95, **work), row("matmul", 1.2, **work),
            row("add", 1.01, **narrow), row("launch", None)]
    text = page.render("GPU & host", rows)
    assert "GPU &amp; host" in text
    read = Reader(text)
    assert not [tag for tag in read.open if tag != "meta"], read.open
    circles = [a for tag, a in read.tags if tag == "circle"]
    assert len(circles) == 6  # Ours and the peer's, of three rows with work.
    for circle in circles:
        assert 0 < float(circle["cx"]) < page.WIDTH
        assert 0 < float(circle["cy"]) < page.HEIGHT
    less = [a for tag, a in read.tags if tag == "tr" and a.get("class")]
    assert len(less) == 1  # What is slower than its peer is marked.
    assert read.cells.count("matmul") == 2 and "a < b: 13 TFLOP/s" in read.cells
    # Without work there is nothing to draw.
    assert "<svg" not in page.render("GPU", [row("launch", 2.0)])
