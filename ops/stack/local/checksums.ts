/**
 * Checks installed files against the committed list of SHA-256 sums, so that what runs here is what
 * was reviewed, whichever mirror it came from.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '../errors.ts'

/** SHA-256 sums in lower-case hex by file name. */
export type Checksums = ReadonlyMap<string, string>

const CHECKSUMS_FILE = new URL('checksums.txt', import.meta.url)

/** The committed list. */
export async function readChecksums(): Promise<Checksums> {
  return parseChecksums(await readFile(CHECKSUMS_FILE, 'utf8'))
}

/**
 * Reads the format of `sha256sum`: 64 hex digits, two blanks, a file name.
 *
 * @throws StackError HAIL_STACK_CHECKSUM on any other line, or a name listed twice
 */
export function parseChecksums(text: string): Checksums {
  const sums = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '') {
      continue
    }
    const match = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line)
    const [, sum, name] = match ?? []
    if (sum === undefined || name === undefined || sums.has(name)) {
      throw new StackError('HAIL_STACK_CHECKSUM', `Not a line of a checksum list: "${line}"`)
    }
    sums.set(name, sum)
  }
  return sums
}

/** The entries whose file name passes. */
export function selectChecksums(sums: Checksums, passes: (name: string) => boolean): Checksums {
  return new Map([...sums].filter(([name]) => passes(name)))
}

/**
 * Checks that a folder holds exactly the listed files with the listed content.
 *
 * @throws StackError HAIL_STACK_CHECKSUM naming each file that is missing, unexpected or different
 */
export async function verifyFolder(dir: string, expected: Checksums): Promise<void> {
  const present = new Set(await readdir(dir))
  const problems: string[] = []
  for (const name of present) {
    if (!expected.has(name)) {
      problems.push(`${name} is not in the list`)
    }
  }
  for (const [name, sum] of expected) {
    if (!present.has(name)) {
      problems.push(`${name} is missing`)
      continue
    }
    const got = await sha256Of(join(dir, name))
    if (got !== sum) {
      problems.push(`${name} has ${got}, expected ${sum}`)
    }
  }
  if (problems.length > 0) {
    throw new StackError(
      'HAIL_STACK_CHECKSUM',
      `Downloaded files differ from ops/stack/local/checksums.txt:\n  ${problems.join('\n  ')}\n` +
        'Remove them from the local Maven repository and run setup again; ' +
        'if they differ again, do not use that mirror'
    )
  }
}

/** The SHA-256 sum of a file in lower-case hex, read as a stream. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(file)) {
    hash.update(part as Buffer)
  }
  return hash.digest('hex')
}
