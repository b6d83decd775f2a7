/**
 * Compiles schemas into avsc types that are safe against what a log may hold. Four things differ
 * from plain avsc:
 * - Arrays and maps stop reading at the first item that does not move forward. Plain avsc trusts
 *   the item count, so that a few corrupt bytes ask for 2^53 items and the process hangs.
 * - Maps keep a key named `__proto__` as an ordinary key; plain avsc assigns it and loses it.
 * - Longs of 2^52 and more are refused, both ways. avsc computes the zigzag form in doubles, which
 *   turns -(2^52 + 1) into 2^52 without a word.
 * - Records are plain objects (prototype `Object.prototype`), equal to what was encoded, which
 *   drivers and deep comparison treat as data.
 *
 * Unions are never wrapped; longs are JS numbers.
 * @module
 */
import avsc, { type Type } from 'avsc'
import type { AvroSchema } from './schemas.ts'

/** avsc's cursor, of which its typings say nothing. */
type Tap = {
  pos: number
  readonly buf: Buffer
  readLong(): number
  writeLong(value: number): void
  skipLong(): void
  readString(): string
  skipString(): void
}

type Part = { _read(tap: Tap): unknown; _skip(tap: Tap): void }

type TypeClass = new (schema: unknown, options: unknown) => Type

/** Largest magnitude of a long: zigzag doubles it, and a double is exact below 2^53. */
export const longMax = 2 ** 52 - 1

function isExactLong(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= longMax
}

class SafeLongType extends (avsc.types.LongType as unknown as TypeClass) {
  _check(value: unknown, _flags: unknown, hook?: (value: unknown, type: Type) => void): boolean {
    const isExact = isExactLong(value)
    if (!isExact) hook?.(value, this as unknown as Type)
    return isExact
  }

  _read(tap: Tap): number {
    const value = tap.readLong()
    if (!isExactLong(value)) throw new Error('long out of range')
    return value
  }

  _write(tap: Tap, value: unknown): void {
    if (!isExactLong(value)) throw new Error('long out of range')
    tap.writeLong(value)
  }
}

/** Refuses an item that ended past the end of the buffer, or where it began. */
function checkProgress(tap: Tap, before: number): void {
  if (tap.pos <= before || tap.pos > tap.buf.length) throw new Error('truncated block')
}

/** Calls `each` for every item of all blocks of an array or map. */
function readBlocks(tap: Tap, each: () => void): void {
  for (;;) {
    const before = tap.pos
    let count = tap.readLong()
    checkProgress(tap, before)
    if (count === 0) return
    if (count < 0) {
      // A negative count is followed by the size of the block, which only skipping needs.
      count = -count
      tap.skipLong()
    }
    for (; count > 0; count -= 1) {
      const start = tap.pos
      each()
      checkProgress(tap, start)
    }
  }
}

class SafeArrayType extends (avsc.types.ArrayType as unknown as TypeClass) {
  declare itemsType: Part

  // Called with a resolver as `this` too, which has its own `itemsType`.
  _read(tap: Tap): unknown[] {
    const items = this.itemsType
    const values: unknown[] = []
    readBlocks(tap, () => values.push(items._read(tap)))
    return values
  }

  _skip(tap: Tap): void {
    const items = this.itemsType
    readBlocks(tap, () => items._skip(tap))
  }
}

class SafeMapType extends (avsc.types.MapType as unknown as TypeClass) {
  declare valuesType: Part

  _read(tap: Tap): Record<string, unknown> {
    const parts = this.valuesType
    const values: Record<string, unknown> = {}
    readBlocks(tap, () => {
      const key = tap.readString()
      const value = parts._read(tap)
      if (key === '__proto__') {
        Object.defineProperty(values, key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true
        })
      } else values[key] = value
    })
    return values
  }

  _skip(tap: Tap): void {
    const parts = this.valuesType
    readBlocks(tap, () => {
      tap.skipString()
      parts._skip(tap)
    })
  }
}

type RecordClass = new (
  schema: unknown,
  options: unknown
) => Type & {
  _createConstructor(errorStack: unknown, plain: unknown): { prototype: object }
}

class PlainRecordType extends (avsc.types.RecordType as unknown as RecordClass) {
  override _createConstructor(errorStack: unknown, _plain: unknown): { prototype: object } {
    const create = super._createConstructor(errorStack, true)
    create.prototype = Object.prototype
    return create
  }
}

const safeLong = new SafeLongType(undefined, undefined)

function safeType(schema: unknown, options: unknown): Type | undefined {
  if (schema === 'long') return safeLong
  switch ((schema as { type?: unknown }).type) {
    case 'long':
      return safeLong
    case 'array':
      return new SafeArrayType(schema, options)
    case 'map':
      return new SafeMapType(schema, options)
    case 'record':
      return new PlainRecordType(schema, options)
    default:
      return undefined
  }
}

/** Options that make `Type.forSchema` build safe types; for code that compiles by itself. */
export const compileOptions: NonNullable<Parameters<typeof Type.forSchema>[1]> = {
  wrapUnions: 'never',
  typeHook: safeType
}

/** Compiles a self-contained schema, ours or one a registry returned. Throws when malformed. */
export function compileSchema(schema: AvroSchema | string | object): Type {
  return avsc.Type.forSchema(schema as never, { ...compileOptions })
}
