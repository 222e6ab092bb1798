# SPDX-License-Identifier: Apache-2.0
"""Draws line and bar charts as SVG text, with nothing but Python's own library.

A series is (name, [(x, y, low, high)]); low and high may equal y. A group of bars is
(name, [(whose, (value, low, high))]). Axes start at zero for y; x may be
logarithmic. Colours are told apart by people who see few of them, and lines by their markers.
"""
import html
import math

WIDTH, HEIGHT = 720, 420
# With no more places than that an axis names them all.
FEW = 8
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
        self.values = sorted(set(values))
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
        if 2 < len(self.values) <= FEW or self.values == [1, 2]:
            return self.values
        step = nice_step(self.high - self.low)
        first = math.ceil(self.low / step) * step
        count = int((self.high - first) / step + 1e-9) + 1
        return [first + i * step for i in range(count)]


def opening(title):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="24" font-size="16">{html.escape(title)}</text>']


def closing(note):
    return ([f'<text x="{LEFT}" y="{HEIGHT - 8}" font-size="11" fill="#666666">'
             f'{html.escape(note)}</text>'] if note else []) + ["</svg>"]


def y_grid(axis, label):
    out = []
    for tick in axis.ticks():
        y = axis.place(tick)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(f'<text x="18" y="{middle}" text-anchor="middle" '
               f'transform="rotate(-90 18 {middle})">{html.escape(label)}</text>')
    return out


def x_scale(axis, label):
    out = []
    for tick in axis.ticks():
        x = axis.place(tick)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" '
                   f'y2="{HEIGHT - BOTTOM + 5}" stroke="#444444"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{short(tick)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - BOTTOM + 38}" '
               f'text-anchor="middle">{html.escape(label)}</text>')
    return out


def line_chart(title, labels, series, log_x=False, note="", marks=()):
    """labels: (x, y); marks: (y, name) horizontal lines, for targets. Returns SVG text."""
    points = [point for _, line in series for point in line]
    top = max([point[3] for point in points] + [y for y, _ in marks]) * 1.08
    x_axis = Axis([point[0] for point in points], log_x, (LEFT, WIDTH - RIGHT))
    y_axis = Axis([0, top], False, (HEIGHT - BOTTOM, TOP))
    out = opening(title) + y_grid(y_axis, labels[1]) + x_scale(x_axis, labels[0])
    for y_value, name in marks:
        y = y_axis.place(y_value)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="#888888" stroke-dasharray="6 4"/>')
        out.append(f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end" '
                   f'fill="#666666">{html.escape(name)}</text>')
    for number, (name, line) in enumerate(series):
        out += one_line(name, line, number, x_axis, y_axis)
    return "\n".join(out + closing(note)) + "\n"


def bar_chart(title, label, groups, note=""):
    """One colour for each name of bars; a thin line from the least to the largest value."""
    names = list(dict.fromkeys(name for _, bars in groups for name, _ in bars))
    top = max(high for _, bars in groups for _, (_, _, high) in bars) * 1.08
    axis = Axis([0, top], False, (HEIGHT - BOTTOM, TOP))
    out = opening(title) + y_grid(axis, label)
    room = (WIDTH - RIGHT - LEFT) / len(groups)
    width = room * 0.8 / len(names)
    for place, (group, bars) in enumerate(groups):
        left = LEFT + place * room + room * 0.1
        for name, (value, low, high) in bars:
            number = names.index(name)
            x, y = left + number * width, axis.place(value)
            out.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width * 0.9:.1f}" '
                       f'height="{HEIGHT - BOTTOM - y:.1f}" '
                       f'fill="{COLOURS[number % len(COLOURS)]}"/>')
            centre = x + width * 0.45
            out.append(f'<line x1="{centre:.1f}" x2="{centre:.1f}" y1="{axis.place(low):.1f}" '
                       f'y2="{axis.place(high):.1f}" stroke="#222222"/>')
        out.append(f'<text x="{left + room * 0.4:.1f}" y="{HEIGHT - BOTTOM + 18}" '
                   f'text-anchor="middle">{html.escape(group)}</text>')
    for number, name in enumerate(names):
        out += legend(name, number)
    return "\n".join(out + closing(note)) + "\n"


def legend(name, number):
    colour = COLOURS[number % len(COLOURS)]
    x = LEFT + (number % 3) * 215
    y = HEIGHT - 44 + (number // 3) * 16
    return [f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" '
            f'stroke-width="3"/>',
            f'<text x="{x + 24}" y="{y}">{html.escape(name)}</text>']


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
    return out + legend(name, number)
