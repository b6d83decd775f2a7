/**
 * @module The entry of a versioned table: the values of one key in the order in which they became valid.
 */
import { SkipToDlqError } from '../../../core/index.ts'
import type { Format } from '../../runtime/index.ts'
import { FrameReader, framed, numberBytes } from '../formats.ts'

/** A value from `validFromMs` until the next one; null where the key was deleted. */
export interface Version<V> {
  readonly validFromMs: number
  readonly value: V | null
}

/** Ascending by `validFromMs`, each once. */
export type Versions<V> = readonly Version<V>[]

/**
 * The version valid at a time. Example: versions from 10 and 30: at 29 the first, at 30 the second,
 * at 9 none.
 */
export function versionAt<V>(versions: Versions<V>, timestampMs: number): Version<V> | undefined {
  for (let index = versions.length - 1; index >= 0; index -= 1) {
    const version = versions[index] as Version<V>
    if (version.validFromMs <= timestampMs) return version
  }
  return undefined
}

/**
 * The versions with one more, in its place by time; one from the same time is replaced. Those that
 * ended at or before `untilMs` are left out, and a deletion from then that nothing is left before.
 *
 * Example: from 10 and 30, one from 20 until 15: 10, 20 and 30 stay, since the first is valid till 20.
 * Until 20: only 20 and 30.
 */
export function withVersion<V>(
  before: Versions<V>,
  added: Version<V>,
  untilMs: number
): Versions<V> {
  const after = before.filter(({ validFromMs }) => validFromMs !== added.validFromMs)
  const at = after.findLastIndex(({ validFromMs }) => validFromMs < added.validFromMs)
  after.splice(at + 1, 0, added)
  let first = 0
  while ((after[first + 1]?.validFromMs ?? Number.POSITIVE_INFINITY) <= untilMs) first += 1
  // A deletion stays while a record from before it may still come.
  const oldest = after[first]
  if (oldest?.value === null && oldest.validFromMs <= untilMs) first += 1
  return first === 0 ? after : after.slice(first)
}

/** 8 bytes of the time and the framed value, for each version. */
export function versionsFormat<V>(format: Format<V>): Format<Versions<V>> {
  return {
    name: `versions:${format.name}`,
    encode: (versions, codec) =>
      Buffer.concat(
        versions.flatMap(({ validFromMs, value }) => [
          numberBytes(validFromMs),
          ...framed(format, value, codec)
        ])
      ),
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      const versions: Version<V>[] = []
      while (!reader.isAtEnd) {
        const validFromMs = reader.number()
        versions.push({ validFromMs, value: reader.value(format, codec) })
      }
      return versions
    }
  }
}

/** @throws SkipToDlqError HAIL_RULE when a key has more versions than its setting allows */
export function checkVersions(
  versions: Versions<unknown>,
  at: { readonly table: string; readonly key: string; readonly versionsMax: number }
): void {
  if (versions.length <= at.versionsMax) return
  throw new SkipToDlqError(
    'HAIL_RULE',
    `table ${at.table}: expected at most ${at.versionsMax} versions of key "${at.key}", got one more; ` +
      'raise `versionsMax` or shorten `retentionMs`'
  )
}
