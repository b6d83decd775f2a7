/**
 * Reads recorded requests and start places from CSV, plain or gzipped. Columns are found by name, so
 * files may have more of them, in any order; a row whose numbers are no places is skipped.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Point } from '../domain/index.ts'
import { pointProblem } from '../domain/index.ts'

/** A recorded trip. */
export type RecordedTrip = { readonly pickup: Point; readonly dropoff: Point }

/** What a file held. */
export type PlacesFile<T> = { readonly rows: readonly T[]; readonly skipped: number }

/**
 * Trips in the order of the file: columns `ts_local, plat, plon, dlat, dlon`.
 * @throws Error when the file cannot be read, lacks a column or holds no usable row
 */
export function readTrips(path: string): PlacesFile<RecordedTrip> {
  return readRows(path, ['ts_local', 'plat', 'plon', 'dlat', 'dlon'], (cells) => {
    const [, plat = '', plon = '', dlat = '', dlon = ''] = cells
    const pickup = pointOf(plat, plon)
    const dropoff = pointOf(dlat, dlon)
    return pickup === null || dropoff === null ? null : { pickup, dropoff }
  })
}

/** Places: columns `lat, lon`. Throws as {@link readTrips}. */
export function readPlaces(path: string): PlacesFile<Point> {
  return readRows(path, ['lat', 'lon'], ([lat = '', lon = '']) => pointOf(lat, lon))
}

function readRows<T>(
  path: string,
  columns: readonly string[],
  parse: (cells: readonly string[]) => T | null
): PlacesFile<T> {
  const [header = '', ...lines] = textOf(path).split(/\r?\n/)
  const names = cellsOf(header)
  const positions = columns.map((column) => names.indexOf(column))
  const missing = columns.filter((_, index) => positions[index] === -1)
  if (missing.length > 0) {
    throw new Error(
      `expected the columns ${columns.join(', ')} in ${path}, ${missing.join(', ')} lacks`
    )
  }
  const rows: T[] = []
  let skipped = 0
  for (const line of lines) {
    if (line.trim() === '') continue
    const cells = cellsOf(line)
    const row = parse(positions.map((position) => cells[position] ?? ''))
    if (row === null) skipped += 1
    else rows.push(row)
  }
  if (rows.length === 0) throw new Error(`expected at least one usable row in ${path}, got none`)
  return { rows, skipped }
}

function textOf(path: string): string {
  const bytes = readFileSync(path)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '')
}

/** Numbers and times need no quotes; where a program wrote some all the same, they are dropped. */
function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
}

function pointOf(lat: string, lon: string): Point | null {
  if (lat === '' || lon === '') return null
  const point = { lat: Number(lat), lon: Number(lon) }
  return pointProblem(point) === null ? point : null
}
