/**
 * Pieces of schemas that several routes share. Every object is closed: a field that is not listed is
 * refused, which also refuses `__proto__` and the like.
 *
 * @module
 */
import Type, { type TProperties } from 'typebox'

/** Ids of rides and users, as tokens, paths and bodies carry them. */
export const idPattern = '^[A-Za-z0-9_-]{1,64}$'

/** An object that takes the listed fields only. */
export const closed = <Properties extends TProperties>(
  properties: Properties,
  /** A titled schema is a component of the API description. */
  options: { title?: string; description?: string } = {}
) => Type.Object(properties, { additionalProperties: false, ...options })

/** Degrees of WGS 84. */
export const latitude = Type.Number({ minimum: -90, maximum: 90, description: 'Degrees north' })
export const longitude = Type.Number({ minimum: -180, maximum: 180, description: 'Degrees east' })

/** A place on the map. */
export const point = closed(
  { lat: latitude, lon: longitude },
  { title: 'Place', description: 'A place, WGS 84' }
)

/** Free text without control characters; length in UTF-16 units. */
export const text = (maxLength: number, description: string, minLength = 1) =>
  Type.String({ minLength, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$', description })

/** An id that another answer gave. */
export const id = (description: string) => Type.String({ pattern: idPattern, description })

/** Stars. */
export const rating = Type.Integer({ minimum: 1, maximum: 5, description: 'Stars, 1 to 5' })

/** Epoch milliseconds between 2001 and 2100. */
export const epochMs = (description: string) =>
  Type.Integer({ minimum: 1_000_000_000_000, maximum: 4_102_444_800_000, description })

/** Page size and place of a list. */
export const pageQuery = {
  cursor: Type.Optional(
    Type.String({ maxLength: 256, description: 'nextCursor of the page before' })
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Items a page' }))
}

/** The problem document, for the API description. */
export const problemDocument = Type.Object(
  {
    type: Type.String({ description: 'urn:hailstream:problem: and the code; stable' }),
    title: Type.String({ description: 'The same for every problem of this code' }),
    status: Type.Integer({ description: 'Status of the answer' }),
    detail: Type.String({ description: 'What was expected, for a person' }),
    instance: Type.String({ description: 'Path of the request' }),
    code: Type.String({ description: 'What to match on; see /problems/{code}' }),
    correlationId: Type.String({ description: 'What to quote when asking for help' }),
    errors: Type.Optional(
      Type.Array(
        closed({
          path: Type.String({ description: 'JSON pointer into the body, or a parameter' }),
          message: Type.String({ description: 'The rule it breaks' })
        }),
        { description: 'Broken rules, 16 at most' }
      )
    )
  },
  { title: 'Problem', description: 'RFC 9457 problem document', additionalProperties: false }
)
