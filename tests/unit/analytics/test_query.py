"""SQL is read before anything runs it: a mistake is one line that says where it is and what is allowed."""

import pytest
from training_events.analytics.query import parse
from training_events.errors import BadSql


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT 1", set()),
        ("SELECT run FROM runs;", {"runs"}),
        ("SELECT * FROM RUNS JOIN points USING (run)", {"runs", "points"}),
        ("WITH best AS (SELECT run FROM runs) SELECT * FROM best", {"runs"}),
        ("SELECT stream FROM models UNION ALL SELECT stream FROM datasets", {"models", "datasets"}),
        ("SELECT d.uri FROM runs CROSS JOIN UNNEST(datasets) AS t(d)", {"runs"}),
        ("SELECT (SELECT count(*) FROM findings WHERE is_broken)", {"findings"}),
    ],
)
def test_a_query_names_its_tables(text: str, tables: set[str]):
    query = parse(text)
    assert (set(query.tables), query.elsewhere, query.text) == (tables, None, text.rstrip(";"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT run FROM", "the SQL cannot be read at line 1, column 15, near 'FROM'"),
        ("SELECT run\nFROM runs\nWHERE", "the SQL cannot be read at line 3, column 5, near 'WHERE'"),
        ("SELECT 'run", "the SQL cannot be read: Error tokenizing"),
        ("", "the SQL is 0 statements; allowed: one query"),
        ("SELECT 1; SELECT 2", "the SQL is 2 statements; allowed: one query"),
        ("DROP TABLE runs", "the SQL is the statement DROP; allowed: one query"),
        ("INSERT INTO runs VALUES (1)", "the SQL is the statement INSERT"),
        ("CREATE TABLE a AS SELECT * FROM runs", "the SQL is the statement CREATE"),
        ("COPY runs TO 'x.csv'", "the SQL "),
        ("SELECT * FROM rums", "there is no table 'rums'; did you mean `runs`?; allowed: one query"),
        ("SELECT * FROM '/etc/passwd'", "there is no table '/etc/passwd'"),
        ("SELECT * FROM read_text('/etc/passwd')", "as a table; allowed: one query"),
        (f"SELECT {'(' * 5000}1{')' * 5000}", "the SQL cannot be read"),
    ],
)
def test_a_mistake_is_one_line(text: str, message: str):
    with pytest.raises(BadSql) as flaw:
        parse(text)
    assert message in str(flaw.value)
    assert "\n" not in str(flaw.value)
    assert "sqlglot" not in str(flaw.value)


def test_tables_of_other_databases_are_for_athena_to_find():
    query = parse("SELECT * FROM runs JOIN shop.orders USING (run)")
    assert (set(query.tables), query.elsewhere) == ({"runs"}, "shop.orders")
    with pytest.raises(BadSql, match=r"names the table 'shop\.orders': a log in a file has no other tables"):
        query.to_duckdb()


def test_what_duckdb_has_another_word_for_is_translated():
    query = parse(
        "SELECT element_at(metrics, 'loss').best FROM runs WHERE contains(stages, 'a') AND json_extract_scalar(d, '$.x') = 'y'"
    )
    assert query.to_duckdb() == (
        "SELECT metrics['loss'].best FROM runs WHERE ARRAY_CONTAINS(stages, 'a') AND (d ->> '$.x') = 'y'"
    )
