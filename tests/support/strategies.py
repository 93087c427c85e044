"""Generated JSON values, events and envelopes, shared by the property tests."""

import sys
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from training_events.event import MAX_INTEGER, STREAM_KINDS, Event, Producer, in_one_form
from training_events.times import to_utc_text

# text that UTF-8 can encode; surrogates are generated only where they have to be refused
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
integers = st.integers() | st.integers(-(2**70), 2**70)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | integers | floats | text
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
)
json_objects = st.dictionaries(text, json_values, max_size=4)

# what json.loads, and so Lambda, can return: also NaN, infinities and lone surrogates
loose_text = st.text(st.characters(), max_size=8)
loose_values = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | loose_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(loose_text, inner, max_size=4),
    max_leaves=12,
)

# in the one form that a stream's name has; other forms are generated only where they have to be refused or put into it
names = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
    .map(in_one_form)
    .filter(lambda name: name and name == name.strip())
)
streams = st.builds("{}/{}".format, st.sampled_from(STREAM_KINDS), names).map(in_one_form)
moments = st.datetimes(max_value=datetime(2026, 1, 1)).map(  # noqa: DTZ001 - before today: no log takes what is far ahead
    lambda moment: to_utc_text(moment.isoformat() + "Z")
)
counts = st.integers(1, MAX_INTEGER)


def events(stream: st.SearchStrategy[str] = streams, occurred_at: st.SearchStrategy[str] = moments) -> st.SearchStrategy[Event]:
    extensions = st.dictionaries(names.map("x-{}".format), json_values, max_size=2)
    producers = st.builds(Producer, names, counts, st.none() | names, extensions)
    return st.builds(
        Event,
        event_id=names,
        stream=stream,
        type=names,
        occurred_at=occurred_at,
        source=names,
        data=json_objects,
        schema_version=counts,
        producer=st.none() | producers,
        correlation_id=st.none() | names,
        resources=st.lists(text, max_size=2).map(tuple),
        extensions=extensions,
    )


def envelopes() -> st.SearchStrategy[Any]:
    """Anything at all, but often with the keys that have a meaning."""
    keys = ["event_id", "stream", "occurred_at", "schema_version", "producer", "correlation_id", "data", "run_id", "model_name"]
    values = loose_values | names | st.sampled_from(["run/x", "2026-01-01T00:00:00Z", 1795360119955, sys.float_info.max, 1])
    producer = st.fixed_dictionaries({}, optional={"id": values, "sequence": values, "previous": values})
    detail = st.fixed_dictionaries({}, optional=dict.fromkeys(keys, values) | {"producer": producer | values})
    whole = {"source": names, "detail-type": names, "id": names, "time": st.just("2026-01-01T00:00:00Z"), "detail": detail}
    sound = st.fixed_dictionaries(whole)
    odd = st.fixed_dictionaries({}, optional={key: value | values for key, value in whole.items()} | {"resources": values})
    return sound | odd | loose_values
