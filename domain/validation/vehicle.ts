/**
 * @module Vehicles drivers sign up with. Makes and models are free text within a length, since no
 * list of them stays complete; the year and the plate have firm forms.
 */

import type { Vehicle } from '../records.ts'

/** The oldest model year accepted. */
export const vehicleYearMin = 1990

const textPattern = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} .,'&/+()!-]*[\p{L}\p{M}\p{N}.!)+])?$/u
const platePattern = /^[A-Z0-9](?:[ -]?[A-Z0-9]){1,7}$/

/** Problem codes of a vehicle; `yearMax` is usually next year, when new models are sold early. */
export function vehicleProblems(vehicle: Vehicle, { yearMax }: { yearMax: number }): string[] {
  const problems: string[] = []
  if (!isText(vehicle.make, 40)) problems.push('vehicle_make_malformed')
  if (!isText(vehicle.model, 40)) problems.push('vehicle_model_malformed')
  if (!isText(vehicle.color, 30)) problems.push('vehicle_color_malformed')
  if (!(Number.isInteger(vehicle.year) && isWithin(vehicle.year, vehicleYearMin, yearMax))) {
    problems.push('vehicle_year_out_of_range')
  }
  if (!platePattern.test(vehicle.plate)) problems.push('vehicle_plate_malformed')
  return problems
}

/** A plate in the form that is stored: upper case, no outer space. */
export function normalizePlate(plate: string): string {
  return plate.trim().toUpperCase()
}

function isText(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax && textPattern.test(text)
}

function isWithin(value: number, min: number, max: number): boolean {
  return value >= min && value <= max
}
