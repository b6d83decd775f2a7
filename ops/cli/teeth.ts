/**
 * @module `make test-teeth`: switches each guarantee off in turn and runs the test that guards it. A
 * test that stays green with its guarantee off is no test, so the exit code is 0 only when every one
 * turns red.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Switch } from '../../test/support/config.ts'
import { inheritedVariables } from '../apps/config.ts'

interface Tooth {
  readonly off: Switch
  readonly means: string
  readonly file: string
  /** Part of the test's name. */
  readonly test: string
  /** Default unit. */
  readonly project?: 'integration'
}

const teeth: readonly Tooth[] = [
  {
    off: 'no-ack-before-202',
    means: 'a 202 is sent before the broker acknowledged',
    file: 'ingress/write/accumulator.test.ts',
    test: 'accepts a record only after the broker acknowledged it'
  },
  {
    off: 'no-ack-before-202',
    means: 'the process of the ingress sends a 202 before the broker acknowledged',
    file: 'test/integration/ingress-faults-kafka.test.ts',
    test: 'is gone, says 503, keeps every 202',
    project: 'integration'
  },
  {
    off: 'apply-before-commit',
    means: 'a store is applied before its transaction commits',
    file: 'streams/runtime/task.test.ts',
    test: 'loses and repeats nothing when it dies at txn.after-offsets'
  },
  {
    off: 'no-replay',
    means: 'a client that comes back is not told what it missed',
    file: 'ingress/push/connection.prop.test.ts',
    test: 'a customer misses nothing and hears nothing twice'
  },
  ...(['s3', 's4', 's7'] as const).map((rule): Tooth => {
    return {
      off: `no-${rule}`,
      means: `rule ${rule.toUpperCase()} of the saga is off`,
      file: 'test/simulation/saga.test.ts',
      test: 'keeps every rule of the saga'
    }
  })
]

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const vitest = join(repositoryDir, 'node_modules/vitest/vitest.mjs')

/** Exit status of the tooth's test; `off` null runs it with everything on. */
function run(tooth: Tooth, off: Switch | null): number | null {
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', tooth.project ?? 'unit', tooth.file, '-t', tooth.test],
    {
      cwd: repositoryDir,
      stdio: 'ignore',
      env: { ...inheritedVariables(), TEETH: off ?? '' }
    }
  )
  return status
}

let failures = 0
for (const tooth of teeth) {
  const isGreen = run(tooth, null) === 0
  const isRed = run(tooth, tooth.off) !== 0
  if (!isGreen || !isRed) failures += 1
  const verdict = !isGreen ? 'NOT GREEN WITH IT ON' : isRed ? 'red, as it must be' : 'STAYS GREEN'
  process.stdout.write(`${tooth.off.padEnd(20)} ${tooth.means}: ${tooth.file} is ${verdict}\n`)
}
process.stdout.write(`${teeth.length - failures} passed, ${failures} failed\n`)
process.exitCode = failures === 0 ? 0 : 1
