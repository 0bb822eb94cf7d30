"""Draw the pictures of the README and the user guide into docs/_static; see `make pictures`."""

import contextlib
import re
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
WINDOW, STEPS = 5, 6


def draw_forecast():
    """Run the lines in the README; the picture beside them is what they draw."""
    lines = re.search(r"```python\n(.*?)```", (HERE.parent / "README.md").read_text(), re.DOTALL)
    names = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        exec(lines[1], names)
    ax = plt.gcf().axes[0]
    ax.set_title("Sine wave, 200 steps after the end of the training series")
    ax.figure.set_size_inches(9, 3.6)
    ax.figure.savefig(HERE / "_static" / "forecast.png", dpi=110)


def draw_intervals():
    """Draw the last two cycles of sunspots with intervals around their forecast."""
    from sklearn.preprocessing import FunctionTransformer

    from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
    from skwave.datasets import load_sunspots

    series = load_sunspots(as_frame=True)
    train, test = series[:-22], series[-22:]
    model = make_forecast_pipeline(
        FunctionTransformer(np.sqrt, inverse_func=lambda x: np.square(np.maximum(x, 0))),
        WindowTransformer(22),
        LSTMForecaster(units=16, random_state=0),
    ).fit(train)
    ax = ForecastDisplay.from_estimator(model, test, history=train, coverage=[0.5, 0.9]).ax_
    ax.set(title="Sunspots, 22 years after the end of the training series", ylim=(0, None))
    ax.figure.set_size_inches(9, 3.6)
    ax.figure.savefig(HERE / "_static" / "intervals.png", dpi=110)


def draw_wavefront():
    """Draw in which product a window reads a value, for a loop and for the wavefront."""
    windows, positions = np.mgrid[:STEPS, :WINDOW]
    loop = 1 + windows * WINDOW + positions
    wavefront = 1 + windows + positions
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
    titles = {
        f"A loop: {loop.max()} products of one row": loop,
        f"The wavefront: {wavefront.max()} products, each for a whole column": wavefront,
    }
    for ax, (title, number) in zip(axes, titles.items(), strict=True):
        grid = np.full((STEPS, STEPS + WINDOW - 1), np.nan)
        grid[windows, windows + positions] = number / number.max()
        ax.imshow(grid, cmap="viridis", alpha=0.55, aspect="auto")
        for cell in zip(windows.flat, positions.flat, number.flat, strict=True):
            ax.text(cell[0] + cell[1], cell[0], cell[2], ha="center", va="center")
        ax.axvline(WINDOW - 0.5, color="black", linestyle=":")
        ax.set_xticks(range(grid.shape[1]), range(1, grid.shape[1] + 1))
        ax.set_yticks(range(STEPS), [f"window {k + 1}" for k in range(STEPS)])
        ax.set_title(title)
        ax.set_xlabel("Value of the series (those after the dotted line are forecast)")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    figure.savefig(HERE / "_static" / "wavefront.png", dpi=110)


if __name__ == "__main__":
    draw_forecast()
    draw_intervals()
    draw_wavefront()
