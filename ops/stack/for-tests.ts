/**
 * Backing services for tests that need real ones, whatever the machine has.
 *
 * @module
 */
import { externalAddresses, type StackAddresses } from './addresses.ts'
import { chooseMode } from './choose-mode.ts'
import { engineAnswers } from './compose.ts'
import { readTestConfig, type StackConfig } from './config.ts'
import { messageOf } from './errors.ts'
import { stackPaths } from './paths.ts'
import { reportToStderr } from './progress.ts'
import { startStack, stopStack } from './stack.ts'
import { readState } from './state.ts'
import { startTestContainers } from './test-containers.ts'

/** A running stack and the way to give it back. Callers of one process share it. */
export type TestStack = {
  addresses: StackAddresses
  /**
   * Ends containers; ends a local stack only with STACK_STOP_AFTER_TESTS=1 (the default in CI),
   * since starting one takes longer than most suites. Servers given by address are left alone.
   */
  stop: () => Promise<void>
}

/**
 * Addresses from the environment; else containers by testcontainers where an engine provides the
 * images; else a local stack of its own (`TEST_STACK_NAME`, default `test`) beside that of `dev`.
 *
 * The stack is shared by suites and may hold data of earlier runs: tests use topics, keys and
 * databases of their own.
 *
 * @throws StackError when no stack can be had
 */
export async function stackForTests(): Promise<TestStack> {
  const config = readTestConfig()
  const state = await readState(stackPaths(config))
  const mode = await chooseMode(config, {
    state,
    canCompose: engineAnswers,
    report: reportToStderr
  })
  const given = externalAddresses(config.given)
  if (mode === 'external' && given !== undefined) {
    return { addresses: given, stop: async () => {} }
  }
  if (mode === 'compose') {
    try {
      return await startTestContainers(config)
    } catch (error) {
      if (config.choice === 'compose') {
        throw error
      }
      reportToStderr(`containers cannot be had, so the stack is local: ${messageOf(error)}`)
    }
  }
  const local: StackConfig = { ...config, choice: 'local' }
  const addresses = await startStack({ config: local })
  return {
    addresses,
    stop: async () => {
      if (config.stopsAfterTests) {
        await stopStack({ config: local })
      }
    }
  }
}
