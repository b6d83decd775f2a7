/**
 * What has to be closed, in the reverse order of its opening, whatever fails on the way.
 *
 * @module
 */
import type { Report } from '../stack/index.ts'

type Closer = { readonly name: string; readonly close: () => Promise<void> }

/** See the module. */
export class Closers {
  readonly #tell: Report
  #closers: Closer[] = []

  constructor(tell: Report) {
    this.#tell = tell
  }

  add(name: string, close: () => Promise<void>): void {
    this.#closers.push({ name, close })
  }

  /** Closes all, once; an error is told and does not keep the others open. */
  async closeAll(): Promise<void> {
    const closers = this.#closers.reverse()
    this.#closers = []
    for (const { name, close } of closers) {
      try {
        await close()
      } catch (error) {
        this.#tell(`closing ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}
