/**
 * @module All services and what each is made of: the one place where topologies meet their settings.
 */

import type { Clock } from '../core/index.ts'
import { createPolicy, type Markets } from '../domain/index.ts'
import { billingTopologies } from './billing/index.ts'
import { type ServiceName, serviceNames } from './config.ts'
import { driversTopologies } from './drivers/index.ts'
import { locationsTopologies } from './locations/index.ts'
import { matchingTopologies } from './matching/index.ts'
import { notificationsTopologies, type Providers } from './notifications/index.ts'
import type { SubTopology } from './runtime/index.ts'
import { signupsTopologies } from './signups/index.ts'
import { surgeTopologies } from './surge/index.ts'
import { tripsTopologies } from './trips/index.ts'

export interface ServiceDeps {
  readonly timeScale: number
  readonly markets: Markets
  readonly quoteSecret: string
  readonly providers: Providers
  readonly clock: Clock
}

/** The sub-topologies of the named services. */
export function serviceTopologies(names: readonly ServiceName[], deps: ServiceDeps): SubTopology[] {
  const policy = createPolicy({ timeScale: deps.timeScale })
  const { markets, quoteSecret, providers, clock } = deps
  const make: Readonly<Record<ServiceName, () => SubTopology[]>> = {
    signups: () => signupsTopologies({ policy }),
    locations: () => locationsTopologies({ policy, markets }),
    drivers: () => driversTopologies({ policy }),
    matching: () => matchingTopologies({ policy, markets }),
    surge: () => surgeTopologies({ policy, markets }),
    trips: () => tripsTopologies({ policy, markets, quoteSecret }),
    billing: () => billingTopologies(),
    notifications: () => notificationsTopologies({ providers, clock })
  }
  return names.flatMap((name) => make[name]())
}

/** Every service's sub-topologies as descriptions, for topics, schemas and pictures: never run. */
export function describedTopologies(deps: Pick<ServiceDeps, 'markets' | 'clock'>): SubTopology[] {
  const silent = {
    name: 'none',
    deliver: () => Promise.reject(new Error('a described topology delivers nothing'))
  }
  return serviceTopologies(serviceNames, {
    ...deps,
    timeScale: 1,
    quoteSecret: 'described topologies verify no quote',
    providers: { PUSH: silent, SMS: silent }
  })
}
