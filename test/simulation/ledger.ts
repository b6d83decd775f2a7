/**
 * @module What the checker has seen: the newest of everything committed, and the promises broken.
 */
import type { ActionResult, BillingTask, DriverState, RideEvent } from '../../avro/index.ts'

/** A broken promise. */
export interface Violation {
  readonly rule: string
  readonly what: string
  /** Ids the trace is searched for. */
  readonly about: readonly string[]
}

/** What was committed so far, and what of it broke a promise. */
export interface Ledger {
  readonly violations: Violation[]
  /** Newest event of each ride. */
  readonly rides: Map<string, RideEvent>
  /** Drivers who refused a ride, by ride id. */
  readonly refusedBy: Map<string, Set<string>>
  /** Newest state of each driver. */
  readonly drivers: Map<string, DriverState>
  readonly outcomes: Map<string, ActionResult>
  readonly bills: Map<string, BillingTask>
  readonly admitted: Set<string>
  readonly demands: Set<string>
  readonly closed: Set<string>
}

/** A ledger of nothing yet. */
export function createLedger(): Ledger {
  return {
    violations: [],
    rides: new Map(),
    refusedBy: new Map(),
    drivers: new Map(),
    outcomes: new Map(),
    bills: new Map(),
    admitted: new Set(),
    demands: new Set(),
    closed: new Set()
  }
}

/** Notes a broken promise unless it holds. */
export function expectThat(
  ledger: Ledger,
  holds: boolean,
  broken: { readonly rule: string; readonly what: string; readonly about: readonly string[] }
): void {
  if (!holds) ledger.violations.push(broken)
}
