"""Whether the times of other values go with those of the training series."""

import numpy as np

from skwave._index_spec import (
    date_range,
    dates_by_months,
    describe_zone,
    find_freq,
    labels_after,
    median_distance,
    next_index,
    timestamp,
)
from skwave._pandas_index import as_times, check_index


def _check_same_zone(index, known, name):
    """Raise an error if times are in another time zone than those of the training series."""
    if known["type"] != "datetime" or not hasattr(index, "tz"):
        return
    found, zone = describe_zone(index[-1]), known["zone"]
    # Two zones without names may be one zone, in summer and in winter.
    if found == zone or (isinstance(found, float) and isinstance(zone, float)):
        return
    advice = f"{name}.tz_convert({zone!r})"
    if found is None:
        advice = (
            f"{name}.tz_localize({zone!r}) if these are local times, or "
            f"{name}.tz_localize('UTC').tz_convert({zone!r}) if they are those of UTC"
        )
    elif zone is None:
        advice = (
            f"{name}.tz_localize(None) if the training series has the times of this zone, and "
            f"else {name}.tz_convert(...) to its zone before"
        )
    where, training_where = (
        "without a time zone" if name_of is None else f"in the time zone {name_of}"
        for name_of in (index.tz, zone)
    )
    raise ValueError(
        f"{name} has times {where}, but those of the training series are {training_where}. Give "
        f"{advice}."
    )


def _check_same_distance(index, known, name):
    """Raise an error if times are at another distance than those of the training series."""
    distance, training_distance = median_distance(index), known["distance"]
    if not distance or not training_distance or 0.8 < distance / training_distance < 1.25:
        return
    # The median distance of a few labels may differ although their frequency is the same: working
    # days across a weekend, or months of which one is missing.
    if not _has_no_frequency(index, known) and not _is_long(index, training_distance):
        expected = _regular_labels(index, known)
        is_uneven = len(np.unique(np.diff(index.asi8))) > 1
        if index.equals(expected) or (is_uneven and index.isin(expected).all()):
            return
    raise ValueError(
        f"{name} has rows that are {_in_words(distance)} apart, but those of the training series "
        f"are {_in_words(training_distance)} apart. Give a series of the same frequency, or "
        f"{name}.to_numpy() if only the order of its rows matters."
    )


def expected_index(X, training_spec, name):
    """Return the index that a series has if no row of it is missing.

    Parameters
    ----------
    X : object
        A series, or its end.
    training_spec : None or dict
        What `index_spec` returned for the training series.
    name : str
        What the messages call it.

    Returns
    -------
    None or pandas.Index
        The labels from the first to the last one at the frequency of the training series; those of
        `X` itself where that has irregular dates, and None where nothing follows from it.

    Raises
    ------
    ValueError
        If the index is none of increasing times, has another frequency or zone than that of the
        training series, or none at all, or if there is a gap many times as long as the series.
    """
    check_index(X, name)
    known = (training_spec or {}).get("index") or {}
    if not known or not hasattr(X, "iloc") or len(X) == 0:
        return None
    index = as_times(X.index, name)
    _check_same_zone(index, known, name)
    _check_same_distance(index, known, name)
    if _has_no_frequency(index, known):
        is_irregular = known["type"] == "datetime" and not (known["freq"] or known["months"])
        return index if is_irregular else None
    if _is_long(index, known["distance"]):
        raise ValueError(
            f"{name} has {len(index)} rows from {index[0]} to {index[-1]}, but those of the "
            f"training series are {_in_words(known['distance'])} apart. Give the rows after the "
            "last gap."
        )
    expected = _regular_labels(index, known)
    if index.equals(expected) or index.isin(expected).all():
        return expected
    if hasattr(index, "tz") and find_freq(index, {}):
        return None
    raise ValueError(
        f"{name} has times from {index[0]} to {index[-1]} that are not regular, but those of the "
        f"training series {_rule_in_words(known)}. Round them, insert missing rows by "
        f"{name}.asfreq, or give {name}.to_numpy() if only the order of its rows matters."
    )


def _has_no_frequency(index, known):
    """Return whether the training series has no frequency, or labels are of another type."""
    attribute = {"period": "to_timestamp", "datetime": "tz"}.get(known["type"])
    has_rule = known.get("freq") or known.get("months")
    return attribute is None or not has_rule or not hasattr(index, attribute)


def _regular_labels(index, known):
    """Return the labels from the first to the last one at a known frequency."""
    import pandas as pd

    if known["type"] == "period":
        return pd.period_range(index[0], index[-1], freq=index.freq)
    first = timestamp(known["first"], known)
    if known["months"]:
        return dates_by_months(first, known["months"], index[0], index[-1])
    return date_range(index[0], index[-1], freq=known["freq"], unit=index.unit, like=first)


def _is_long(index, distance):
    """Return whether labels span more than 100 times as many distances as there are labels."""
    times = index[[0, -1]] if hasattr(index, "tz") else index[[0, -1]].to_timestamp()
    return (times[1] - times[0]).total_seconds() > 100 * len(index) * (distance or np.inf)


def _rule_in_words(known):
    """Return how the dates of the training series go on, in words."""
    if known.get("months"):
        plural = "s" * (known["months"] > 1)
        return f"are {known['months']} month{plural} apart, on the same day"
    return f"have the frequency {known['freq']!r}"


def _in_words(seconds):
    """Return a distance in words."""
    import pandas as pd

    return str(pd.Timedelta(seconds=seconds).round("s"))


def check_labels(future, spec, n_steps):
    """Raise an error if what is known in advance has other labels than the steps of a forecast.

    Where the index of the series before, which `spec` describes, cannot be continued, dates have to
    be after those of the series.
    """
    check_index(future, "future")
    expected = next_index(spec, n_steps)
    labels = as_times(future.index[:n_steps], "future")
    if expected is None:
        _check_after(labels, spec)
        return
    if type(labels) is not type(expected) and not (
        hasattr(expected, "step") and len(labels) and not hasattr(labels, "freq")
    ):
        raise ValueError(
            f"future has an index of {labels.dtype}, but the series continues with {expected[0]}. "
            "Give future an index of the same kind."
        )
    _check_same_zone(labels, spec["index"], "future")
    is_other = np.flatnonzero(np.asarray(labels != expected))
    if len(is_other):
        row = int(is_other[0])
        raise ValueError(
            f"future has the label {labels[row]} in row {row}, but the forecast is of "
            f"{expected[row]} there. Give the rows from {expected[0]} to {expected[-1]}."
        )


def _check_after(labels, spec):
    """Raise an error if known inputs are not after a series whose dates cannot be continued."""
    index = spec["index"]
    if index is None or index["type"] != "datetime":
        return
    _check_same_zone(labels, index, "future")
    is_after = labels_after(labels, spec)
    if is_after is None or not is_after.all():
        raise ValueError(
            f"future begins with the label {labels[0]}, but the series before ends with "
            f"{timestamp(index['last'], index)}. Give only the rows after that."
        )
