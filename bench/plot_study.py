#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws what blastune-bench-planner-study prints: plot_study.py STUDY.csv MACHINE > FILE.svg

Regret over the CPU-seconds that were spent on all gemms together, both on logarithmic scales, a line for each way with a
point for each number of samples: geometric means over seeds."""

import csv
import math
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 44, 30, 110
COLOURS = {"planner": "#0a6", "exhaustive": "#c33", "random": "#36c", "grid": "#c80"}
TICKS = [digit * 10.0 ** power for power in range(-3, 7) for digit in (1, 2, 5)]
LOSSES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)


def read(path, machine):
    ways = {}
    with open(path, newline="", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["machine"] == machine:
                at = ways.setdefault(row["way"], {}).setdefault(float(row["samples_of_gemm"]), [])
                at.append((math.log(float(row["cpu_seconds"])), math.log(float(row["regret"]))))
    return {way: sorted((geometric_mean(seconds), geometric_mean(regrets) - 1)
                        for seconds, regrets in (zip(*pairs) for pairs in points.values()))
            for way, points in ways.items()}


def geometric_mean(logarithms):
    return math.exp(sum(logarithms) / len(logarithms))


def draw(ways, machine):
    xs = [x for points in ways.values() for x, _ in points]
    low, high = math.log(min(xs)), math.log(max(xs))
    bottom, top = math.log(LOSSES[0]), math.log(LOSSES[-1])

    def place(x, loss):
        across = LEFT + (WIDTH - LEFT - RIGHT) * (math.log(x) - low) / (high - low)
        height = (math.log(min(max(loss, LOSSES[0]), LOSSES[-1])) - bottom) / (top - bottom)
        return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * height

    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">'
    yield '<rect width="100%" height="100%" fill="white"/>'
    yield f'<text x="{LEFT}" y="18">{machine}: what the chosen count loses, over CPU-seconds spent</text>'
    for loss in LOSSES:
        _, y = place(min(xs), loss)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{loss * 100:g} %</text>'
    for x in (tick for tick in TICKS if min(xs) <= tick <= max(xs)):
        across, y = place(x, LOSSES[0])
        yield f'<text x="{across:.1f}" y="{y + 16:.1f}" text-anchor="middle">{x:g}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">CPU-seconds, all gemms together</text>'
    for number, (way, points) in enumerate(ways.items()):
        path = " ".join("{:.1f},{:.1f}".format(*place(x, loss)) for x, loss in points)
        yield f'<polyline points="{path}" fill="none" stroke="{COLOURS.get(way, "#000")}" stroke-width="2"/>'
        y = TOP + 16 * (number + 1)
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{y}" fill="{COLOURS.get(way, "#000")}">{way}</text>'
    yield "</svg>"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ways = read(sys.argv[1], sys.argv[2])
    if not ways:
        sys.exit(f"{sys.argv[1]} has nothing of {sys.argv[2]}")
    print("\n".join(draw(ways, sys.argv[2])))


if __name__ == "__main__":
    main()
