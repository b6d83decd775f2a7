/**
 * @module ZIP codes: their form, and whether their first three digits belong to the state given.
 * ZIP areas cross state lines here and there, so a mismatch is a warning and never a refusal.
 * The table is derived from the npm package zipcodes 8.0.0 (BSD).
 */

const zipPattern = /^\d{5}(-\d{4})?$/

/** First three digits by state, as numbers and ranges. */
const prefixesByState: Readonly<Record<string, string>> = {
  AA: '340',
  AE: '090-098',
  AK: '995-999',
  AL: '350-352 354-369',
  AP: '962-966',
  AR: '716-729',
  AZ: '850-853 855-857 859-860 863-865',
  CA: '900-908 910-928 930-961',
  CO: '800-816',
  CT: '060-069',
  DC: '200 202-205 569',
  DE: '197-199',
  FL: '320-339 341-342 344 346-347 349',
  GA: '300-319 398-399',
  GU: '969',
  HI: '967-968',
  IA: '500-516 520-528',
  ID: '832-838',
  IL: '600-620 622-629',
  IN: '460-479',
  KS: '660-662 664-679',
  KY: '400-418 420-427',
  LA: '700-701 703-708 710-714',
  MA: '010-027 055',
  MD: '206-212 214-219',
  ME: '039-049',
  MI: '480-499',
  MN: '550-551 553-567',
  MO: '630-631 633-641 644-658',
  MS: '386-397',
  MT: '590-599',
  NC: '270-289',
  ND: '580-588',
  NE: '680-681 683-693',
  NH: '030-038',
  NJ: '070-089',
  NM: '870-871 873-884',
  NV: '889-891 893-895 897-898',
  NY: '005 100-149',
  OH: '430-459',
  OK: '730-731 734-741 743-749',
  OR: '970-979',
  PA: '150-196',
  PR: '006-007 009',
  RI: '028-029',
  SC: '290-299',
  SD: '570-577',
  TN: '370-385',
  TX: '733 750-770 772-799 885',
  UT: '840-847',
  VA: '201 220-246',
  VI: '008',
  VT: '050-054 056-059',
  WA: '980-986 988-994',
  WI: '530-532 534-535 537-549',
  WV: '247-268',
  WY: '820-831'
}

/** Further states with a few places under a prefix. */
const furtherStates: Readonly<Record<string, readonly string[]>> = {
  '063': ['NY'],
  '205': ['MD', 'VA'],
  '739': ['TX'],
  '834': ['WY'],
  '967': ['AS'],
  '969': ['FM', 'MP', 'PW', 'MH']
}

const stateByPrefix = readPrefixes()

/** `zip_malformed`, or null for five digits with or without four more. */
export function zipProblem(zip: string): string | null {
  return zipPattern.test(zip) ? null : 'zip_malformed'
}

/** `warn:zip_state_mismatch` or `warn:zip_unknown` for a well-formed ZIP code, or null. */
export function zipWarning(zip: string, state: string): string | null {
  const prefix = zip.slice(0, 3)
  const main = stateByPrefix.get(prefix)
  if (main === undefined) return 'warn:zip_unknown'
  const isKnown = main === state || (furtherStates[prefix] ?? []).includes(state)
  return isKnown ? null : 'warn:zip_state_mismatch'
}

/** The state most places under a ZIP code's first three digits are in, or null. */
export function stateOfZip(zip: string): string | null {
  return stateByPrefix.get(zip.slice(0, 3)) ?? null
}

function readPrefixes(): ReadonlyMap<string, string> {
  const states = new Map<string, string>()
  for (const [state, ranges] of Object.entries(prefixesByState)) {
    for (const range of ranges.split(' ')) {
      const [first, last = first] = range.split('-').map(Number)
      for (let prefix = first ?? 0; prefix <= (last ?? 0); prefix += 1) {
        states.set(String(prefix).padStart(3, '0'), state)
      }
    }
  }
  return states
}
