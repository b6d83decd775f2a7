import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLocalCodec } from '../../../avro/index.ts'
import { longFormat } from '../../runtime/index.ts'
import { type Version, type Versions, versionAt, versionsFormat, withVersion } from './versions.ts'

const version = fc.record({
  validFromMs: fc.nat(30),
  value: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null })
})

/** The last version of each time, whatever is old. */
function valueAt(all: readonly Version<number>[], timestampMs: number): number | null {
  let found: Version<number> | undefined
  for (const one of all) {
    if (one.validFromMs > timestampMs) continue
    if (found === undefined || one.validFromMs >= found.validFromMs) found = one
  }
  return found?.value ?? null
}

test('versions added in any order answer for each time as a list of all of them does', () => {
  fc.assert(
    fc.property(fc.array(version, { maxLength: 20 }), fc.nat(10), (added, retentionMs) => {
      let versions: Versions<number> = []
      let nowMs = 0
      const taken: Version<number>[] = []
      for (const one of added) {
        nowMs = Math.max(nowMs, one.validFromMs)
        if (one.validFromMs < nowMs - retentionMs) continue
        taken.push(one)
        versions = withVersion(versions, one, nowMs - retentionMs)
        for (let ms = nowMs - retentionMs; ms <= nowMs; ms += 1) {
          expect(versionAt(versions, ms)?.value ?? null).toBe(valueAt(taken, ms))
        }
      }
      const times = versions.map(({ validFromMs }) => validFromMs)
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
      expect(times.filter((ms) => ms < nowMs - retentionMs).length).toBeLessThanOrEqual(1)
    })
  )
})

test('versions are read as they were written', () => {
  const codec = createLocalCodec()
  const format = versionsFormat(longFormat)
  fc.assert(
    fc.property(fc.array(version), (versions) => {
      expect(format.decode(format.encode(versions, codec), codec)).toEqual(versions)
    })
  )
})
