"""Results in CSV files.

A table has a line for each series and quantity, and a column for each setting. It is a dict from
the first cells of a line, the last of which names the quantity (``error``, ``seeds``, ``seconds``
or ``readout``), to a dict from settings to values.

Results that take long are added line by line: a line is a dict from columns to values.
"""

import csv

QUANTITY = "quantity"


def read(path):
    """Return the table in a file; an empty one if there is no file."""
    if not path.exists():
        return {}
    with open(path, newline="") as file:
        header, *lines = csv.reader(file)
    n = header.index(QUANTITY) + 1
    return {
        tuple(line[:n]): {
            setting: _parse(cell)
            for setting, cell in zip(header[n:], line[n:], strict=True)
            if cell
        }
        for line in lines
    }


def write(path, keys, table, settings):
    """Write a table to a file, numbers with six significant digits, so that three can be printed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    keys : list of str
        What the first cells of a line are called, before the quantity.
    table : dict
        The table.
    settings : list of str
        The order of the columns; settings that are not in it come last.
    """
    found = {setting: None for line in table.values() for setting in line}
    columns = [s for s in settings if s in found] + [s for s in found if s not in settings]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*keys, QUANTITY, *columns])
        for key, line in table.items():
            writer.writerow([*key, *(_format(line.get(s, "")) for s in columns)])


def merge(before, new):
    """Return a table with the cells of both, the new ones where both have one."""
    return {key: before.get(key, {}) | new.get(key, {}) for key in before | new}


def read_lines(path):
    """Return the lines that `add_line` wrote, with strings for values; none if there is no file."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def add_line(path, columns, line):
    """Add a line to a file, numbers with six significant digits; what it lacks stays empty."""
    is_new = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in line.items()})


def _parse(cell):
    try:
        return float(cell)
    except ValueError:
        return cell


def _format(value):
    return value if isinstance(value, str) else f"{value:.6g}"
