"""Progress: scikit-learn's callbacks where it has them, Keras's bar elsewhere."""

import contextlib
import importlib
import os
import re
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skwave import LSTMForecaster, WindowTransformer, _sklearn_callbacks, make_forecast_pipeline
from skwave.model_selection import ForecastSplit, forecast_scorer

TINY = {"units": 6, "epochs": 3, "batch_size": 64, "random_state": 0, "readout": "trained"}


@pytest.fixture
def callback():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")


@pytest.fixture
def model():
    return make_pipeline(WindowTransformer(10), LSTMForecaster(**TINY))


class Recorder:
    """Notes the calls of a callback of scikit-learn, and may ask to stop."""

    max_propagation_depth = None

    def __init__(self, stop_after=None):
        self.events, self.stop_after = [], stop_after

    def setup(self, estimator, context):
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.estimator_name} {context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.events.append(f"end {context.estimator_name} {context.task_name}")
        return context.task_id == self.stop_after and context.task_name == "epoch"

    def teardown(self, estimator, context):
        self.events.append("teardown")


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 200 columns; returns a function that reads what was written to it."""
    pty = pytest.importorskip("pty", reason="no terminals on this system")
    master, slave = pty.openpty()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    # rich keeps one console for the process.
    rich = pytest.importorskip("rich")
    console = pytest.importorskip("rich.console")
    stream = os.fdopen(slave, "w", encoding="utf-8")
    monkeypatch.setattr(rich, "_console", console.Console(file=stream, width=200))
    chunks = []

    def listen():
        # A terminal that nobody reads stops its writer. The end of the last writer is an error.
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 65536):
                chunks.append(chunk)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()

    def read():
        stream.close()
        listener.join(timeout=10)
        return b"".join(chunks).decode()

    yield read
    stream.close()
    os.close(master)


# --- scikit-learn's callbacks -------------------------------------------------------------------


def test_callbacks_are_notified_of_each_epoch(callback, windows):
    recorder = Recorder()
    LSTMForecaster(**TINY).set_callbacks(recorder).fit(windows)
    epoch = ["begin LSTMForecaster epoch", "end LSTMForecaster epoch"]
    assert recorder.events == [
        "setup", "begin LSTMForecaster fit", *3 * epoch, "end LSTMForecaster fit", "teardown",
    ]  # fmt: skip


def test_callbacks_are_notified_of_a_fit_with_a_solved_readout_and_of_partial_fit(
    callback, windows
):
    recorder = Recorder()
    forecaster = LSTMForecaster(**TINY | {"readout": "ridge"}).set_callbacks(recorder)
    forecaster.fit(windows)
    assert recorder.events.count("end LSTMForecaster epoch") == 3
    assert recorder.events[-2:] == ["end LSTMForecaster fit", "teardown"]
    forecaster.partial_fit(windows)
    assert recorder.events.count("end LSTMForecaster epoch") == 4


def test_a_callback_can_stop_the_training(callback, windows):
    forecaster = LSTMForecaster(**TINY).set_callbacks(Recorder(stop_after=1)).fit(windows)
    assert len(forecaster.history_["loss"]) == 2
    assert forecaster.forecast(5).shape == (5,)


def test_callbacks_of_a_pipeline_are_notified_of_both_steps(callback, model, wave):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(wave)
    assert "begin WindowTransformer fit" in recorder.events
    assert recorder.events.count("end LSTMForecaster epoch") == 3


def test_a_failing_fit_removes_the_callbacks_from_the_forecaster(callback, windows):
    recorder = Recorder()
    forecaster = LSTMForecaster(**TINY).set_callbacks(recorder).fit(windows)
    before = vars(forecaster).copy()
    recorder.events.clear()

    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("no more")

    failing = Failing()
    with pytest.raises(RuntimeError, match="no more"):
        forecaster.set_callbacks(failing).fit(windows)
    assert failing.events[-1] == "teardown"
    assert forecaster.network_ is before["network_"]
    assert not hasattr(forecaster, "_callback_fit_ctx")


def test_callbacks_change_no_number(callback, windows):
    plain = LSTMForecaster(**TINY).fit(windows)
    notified = LSTMForecaster(**TINY).set_callbacks(Recorder()).fit(windows)
    np.testing.assert_array_equal(plain.forecast(9), notified.forecast(9))


def test_scoring_monitor_sees_the_forecaster_of_each_epoch(callback, windows):
    monitor = callback.ScoringMonitor(scoring="r2")
    forecaster = LSTMForecaster(**TINY, validation_split=0.0).set_callbacks(monitor).fit(windows)
    scores = [row["r2"] for row in monitor.get_logs().data]
    assert len(scores) == 3
    assert scores[forecaster.best_epoch_] == pytest.approx(forecaster.score(windows))
    assert len(set(scores)) == 3


def test_scoring_monitor_scores_forecasts(callback, windows):
    scorer = forecast_scorer(mean_error, horizon=5)
    monitor = callback.ScoringMonitor(scoring={"five_steps": scorer})
    LSTMForecaster(**TINY).set_callbacks(monitor).fit(windows)
    assert all(row["five_steps"] < 0 for row in monitor.get_logs().data)


def test_progress_bar_of_a_pipeline_in_a_terminal(callback, model, wave, terminal):
    model.set_callbacks(callback.ProgressBar()).fit(wave)
    text = terminal()
    assert "Pipeline - fit" in text
    assert "LSTMForecaster - fit" in text
    assert "100%" in text


def test_progress_bars_of_a_search_in_two_processes(callback, model, wave, terminal):
    search = GridSearchCV(
        model, {"lstmforecaster__units": [4, 6]}, n_jobs=2, refit=False,
        cv=ForecastSplit(1, horizon=5, context=20),
        scoring=forecast_scorer(mean_error, horizon=5), error_score="raise",
    )  # fmt: skip
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(wave)
    last = terminal().split("GridSearchCV - fit")[-1]
    assert last.count("LSTMForecaster - fit") == 2
    assert last.count("100%") >= 4


def test_the_progress_bars_of_the_page_on_tuning_give_no_warning(callback, wave, terminal):
    page = (Path(__file__).parents[1] / "docs" / "user_guide" / "tuning.rst").read_text()
    block = re.search(r"(?m)^    import warnings\n(?:    .*\n|\n)+", page)[0]
    lines = textwrap.dedent(block).splitlines()
    search = GridSearchCV(
        make_forecast_pipeline(
            FunctionTransformer(), WindowTransformer(10), LSTMForecaster(**TINY | {"epochs": 1})
        ),
        {"lstmforecaster__units": [6]}, refit=False, error_score="raise",
        cv=ForecastSplit(1, horizon=5, context=20),
        scoring=forecast_scorer(mean_error, horizon=5),
    )  # fmt: skip
    names = {"search": search, "series": wave}
    message = "FunctionTransformer does not support callbacks"
    with pytest.warns(UserWarning, match=message):
        exec("\n".join(line for line in lines if "filterwarnings" not in line), names)
    exec("\n".join(lines), names)  # a warning is an error in these tests
    assert terminal().count("GridSearchCV - fit") >= 2


def mean_error(y_true, y_pred):
    return np.abs(y_true - y_pred).mean()


# --- Without them -------------------------------------------------------------------------------


def test_verbose_shows_the_progress_of_keras_and_a_line(windows, capsys):
    LSTMForecaster(**TINY, verbose=1).fit(windows)
    shown = capsys.readouterr().out
    assert "Epoch 1/3" in shown
    assert "Epoch 3/3" in shown
    assert "val_loss" in shown
    # Then one line of the summary.
    assert shown.splitlines()[-1].startswith("LSTM of 6 units: ")
    LSTMForecaster(**TINY).fit(windows)
    assert capsys.readouterr().out == ""


def test_older_scikit_learn_notifies_nobody(windows):
    class Older(LSTMForecaster):
        _init_callback_context = property()  # not there

    plain = LSTMForecaster(**TINY).fit(windows)
    with _sklearn_callbacks.fit_progress(Older(), None) as progress:
        assert progress.callback_ctx is None
    np.testing.assert_array_equal(Older(**TINY).fit(windows).forecast(5), plain.forecast(5))


def test_import_without_sklearn_callback(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    try:
        module = importlib.reload(_sklearn_callbacks)
        assert module.with_callbacks(len) is len
        assert not hasattr(module.CallbackSupportMixin, "set_callbacks")
    finally:
        monkeypatch.undo()
        importlib.reload(_sklearn_callbacks)
