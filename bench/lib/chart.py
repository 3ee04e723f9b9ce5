# SPDX-License-Identifier: Apache-2.0
"""Line charts as SVG, both axes logarithmic, readable on light and dark ground."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 46, 56
COLOURS = ("#0a7ea4", "#c2571a", "#5a7d1c", "#8a4fa3")
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #222 } .title { font-size: 15px; font-weight: 600 } .grid { stroke: #ccc; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 } .ground { fill: #16181c } }
</style>"""


def decades(values):
    """Whole powers of ten that hold all values, at least two apart from each other."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, high if high > low else low + 1


def tick(exponent, unit):
    number = 10.0 ** exponent
    if unit == "s" and exponent < 0:
        return f"{number * 1000:g} ms"
    text = f"{number:g}" if -3 <= exponent <= 3 else "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(d)] for d in str(exponent))
    return f"{text} {unit}".rstrip()


def chart(title, x_title, unit, series):
    """series: {name: [(x, y), ...]}, all values above zero. The SVG as text."""
    points = [point for line in series.values() for point in line]
    x_low, x_high = decades([x for x, _ in points])
    y_low, y_high = decades([y for _, y in points])

    def at_x(x):
        return LEFT + (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - (math.log10(y) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">', STYLE,
           f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>']
    for exponent in range(x_low, x_high + 1):
        x = at_x(10.0 ** exponent)
        out += [f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>',
                f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick(exponent, "")}</text>']
    for exponent in range(y_low, y_high + 1):
        y = at_y(10.0 ** exponent)
        out += [f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>',
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick(exponent, unit)}</text>']
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>')
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3.5" fill="{colour}"><title>{x:,}: {y:.4g} {unit}</title></circle>' for x, y in line]
        out += [f'<rect x="{LEFT + number * 170}" y="30" width="12" height="4" fill="{colour}"/>', f'<text x="{LEFT + 18 + number * 170}" y="37">{escape(name)}</text>']
    return "\n".join([*out, "</svg>", ""])
