/**
 * @module Every business limit in one object. Durations are milliseconds of wall clock: with a
 * time scale of 10 a five-minute wait becomes 30 seconds, and speeds grow by the same factor, so
 * a whole day can be replayed in a few hours. Where an entry says "not scaled" it bounds
 * machines or clients, not the business. The time scale is 1 in production.
 */

/** Limits of surge pricing; percents are of the multiplier, 100 = 1.0. */
export type SurgePolicy = {
  /** How often multipliers are computed, ms. */
  readonly periodMs: number
  /** How far back demand and supply are counted, ms. */
  readonly windowMs: number
  /** H3 resolution of priced cells: 8, about 0.74 km². Finer cells rarely hold 4 requests. */
  readonly resolution: number
  /** H3 resolution to fall back to where a cell has too little demand. */
  readonly fallbackResolution: number
  /** The least smoothed demand, in unique riders a window, that may raise a price. */
  readonly demandMin: number
  /** Part of a cell's own count in the spatial mean, 0..1; its six neighbours share the rest. */
  readonly ownWeight: number
  /** Riders per free driver (plus one) at which the multiplier starts to rise. */
  readonly balanceRatio: number
  /** Rise of the multiplier for each rider per driver above `balanceRatio`, percent. */
  readonly slopePercent: number
  readonly percentMin: number
  readonly percentMax: number
  /** Part of the distance to the target that is moved each period, 0..1. */
  readonly gain: number
  /** Largest rise a period, percent. */
  readonly stepUpPercent: number
  /** Largest fall a period, percent. */
  readonly stepDownPercent: number
  /** Published multipliers are multiples of this, percent. */
  readonly publishStepPercent: number
  /** Extra distance from the published value before the next one is published, percent. */
  readonly hysteresisPercent: number
  /** Largest difference between neighbouring cells, percent. */
  readonly neighbourLimitPercent: number
  /** A multiplier not renewed for so long counts as 100 %, ms. */
  readonly ttlMs: number
}

/** Limits for position reports. */
export type PingPolicy = {
  /** A report less accurate than this is dropped, metres. */
  readonly accuracyMetersMax: number
  /** Implied speed above which a report is suspect, km/h. Scaled up by the time scale. */
  readonly teleportKmh: number
  /** Jumps shorter than this are never suspect, metres. */
  readonly teleportMetersMin: number
  /** Reports nearer in time than this are not judged by speed, ms. Not scaled. */
  readonly teleportIntervalMsMin: number
  /** How far a device clock may run ahead, ms. Not scaled. */
  readonly futureMs: number
  /** A move of this many metres is published. */
  readonly movedMeters: number
  /** A driver who does not move is published this often, ms. Not scaled. */
  readonly quietMs: number
  /** Positions of a market are batched for this long, ms. Not scaled. */
  readonly flushMs: number
  /** So many suspect reports within `suspectWindowMs` flag the driver. */
  readonly suspectMax: number
  /** Window for `suspectMax`, ms. */
  readonly suspectWindowMs: number
}

