/**
 * @module Stores over HTTP, on the port for operators, which is private: keys are shown as they are,
 * personal fields of values are blanked.
 *
 * ```
 * GET /stores
 * GET /stores/{app}/{sub}/{store}/keys/{key}?minPosition=&waitMs=&committed=&partition=&partitionKey=
 * GET /stores/{app}/{sub}/{store}/range?partition=&prefix=&from=&to=&fromMs=&toMs=&cursor=&limit=
 * GET /stores/{app}/{sub}/{store}/windows/{key}?fromMs=&toMs=&partition=&partitionKey=
 * ```
 */
import {
  describeForeignError,
  type OpsReply,
  type OpsRequest,
  type OpsRoute
} from '../../core/index.ts'
import { type FreshnessBound, StaleStoreError, waitMsMax } from './freshness.ts'
import { QueryParameters } from './query-parameters.ts'
import type { QueryableStore } from './queryable-store.ts'
import { rangeLimitMax } from './range.ts'
import { toShownValue } from './redaction.ts'
import type { EntriesAnswer, QueryEntry, StoreQuery } from './store-query.ts'

export interface StoreRoutesOptions {
  readonly stores: readonly QueryableStore[]
  /** Null while the process is starting. */
  readonly query: () => StoreQuery | null
}

const prefix = '/stores'

/** The route of all stores. */
export function storeRoutes(options: StoreRoutesOptions): OpsRoute {
  return {
    prefix,
    async handle(request) {
      try {
        return await answer(options, request)
      } catch (error) {
        if (error instanceof StaleStoreError) return conflict(error)
        if (error instanceof RangeError || error instanceof URIError) return bad(error)
        throw error
      }
    }
  }
}

async function answer(options: StoreRoutesOptions, request: OpsRequest): Promise<OpsReply> {
  const [app, sub, name, verb, key, ...rest] = request.path
    .slice(prefix.length + 1)
    .split('/')
    .map(decodeURIComponent)
  if (!app && sub === undefined)
    return { status: 200, body: { stores: options.stores.map(listed) } }
  const store = options.stores.find(
    (one) => one.app === app && one.sub === sub && one.store === name
  )
  if (store === undefined) return missing(`No store is named ${[app, sub, name].join('/')}.`)
  const query = options.query()
  if (query === null) {
    return { status: 503, title: 'Service Unavailable', detail: 'The process is starting.' }
  }
  const parameters = new QueryParameters(request.query)
  if (verb === 'range' && key === undefined) return range(query, store, parameters)
  if (key === undefined || rest.length > 0)
    return missing('There is keys/{key}, range, windows/{key}.')
  if (verb === 'keys') return one(query, store, { key, parameters })
  if (verb === 'windows') return windows(query, store, { key, parameters })
  return missing('There is keys/{key}, range, windows/{key}.')
}

function listed({ app, sub, store, partitions, keyedBy, definition }: QueryableStore) {
  const { format, kind, isWindow, ttlMs } = definition
  return {
    ...{ app, sub, store, partitions, keyedBy, kind, isWindow },
    format: format.name,
    ttlMs: ttlMs ?? null
  }
}

type At = { readonly key: string; readonly parameters: QueryParameters }

async function one(query: StoreQuery, store: QueryableStore, at: At): Promise<OpsReply> {
  const { key, parameters } = at
  if (store.definition.isWindow && !/^-?\d+\|/.test(key)) {
    throw new RangeError(
      'expected a key of a window store, <start in ms>|<key>; or ask windows/{key}'
    )
  }
  const found = await query.get(store, { key, ...bound(parameters), ...place(parameters, store) })
  if (found.value === null) {
    const { value: _, ...more } = found
    return { ...missing('Nothing is stored under this key at this position.'), more }
  }
  return { status: 200, body: { ...found, value: shown(store, found.value) } }
}

async function range(
  query: StoreQuery,
  store: QueryableStore,
  parameters: QueryParameters
): Promise<OpsReply> {
  const page = await query.range(store, {
    partition: parameters.required('partition', store.partitions - 1),
    ...bound(parameters),
    ...parameters.texts('from', 'to', 'prefix', 'cursor'),
    ...parameters.integers(Number.MAX_SAFE_INTEGER, 'fromMs', 'toMs'),
    ...parameters.integers(rangeLimitMax, 'limit')
  })
  return { status: 200, body: withShown(store, page) }
}

async function windows(query: StoreQuery, store: QueryableStore, at: At): Promise<OpsReply> {
  const { key, parameters } = at
  if (!store.definition.isWindow) throw new RangeError('expected a window store; ask keys/{key}')
  const found = await query.window(store, {
    key,
    ...bound(parameters),
    ...place(parameters, store),
    ...parameters.integers(Number.MAX_SAFE_INTEGER, 'fromMs', 'toMs')
  })
  return { status: 200, body: withShown(store, found) }
}

function bound(parameters: QueryParameters): FreshnessBound {
  const minPosition = parameters.position('minPosition')
  return {
    ...(minPosition === null ? {} : { minPosition }),
    ...parameters.integers(waitMsMax, 'waitMs'),
    withCommitted: parameters.flag('committed')
  }
}

function place(parameters: QueryParameters, { partitions }: QueryableStore) {
  return {
    ...parameters.integers(partitions - 1, 'partition'),
    ...parameters.texts('partitionKey')
  }
}

function withShown<A extends EntriesAnswer>(store: QueryableStore, answered: A) {
  const entries = answered.entries.map(
    (entry): QueryEntry => ({ ...entry, value: shown(store, entry.value) })
  )
  return { ...answered, entries }
}

function shown({ definition }: QueryableStore, value: unknown): unknown {
  return toShownValue(value, definition.format.record)
}

function missing(detail: string) {
  return { status: 404, title: 'Not Found', detail }
}

function bad(error: RangeError | URIError): OpsReply {
  const detail = error instanceof RangeError ? error.message : describeForeignError(error)
  return { status: 400, title: 'Bad Request', detail }
}

/** The state asked for is not there yet: the caller may wait longer or ask again. */
function conflict(error: StaleStoreError): OpsReply {
  return {
    status: 409,
    title: 'Conflict',
    detail: error.message,
    more: { position: error.position }
  }
}
