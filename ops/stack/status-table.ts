/**
 * The status of a stack for people.
 *
 * @module
 */
import type { ServerStatus, StackStatus } from './status.ts'

/** One line a server, columns aligned. */
export function statusTable(status: StackStatus): string {
  if (status.mode === 'none') {
    return `stack ${status.name}: not there; run make up`
  }
  const rows = status.servers.map(rowOf)
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  )
  return [`stack ${status.name} (${status.mode})`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function rowOf({ server, address, state, pid }: ServerStatus): string[] {
  return [server, state, pid === undefined ? '-' : `pid ${pid}`, address]
}
