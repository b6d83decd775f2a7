import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { isAlive } from './process-record.ts'
import { endProcess, launch } from './processes.ts'
import { endStrays, findStrays } from './strays.ts'
import { waitUntil } from './wait.ts'

let dir: string
let logFile: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hailstream-process-'))
  logFile = join(dir, 'logs', 'server.log')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

const STUBBORN = 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1e6)'

describe.runIf(process.platform === 'linux')('processes', () => {
  it('are started in a session of their own, with their output in the log', async () => {
    const record = await launch(
      {
        file: 'sh',
        args: ['-c', 'echo "$GREETING"; exec sleep 60'],
        cwd: dir,
        logFile,
        environment: { GREETING: 'hello' }
      },
      'f'
    )
    expect(await isAlive(record)).toBe(true)
    const hasGreeted = async () => (await readFile(logFile, 'utf8')) === 'hello\n'
    expect(await waitUntil(hasGreeted, 5_000)).toBe(true)
    const stat = await readFile(`/proc/${record.pid}/stat`, 'utf8')
    expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]).toBe(String(record.pid))
    expect(await endProcess(record, 'SIGTERM', 5_000)).toBe('ended')
    expect(await endProcess(record, 'SIGTERM', 5_000)).toBe('was dead')
  })

  it('are killed when they do not listen', async () => {
    const server = { file: process.execPath, args: ['-e', STUBBORN], cwd: dir, logFile }
    const record = await launch(server, 'f')
    const isReady = async () => (await readFile(logFile, 'utf8')).includes('ready')
    expect(await waitUntil(isReady, 5_000)).toBe(true)
    expect(await endProcess(record, 'SIGTERM', 100)).toBe('killed')
  })

  it('are left alone when their pid was given to another', async () => {
    const record = { pid: process.pid, birth: 'another boot:1', fingerprint: 'f' }
    expect(await endProcess(record, 'SIGKILL', 100)).toBe('was dead')
  })

  it('say so when the program is not there', async () => {
    const server = { file: join(dir, 'no-such-program'), args: [], cwd: dir, logFile }
    await expect(launch(server, 'f')).rejects.toThrow('no-such-program cannot be run')
  })

  it('are found by program and folder when no pid file names them', async () => {
    const folder = await mkdtemp(join(dir, 'server-'))
    const server = { file: 'sleep', args: ['60'], cwd: folder, logFile }
    const record = await launch(server, 'f')
    const hasStarted = async () => (await findStrays(folder, 'sleep')).length === 1
    expect(await waitUntil(hasStarted, 5_000)).toBe(true)
    expect(await findStrays(folder, 'java')).toEqual([])
    expect(await findStrays(dir, 'sleep')).toEqual([])
    expect(await endStrays(folder, 'sleep')).toBe(1)
    expect(await isAlive(record)).toBe(false)
  })
})
