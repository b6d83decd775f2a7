import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { parseChecksums, readChecksums, selectChecksums, verifyFolder } from './checksums.ts'
import { VERSIONS } from './programs.ts'

const SUM_OF_A = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'
const SUM_OF_B = '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hailstream-sums-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

describe('parseChecksums', () => {
  it('reads what sha256sum writes', () => {
    const sums = parseChecksums(`${SUM_OF_A}  a.jar\n${SUM_OF_B}  b-1.0.jar\n`)
    expect([...sums]).toEqual([
      ['a.jar', SUM_OF_A],
      ['b-1.0.jar', SUM_OF_B]
    ])
  })

  it.each([
    'a.jar',
    `${SUM_OF_A} a.jar`,
    `${SUM_OF_A.slice(1)}  a.jar`,
    `${SUM_OF_A}  a.jar\n${SUM_OF_B}  a.jar`
  ])('refuses %j', (text) => {
    expect(() => parseChecksums(text)).toThrow('Not a line of a checksum list')
  })
})

describe('the committed list', () => {
  it('names Kafka and the registry in the pinned versions', async () => {
    const sums = await readChecksums()
    expect(sums.has(`kafka_2.13-${VERSIONS.kafka}.jar`)).toBe(true)
    expect(sums.has(`apicurio-registry-app-${VERSIONS.apicurio}-all.tar.gz`)).toBe(true)
    expect(selectChecksums(sums, (name) => name.endsWith('.jar')).size).toBe(46)
  })
})

describe('verifyFolder', () => {
  const expected = parseChecksums(`${SUM_OF_A}  a\n${SUM_OF_B}  b\n`)

  it('passes a folder that is just as listed', async () => {
    await writeFile(join(dir, 'a'), 'a')
    await writeFile(join(dir, 'b'), 'b')
    await expect(verifyFolder(dir, expected)).resolves.toBeUndefined()
  })

  it('names each file that is different, missing or not listed', async () => {
    await writeFile(join(dir, 'a'), 'tampered')
    await writeFile(join(dir, 'c'), 'c')
    const verified = verifyFolder(dir, expected)
    await expect(verified).rejects.toMatchObject({ code: 'HAIL_STACK_CHECKSUM' })
    await expect(verified).rejects.toThrow(
      /c is not in the list\s+a has .* expected .*\s+b is miss/
    )
  })
})
