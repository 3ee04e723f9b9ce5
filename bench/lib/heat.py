# SPDX-License-Identifier: Apache-2.0
"""Tables of shares as pictures: SVG, one panel beside the other, readable on light and dark ground."""
from xml.sax.saxutils import escape

from lib.chart import STYLE

CELL, LEFT, TOP, GAP, BOTTOM = 46, 74, 66, 26, 44


def colour(share):
    """From a pale ground to a full blue."""
    low, high = (236, 240, 243), (10, 126, 164)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(low, high))


def heat(title, x_title, y_title, xs, ys, panels):
    """panels: {name: {(x, y): share or None}}; xs, ys: [(value, label)], rows from the bottom up. The SVG as text."""
    width = LEFT + len(panels) * (len(xs) * CELL + GAP)
    height = TOP + len(ys) * CELL + BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">', STYLE,
           f'<rect class="ground" width="{width}" height="{height}" fill="#fff"/>', f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>']
    for row, (_, label) in enumerate(reversed(ys)):
        out.append(f'<text x="{LEFT - 8}" y="{TOP + row * CELL + CELL / 2 + 4:.0f}" text-anchor="end">{escape(label)}</text>')
    out.append(f'<text x="{LEFT - 8}" y="{TOP - 12}" text-anchor="end">{escape(y_title)}</text>')
    for number, (name, shares) in enumerate(panels.items()):
        left = LEFT + number * (len(xs) * CELL + GAP)
        out.append(f'<text x="{left}" y="{TOP - 12}">{escape(name)}</text>')
        for column, (x, label) in enumerate(xs):
            out.append(f'<text x="{left + column * CELL + CELL / 2:.0f}" y="{height - BOTTOM + 18}" text-anchor="middle">{escape(label)}</text>')
            for row, (y, _) in enumerate(reversed(ys)):
                share = shares.get((x, y))
                if share is None:
                    continue
                place = f'x="{left + column * CELL}" y="{TOP + row * CELL}"'
                out.append(f'<rect {place} width="{CELL - 2}" height="{CELL - 2}" fill="{colour(share)}"><title>{escape(name)}, {escape(label)}: {share:.0%}</title></rect>')
                out.append(f'<text x="{left + column * CELL + CELL / 2 - 1:.0f}" y="{TOP + row * CELL + CELL / 2 + 4:.0f}" text-anchor="middle" '
                           f'style="fill:{"#fff" if share > 0.55 else "#222"}">{share * 100:.0f}</text>')
    out.append(f'<text x="{(LEFT + width) / 2:.0f}" y="{height - 8}" text-anchor="middle">{escape(x_title)}</text>')
    return "\n".join([*out, "</svg>", ""])
