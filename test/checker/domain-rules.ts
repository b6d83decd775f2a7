/**
 * @module Rules of an application as functions of a history: each gives a line for each breach. The
 * makers here cover what ride-hailing and windows promise.
 */
import { finalRead, type History, type HistoryOutput } from './history.ts'

/** @returns one line for each breach */
export type DomainRule = (history: History) => readonly string[]

/** What was counted in windows and what was dropped as late make up the inputs. */
export function sumsUp(
  of: (history: History) => {
    readonly counted: number
    readonly dropped: number
    readonly inputs: number
  }
): DomainRule {
  return (history) => {
    const { counted, dropped, inputs } = of(history)
    if (counted + dropped === inputs) return []
    return [`windows: counted ${counted} + dropped ${dropped}, expected ${inputs} inputs`]
  }
}

/** Each key's outputs of a topic pass through legal steps only. */
export function onlyTransitions(options: {
  readonly topic: string
  readonly stateOf: (output: HistoryOutput) => string
  /** States that may follow each state; `start` names the first ones. */
  readonly legal: Readonly<Record<string, readonly string[]>>
}): DomainRule {
  return (history) => {
    const lines: string[] = []
    const states = new Map<string, string>()
    for (const output of inOrder(history, options.topic)) {
      const from = states.get(output.key) ?? 'start'
      const to = options.stateOf(output)
      if (!options.legal[from]?.includes(to)) lines.push(`${output.key}: ${from} -> ${to}`)
      states.set(output.key, to)
    }
    return lines
  }
}

/** A holder (a driver) has at most one thing (an active trip) at a time. */
export function atMostOne(options: {
  readonly topic: string
  /** What an output takes or gives back; null when neither. */
  readonly move: (output: HistoryOutput) => {
    readonly holder: string
    readonly thing: string
    readonly isTaken: boolean
  } | null
}): DomainRule {
  return (history) => {
    const lines: string[] = []
    const held = new Map<string, string>()
    for (const output of inOrder(history, options.topic)) {
      const move = options.move(output)
      if (move === null) continue
      const { holder, thing, isTaken } = move
      const other = held.get(holder)
      if (isTaken && other !== undefined && other !== thing) {
        lines.push(`${holder}: holds ${other} and takes ${thing}`)
      }
      if (isTaken) held.set(holder, thing)
      else if (other === thing) held.delete(holder)
    }
    return lines
  }
}

function inOrder(history: History, topic: string): HistoryOutput[] {
  return finalRead(history)
    .filter((output) => output.topic === topic)
    .sort((a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : 1))
}
