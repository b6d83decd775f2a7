/**
 * @module A reader that knows nothing of this project: Confluent framing, the schema fetched by its id
 * from the registry, plain Avro.
 */
import { Type } from 'avsc'

const magicByte = 0
const headerBytes = 5

export class StandardReader {
  readonly #registryUrl: string
  readonly #types = new Map<number, Promise<Type>>()

  constructor(registryUrl: string) {
    this.#registryUrl = registryUrl
  }

  /** @throws Error when the value is not framed, its id is unknown or its bytes do not fit the schema */
  async read(value: Buffer): Promise<unknown> {
    if (value[0] !== magicByte) throw new Error(`expected the magic byte 0, got ${value[0]}`)
    const type = await this.#typeOf(value.readInt32BE(1))
    return type.fromBuffer(value.subarray(headerBytes))
  }

  #typeOf(id: number): Promise<Type> {
    const known = this.#types.get(id)
    if (known) return known
    const fetched = fetch(`${this.#registryUrl}/schemas/ids/${id}`).then(async (response) => {
      if (response.status !== 200) throw new Error(`expected schema ${id}, got ${response.status}`)
      const { schema } = (await response.json()) as { schema: string }
      return Type.forSchema(JSON.parse(schema))
    })
    this.#types.set(id, fetched)
    return fetched
  }
}
