import numpy as np
import pandas as pd
import pytest
from helpers import series_of

from skwave._pandas_index import check_index

DAYS = pd.date_range("2024-01-01", periods=120, freq="D")
MONTHS = pd.period_range("2000-01", periods=120, freq="M")


@pytest.mark.parametrize("index", [DAYS, MONTHS], ids=["dates", "periods"])
@pytest.mark.parametrize(
    "order", [slice(None, None, -1), np.r_[5, 0:5, 6:120]], ids=["reversed", "one moved"]
)
def test_dates_out_of_order_are_refused(index, order):
    with pytest.raises(ValueError, match=r"series has an .*order of time.*Use sort_index\(\)"):
        check_index(series_of(index[order]), "series")


def test_other_orders_are_accepted():
    check_index(series_of(DAYS))
    check_index(series_of(pd.Index(np.arange(200, 80, -1))))
    check_index(np.arange(3))


def test_the_first_working_day_of_each_year_is_not_an_exchanged_date():
    check_index(series_of(pd.date_range("1950-01-01", periods=70, freq="BYS")))
