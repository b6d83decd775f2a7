/**
 * Which of the three ways of having the backing services is taken.
 *
 * @module
 */
import { externalAddresses, missingAddresses, type StackMode } from './addresses.ts'
import type { StackConfig } from './config.ts'
import { StackError } from './errors.ts'
import type { Report } from './progress.ts'
import type { StackState } from './state.ts'

/** What the choice looks at besides the config. */
export type ModeFacts = {
  state: StackState | undefined
  /** A container engine answers and has the images or pulls them. Asked only when it matters. */
  canCompose: () => Promise<boolean>
  report: Report
}

/**
 * `STACK` if it names a way. Else external when all four addresses are given; the way this stack
 * went before, so that its data is not left behind; compose where it can be; else local.
 *
 * @throws StackError HAIL_STACK_CONFIG when external is asked for without all addresses
 */
export async function chooseMode(config: StackConfig, facts: ModeFacts): Promise<StackMode> {
  const missing = missingAddresses(config.given)
  if (config.choice === 'external' && missing.length > 0) {
    throw new StackError('HAIL_STACK_CONFIG', `STACK=external needs ${missing.join(', ')} too`)
  }
  if (config.choice !== 'auto') {
    return config.choice
  }
  if (externalAddresses(config.given) !== undefined) {
    return 'external'
  }
  if (Object.keys(config.given).length > 0) {
    // Half a set is more often a slip than a wish.
    const given = Object.keys(config.given).join(', ')
    facts.report(`addresses of ${given} are given but not used: ${missing.join(', ')} not set`)
  }
  if (facts.state !== undefined) {
    return facts.state.mode
  }
  return (await facts.canCompose()) ? 'compose' : 'local'
}
