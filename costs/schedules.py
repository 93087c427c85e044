"""How often a schedule calls in a month, by its expression: `rate(5 minutes)`, `cron(0 0/6 * * ? *)`.

Rules of a bus and schedules of EventBridge Scheduler have the same:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re

HOURS = 730
"""Of a month, as AWS's own calculator counts them."""

_SECONDS_OF = {"minute": 60, "hour": 3600, "day": 24 * 3600}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \S+\)")
_PART = re.compile(r"(?:[*?]|(\d+)(?:-(\d+))?)(?:/(\d+))?")
_FIRST_AND_LAST = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7))
"""Of minutes, hours, days of the month, months and days of the week."""
_NAMES = ("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", "SUN MON TUE WED THU FRI SAT")


def calls_a_month(expression: str) -> float | None:
    """On average; None if the expression says it in a way that is not understood here, such as the last day of a month."""
    if rate := _RATE.fullmatch(expression):
        return HOURS * 3600 / (int(rate[1]) * _SECONDS_OF[rate[2]])
    if (cron := _CRON.fullmatch(expression)) is None:
        return None
    counts = [_count(field, *bounds) for field, bounds in zip(cron.groups(), _FIRST_AND_LAST, strict=True)]
    calls = HOURS / 24
    # The days of a month are 31 here and there, so that "*" is all of them.
    for count, of in zip(counts, (1, 1, 31, 12, 7), strict=True):
        if not count:
            return None
        calls *= count / of
    return calls


def _count(field: str, first: int, last: int) -> int:
    """How many values a field names between these; 0 for one that is not understood."""
    for names in _NAMES:
        for number, name in enumerate(names.split(), 1):
            field = field.replace(name, str(number))
    values: set[int] = set()
    for part in field.split(","):
        if (match := _PART.fullmatch(part)) is None:
            return 0
        start, end, step = (None if text is None else int(text) for text in match.groups())
        if start is None:
            start, end = first, last
        elif end is None:
            end = start if step is None else last
        if not first <= start <= end <= last or step == 0:
            return 0
        values.update(range(start, end + 1, step or 1))
    return len(values)
