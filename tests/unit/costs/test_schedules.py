"""How often a schedule calls in a month of 730 hours."""

import pytest

from costs.schedules import calls_a_month

DAYS = 730 / 24


@pytest.mark.parametrize(
    ("expression", "calls"),
    [
        ("rate(1 minute)", 43_800),
        ("rate(5 minutes)", 8760),
        ("rate(2 hours)", 365),
        ("rate(1 day)", DAYS),
        ("cron(0 3 * * ? *)", DAYS),
        ("cron(* * * * ? *)", 43_800),
        ("cron(0 0/6 * * ? *)", 4 * DAYS),
        ("cron(0/20 8-17 ? * MON-FRI *)", 30 * DAYS * 5 / 7),
        ("cron(5,35 3 1 JAN,JUL ? *)", 2 * DAYS / 31 / 6),
        ("cron(0 1/2 * * ? *)", 12 * DAYS),
    ],
)
def test_a_schedule_calls_as_often_as_its_expression_says(expression: str, calls: float) -> None:
    assert calls_a_month(expression) == pytest.approx(calls)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "at(2026-11-29T00:00:00)",
        "cron(0 3 L * ? *)",
        "cron(0 3 ? * 6#3 *)",
        "cron(60 3 * * ? *)",
        "cron(0 3 * *)",
        "cron(0/0 * * * ? *)",
    ],
)
def test_what_is_not_understood_is_not_guessed(expression: str) -> None:
    assert calls_a_month(expression) is None
