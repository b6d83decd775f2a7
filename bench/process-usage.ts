/**
 * @module What a process costs, from the kernel's own books (proc(5)), so that a program in Node and
 * one on the JVM are measured alike and from outside.
 */
import { readFile } from 'node:fs/promises'

/** Clock ticks a second in /proc: fixed by Linux for everything that user space sees. */
const ticksPerSecond = 100

export interface ProcessUsage {
  /** User and system time of all threads since the start, s; steps of 10 ms. */
  readonly cpuSeconds: number
  /** Resident memory now, MiB. */
  readonly residentMb: number
  /** Highest resident memory since the start, MiB. */
  readonly residentPeakMb: number
}

/** Linux only; throws when the process is gone. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8')
  ])
  return parseUsage(stat, status)
}

/** Parses /proc/PID/stat and /proc/PID/status. */
export function parseUsage(stat: string, status: string): ProcessUsage {
  // The name of the program, in parentheses, may hold spaces: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return {
    cpuSeconds: ticks / ticksPerSecond,
    residentMb: kibibytes(status, 'VmRSS') / 1024,
    residentPeakMb: kibibytes(status, 'VmHWM') / 1024
  }
}

function kibibytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
  return Math.round(Number(match?.[1] ?? Number.NaN))
}
