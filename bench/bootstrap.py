# SPDX-License-Identifier: BSD-3-Clause
"""95 % bootstrap intervals: what was measured is drawn anew, as often as it was measured, and its figure taken of each."""

import random
import statistics


def draws(count, resamples):
    """Indexes of count values drawn anew, so many times; the same ones in each run."""
    draw = random.Random(1)
    for _ in range(resamples):
        yield draw.choices(range(count), k=count)


def bounds(figures):
    """Between which 95 % of the drawn figures lie."""
    figures = sorted(figures)
    return figures[int(0.025 * len(figures))], figures[int(0.975 * len(figures)) - 1]


def median_with_interval(values, resamples):
    medians = (statistics.median([values[index] for index in drawn]) for drawn in draws(len(values), resamples))
    return (statistics.median(values), *bounds(medians))
