"""A name that a page writes into an address is read as the same name."""

from hypothesis import given
from hypothesis import strategies as st
from training_events.reading.search.names import read_name, written_name
from training_events.reading.search.order import read_order
from training_events.reading.search.values import ATTRIBUTES
from training_events.stores.search import Column, Name, Order

from tests.support.strategies import loose_text

keys = st.one_of(
    loose_text.filter(bool), st.sampled_from(["loss", "eval/loss", "x.last", "last", "a.b", "a`b", "a..b", ".", "a."])
)
columns: st.SearchStrategy[Column] = st.sampled_from(["value", "last", "min", "max"])
names = st.one_of(
    st.tuples(st.sampled_from(["params", "tags"]), keys).map(lambda pair: Name(".".join(pair))),
    st.tuples(keys.map("metrics.{}".format), columns).map(lambda pair: Name(pair[0], pair[1])),
    st.sampled_from(sorted(ATTRIBUTES)).map(lambda name: Name(f"attributes.{name}")),
)


@given(names, st.booleans())
def test_a_written_name_is_read_again(name, descending):
    assert read_name(written_name(name)) == name
    assert read_order(f"{'-' * descending}{written_name(name)}") == (Order(name, descending=descending),)
