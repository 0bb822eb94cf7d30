"""Common parts of displays: colors, names of channels, indexes on an axis, intervals, and axes."""

import numpy as np

from skwave._pandas_index import as_times

# The tutorial's colors: the truth in red, the forecast in blue. The rest is neutral.
FORECAST, KNOWN, BASELINE = "tab:blue", "0.3", "tab:gray"
TRUTH_LINE = {"color": "tab:red", "label": "Truth", "linewidth": 2.5, "alpha": 0.6}
FORECAST_LINE = {"color": FORECAST, "label": "Forecast", "linestyle": "--"}
BASELINE_NAMES = {"naive": "Naive", "seasonal_naive": "Seasonal naive"}


def channel_names(X):
    """Return the names of the channels of a Series or frame, or None if they have none."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        # Columns that are only counted have no names.
        return None if names == list(range(len(names))) else names
    return None if getattr(X, "name", None) is None else [X.name]


def label_channel(name, channel, n_channels):
    """Return the label of a channel's axis."""
    if isinstance(name, tuple):
        return " ".join(map(str, name))
    if name is None:
        return "Value" if n_channels == 1 else f"Channel {channel}"
    return str(name)


def drawn_index(index):
    """Return an index of dates or numbers that can be drawn, or None.

    A period is drawn at its beginning.
    """
    if index is None:
        return None
    times = as_times(index, "series").rename(index.name)
    times = times.to_timestamp() if hasattr(times, "to_timestamp") else times
    # A TimedeltaIndex has neither.
    return times if hasattr(times, "tz") or times.dtype.kind in "iuf" else None


def positions_of(index):
    """Return dates or numbers as an array for matplotlib, which takes times of UTC."""
    is_zoned = getattr(index, "tz", None) is not None
    return (index.tz_convert(None) if is_zoned else index).to_numpy()


def label_index(index, otherwise):
    """Return the label of an axis that shows an index, `otherwise` if there is none."""
    if index is None:
        return otherwise
    if index.name is None:
        # Dates need no label.
        return "" if hasattr(index, "tz") else "Index"
    return str(index.name)


def set_ticks(ax, index):
    """Put ticks at dates, in their time zone, or at whole numbers, once lines are drawn."""
    if not hasattr(index, "tz"):
        if index is None or index.dtype.kind in "iu":
            count_on_axis(ax)
    elif ax.dataLim.width == 0:
        # matplotlib would show four years around a single date.
        ax.set_xticks(positions_of(index), [str(label) for label in index])
    else:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(tz=index.tz)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=index.tz))


def count_on_axis(ax):
    """Put ticks at whole numbers of steps or epochs, even if there is only one."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def shade_intervals(ax, x, bounds, coverages, color, *, is_labelled=True):
    """Shade intervals in a color, lighter the wider they are; those of one step as a bar.

    Bounds have the shape (n_steps, n_coverages, 2). The legend has them if `is_labelled`.
    """
    from matplotlib.colors import to_rgb, to_rgba

    # Mixed with the background instead of transparent, so that an interval has the color that the
    # legend shows where it lies over a wider one.
    *background, opacity = to_rgba(ax.get_facecolor())
    background = background if opacity else to_rgb("white")
    strengths = np.linspace(0.2, 0.45, len(coverages))
    for k, strength in zip(np.argsort(coverages)[::-1], strengths, strict=True):
        mixed = strength * np.array(to_rgb(color)) + (1 - strength) * np.array(background)
        # Below the grid.
        style = {"color": mixed, "zorder": 0.4}
        if is_labelled:
            style["label"] = f"{100 * coverages[k]:g} % interval"
        if len(x) == 1:
            ax.vlines(x, bounds[:, k, 0], bounds[:, k, 1], linewidth=10, **style)
        else:
            ax.fill_between(x, bounds[:, k, 0], bounds[:, k, 1], linewidth=0, **style)


def make_axes(ax, n_panels, *, sharex=True):
    """Return `n_panels` axes as a flat array: those given, or those of a new figure."""
    if ax is None:
        import matplotlib.pyplot as plt

        size = (8, 2 + 2.5 * n_panels)
        _, ax = plt.subplots(n_panels, 1, sharex=sharex, figsize=size, layout="constrained")
    axes = np.array(ax, dtype=object).reshape(-1)
    if len(axes) != n_panels:
        raise ValueError(
            f"ax has {len(axes)} axes, but the display has {n_panels} panels. Give an axis for "
            "each, or ax=None."
        )
    return axes
