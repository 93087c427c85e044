"""DynamoDB's tables in a dict, by the few calls with which the stores read and put: as quick as a dict for 20,000 items.

Conditions of puts are not looked at, and projections give more than they name. The stores' own tests are with an emulator.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zlib import crc32

Item = dict[str, Any]


class TablesInMemory:
    """A client. `tables` holds the items of each table by stream, then by position, which is empty where an item has none."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, dict[str, Item]]] = defaultdict(dict)

    def put_item(self, **request: Any) -> Item:
        stream, position = _key(request["Item"])
        self.tables[request["TableName"]].setdefault(stream, {})[position] = request["Item"]
        return {}

    def get_item(self, **request: Any) -> Item:
        stream, position = _key(request["Key"])
        found = self.tables[request["TableName"]].get(stream, {}).get(position)
        return {} if found is None else {"Item": found}

    def delete_item(self, **request: Any) -> Item:
        stream, position = _key(request["Key"])
        self.tables[request["TableName"]].get(stream, {}).pop(position, None)
        return {}

    def get_paginator(self, operation: str) -> "_Paginator":
        return _Paginator(self, operation)

    def items(self, table: str) -> list[Item]:
        return [item for of_stream in self.tables[table].values() for item in of_stream.values()]


class _Paginator:
    def __init__(self, client: TablesInMemory, operation: str) -> None:
        self._client, self._operation = client, operation

    def paginate(self, **request: Any) -> Iterator[Item]:
        streams = self._client.tables[request["TableName"]]
        if self._operation == "scan":
            part, parts = request.get("Segment", 0), request.get("TotalSegments", 1)
            mine = (of_stream for stream, of_stream in streams.items() if crc32(stream.encode()) % parts == part)
            yield {"Items": [item for of_stream in mine for _, item in sorted(of_stream.items())]}
            return
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        assert values.keys() <= {":stream", ":after", ":end"}, values
        after, end = values.get(":after", ""), values.get(":end", "\U0010ffff")
        of_stream = streams.get(values[":stream"], {})
        yield {"Items": [item for position, item in sorted(of_stream.items()) if after < position < end]}


def _key(item: Item) -> tuple[str, str]:
    return item["stream"]["S"], item.get("position", {}).get("S", "")