/** Every business limit; see the module text for units and scaling. */
export type Policy = {
  /** How much faster than life the business runs; 1 in production. */
  readonly timeScale: number
  /** How long a driver may think about an offer, ms; at least `offerMsMin`, whatever the scale. */
  readonly offerMs: number
  /** How long matching keeps an offered ride and driver out of its pool, ms. */
  readonly offerHoldMs: number
  /** How long a rider waits for a driver before the ride ends unserved, ms. */
  readonly waitLimitMs: number
  /** How often a waiting ride repeats its dispatch request, ms. */
  readonly resendMs: number
  /** How long a dispatch request stays usable, ms: three repeats. */
  readonly dispatchLifeMs: number
  /** How long a driver waits at the pickup before a no-show may be reported, ms. */
  readonly noShowMs: number
  /** A reservation without word for so long is asked about again, ms. */
  readonly reservedWatchdogMs: number
  /** A trip without word for so long is asked about again, ms. */
  readonly onTripWatchdogMs: number
  /** A driver not heard of for so long leaves matching's pool, ms. Not scaled: devices report in real time. */
  readonly driverUnheardMs: number
  /** How long an action waits for a ride or driver not known yet, ms. Not scaled: it covers the machines' delay. */
  readonly parkedMs: number
  /** How many such actions wait per ride or driver. */
  readonly parkedMax: number
  /** A rider cancels free of charge for so long after the match, ms. */
  readonly freeCancelMs: number
  /** A driver later than this against the promised pickup makes cancelling free, ms. */
  readonly driverLateMs: number
  /** How long a quote holds, ms. */
  readonly quoteLifeMs: number
  /** How far a request may be from the places quoted, metres. */
  readonly quoteToleranceMeters: number
  /** Open rides a customer may have. */
  readonly maxOpenRides: number
  /** Drivers a ride remembers as not to be asked again; the oldest is forgotten first. */
  readonly excludedMax: number
  /** Longest pickup that is offered, model seconds. Not scaled. */
  readonly pickupEtaMaxSeconds: number
  /** How often matching solves a market, ms. Not scaled. */
  readonly matchingWindowMs: number
  /** Drivers considered per ride. */
  readonly candidatesMax: number
  /** Time for an optimal solution before the greedy one is taken, ms. Not scaled. */
  readonly solveMsMax: number
  /**
   * How far beyond a split market's border a driver is shown, metres. Covers
   * `pickupEtaMaxSeconds` at the fastest hour: 900 s x 30.7 km/h / 1.35 = 5,685 m.
   */
  readonly reachMeters: number
  /** An e-mail claim repeats its unanswered SSN claim this often, ms. Not scaled. */
  readonly ssnClaimRetryMs: number
  /** Oldest `Idempotency-Key` accepted, ms. Not scaled: clients' clocks are real. */
  readonly idempotencyMaxAgeMs: number
  /** How long an ended ride stays in the live store, ms. Not scaled. */
  readonly rideRetentionMs: number
  readonly ping: PingPolicy
  readonly surge: SurgePolicy
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** An offer and its answer travel over real machines and networks: below this, only they are measured. */
const offerMsMin = 3 * second

/**
 * The policy at a time scale.
 * @throws RangeError when the scale is not within 0.1..1000
 */
export function createPolicy({ timeScale }: { timeScale: number } = { timeScale: 1 }): Policy {
  if (!(timeScale >= 0.1 && timeScale <= 1000)) {
    throw new RangeError(`expected a time scale within 0.1..1000, got ${timeScale}`)
  }
  const scaled = (ms: number): number => Math.max(1, Math.round(ms / timeScale))
  return {
    timeScale,
    offerMs: Math.max(scaled(15 * second), offerMsMin),
    offerHoldMs: scaled(5 * second),
    waitLimitMs: scaled(5 * minute),
    resendMs: scaled(10 * second),
    dispatchLifeMs: scaled(30 * second),
    noShowMs: scaled(5 * minute),
    reservedWatchdogMs: scaled(30 * second),
    onTripWatchdogMs: scaled(10 * minute),
    driverUnheardMs: 30 * second,
    parkedMs: 10 * second,
    parkedMax: 8,
    freeCancelMs: scaled(2 * minute),
    driverLateMs: scaled(5 * minute),
    quoteLifeMs: scaled(2 * minute),
    quoteToleranceMeters: 50,
    maxOpenRides: 2,
    excludedMax: 64,
    pickupEtaMaxSeconds: 900,
    matchingWindowMs: 2 * second,
    candidatesMax: 20,
    solveMsMax: 50,
    reachMeters: 6_000,
    ssnClaimRetryMs: 30 * second,
    idempotencyMaxAgeMs: 12 * hour,
    rideRetentionMs: hour,
    ping: createPingPolicy(timeScale, scaled),
    surge: createSurgePolicy(scaled)
  }
}

/** Model seconds (an ETA) as milliseconds of the scaled wall clock. */
export function modelSecondsToMs(policy: Pick<Policy, 'timeScale'>, seconds: number): number {
  return Math.round((seconds * 1_000) / policy.timeScale)
}

function createPingPolicy(timeScale: number, scaled: (ms: number) => number): PingPolicy {
  return {
    accuracyMetersMax: 50,
    teleportKmh: 200 * timeScale,
    teleportMetersMin: 500,
    teleportIntervalMsMin: second,
    futureMs: minute,
    movedMeters: 50,
    quietMs: 10 * second,
    flushMs: 2 * second,
    suspectMax: 3,
    suspectWindowMs: scaled(10 * minute)
  }
}

function createSurgePolicy(scaled: (ms: number) => number): SurgePolicy {
  return {
    periodMs: scaled(minute),
    windowMs: scaled(5 * minute),
    resolution: 8,
    fallbackResolution: 7,
    demandMin: 4,
    ownWeight: 0.5,
    balanceRatio: 1,
    slopePercent: 50,
    percentMin: 100,
    percentMax: 300,
    gain: 0.3,
    stepUpPercent: 30,
    stepDownPercent: 20,
    publishStepPercent: 10,
    hysteresisPercent: 5,
    neighbourLimitPercent: 30,
    ttlMs: scaled(150 * second)
  }
}
