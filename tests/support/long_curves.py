"""Values of metrics with hundreds of points, made of few choices, so that there are many of them and they shrink well."""

import math

from hypothesis import strategies as st

_VALUES = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0, -1.0, 1e308, -1e308]) | st.floats()
_PIECES = st.tuples(st.lists(_VALUES, min_size=1, max_size=5), st.integers(1, 40))

long_curves = st.lists(_PIECES, max_size=8).map(lambda pieces: [value for values, times in pieces for value in values * times])
"""Each piece repeats a few values: so groups of points have equal values, and several that are not finite."""
