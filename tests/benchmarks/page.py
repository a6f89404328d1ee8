"""A static page of one run: the table of ratios and a roofline."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import html
import math

WIDTH, HEIGHT, MARGIN = 760, 420, 56
STYLE = """body{font-family:sans-serif;margin:2em}
td,th{padding:2px 8px;text-align:left}
tr:nth-child(even){background:#f4f4f4}
.less{color:#b00}
svg text{font-size:11px}
circle{fill:#c33}
.peer{fill:none;stroke:#36c}
.roof{fill:none;stroke:#000}
.grid{stroke:#ddd}"""


def _powers(low, high):
    return [10.0 ** e for e in range(math.ceil(math.log10(low)),
                                     math.floor(math.log10(high)) + 1)]


def _short(number):
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:g} {unit}"
    return f"{number:g}"


class _Plot:
    """Logarithmic on both axes."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def at(self, x, y):
        def part(value, limits):
            low, high = map(math.log10, limits)
            return (math.log10(value) - low) / (high - low)
        return (MARGIN + part(x, self.x) * (WIDTH - 2 * MARGIN),
                HEIGHT - MARGIN - part(y, self.y) * (HEIGHT - 2 * MARGIN))

    def line(self, points, kind):
        where = " ".join("%.1f,%.1f" % self.at(*point) for point in points)
        return f'<polyline points="{where}" class="{kind}"/>'

    def text(self, x, y, dx, dy, words):
        left, top = self.at(x, y)
        return (f'<text x="{left + dx:.1f}" y="{top + dy:.1f}">'
                f"{html.escape(words)}</text>")

    def dot(self, x, y, kind, words):
        left, top = self.at(x, y)
        return (f'<circle cx="{left:.1f}" cy="{top:.1f}" r="4" class="{kind}">'
                f"<title>{html.escape(words)}</title></circle>")

    def grid(self):
        for x in _powers(*self.x):
            yield self.line([(x, self.y[0]), (x, self.y[1])], "grid")
            yield self.text(x, self.y[0], -8, 16, _short(x))
        for y in _powers(*self.y):
            yield self.line([(self.x[0], y), (self.x[1], y)], "grid")
            yield self.text(self.x[0], y, -MARGIN + 8, 4, _short(y))


def _roofline(rows):
    """Points at (operations per byte, operations per second) under the roofs
    that the run itself reached: its best bandwidth and its best rate, whoever
    reached it. Peers are circles; numbers are those of the table's rows."""
    points = [(row["flops"] / row["bytes"], row["flops"] / row["seconds"],
               row["ratio"] or 0, number, row["name"], row["peer"])
              for number, row in enumerate(rows, 1)
              if row.get("flops") and row.get("bytes")]
    if not points:
        return ""
    best = [(x, y / min(ratio, 1) if ratio else y) for x, y, ratio, *_ in points]
    bandwidth = max(y / x for x, y in best)
    rate = max(y for _, y in best)
    plot = _Plot((min(x for x, _ in best) / 2, max(x for x, _ in best) * 2),
                 (min(point[1] for point in points) / 4, rate * 2))
    ridge = rate / bandwidth
    parts = list(plot.grid())
    parts.append(plot.line([(plot.x[0], plot.x[0] * bandwidth), (ridge, rate),
                            (plot.x[1], rate)], "roof"))
    labelled = set()
    for x, y, ratio, number, name, peer in points:
        if ratio:
            parts.append(plot.dot(x, y / ratio, "peer", f"{number}: {name}, "
                                                        f"{peer}"))
        parts.append(plot.dot(
            x, y, "", f"{number}: {name}, {y * 1e-12:.1f} T/s at {x:.1f} "
                      "operations a byte"))
        if name not in labelled:  # A row for each peer has the same point.
            parts.append(plot.text(x, y, 6, 4, str(number)))
            labelled.add(name)
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">'
            f'{"".join(parts)}'
            f'<text x="{WIDTH / 2 - 50}" y="{HEIGHT - 12}">operations a byte'
            f'</text><text x="8" y="20">operations a second; roofs of this run: '
            f"{bandwidth * 1e-9:.0f} GB/s and {rate * 1e-12:.0f} T/s</text>"
            "</svg>")


def _cells(number, row):
    ratio = row["ratio"]
    return (number, row["name"], f"{row['value']:.4g} {row['unit']}",
            row.get("variant", ""), row["peer"] or "",
            f"{ratio:.2f}" if ratio else "", f"{row['spread']:.3f}",
            row.get("sm_mhz", ""), row.get("celsius", ""))


def render(machine, rows):
    body = "".join(
        f"<tr{' class=less' if row['ratio'] and row['ratio'] < 1 else ''}>" +
        "".join(f"<td>{html.escape(str(cell))}</td>"
                for cell in _cells(number, row)) + "</tr>\n"
        for number, row in enumerate(rows, 1))
    head = "".join(f"<th>{title}</th>" for title in (
        "", "what", "tilesdk", "variant", "peer or goal", "ratio", "spread",
        "MHz", "°C"))
    return ("<!doctype html><meta charset=utf-8><title>tilesdk benchmarks"
            f"</title><style>{STYLE}</style>"
            f"<h1>tilesdk on {html.escape(machine)}</h1>"
            "<p>Ratios are the peer's time over ours, medians of rounds in one "
            "run; larger is better, less than 1 is red.</p>"
            f"{_roofline(rows)}<table><tr>{head}</tr>\n{body}</table>\n")
