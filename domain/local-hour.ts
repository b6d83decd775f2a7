/**
 * @module The hour of day in a time zone, fast enough for every pair of rider and driver.
 */

/** Offsets of real zones are multiples of a quarter of an hour, so the hour is fixed within one. */
const quarterMs = 15 * 60_000
/** Quarters remembered per zone: about 10 days, then the memory starts anew. */
const rememberedMax = 1_024

type ZoneHours = { format: Intl.DateTimeFormat; hourByQuarter: Map<number, number> }

const zones = new Map<string, ZoneHours>()

/**
 * The hour of day, 0..23, at an epoch time in an IANA zone. A pure function; results are
 * remembered because formatting costs microseconds. Zones come from market definitions, so their
 * number is bounded by configuration.
 * @throws RangeError for an unknown zone or a time that is no date
 */
export function localHour(atMs: number, timezone: string): number {
  let zone = zones.get(timezone)
  if (zone === undefined) {
    zone = { format: hourFormat(timezone), hourByQuarter: new Map() }
    zones.set(timezone, zone)
  }
  const quarter = Math.floor(atMs / quarterMs)
  const known = zone.hourByQuarter.get(quarter)
  if (known !== undefined) return known
  const hour = Number(zone.format.format(quarter * quarterMs))
  if (zone.hourByQuarter.size >= rememberedMax) zone.hourByQuarter.clear()
  zone.hourByQuarter.set(quarter, hour)
  return hour
}

function hourFormat(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hour: 'numeric',
    hourCycle: 'h23'
  })
}
