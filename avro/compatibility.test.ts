import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { committedVersions, findIncompatibilities, releaseSchemas } from './compatibility.ts'
import { type AvroSchema, recordNames, recordSchema } from './schemas.ts'
import { subjectsOf } from './subjects.ts'

function aRecord(...fields: object[]): AvroSchema {
  return { type: 'record', name: 'R', namespace: 'hailstream', doc: '', fields } as AvroSchema
}

const a = { name: 'a', type: 'string' }
const optionalB = { name: 'b', type: ['null', 'string'], default: null }
const requiredB = { name: 'b', type: 'string' }

describe('committed versions', () => {
  test.each(subjectsOf([]))('of $name keep $compatibility', ({ record, compatibility }) => {
    expect(findIncompatibilities(committedVersions(record), compatibility)).toEqual([])
  })

  test.each(recordNames)('of %s can be replayed', (record) => {
    expect(findIncompatibilities(committedVersions(record), 'BACKWARD_TRANSITIVE')).toEqual([])
  })

  test('begin with what was released, once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'released-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    expect(releaseSchemas(folder)).toContain('RideEvent.1.avsc')
    expect(releaseSchemas(folder)).toEqual([])
    writeFileSync(join(folder, 'RideEvent.1.avsc'), JSON.stringify(aRecord(a)))
    expect(releaseSchemas(folder)).toEqual(['RideEvent.2.avsc'])
    const versions = committedVersions('RideEvent', folder)
    expect(versions).toEqual([aRecord(a), recordSchema('RideEvent'), recordSchema('RideEvent')])
  })
})

describe('incompatibilities', () => {
  test('are none for an optional field that comes or goes', () => {
    const versions = [aRecord(a), aRecord(a, optionalB), aRecord(a)]
    expect(findIncompatibilities(versions, 'FULL_TRANSITIVE')).toEqual([])
  })

  test('are found backwards for a required field that comes', () => {
    const problems = findIncompatibilities(
      [aRecord(a), aRecord(a, requiredB)],
      'BACKWARD_TRANSITIVE'
    )
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('version 2 cannot read version 1')
  })

  test('are found forwards only where full compatibility is promised', () => {
    const versions = [aRecord(a, requiredB), aRecord(a)]
    expect(findIncompatibilities(versions, 'BACKWARD_TRANSITIVE')).toEqual([])
    expect(findIncompatibilities(versions, 'FULL_TRANSITIVE')).toHaveLength(1)
  })

  test('are found between versions that are not neighbours', () => {
    const defaulted = { name: 'b', type: 'string', default: '' }
    const versions = [aRecord(a), aRecord(a, defaulted), aRecord(a, requiredB)]
    const problems = findIncompatibilities(versions, 'BACKWARD_TRANSITIVE')
    expect(problems).toEqual([expect.stringContaining('version 3 cannot read version 1')])
  })
})
