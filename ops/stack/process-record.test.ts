import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  birthFrom,
  birthOf,
  isAlive,
  readLiveRecord,
  readRecord,
  removeRecord,
  writeRecord
} from './process-record.ts'

let pidFile: string

beforeEach(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hailstream-pid-'))
  pidFile = join(dir, 'kafka.pid.json')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

describe('birthFrom', () => {
  const fields = (state: string) => `${state} 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 214860 99`

  it('reads the start tick behind a name with blanks and brackets', () => {
    expect(birthFrom(`7 (a) b (c)) ${fields('S')}`, 'boot\n')).toBe('boot:214860')
  })

  it('takes a zombie for dead', () => {
    expect(birthFrom(`7 (java) ${fields('Z')}`, 'boot')).toBeUndefined()
  })

  it('takes a text it cannot read for dead', () => {
    expect(birthFrom('', 'boot')).toBeUndefined()
  })
})

describe.runIf(process.platform === 'linux')('process records', () => {
  it('tell this process from another that has got its pid', async () => {
    const birth = (await birthOf(process.pid)) ?? ''
    expect(birth).toMatch(/^[0-9a-f-]{36}:\d+$/)
    const record = { pid: process.pid, birth, fingerprint: 'x' }
    expect(await isAlive(record)).toBe(true)
    expect(await isAlive({ ...record, birth: `${birth}1` })).toBe(false)
  })

  it('know no process behind a pid that cannot be', async () => {
    // One more than Linux ever gives out.
    expect(await birthOf(4_194_305)).toBeUndefined()
  })

  it('survive a round trip and are gone when removed', async () => {
    const birth = (await birthOf(process.pid)) ?? ''
    const record = { pid: process.pid, birth, fingerprint: 'x' }
    await writeRecord(pidFile, record)
    expect(await readLiveRecord(pidFile)).toEqual(record)
    await removeRecord(pidFile)
    expect(await readRecord(pidFile)).toBeUndefined()
  })
})

describe('readRecord', () => {
  it.each([
    '{"pid":',
    '12',
    '{"pid":12}',
    '{"pid":"12","birth":"b","fingerprint":"f"}',
    '{"pid":1,"birth":"b","fingerprint":"f"}',
    '{"pid":-9,"birth":"b","fingerprint":"f"}'
  ])('takes %s for no record', async (text) => {
    await writeFile(pidFile, text)
    expect(await readRecord(pidFile)).toBeUndefined()
  })
})
