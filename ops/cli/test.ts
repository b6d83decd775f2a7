/**
 * @module Everything `make test` runs, one step after the other, and the plain closing line
 * `N passed, N failed`. Lint and types count as one test each.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inheritedVariables } from '../apps/config.ts'
import { stackForTests } from '../stack/for-tests.ts'
import { stackEnvironment } from '../stack/index.ts'

interface Outcome {
  passed: number
  failed: number
}

const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))
const outDir = join(repositoryDir, 'out')
/** A project that runs longer hangs, ms. */
const projectMs = 20 * 60_000
const projects = ['unit', 'integration', 'e2e', 'crash'] as const

mkdirSync(outDir, { recursive: true })
const total: Outcome = { passed: 0, failed: 0 }
for (const script of ['lint', 'types']) add(npmScript(script))
const stack = await stackForTests()
try {
  for (const project of projects) add(vitest(project, stackEnvironment(stack.addresses)))
} finally {
  await stack.stop()
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
process.exit(total.failed === 0 ? 0 : 1)

function add({ passed, failed }: Outcome): void {
  total.passed += passed
  total.failed += failed
}

function npmScript(name: string): Outcome {
  process.stdout.write(`== ${name}\n`)
  const { status } = spawnSync('npm', ['run', '--silent', name], {
    cwd: repositoryDir,
    stdio: 'inherit'
  })
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** Runs one project; a run that ends without a report counts as one failure. */
function vitest(project: string, environment: Readonly<Record<string, string>>): Outcome {
  process.stdout.write(`== ${project}\n`)
  const report = join(outDir, `test-${project}.json`)
  rmSync(report, { force: true })
  const { status } = spawnSync(
    process.execPath,
    [
      join(repositoryDir, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project',
      project,
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${report}`
    ],
    {
      cwd: repositoryDir,
      stdio: 'inherit',
      env: { ...inheritedVariables(), ...environment },
      timeout: projectMs,
      killSignal: 'SIGKILL'
    }
  )
  const counts = readCounts(report)
  if (counts.failed === 0 && (status !== 0 || counts.passed === 0)) counts.failed = 1
  return counts
}

function readCounts(report: string): Outcome {
  try {
    const read = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number
      numFailedTests: number
    }
    return { passed: read.numPassedTests, failed: read.numFailedTests }
  } catch {
    // No report: the runner itself failed.
    return { passed: 0, failed: 1 }
  }
}
