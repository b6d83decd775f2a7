/**
 * A schema registry in this process, as much of the Confluent protocol as the client uses, with
 * switches for failures a real one has no button for.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Answer = { readonly status: number; readonly body: unknown }

export type RegistryServer = {
  readonly url: string
  /** `METHOD path` of each request, in order. */
  readonly requests: string[]
  /** Schemas by id - 1. */
  readonly schemas: string[]
  /** Answers to give instead of the right ones, first to last; 'silence' gives none. */
  readonly faults: (number | 'silence')[]
  stop(): Promise<void>
}

const notFound: Answer = { status: 404, body: { error_code: 40401, message: 'not found' } }

/** Listens on a free port of the loopback interface. */
export async function startRegistryServer(): Promise<RegistryServer> {
  const requests: string[] = []
  const schemas: string[] = []
  const faults: (number | 'silence')[] = []
  const versions = new Map<string, number[]>()
  const levels = new Map<string, string>()

  function register(subject: string, schema: string): Answer {
    if (!schemas.includes(schema)) schemas.push(schema)
    const id = schemas.indexOf(schema) + 1
    const ids = versions.get(subject) ?? []
    if (!ids.includes(id)) versions.set(subject, [...ids, id])
    return { status: 200, body: { id } }
  }

  function answer(method: string, path: string, body: string): Answer {
    const [root = '', name = '', , version] = path.slice(1).split('/').map(decodeURIComponent)
    if (root === 'config') {
      if (method === 'PUT') levels.set(name, JSON.parse(body).compatibility)
      const level = levels.get(name)
      return level === undefined ? notFound : { status: 200, body: { compatibilityLevel: level } }
    }
    if (root === 'schemas') {
      const schema = schemas[Number(path.split('/').at(-1)) - 1]
      return schema === undefined ? notFound : { status: 200, body: { schema } }
    }
    if (method === 'POST') return register(name, JSON.parse(body).schema)
    const ids = versions.get(name) ?? []
    const id = version === 'latest' ? ids.at(-1) : ids[Number(version) - 1]
    return id === undefined ? notFound : { status: 200, body: { id, schema: schemas[id - 1] } }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '' } = request
    requests.push(`${method} ${url}`)
    const fault = faults.shift()
    if (fault === 'silence') return
    const { status, body } =
      fault === undefined
        ? answer(method, url, Buffer.concat(chunks).toString())
        : { status: fault, body: { error_code: fault, message: `told to answer ${fault}` } }
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(body))
  }

  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    schemas,
    faults,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
