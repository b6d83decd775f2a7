/**
 * @module A program under measurement as a child: commands and events are single lines, so that a
 * Node program and one on the JVM are driven alike.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../core/index.ts'
import { childEnvironment, repositoryDir } from './config.ts'

export interface ChildCommand {
  readonly file: string
  readonly args: readonly string[]
}

/** Longest wait for an orderly end, ms. */
const endPatienceMs = 40_000

type Waiter = { readonly event: string; readonly resolve: (words: readonly string[]) => void }

/** Newest output kept for the message of a failure. */
const outputCharsMax = 16_384

/** Events that arrived before somebody waited for them are kept; each is handed out once. */
export class BenchChild {
  readonly #process: ChildProcess
  readonly #events: (readonly string[])[] = []
  readonly #listeners = new Set<(words: readonly string[]) => void>()
  #waiters: Waiter[] = []
  #output = ''
  #partialLine = ''
  /** Rejects when the program ends without having been told to, or says that it failed. */
  readonly died: Promise<never>
  readonly #ended: Promise<void>
  #isEnding = false

  readonly #clock: Clock

  constructor({ file, args }: ChildCommand, clock: Clock) {
    this.#clock = clock
    this.#process = spawn(file, [...args], {
      cwd: repositoryDir,
      env: childEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe']
    })
    let die: (error: Error) => void = () => undefined
    this.died = new Promise<never>((_, reject) => {
      die = reject
    })
    // Whoever waits races against it; a death nobody waits for then is no unhandled rejection.
    this.died.catch(() => undefined)
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        die(error)
        resolve()
      })
      this.#process.once('exit', (code, signal) => {
        if (!this.#isEnding) die(new Error(`${file} ended (${signal ?? code})\n${this.#output}`))
        resolve()
      })
    })
    this.#process.stdin?.on('error', () => undefined)
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    this.onEvent((words) => {
      if (words[0] === 'failed') die(new Error(`${file}: ${words.join(' ')}\n${this.#output}`))
    })
  }

  get pid(): number {
    return this.#process.pid ?? -1
  }

  /** Newest output besides events. */
  get output(): string {
    return this.#output
  }

  command(...words: readonly (string | number)[]): void {
    this.#process.stdin?.write(`${words.join(' ')}\n`)
  }

  /** Called for each event until the returned function is. */
  onEvent(listen: (words: readonly string[]) => void): () => void {
    this.#listeners.add(listen)
    return () => this.#listeners.delete(listen)
  }

  /** The words after the event's name. Rejects when the program dies first. */
  async event(name: string): Promise<readonly string[]> {
    const index = this.#events.findIndex(([event]) => event === name)
    if (index >= 0) return this.#events.splice(index, 1)[0]?.slice(1) ?? []
    const words = new Promise<readonly string[]>((resolve) => {
      this.#waiters.push({ event: name, resolve })
    })
    return (await Promise.race([words, this.died])).slice(1)
  }

  /** Tells the program to end and waits; kills it when it takes too long. */
  async end(): Promise<void> {
    this.#isEnding = true
    this.command('exit')
    const timer = this.#clock.setTimer(() => this.#process.kill('SIGKILL'), endPatienceMs)
    await this.#ended
    timer.cancel()
  }

  /** SIGKILL: no chance to leave the group or to finish anything. */
  async kill(): Promise<void> {
    this.#isEnding = true
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  #read(text: string): void {
    const lines = (this.#partialLine + text).split('\n')
    this.#partialLine = lines.pop() ?? ''
    for (const line of lines) {
      // Logs are JSON lines; events begin with a word.
      if (/^[a-z]/.test(line)) this.#deliver(line.split(' '))
      else this.#keep(`${line}\n`)
    }
  }

  #deliver(words: readonly string[]): void {
    for (const listen of this.#listeners) listen(words)
    const waiter = this.#waiters.find(({ event }) => event === words[0])
    if (waiter === undefined) {
      this.#events.push(words)
      return
    }
    this.#waiters = this.#waiters.filter((other) => other !== waiter)
    waiter.resolve(words)
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-outputCharsMax)
  }
}
