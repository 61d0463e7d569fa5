"""Whether files of an export in several formats hold the same rows, as other programs read them.

    graph-pstn emulate --truth --from 2019-11-01 --to 2019-12-01 > truth.json
    python3 same_rows.py truth.json calls.csv sheet.csv calls.ndjson raw.ndjson calls.parquet

A CSV file with a byte order mark is taken for one of `--spreadsheet`. Needs pyarrow and, if it is there, tries
duckdb too. The project's own tests need no Python; this is for looking at the formats from outside.
"""

import csv
import json
import sys
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal

MONEY = {"charge", "connectionCharge", "callCharge", "totalCallCharge"}
WHOLE = {"duration", "smsUnits", "totalCalls", "totalCallSeconds", "finalSipCode", "callEndSubReason"}


def moment(text):
    """A time as 100 ns since 1970."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(seconds.timestamp()) * 10_000_000 + int((fraction or "0").ljust(7, "0"))


def value(name, text):
    if text is None or text == "":
        return None
    if name in MONEY:
        return Decimal(text)
    if name in WHOLE:
        return int(text)
    return moment(text) if name.endswith("DateTime") else text


def of_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        marked = file.read(1) == "\ufeff"
        if not marked:
            file.seek(0)
        for row in csv.DictReader(file, strict=True):
            if marked:
                row = {name: cell[1:] if cell.startswith("'") else cell for name, cell in row.items()}
            yield {name: value(name, cell) for name, cell in row.items()}


def of_ndjson(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line, parse_float=Decimal, parse_int=lambda text: text)
            yield {name: value(name, str(cell) if cell is not None else None) for name, cell in row.items()}


def of_parquet(path):
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(path)
    print(path, {key.decode(): text.decode() for key, text in file.metadata.metadata.items()})
    times = [name for name in file.schema_arrow.names if name.endswith("DateTime")]
    for batch in file.iter_batches():
        for name in times:
            column = batch.column(name)
            assert str(column.type) == "timestamp[ns, tz=UTC]", column.type
            ticks = column.cast("int64")
            batch = batch.set_column(batch.schema.get_field_index(name), name, ticks)
        for row in batch.to_pylist():
            for name in times:
                if row[name] is not None:
                    assert row[name] % 100 == 0
                    row[name] //= 100
            yield row


def duckdb_totals(path):
    import duckdb

    charges = duckdb.sql(f"SELECT currency, sum(charge) FROM '{path}' WHERE charge IS NOT NULL GROUP BY 1").fetchall()
    (rows, duration), = duckdb.sql(f"SELECT count(*), sum(duration) FROM '{path}'").fetchall()
    return rows, int(duration), dict(charges)


def main(truth, *paths):
    with open(truth, encoding="utf-8") as file:
        truth = json.load(file)
    expected = truth["rows"], truth["duration"], {name: Decimal(sum) for name, sum in truth["charge"].items()}
    first = None
    for path in paths:
        readers = {"csv": of_csv, "ndjson": of_ndjson, "parquet": of_parquet}
        digests, duration, charge = [], 0, defaultdict(Decimal)
        for row in readers[path.rsplit(".", 1)[1]](path):
            digests.append(hash(tuple(sorted((name, cell) for name, cell in row.items()))))
            duration += row["duration"] or 0
            if row["charge"] is not None:
                charge[row["currency"]] += row["charge"]
        first = first or digests
        assert digests == first, f"{path} differs from {paths[0]}"
        assert (len(digests), duration, dict(charge)) == expected, (path, len(digests), duration, charge, expected)
        print(f"{path}: {len(digests)} rows, the same as the others and the truth")
        if path.endswith(".parquet"):
            try:
                totals = duckdb_totals(path)
            except ImportError:
                continue
            assert totals == expected, (totals, expected)
            print(f"{path}: DuckDB agrees")


main(*sys.argv[1:])
