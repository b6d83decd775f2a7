/**
 * `node --import tsx ops/stack/cli.ts setup | up | down | status | clean`
 *
 * Progress goes to standard error, results to standard output. `status` exits with 1 when a server
 * does not answer. `status --json` and `up --json` print JSON; `clean --all` removes the installed
 * programs too.
 *
 * @module
 */
import { messageOf, StackError } from './errors.ts'
import {
  cleanStack,
  isUp,
  setupStack,
  stackStatus,
  startStack,
  statusTable,
  stopStack
} from './index.ts'

const USAGE = `usage: cli.ts VERB
  setup            install or pull what the stack needs
  up [--json]      start what is not running and wait until it answers
  down             stop; the data stays
  status [--json]  each server's address, state and pid; exit code 1 if one does not answer
  clean [--all]    stop, remove data, logs and state; with --all installed programs too
Settings: STACK, STACK_NAME and others, see ops/stack/config.ts
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...flags] = args
  const known: readonly string[] = verb === 'clean' ? ['--all'] : ['--json']
  if (verb === undefined || flags.some((flag) => !known.includes(flag))) {
    process.stderr.write(USAGE)
    return 2
  }
  try {
    return await run(verb, { isJson: flags.includes('--json'), isAll: flags.includes('--all') })
  } catch (error) {
    // A stack trace helps with a mistake of ours, not with a missing tool.
    const text = error instanceof StackError ? error.message : fullText(error)
    process.stderr.write(`${text}\n`)
    return 1
  }
}

async function run(verb: string, flags: { isJson: boolean; isAll: boolean }): Promise<number> {
  switch (verb) {
    case 'setup':
      await setupStack()
      return 0
    case 'up': {
      const addresses = await startStack()
      const text = flags.isJson ? JSON.stringify(addresses) : statusTable(await stackStatus())
      process.stdout.write(`${text}\n`)
      return 0
    }
    case 'down':
      await stopStack()
      return 0
    case 'status': {
      const status = await stackStatus()
      process.stdout.write(`${flags.isJson ? JSON.stringify(status) : statusTable(status)}\n`)
      return isUp(status) ? 0 : 1
    }
    case 'clean':
      await cleanStack({ all: flags.isAll })
      return 0
    default:
      process.stderr.write(USAGE)
      return 2
  }
}

function fullText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
}
