"""A static page of one run: the table of ratios and a roofline."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import html
import math

WIDTH, HEIGHT, MARGIN = 640, 360, 48


def _roofline(rows):
    """Points at (operations per byte, operations per second) under the roofs
    that the run itself reached: its best bandwidth and its best rate."""
    points = [(row["flops"] / row["bytes"], row["flops"] / row["seconds"],
               row["bytes"] / row["seconds"], row["name"]) for row in rows
              if row.get("flops") and row.get("bytes")]
    if not points:
        return ""
    bandwidth = max(point[2] for point in points)
    rate = max(point[1] for point in points)
    low_x = math.log10(min(point[0] for point in points) / 2)
    high_x = math.log10(max(point[0] for point in points) * 2)
    low_y = math.log10(min(point[1] for point in points) / 4)
    high_y = math.log10(rate * 2)

    def at(x, y):
        return (MARGIN + (math.log10(x) - low_x) / (high_x - low_x) *
                (WIDTH - 2 * MARGIN),
                HEIGHT - MARGIN - (math.log10(y) - low_y) / (high_y - low_y) *
                (HEIGHT - 2 * MARGIN))
    ridge = rate / bandwidth
    corners = [(10 ** low_x, 10 ** low_x * bandwidth), (ridge, rate),
               (10 ** high_x, rate)]
    line = " ".join("%.1f,%.1f" % at(*corner) for corner in corners)
    dots = "".join(
        '<circle cx="%.1f" cy="%.1f" r="4"><title>%s</title></circle>' %
        (*at(x, y), html.escape(f"{name}: {y * 1e-12:.1f} T/s at {x:.1f} "
                                "operations a byte"))
        for x, y, _, name in points)
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">'
            f'<polyline points="{line}" fill="none" stroke="black"/>{dots}'
            f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}">operations a byte</text>'
            f'<text x="8" y="20">operations a second, roofs '
            f'{bandwidth * 1e-9:.0f} GB/s and {rate * 1e-12:.0f} T/s</text>'
            '</svg>')


def render(machine, rows):
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in (
            row["name"], f"{row['value']:.1f} {row['unit']}",
            row.get("variant", ""), row["peer"] or "",
            f"{row['ratio']:.2f}" if row["ratio"] else "",
            f"{row['spread']:.3f}", row.get("sm_mhz", ""),
            row.get("celsius", ""))) + "</tr>\n" for row in rows)
    head = "".join(f"<th>{title}</th>" for title in (
        "what", "tilesdk", "variant", "peer", "ratio", "spread", "MHz", "°C"))
    return ("<!doctype html><meta charset=utf-8><title>tilesdk benchmarks"
            "</title><style>body{font-family:sans-serif}td,th{padding:2px 8px;"
            "text-align:left}circle{fill:#c33}</style>"
            f"<h1>tilesdk on {html.escape(machine)}</h1>{_roofline(rows)}"
            f"<table><tr>{head}</tr>\n{body}</table>\n")
