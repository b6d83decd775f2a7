import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readPlaces, readTrips } from './places-file.ts'

const dataDir = fileURLToPath(new URL('./data/', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'places-'))
const trip = { pickup: { lat: 40.75, lon: -73.98 }, dropoff: { lat: 40.7, lon: -74 } }

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

describe('recorded trips', () => {
  const text = 'ts_local,plat,plon,dlat,dlon\n2014-12-21T20:39:00,40.75,-73.98,40.7,-74\n'

  test('are read from text and from gzip', () => {
    expect(readTrips(file('a.csv', text))).toEqual({ rows: [trip], skipped: 0 })
    expect(readTrips(file('a.csv.gz', gzipSync(text)))).toEqual({ rows: [trip], skipped: 0 })
  })

  test('are found by the names of their columns', () => {
    const other = '\uFEFF"dlon","x",dlat,plon,plat,ts_local\r\n-74,9,40.7,"-73.98",40.75,t\r\n'
    expect(readTrips(file('b.csv', other)).rows).toEqual([trip])
  })

  test('skip rows that are no places', () => {
    const broken = `${text}t,,-73.98,40.7,-74\nt,91,-73.98,40.7,-74\nt,x,-73.98,40.7,-74\n\n`
    expect(readTrips(file('c.csv', broken))).toEqual({ rows: [trip], skipped: 3 })
  })

  test('are refused without a column or a usable row', () => {
    expect(() => readTrips(file('d.csv', 'ts_local,plat,plon\n'))).toThrow('dlat, dlon lacks')
    expect(() => readTrips(file('e.csv', 'ts_local,plat,plon,dlat,dlon\n'))).toThrow('usable row')
  })
})

describe('the files that come with the project', () => {
  test('hold 5,000 trips and 1,200 starts, all usable', () => {
    const trips = readTrips(join(dataDir, 'nyc-requests.csv.gz'))
    const starts = readPlaces(join(dataDir, 'nyc-vehicles.csv'))
    expect([trips.rows.length, trips.skipped]).toEqual([5_000, 0])
    expect([starts.rows.length, starts.skipped]).toEqual([1_200, 0])
  })
})
