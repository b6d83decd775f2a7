/**
 * @module Tables of text: columns as wide as their widest cell, figures to the right.
 */

/** A column: its title, and whether its cells are figures. */
export interface Column {
  readonly title: string
  readonly isNumber?: boolean
}

/** Lines of a table, head first; empty for no rows. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  return lines
    .map((line) =>
      columns
        .map(({ isNumber }, at) => {
          const cell = line[at] ?? ''
          const width = widths[at] ?? 0
          return isNumber ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** Seconds with one decimal from milliseconds; a dash for what is not known. */
export function seconds(ms: number | null): string {
  return ms === null ? '-' : (ms / 1000).toFixed(1)
}

/** JSON of one line; offsets become strings. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item
  )
}
