/**
 * Live stores and history in memory, for tests of routes.
 *
 * @module
 */
import type { Bill, RecordName, Records, Ride } from '../../avro/index.ts'
import { RetryError } from '../../core/index.ts'
import type { StoreReader } from '../../streams/query/index.ts'
import type {
  History,
  HourFigures,
  HoursQuery,
  LiveStores,
  PageQuery,
  UserProfile
} from '../read/index.ts'

type Ref<R extends RecordName> = Parameters<StoreReader['get']>[0] & { record: R }

/** Stores that a test fills; `isAway` makes every read fail. */
export class MemoryStores implements LiveStores {
  isAway = false
  /** When set, reads wait for it. */
  gate: Promise<void> | null = null
  /** Calls of `getMany`, to see how reads are batched. */
  batches = 0
  /** Calls of `get`. */
  gets = 0
  near: Awaited<ReturnType<StoreReader['nearby']>> = []
  readonly #values = new Map<string, unknown>()

  put<R extends RecordName>(ref: Ref<R>, key: string, value: Records[R]): void {
    this.#values.set(`${ref.app}/${ref.store}/${key}`, value)
  }

  get: StoreReader['get'] = async (ref, _partitionKey, key) => {
    this.gets += 1
    await this.gate
    this.#refuseAway()
    return (this.#values.get(`${ref.app}/${ref.store}/${key}`) ?? null) as never
  }

  getMany: StoreReader['getMany'] = async (ref, keys) => {
    this.batches += 1
    await this.gate
    this.#refuseAway()
    return keys.map(
      ({ key }) => this.#values.get(`${ref.app}/${ref.store}/${key}`) ?? null
    ) as never
  }

  nearby: StoreReader['nearby'] = async () => {
    this.#refuseAway()
    return this.near
  }

  #refuseAway(): void {
    if (this.isAway) throw new RetryError('HAIL_REDIS_UNAVAILABLE', 'Redis is away')
  }
}

/** History that a test fills. */
export class MemoryHistory implements History {
  isAway = false
  /** When set, reads wait for it. */
  gate: Promise<void> | null = null
  /** Reads of any kind. */
  reads = 0
  readonly rideList: Ride[] = []
  readonly billList: Bill[] = []
  readonly userById = new Map<string, UserProfile>()
  figures: { asOf: number | null; hours: HourFigures[] } = { asOf: null, hours: [] }
  /** The last period asked for. */
  hoursQuery: HoursQuery | null = null

  rides = {
    byId: async (id: string) =>
      this.#read(() => this.rideList.find((r) => r.rideId === id) ?? null),
    page: async (query: PageQuery) =>
      this.#read(() =>
        pageOf(this.rideList, query, (ride) => ({ at: ride.requestedAt, id: ride.rideId }))
      )
  }
  bills = {
    byId: async (id: string) =>
      this.#read(() => this.billList.find((b) => b.billId === id) ?? null),
    page: async (query: PageQuery) =>
      this.#read(() =>
        pageOf(this.billList, query, (bill) => ({ at: bill.issuedAt, id: bill.billId }))
      )
  }
  users = {
    customer: async (id: string) => this.#read(() => this.userById.get(id) ?? null),
    driver: async (id: string) => this.#read(() => this.userById.get(id) ?? null)
  }
  statistics = {
    hours: async (query: HoursQuery) =>
      this.#read(() => {
        this.hoursQuery = query
        return this.figures
      })
  }

  async #read<T>(read: () => T): Promise<T> {
    this.reads += 1
    await this.gate
    if (this.isAway) throw new RetryError('HAIL_MONGO_UNAVAILABLE', 'MongoDB is away')
    return read()
  }
}

const pageOf = <T extends { customerId: string; driverId: string | null }>(
  entries: readonly T[],
  { after, limit, customerId, driverId }: PageQuery,
  placeOf: (entry: T) => { at: number; id: string }
): T[] => {
  const older = (a: { at: number; id: string }, b: { at: number; id: string }): boolean =>
    a.at < b.at || (a.at === b.at && a.id < b.id)
  return entries
    .filter((entry) => customerId === undefined || entry.customerId === customerId)
    .filter((entry) => driverId === undefined || entry.driverId === driverId)
    .filter((entry) => after === null || older(placeOf(entry), after))
    .sort((a, b) => (older(placeOf(a), placeOf(b)) ? 1 : -1))
    .slice(0, limit)
}
