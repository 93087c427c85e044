"""What a `where` and an `order_by` mean, for one run; and what is said of those that mean nothing."""

import pytest
from training_events.errors import BadSearch
from training_events.folds.headline import Headline
from training_events.folds.summary import RunSummary, UsedVersion
from training_events.reading.search.judging import meets
from training_events.reading.search.order import read_order
from training_events.reading.search.where import MAX_CONDITIONS, MAX_VALUES, read_where
from training_events.stores.search import Name, Order

RUN = RunSummary(
    stream="run/digits-7",
    status="completed",
    model="digits",
    first_at="2026-11-22T15:00:00.000000Z",
    started_at="2026-11-22T15:00:01.000000Z",
    finished_at="2026-11-22T16:00:01.000000Z",
    duration_seconds=3600.0,
    events=9,
    attempts=1,
    metrics={
        "accuracy": Headline("maximize", 0.97, 0.95, 0.5, 0.97),
        "eval/loss": Headline("minimize", None, "NaN"),
        "epoch": Headline("maximize", None, 3.0, 1.0, 3.0),
        "x.last": Headline("maximize", 1.0, 1.0, 1.0, 1.0),
        "grad norm": Headline("minimize", 2.0, "Infinity", 2.0, 2.0),
    },
    hyperparameters={
        "lr": 0.001,
        "optimizer.name": "Adam",
        "batch": "0128",
        "shuffle": True,
        "warm up": None,
        "größe": "it's",
        "n": 7,
    },
    tags={"team": "vision", "group": "sweep-1", "imported": "True", "pages": "10%"},
    datasets=[
        UsedVersion("s3://b/digits.npz", "v1", "aa11", "train"),
        UsedVersion("s3://b/held out.csv?x", "v2", "bb22", None),
    ],
    commit="1e5",
    dirty=False,
    seeded=True,
)


def is_met(where: str) -> bool:
    return meets(RUN, read_where(where))


@pytest.mark.parametrize(
    "where",
    [
        "metrics.accuracy > 0.96",
        "metric.accuracy >= 0.97 AND metrics.accuracy.best <= .97",
        "metrics.accuracy.last = 0.95 and metrics.accuracy.min < 0.6 and metrics.accuracy.max != 1",
        "metrics.`accuracy`.last < 0.96",
        "metrics.eval/loss = nan",
        "metrics.`eval/loss`.last = NaN",
        "metrics.eval/loss != 1",
        "metrics.epoch = 3",
        "metrics.x.last.last = 1",
        "metrics.`x.last` = 1",
        'metrics."grad norm".last = Infinity',
        "metrics.`grad norm`.last > 1e300",
        "params.lr = 0.001",
        "params.lr = '0.001'",
        'parameters.lr = "1e-3"',
        "param.lr < '0.01'",
        "params.lr IN ('0.1', '0.001')",
        "params.optimizer.name = 'Adam'",
        "params.`optimizer.name` LIKE 'A%m'",
        "params.optimizer.name ilike 'a_AM'",
        "params.optimizer.name not like 'a%'",
        "params.batch = '0128'",
        "params.batch = 128",
        "params.batch != '128'",
        "params.batch > 127.5",
        "params.shuffle = true",
        "params.shuffle = 'True'",
        "params.shuffle like 't%'",
        "params.`warm up` is null",
        "params.größe = 'it''s'",
        'params.größe = "it\'s"',
        "params.n LIKE '7'",
        "params.nobody IS NULL",
        "params.lr IS NOT NULL",
        "tags.team IN ('vision')",
        "tag.imported = true",
        "tags.pages LIKE '10%'",
        "tags.pages LIKE '%\\%' or tags.pages LIKE '__%'",
        "attributes.status = 'FINISHED'",
        "status IN ('running', 'completed')",
        "run.run_id = 'digits-7' and id LIKE 'digits-_'",
        "attr.run_name = 'digits-7'",
        "group = 'sweep-1'",
        "commit = '1e5' and commit != '100000'",
        "duration > 60 and attempts = 1",
        "start_time > '2026-11-22' and end_time < '2026-11-22T16:00:02Z'",
        "created >= 1795359600000",
        "started_at < 'now'",
        "dirty = false and seeded = 'TRUE' and hidden != true",
        "datasets.digest = 'bb22'",
        "dataset.name = 'held out' and dataset.context = 'train'",
        "datasets.digest != 'bb22'",
        "not datasets.digest = 'cc'",
        "datasets.version not in ('v1')",
        "model = 'digits' or metrics.nobody > 1",
        "not (metrics.accuracy > 0.98 or model = 'other')",
        "NOT NOT status = 'completed'",
        "model='digits'AND(status='completed')",
        "model = 'other' and model = 'other' or model = 'digits'",
    ],
)  # fmt: skip
def test_the_run_meets(where: str):
    assert is_met(where)
    assert not is_met(f"not ({where})")


