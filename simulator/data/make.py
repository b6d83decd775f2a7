#!/usr/bin/env python3
"""Makes nyc-requests.csv.gz and nyc-vehicles.csv from the wheel of `nrel.hive` 1.3.1.

    pip download --no-deps nrel.hive==1.3.1
    python3 make.py nrel.hive-1.3.1-py3-none-any.whl

The densest 5,000 requests in a row are kept, in the order of their departure. The same wheel gives
the same bytes.
"""
import csv
import gzip
import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path

SCENARIO = 'nrel/hive/resources/scenarios/manhattan/'
ROWS = 5_000
here = Path(__file__).parent


def rows_of(wheel, name):
    with wheel.open(SCENARIO + name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding='utf-8')))


def place(row, prefix):
    return f"{float(row[prefix + 'lat']):.5f}", f"{float(row[prefix + 'lon']):.5f}"


def densest(requests):
    times = [datetime.fromisoformat(row['departure_time']) for row in requests]
    spans = [times[i + ROWS - 1] - times[i] for i in range(len(times) - ROWS + 1)]
    first = spans.index(min(spans))
    return requests[first : first + ROWS]


def main():
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        requests = rows_of(wheel, 'requests/nyc_20k.csv')
        vehicles = rows_of(wheel, 'vehicles/nyc_1200.csv')
    requests.sort(key=lambda row: (row['departure_time'], int(row['request_id'])))
    lines = ['ts_local,plat,plon,dlat,dlon']
    for row in densest(requests):
        time = row['departure_time'].replace(' ', 'T')
        lines.append(','.join((time, *place(row, 'o_'), *place(row, 'd_'))))
    text = '\n'.join(lines) + '\n'
    (here / 'nyc-requests.csv.gz').write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    starts = ['lat,lon', *(','.join(place(row, '')) for row in vehicles)]
    (here / 'nyc-vehicles.csv').write_text('\n'.join(starts) + '\n')


main()
