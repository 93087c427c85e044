"""`python -m training_events.analytics.job`: checks the whole log in parallel, from DynamoDB's exports of it, on Spark.

It folds every stream, compares the states with the read models, verifies every event and every chain, and writes tables in
Parquet. The exit code is 1 if something is broken or missing, 2 if an argument is to be corrected. docs/operate/analytics.md
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.analytics.beside import Beside
from training_events.analytics.exported_log import read_exported_log, state_at
from training_events.analytics.exported_tree import TreePlace
from training_events.analytics.places import place_at
from training_events.analytics.summary import sentences
from training_events.errors import Misused, TrainingEventsError, is_from_aws
from training_events.proof.tree.keys import read_public_key
from training_events.settings import Settings
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from training_events.analytics.summary import Summary

_BUCKET = re.compile(r"(?:s3://)?([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
_GLUE = "--JOB_"
"""How arguments begin that AWS Glue adds. It adds others too.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job. Returns the exit code; every failure is one line on standard error."""
    try:
        summary = run(sys.argv[1:] if arguments is None else arguments)
    except Misused as error:
        return _fail(error, 2)
    except (TrainingEventsError, OSError) as error:
        return _fail(error, 1)
    except Exception as error:
        if is_from_aws(error):
            return _fail(error, 1)
        raise
    for sentence in sentences(summary):
        print(sentence)
    return 0 if summary.is_sound else 1


def run(arguments: Sequence[str]) -> Summary:
    """Run the job. Raises TrainingEventsError, and what AWS's SDK raises."""
    options = _options(arguments)
    place, state_file = state_at(options.exports)
    place_at(options.tables)
    exported = read_exported_log(place_at(place), state_file)
    models = exported.read_models
    compared = models is not None and models.to <= exported.as_of  # a later state has events that the log's export lacks
    key = Settings().optional("checkpoint_key")
    public_key = None if key is None else read_public_key(Path(key))
    tree = None if options.notary is None else TreePlace(options.notary, public_key)
    beside = Beside(exported.as_of, compare_states=compared, seal_bucket=options.seals)
    from training_events.analytics.spark_job import SparkJob  # noqa: PLC0415 - what is wrong until here needs no Spark

    files, items = len(exported.files), exported.log.items
    print(f"reading {items:,} events from {files:,} files; the log as it was at {exported.as_of}", file=sys.stderr, flush=True)
    summary = SparkJob(_session(), exported, place, options.tables, beside, tree=tree).run(now())
    if options.database is not None:
        from training_events.analytics.catalog import point_tables_at  # noqa: PLC0415 - only AWS has a catalog

        point_tables_at(options.database, options.tables, summary.snapshot)
    return summary


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training_events.analytics.job", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--exports", required=True, metavar="PLACE", help="where the exports are: a folder, or s3://<bucket>/analytics/exports"
    )
    parser.add_argument(
        "--tables", required=True, metavar="PLACE", help="where the tables go: a folder, or s3://<bucket>/analytics/tables"
    )
    parser.add_argument(
        "--database", metavar="NAME", help="the database of Glue's catalog whose tables are to be those of this run"
    )
    parser.add_argument("--seals", type=_bucket, metavar="BUCKET", help="the bucket with the seals (default: none are read)")
    parser.add_argument(
        "--notary", type=_bucket, metavar="BUCKET", help="the bucket with the notary's tree (default: its leaves are not read)"
    )
    options, more = parser.parse_known_args(arguments)
    if more and not any(argument.startswith(_GLUE) for argument in arguments):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return options


def _bucket(text: str) -> str:
    if (found := _BUCKET.fullmatch(text)) is None:
        raise argparse.ArgumentTypeError(f"{text!a:.100} names no bucket; allowed: <bucket>, or s3://<bucket>")
    return found[1]


def _session() -> SparkSession:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - only this job needs it
    except ImportError:
        raise Misused("the job needs Spark: pip install pyspark==3.5.9, with Java 17; AWS Glue has both") from None
    return SparkSession.builder.appName("training-events").getOrCreate()


def _fail(error: Exception, code: int) -> int:
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
