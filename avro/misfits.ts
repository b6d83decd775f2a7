/**
 * Says which fields of a value do not fit a schema, without saying what they hold: values may be
 * personal, messages are logged.
 * @module
 */
import type { Type } from 'avsc'

/** Misfits named at most; a value of a wrong record would list every field. */
const misfitsMax = 5

/** One line, such as `integer out of range at ride.seq (long)`. */
export function describeMisfits(type: Type, value: unknown): string {
  const misfits: string[] = []
  type.isValid(value, {
    errorHook: (path, found, expected) => {
      const kind = describeKind(found, expected)
      misfits.push(`${kind} at ${path.join('.') || 'the top'} (${nameOf(expected)})`)
    }
  })
  if (misfits.length === 0) return 'a value that cannot be read'
  const shown = misfits.slice(0, misfitsMax).join(', ')
  return misfits.length > misfitsMax ? `${shown} and ${misfits.length - misfitsMax} more` : shown
}

function nameOf(type: Type): string {
  if (type.name !== undefined) return type.name.slice(type.name.lastIndexOf('.') + 1)
  const branches = branchesOf(type)
  return branches.length === 0 ? type.typeName : branches.map(nameOf).join('|')
}

/** The branches of a union, none for any other type. */
function branchesOf(type: Type): readonly Type[] {
  return 'types' in type ? (type.types as readonly Type[]) : []
}

function describeKind(value: unknown, expected: Type): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  const expectedNames = [expected, ...branchesOf(expected)].map((type) => type.typeName)
  if (typeof value === 'string' && expectedNames.includes('enum')) return 'unknown symbol'
  const wantsInteger = expectedNames.includes('int') || expectedNames.includes('long')
  if (typeof value !== 'number' || !wantsInteger) return typeof value
  return Number.isInteger(value) ? 'integer out of range' : 'number that is no integer'
}
