/**
 * @module The checker: follows every record the services commit, in the order of the commits, and
 * notes each break of a promise at the record that breaks it. It shares no code with the services
 * beyond the table of statuses.
 */
import type { DrainedRecord } from '../support/index.ts'
import { expectThat, type Ledger } from './ledger.ts'
import { checkCommand, checkDriver, checkOutcome, checkRide } from './ledger-rules.ts'

/** Checks a committed record against all before it, and keeps what later ones are checked against. */
export function observe(ledger: Ledger, record: DrainedRecord): void {
  if (record.value === null) return
  switch (record.topic) {
    case 'ride_events':
      checkRide(ledger, record.value)
      ledger.rides.set(record.value.rideId, record.value)
      break
    case 'driver_states':
      checkDriver(ledger, record.value)
      ledger.drivers.set(record.value.driverId, record.value)
      break
    case 'driver_commands':
      checkCommand(ledger, record.value)
      break
    case 'action_results':
      checkOutcome(ledger, record.value)
      ledger.outcomes.set(record.value.actionId, record.value)
      break
    case 'trips_admissions':
      once(ledger, ledger.admitted, { id: record.value.request.rideId, what: 'admission' })
      break
    case 'trips_closed':
      once(ledger, ledger.closed, { id: record.value.rideId, what: 'closing' })
      break
    case 'demand_signals':
      once(ledger, ledger.demands, { id: record.value.signalId, what: 'demand' })
      break
    case 'billing_tasks':
      once(ledger, ledger.bills, { id: record.value.taskId, what: 'bill' })
      ledger.bills.set(record.value.taskId, record.value)
      break
    default:
  }
}

function once(
  ledger: Ledger,
  seen: Set<string> | Map<string, unknown>,
  { id, what }: { readonly id: string; readonly what: string }
): void {
  const broken = { rule: 'exactly once', what: `the ${what} of ${id} comes twice`, about: [id] }
  expectThat(ledger, !seen.has(id), broken)
  if (seen instanceof Set) seen.add(id)
}
