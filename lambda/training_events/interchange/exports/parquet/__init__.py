"""The log as tables in Parquet."""
