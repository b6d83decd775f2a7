/**
 * @module Calendar days as text, `YYYY-MM-DD`, which compares in order of time.
 */

const dayPattern = /^\d{4}-\d{2}-\d{2}$/

/** True for a day that exists in the calendar. */
export function isCalendarDay(text: string): boolean {
  if (!dayPattern.test(text)) return false
  const atMs = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(atMs) && calendarDay(atMs) === text
}

/** The day of an epoch time in UTC. */
export function calendarDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10)
}
