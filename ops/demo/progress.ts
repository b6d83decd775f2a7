/**
 * Progress of the demo on standard error: lines that stay, and one line about the run that is
 * rewritten on a terminal and repeated now and then elsewhere.
 *
 * @module
 */
import type { Clock, TimerHandle } from '../../core/index.ts'
import type { SimulationStatus } from '../../simulator/index.ts'

/** Where progress goes. */
export type ProgressStream = { write(text: string): unknown; readonly isTTY?: boolean | undefined }

const terminalEveryMs = 500
const logEveryMs = 5_000

/** See the module. */
export class Progress {
  readonly #clock: Clock
  readonly #stream: ProgressStream
  readonly #startedMs: number
  #timer: TimerHandle | null = null
  #hasLiveLine = false

  constructor(options: { clock: Clock; stream: ProgressStream }) {
    this.#clock = options.clock
    this.#stream = options.stream
    this.#startedMs = options.clock.monotonic()
  }

  /** A line that stays. */
  tell = (line: string): void => {
    this.#clear()
    this.#stream.write(`${this.#seconds()} ${line}\n`)
  }

  /** Shows the run until {@link stopLive}. */
  showLive(describe: () => string): void {
    this.stopLive()
    const everyMs = this.#stream.isTTY ? terminalEveryMs : logEveryMs
    const show = (): void => {
      this.#clear()
      this.#stream.write(`${this.#seconds()} ${describe()}${this.#stream.isTTY ? '' : '\n'}`)
      this.#hasLiveLine = this.#stream.isTTY === true
      this.#timer = this.#clock.setTimer(show, everyMs)
    }
    this.#timer = this.#clock.setTimer(show, everyMs)
  }

  stopLive(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#clear()
  }

  #clear(): void {
    if (this.#hasLiveLine) this.#stream.write('\r\u001b[2K')
    this.#hasLiveLine = false
  }

  #seconds(): string {
    const seconds = (this.#clock.monotonic() - this.#startedMs) / 1_000
    return `[${seconds.toFixed(0).padStart(4)} s]`
  }
}

/** One line about a simulation. */
export function describeStatus(
  phase: string,
  status: SimulationStatus,
  more: { readonly completed: number; readonly requestsPerSecond: number }
): string {
  const { rides, drivers, online, listening } = status
  return (
    `${phase}: accepted ${rides.accepted}, open ${rides.open}, ended ${rides.ended} ` +
    `(completed ${more.completed}); drivers online ${online}, busy ${drivers.busy}, ` +
    `offered ${drivers.offered}; listening ${listening}; ${more.requestsPerSecond.toFixed(0)} HTTP answers/s`
  )
}
