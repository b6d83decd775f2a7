/**
 * JSON schemas as the API description carries them: the same meaning as the validating schemas, in
 * the form that readers and generators of clients know best.
 *
 * @module
 */

/** A JSON schema as data. */
export type JsonSchema = { [keyword: string]: unknown }

/** Whether a value is a schema or another JSON object. */
export const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Applies `change` to every schema within, innermost first. Properties keep their order. */
export const mapSchema = (
  schema: JsonSchema,
  change: (schema: JsonSchema) => JsonSchema
): JsonSchema => {
  const inner = (value: unknown): unknown => (isObject(value) ? mapSchema(value, change) : value)
  const mapped: JsonSchema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties' && isObject(value)) {
      mapped[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, property]) => [name, inner(property)])
      )
    } else if (keyword === 'anyOf' && Array.isArray(value)) {
      mapped[keyword] = value.map(inner)
    } else if (keyword === 'items' || keyword === 'additionalProperties') {
      mapped[keyword] = inner(value)
    } else {
      mapped[keyword] = value
    }
  }
  return change(mapped)
}

/** Alternatives of constants become an enum, "or null" becomes a type list. */
export const simplify = (schema: JsonSchema): JsonSchema => {
  if (Array.isArray(schema['enum']) && schema['type'] === undefined) {
    return { type: 'string', ...schema }
  }
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf)) return schema
  const options = anyOf as JsonSchema[]
  if (options.every(({ type, const: value }) => type === 'string' && value !== undefined)) {
    return { ...rest, type: 'string', enum: options.map(({ const: value }) => value) }
  }
  const [first, second, ...others] = options
  const isNullable = others.length === 0 && second?.['type'] === 'null'
  const isPlain = typeof first?.['type'] === 'string' && first['enum'] === undefined
  if (isNullable && isPlain && first['const'] === undefined) {
    return { ...first, ...rest, type: [first['type'], 'null'] }
  }
  return schema
}

/**
 * Answers may get new fields, so their objects are described as open, although the server sends the
 * listed fields only.
 */
export const open = (schema: JsonSchema): JsonSchema => {
  if (schema['additionalProperties'] !== false) return schema
  const { additionalProperties: _closed, ...rest } = schema
  return rest
}
