"""Draw the pictures of the README and the tutorial into docs/_static; see `make pictures`.

The Japanese one needs the font Noto Sans CJK JP (Debian: fonts-noto-cjk).
"""

import contextlib
import re
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from skwave import ForecastDisplay, LSTMForecaster, WindowTransformer, make_forecast_pipeline
from skwave.datasets import make_wave

HERE = Path(__file__).parent
WINDOW, STEPS = 5, 6


def draw_forecast():
    """Run the lines in the README; the picture beside them is what they draw."""
    lines = re.search(r"```python\n(.*?)```", (HERE.parent / "README.md").read_text(), re.DOTALL)
    names = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        exec(lines[1], names)
    ax = plt.gcf().axes[0]
    ax.set(title="Sunspots: forecast of 22 years from 1986 on", xlabel="Year", ylim=(-60, 300))
    ax.set_ylabel("Sunspots, yearly mean")
    ax.figure.set_size_inches(8, 3.6)
    ax.figure.savefig(HERE / "_static" / "forecast.png", dpi=110)


def draw_tutorial():
    """Draw the forecast of the tutorial pages, with English and with Japanese labels."""
    wave = make_wave("sine", n_cycles=53)
    train, test = wave[:4000], wave[4000:4200]
    model = make_forecast_pipeline(WindowTransformer(80), LSTMForecaster(300, random_state=0))
    forecast = model.fit(train).forecast(200)
    titles = {"tutorial": "Sine wave, 200 steps after the end of the training series"}
    titles["tutorial_ja"] = "正弦波：学習データに続く 200 点の予測"
    for name, title in titles.items():
        japanese = {"font.family": "Noto Sans CJK JP"} if name == "tutorial_ja" else {}
        with plt.rc_context(japanese):
            display = ForecastDisplay.from_predictions(test, forecast, history=train[-160:])
            ax = display.ax_
            ax.set_title(title)
            if japanese:
                ax.set(xlabel="学習データの終わりからの点数", ylabel="値")
                ax.legend(["既知の値", "正解", "予測"], loc="upper right", ncols=3)
            ax.figure.set_size_inches(8, 3.4)
            ax.figure.savefig(HERE / "_static" / f"{name}.png", dpi=110)


def draw_wavefront():
    """Draw in which product a window reads a value, for a loop and for the wavefront."""
    windows, positions = np.mgrid[:STEPS, :WINDOW]
    loop = 1 + windows * WINDOW + positions
    wavefront = 1 + windows + positions
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharey=True)
    titles = {
        f"Loop: {loop.max()} products of one row": loop,
        f"Wavefront: {wavefront.max()} products of a column": wavefront,
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
        ax.set_xlabel("Value of the series (forecast after the dotted line)")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    figure.savefig(HERE / "_static" / "wavefront.png", dpi=110)


if __name__ == "__main__":
    draw_forecast()
    draw_tutorial()
    draw_wavefront()
