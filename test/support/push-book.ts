/**
 * The client's book of push, for tests of the server: the simulated apps judge by the same one.
 *
 * @module
 */
export { PushBook, type PushFrame } from '../../simulator/push-book.ts'
