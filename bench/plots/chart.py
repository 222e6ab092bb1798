# SPDX-License-Identifier: Apache-2.0
"""Draws line charts as SVG text, with nothing but Python's own library.

A series is (name, [(x, y, low, high)]); low and high may equal y. Axes start at zero for y; x may be
logarithmic. Colours are told apart by people who see few of them, and lines by their markers.
"""
import html
import math

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 48, 96
COLOURS = ["#0b62a4", "#d1495b", "#2e933c", "#7a4e9c", "#c77800", "#444444"]


def nice_step(span, count=6):
    """A round number of which about `count` fill the span."""
    if span <= 0:
        return 1
    rough = span / count
    unit = 10 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if rough <= factor * unit:
            return factor * unit
    return 10 * unit


def short(value):
    """1200000 -> 1.2M"""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"


class Axis:
    def __init__(self, values, log, pixels):
        self.log, self.pixels = log, pixels
        low, high = min(values), max(values)
        if log:
            self.low, self.high = math.log10(low), math.log10(high)
        else:
            self.low, self.high = low, high
        if self.high == self.low:
            self.high = self.low + 1

    def place(self, value):
        at = math.log10(value) if self.log else value
        first, last = self.pixels
        return first + (at - self.low) / (self.high - self.low) * (last - first)

    def ticks(self):
        if self.log:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            inside = lambda t: self.low - 1e-9 <= math.log10(t) <= self.high + 1e-9
            ticks = [t for p in powers for t in (10 ** p,) if inside(t)]
            return ticks if len(ticks) > 1 else [10 ** self.low, 10 ** self.high]
        step = nice_step(self.high - self.low)
        first = math.ceil(self.low / step) * step
        count = int((self.high - first) / step + 1e-9) + 1
        return [first + i * step for i in range(count)]


def line_chart(title, labels, series, log_x=False, note="", marks=()):
    """labels: (x, y); marks: (y, name) horizontal lines, for targets. Returns SVG text."""
    points = [point for _, line in series for point in line]
    xs = [point[0] for point in points]
    top = max([point[3] for point in points] + [y for y, _ in marks]) * 1.08
    x_axis = Axis(xs, log_x, (LEFT, WIDTH - RIGHT))
    y_axis = Axis([0, top], False, (HEIGHT - BOTTOM, TOP))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           f'<text x="{LEFT}" y="24" font-size="16">{html.escape(title)}</text>']
    for tick in y_axis.ticks():
        y = y_axis.place(tick)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for tick in x_axis.ticks():
        x = x_axis.place(tick)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" '
                   f'y2="{HEIGHT - BOTTOM + 5}" stroke="#444444"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{short(tick)}</text>')
    for y_value, name in marks:
        y = y_axis.place(y_value)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#888888" stroke-dasharray="6 4"/>')
        out.append(f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end" '
                   f'fill="#666666">{html.escape(name)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - BOTTOM + 38}" '
               f'text-anchor="middle">{html.escape(labels[0])}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(f'<text x="18" y="{middle}" text-anchor="middle" '
               f'transform="rotate(-90 18 {middle})">{html.escape(labels[1])}</text>')
    for number, (name, line) in enumerate(series):
        out += one_line(name, line, number, x_axis, y_axis)
    if note:
        out.append(f'<text x="{LEFT}" y="{HEIGHT - 8}" font-size="11" fill="#666666">'
                   f'{html.escape(note)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def one_line(name, line, number, x_axis, y_axis):
    colour = COLOURS[number % len(COLOURS)]
    out = []
    path = " ".join(f"{x_axis.place(x):.1f},{y_axis.place(y):.1f}" for x, y, _, _ in sorted(line))
    out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    few = len(line) <= 40
    for x, y, low, high in line if few else ():
        px, py = x_axis.place(x), y_axis.place(y)
        if low != high:
            out.append(f'<line x1="{px:.1f}" x2="{px:.1f}" y1="{y_axis.place(low):.1f}" '
                       f'y2="{y_axis.place(high):.1f}" stroke="{colour}" stroke-opacity="0.5"/>')
        out.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{colour}"/>')
    x = LEFT + (number % 3) * 215
    y = HEIGHT - 44 + (number // 3) * 16
    out.append(f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" '
               f'stroke-width="3"/>')
    out.append(f'<text x="{x + 24}" y="{y}">{html.escape(name)}</text>')
    return out
