/**
 * The backing services of Hailstream: addresses of a running stack, and the verbs that make one.
 *
 * @module
 */
export { type StackAddresses, type StackMode, stackEnvironment } from './addresses.ts'
export { readConfig, type StackChoice, type StackConfig } from './config.ts'
export { StackError, type StackErrorCode } from './errors.ts'
export { type Report, reportToStderr } from './progress.ts'
export {
  cleanStack,
  resolveStack,
  type StackOptions,
  setupStack,
  stackStatus,
  startStack,
  stopStack
} from './stack.ts'
export { isUp, type ServerStatus, type StackStatus } from './status.ts'
export { statusTable } from './status-table.ts'
