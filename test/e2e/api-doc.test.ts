/**
 * @module docs/api.md, followed from top to bottom: its blocks run in one shell against the running
 * application, and every command has to succeed.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inheritedVariables } from '../../ops/apps/config.ts'
import { type Application, startApplication } from '../support/application.ts'

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(`${repositoryDir}docs/api.md`, 'utf8')
const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text = '']) => ({
  language,
  text
}))

/** A command that fails ends the shell, as does an answer that is an error. */
const before = `
set -eEuo pipefail
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
curl() { command curl --fail-with-body "$@"; }
`
/** What the walk arrived at, for the test. */
const variables = ['CUSTOMER', 'DRIVER', 'QUOTE', 'RIDE', 'OTHER', 'OFFER', 'BILL'] as const
const after = variables.map((name) => `printf '@%s=%s\\n' ${name} "$${name}"`).join('\n')

let application: Application

beforeAll(async () => {
  application = await startApplication({ timeScale: 1 })
}, 180_000)
afterAll(() => application?.stop(), 60_000)

interface Walk {
  readonly code: number | null
  readonly lines: string[]
  readonly errors: string
}

const walk = (script: string): Promise<Walk> =>
  new Promise((resolve, reject) => {
    const { environment, ports } = application
    const shell = spawn('bash', ['-s'], {
      cwd: repositoryDir,
      env: {
        ...inheritedVariables(),
        ...environment,
        API: `http://127.0.0.1:${ports.ingress}/api/v1`
      }
    })
    let [output, errors] = ['', '']
    shell.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    shell.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    shell.on('error', reject)
    shell.on('close', (code) => resolve({ code, lines: output.split('\n'), errors }))
    shell.stdin.end(script)
  })

describe('docs/api.md', () => {
  test('shows commands in blocks that are run only', () => {
    const others = blocks.filter(({ language }) => language !== 'sh')
    expect(others.filter(({ text }) => /curl|\$API/.test(text))).toEqual([])
    expect(blocks.length).toBeGreaterThan(10)
    expect(page).not.toMatch(/[A-Z]+_ID\b/)
  })

  test('leads a newcomer from a sign-up to a bill with curl alone', async () => {
    const script = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
    const { code, lines, errors } = await walk([before, ...script, after].join('\n'))
    expect(code, `${errors}\n${lines.join('\n')}`).toBe(0)

    const found = Object.fromEntries(
      lines.filter((line) => line.startsWith('@')).map((line) => line.slice(1).split(/=(.*)/s))
    ) as Record<(typeof variables)[number], string>
    const quote = JSON.parse(found.QUOTE) as { fare: { totalMinor: number } }
    expect(found.CUSTOMER).toMatch(/^c-/)
    expect(found.DRIVER).toMatch(/^d-/)
    expect(found.OFFER).toBe(`${found.RIDE}/1/${found.DRIVER}`)
    expect(found.OTHER).not.toBe(found.RIDE)
    const shown = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    expect(shown).toContainEqual(
      expect.objectContaining({
        billId: found.BILL,
        rideId: found.RIDE,
        kind: 'trip',
        customerId: found.CUSTOMER,
        driverId: found.DRIVER,
        totalMinor: quote.fare.totalMinor
      })
    )
    expect(shown).toContainEqual(
      expect.objectContaining({ billId: found.BILL, driverEarningsMinor: expect.any(Number) })
    )
    expect(shown).toContainEqual(
      expect.objectContaining({ rideId: found.RIDE, status: 'completed' })
    )
    const locations = lines.filter((line) => /^location: /i.test(line)).map((line) => line.trim())
    expect(locations).toContainEqual(expect.stringContaining(`/api/v1/rides/${found.RIDE}`))
  }, 240_000)
})
