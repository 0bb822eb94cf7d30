"""Whether the times of other values go with those of the training series."""

import numpy as np

from skwave._index_spec import index_spec, next_index, regular_dates, timestamp
from skwave._pandas_index import check_index


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
    index, known = check_index(X, name), (training_spec or {}).get("index")
    if index is None or known is None:
        return None
    _check_same_zone(index, known, name)
    # Nine labels, since the next working day may be three days away.
    following = next_index(training_spec, 9)
    # Numbers and times since a start are in no month.
    if not all(hasattr(labels, "month") for labels in (index, following)):
        is_irregular = known["type"] == "datetime" and following is None
        return index if is_irregular else None
    distance, usual = _median_distance(index), _median_distance(following)
    expected = _regular_labels(index, known, usual)
    # Of a series of another frequency no two rows are neighbors.
    if expected is not None and (len(index) < 3 or np.diff(expected.get_indexer(index)).min() == 1):
        return expected
    if expected is not None or distance <= 0.8 * usual or distance >= 1.25 * usual:
        raise ValueError(
            f"{name} has rows that are {distance} apart, but those of the training series are "
            f"{usual} apart. Give a series of the same frequency, or {name}.to_numpy() if only the "
            "order of its rows matters."
        )
    # Such as weeks that begin on another day.
    if isinstance((index_spec(X)["index"] or {}).get("freq"), str):
        return None
    raise ValueError(
        f"{name} has {len(index)} rows from {index[0]} to {index[-1]} that are not regular, but "
        f"those of the training series {_in_words(known['freq'])}. Round them, or insert missing "
        f"rows by {name}.asfreq. Give the rows after the last gap if it is long, or "
        f"{name}.to_numpy() if only the order of its rows matters."
    )


def _check_same_zone(index, known, name):
    """Raise an error if clocks show another time than in the zone of the training series."""
    if known["type"] != "datetime" or not hasattr(index, "tz"):
        return
    zone, ends = timestamp(known, "last").tz, index[[0, -1]]
    text = str(zone)
    if zone is None:
        is_same = index.tz is None
        advice = (
            f"{name}.tz_localize(None) if the training series has the times of this zone, and "
            f"else {name}.tz_convert(...) to its zone before"
        )
    elif index.tz is None:
        is_same = False
        advice = (
            f"{name}.tz_localize({text!r}) if these are local times, or "
            f"{name}.tz_localize('UTC').tz_convert({text!r}) if they are those of UTC"
        )
    else:
        is_same = ends.tz_localize(None).equals(ends.tz_convert(zone).tz_localize(None))
        advice = f"{name}.tz_convert({text!r})"
    if not is_same:
        where, training_where = (
            "without a time zone" if one is None else f"in the time zone {one}"
            for one in (index.tz, zone)
        )
        raise ValueError(
            f"{name} has times {where}, but those of the training series are {training_where}. "
            f"Give {advice}."
        )


def _median_distance(index):
    """Return the median distance of dates or periods; working days are a day apart."""
    import pandas as pd

    times = index if hasattr(index, "tz") else index.to_timestamp()
    return pd.Series(times).diff().median()


def _regular_labels(index, known, distance):
    """Return the labels from the first to the last one at a known frequency.

    None where the index has others, or where they would be more than 100 times as many.
    """
    import pandas as pd

    begin, end = index[[0, -1]] if hasattr(index, "tz") else index[[0, -1]].to_timestamp()
    if (end - begin) / distance > 100 * len(index):
        return None
    if known["type"] == "period":
        expected = pd.period_range(index[0], index[-1], freq=known["freq"])
    else:
        expected = regular_dates(known["freq"], timestamp(known, "anchor"), begin, end)
    return expected if index.isin(expected).all() else None


def _in_words(freq):
    """Return how labels of the training series go on, in words."""
    if isinstance(freq, int):
        return f"are {freq} month{'s' * (freq > 1)} apart, on the same day"
    return f"have the frequency {freq!r}"


def check_labels(future, spec, n_steps):
    """Raise an error if what is known in advance has other labels than the steps of a forecast.

    Where the index of the series before, which `spec` describes, cannot be continued, dates have to
    be after those of the series.
    """
    labels, known = check_index(future, "future")[:n_steps], spec["index"]
    expected = next_index(spec, n_steps)
    if known is not None:
        _check_same_zone(labels, known, "future")
    if expected is not None:
        is_other = np.flatnonzero(np.asarray(labels != expected))
        if len(is_other):
            row = int(is_other[0])
            raise ValueError(
                f"future has the label {labels[row]} in row {row}, but the forecast is of "
                f"{expected[row]} there. Give the rows from {expected[0]} to {expected[-1]}."
            )
    elif known is not None:
        last = timestamp(known, "last")
        if not hasattr(labels, "tz") or labels[0] <= last:
            raise ValueError(
                f"future begins with the label {labels[0]}, but the series before ends with "
                f"{last}. Give only the rows after that."
            )