@pytest.mark.parametrize(
    "where",
    [
        "metrics.nobody > 1",
        "not metrics.nobody > 1",
        "metrics.nobody != 1",
        "metrics.eval/loss < 1",
        "metrics.eval/loss >= 1",
        "metrics.eval/loss.min < 1",
        "params.optimizer.name > 1",
        "params.optimizer.name <= 1",
        "params.lr > 'abc'",
        "params.lr <= 'abc'",
        "params.batch = '128'",
        "params.`warm up` = 'None'",
        "params.optimizer.name LIKE 'adam'",
        "tags.team LIKE 'visio'",
        "tags.team LIKE 'ision'",
        "datasets.digest LIKE 'cc%'",
        "not datasets.digest = 'bb22'",
        "finished_at IS NULL",
        "error = 'x'",
        "not error = 'x'",
    ],
)
def test_the_run_does_not_meet(where: str):
    assert not is_met(where)


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("metrics.accuracy >", "at character 19: expected a number, a text in quotes, true or false, but it ends here"),
        ("metrics.accuracy 5", "at character 18: expected a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL"),
        (
            "status = failed",
            "at character 10: expected a number, a text in quotes, true or false, not `failed`: a text is in qu",
        ),
        ("status = 'faild'", "at character 10: no run has the status 'faild'; did you mean `failed`?"),
        ("statsu = 'failed'", "at character 1: a run has no attribute `statsu`; did you mean `status`?"),
        ("status = 'failed", "at character 10: expected a number, a text in quotes, true or false; the quote ' is not closed"),
        ("metrics.a > 'abc'", "at character 13: a metric is compared with a number, NaN or Infinity, not with 'abc'"),
        ("metrics.a = 1 && metrics.b = 2", "at character 15: expected AND, OR or the end, not `&`: write AND"),
        ("metrics.a == 1", "not `=`: write one ="),
        ("metrics.a <> 1", "not `>`: write !="),
        ("params.a = NULL", "not `NULL`: write IS NULL or IS NOT NULL"),
        (
            "\x1b[31m = 1",
            "at character 1: expected a name such as metrics.accuracy, params.alpha, tags.team or status, not `\\x1b`",
        ),
        ('attributes."a\x1bb" = 1', "a run has no attribute `a\\x1bb`"),
        ("(dirty = true", "at character 14: expected `)`, but it ends here"),
        (
            "metrik.a > 1",
            "at character 1: `metrik` is none of metrics, params, tags, attributes and datasets; did you mean `metrics`",
        ),
        (
            "started_at > 'soonish'",
            "at character 14: `started_at` is compared with a time: 'soonish' is no time; allowed: 2026",
        ),
        ("dirty > true", "at character 1: `dirty` is true or false: = or !=, not >"),
        ("dirty = 'maybe'", "at character 9: `dirty` is true or false, not 'maybe'"),
        ("duration LIKE '6%'", "at character 1: LIKE is for texts, and `duration` is a number"),
        ("params.lr LIKE 6", "at character 16: a pattern is a text in quotes, not 6"),
        ("datasets.rows > 1", "at character 1: a dataset has no `rows`; it has digest, version, uri, name, role"),
        ("params.a IN ()", "at character 14: expected a number, a text in quotes, true or false, not `)`"),
        ("params.a = '\udcff'", "at character 13: this is no Unicode text"),
        (f"{'(' * 5000}dirty = true", "expected `)`, but it ends here"),
    ],
)
def test_a_mistake_is_shown_where_it_is(where: str, what: str):
    with pytest.raises(BadSearch) as raised:
        read_where(where)
    assert str(raised.value).startswith("where, at character ")
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "where",
    [
        " or ".join(["dirty = true"] * (MAX_CONDITIONS + 1)),
        f"id IN ({', '.join(['1'] * (MAX_VALUES + 1))})",
        "(dirty = true or dirty = true and " * 2000 + "dirty = true" + ")" * 2000,
    ],
)
def test_there_is_a_limit_to_conditions_and_values(where: str):
    with pytest.raises(BadSearch, match="more than 100 conditions, or 1000 values"):
        read_where(where)


def test_many_brackets_are_no_mistake():
    assert is_met(f"{'(' * 3000}dirty = false{')' * 3000}")
    assert is_met(f"{'not ' * 3000}dirty = false")


def test_an_order_is_by_names_in_either_direction():
    assert read_order("") == read_order([]) == read_order([""]) == ()
    lr, loss = Name("params.lr"), Name("metrics.a loss", "last")
    assert read_order("-params.lr, metrics.`a loss`.last") == (Order(lr, descending=True), Order(loss))
    assert read_order("params.lr desc, metrics.`a loss`.last ASC") == (Order(lr, descending=True), Order(loss))
    assert read_order(["params.lr", "start_time DESC"]) == (Order(lr), Order(Name("attributes.started_at"), descending=True))


@pytest.mark.parametrize(
    ("order_by", "what"),
    [
        (
            "metrics.a downwards",
            "at character 1: expected a name such as -metrics.accuracy or started_at DESC, not 'metrics.a dow",
        ),
        ("params.a, , params.b", "at character 10: expected a name"),
        ("params.a, begun_at", "at character 11: a run has no attribute `begun_at`"),
        ("datasets.digest", "at character 1: a run may have several datasets: no order is by them"),
        (",".join(["params.a"] * 9), "more than 8 names"),
    ],
)
def test_a_mistake_in_an_order_is_shown_where_it_is(order_by: str, what: str):
    with pytest.raises(BadSearch) as raised:
        read_order(order_by)
    assert str(raised.value).startswith("order")
    assert what in str(raised.value)
