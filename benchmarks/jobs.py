"""Many small measurements side by side, each on one core, that can be stopped and go on.

Each is of a series and a method, and gives a line of a CSV file, which is written as soon as it is
there. What the file holds already is not measured again.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import tables

KEYS = ["series", "method"]
# Read by BLAS, TensorFlow and JAX where they start: in the processes, not in this one.
ONE_CORE = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS", "NPROC",
    ),
    "1",
)  # fmt: skip


def read_options(description, methods, path):
    """Return the options of a benchmark that measures some methods on many series."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, help="folder of the development series")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th series only")
    parser.add_argument("--methods", nargs="+", choices=methods, default=list(methods))
    parser.add_argument("--jobs", type=int, default=1, help="processes, of a core each")
    parser.add_argument("--output", type=Path, default=path)
    parser.add_argument("--show", action="store_true", help="show the results and run nothing")
    options = parser.parse_args()
    if options.data is None and not options.show:
        parser.error("--data is required, unless --show is given")
    return options


def lacks(path, series, method):
    """Return whether a file has no line of one of the series with a method."""
    done = {tuple(line[k] for k in KEYS) for line in tables.read_lines(path)}
    return not {(name, method) for name in series} <= done


def add_lines(path, figures, method, measured):
    """Add a line for each pair of a series' name and its figures.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    figures : list of str
        Its columns after `KEYS`.
    method : str
        The method of all of them.
    measured : iterable of (str, dict)
        Names and figures.
    """
    for name, found in measured:
        tables.add_line(path, [*KEYS, *figures], {"series": name, "method": method} | found)


def run_jobs(measure, tasks, path, figures, n_jobs):
    """Measure what a file does not hold yet, and add it.

    Parameters
    ----------
    measure : function
        Of a module, as processes of their own call it; it returns a dict of figures.
    tasks : dict of (series, method) to tuple
        The arguments of `measure`, in the order in which they are begun.
    path : pathlib.Path
        The file.
    figures : list of str
        Its columns after `KEYS`.
    n_jobs : int
        Processes.

    Returns
    -------
    int
        How many measurements failed. The error of each is printed; the others go on.
    """
    done = {tuple(line[k] for k in KEYS) for line in tables.read_lines(path)}
    left = {key: arguments for key, arguments in tasks.items() if key not in done}
    n_failed = 0
    os.environ.update(ONE_CORE)
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(measure, *arguments): key for key, arguments in left.items()}
        for n, future in enumerate(as_completed(futures), start=1):
            key = futures[future]
            if error := future.exception():
                n_failed += 1
                print(f"{', '.join(key)} failed: {error!r}", file=sys.stderr, flush=True)
                continue
            tables.add_line(
                path, [*KEYS, *figures], dict(zip(KEYS, key, strict=True)) | future.result()
            )
            if n % 100 == 0:
                print(f"{n} of {len(left)}", file=sys.stderr, flush=True)
    return n_failed
