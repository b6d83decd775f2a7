/**
 * People who sign up: invented, valid by every rule of the service, and unlike each other in e-mail
 * and social security number. The same seed gives the same people.
 *
 * @module
 */
import { createDice, type Dice } from './dice.ts'

/** The body of a sign-up. */
export type SignupForm = {
  readonly role: 'customer' | 'driver'
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly phone: string
  readonly street: string
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly ssn: string
  readonly vehicle?: {
    readonly make: string
    readonly model: string
    readonly year: number
    readonly color: string
    readonly plate: string
  }
  readonly licence?: {
    readonly number: string
    readonly state: string
    readonly expiresOn: string
  }
}

const firstNames = [
  'Ada',
  'Amara',
  'Anna',
  'Carlos',
  'Chen',
  'Diego',
  'Elena',
  'Fatima',
  'Grace',
  'Hiro',
  'Ibrahim',
  'Ines',
  'Jamal',
  'José',
  'Kwame',
  'Leila',
  'Luca',
  'Maria',
  'Mei',
  'Nadia',
  'Noah',
  'Olga',
  'Priya',
  'Rosa',
  'Samuel',
  'Sofia',
  'Tariq',
  'Tom',
  'Yara',
  'Zoe'
]
const lastNames = [
  'Adams',
  'Baker',
  'Chowdhury',
  'Cohen',
  'Diallo',
  'Fernández',
  'García',
  'Hughes',
  'Ivanova',
  'Jackson',
  'Kim',
  'Lopez',
  'Martin',
  'Nguyen',
  "O'Neill",
  'Park',
  'Quinn',
  'Rossi',
  'Singh',
  'Smith-Jones',
  'Torres',
  'Usman',
  'Vega',
  'Wong',
  'Young'
]
const streets = ['Broadway', 'Park Ave', 'Amsterdam Ave', 'W 72nd St', 'Bleecker St', 'Court St']
/** ZIP codes of New York City, each with the place it is in. */
const places = [
  ['10001', 'New York'],
  ['10025', 'New York'],
  ['10128', 'New York'],
  ['11201', 'Brooklyn'],
  ['11215', 'Brooklyn'],
  ['11101', 'Long Island City'],
  ['10451', 'Bronx'],
  ['10301', 'Staten Island']
] as const
const cars = [
  ['Toyota', 'Camry'],
  ['Toyota', 'Prius'],
  ['Honda', 'Accord'],
  ['Nissan', 'Leaf'],
  ['Hyundai', 'Ioniq 5'],
  ['Ford', 'Escape'],
  ['Tesla', 'Model 3'],
  ['Kia', 'Niro']
] as const
const colors = ['black', 'white', 'silver', 'dark blue', 'red']
const areaCodes = ['212', '347', '646', '718', '917', '929']
const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'

/** Areas 001..899 without 666, groups 01..99, serials 0001..9999. */
const ssnCount = 898 * 99 * 9_999
/** Steps through all numbers before one comes again: prime, and no factor of `ssnCount`. */
const ssnStep = 48_271

/**
 * Person number `index` of a seed; indexes below 100,000 give people who share nothing unique.
 * @param nowMs decides which papers are still valid
 */
export function createPerson(of: {
  readonly role: 'customer' | 'driver'
  readonly index: number
  readonly seed: number
  readonly nowMs: number
}): SignupForm {
  const { role, index, seed, nowMs } = of
  // Drivers and customers of one index are different people.
  const number = index * 2 + (role === 'driver' ? 1 : 0)
  const dice = createDice(seed, 1_000_000 + number)
  const firstName = dice.pick(firstNames)
  const lastName = dice.pick(lastNames)
  const [zip, city] = dice.pick(places)
  return {
    role,
    firstName,
    lastName,
    email: `${role}.${seed}.${index}@example.com`,
    phone: `+1${dice.pick(areaCodes)}${digits(dice.below(8) + 2, 1)}${digits(dice.below(1_000_000), 6)}`,
    street: `${dice.below(900) + 1} ${dice.pick(streets)}`,
    city,
    state: 'NY',
    zip,
    ssn: ssnAt(seed, number),
    ...(role === 'driver' ? papers(dice, nowMs) : {})
  }
}

function papers(dice: Dice, nowMs: number): Pick<SignupForm, 'vehicle' | 'licence'> {
  const [make, model] = dice.pick(cars)
  const year = new Date(nowMs).getUTCFullYear()
  const plate = `T${digits(dice.below(1_000_000), 6)}${dice.pick([...letters])}`
  return {
    vehicle: { make, model, year: year - dice.below(9), color: dice.pick(colors), plate },
    licence: {
      number: digits(dice.below(1_000_000_000), 9),
      state: 'NY',
      expiresOn: `${year + 1 + dice.below(6)}-${digits(dice.below(12) + 1, 2)}-${digits(dice.below(28) + 1, 2)}`
    }
  }
}

/** Different people of a seed have different numbers, as the step is coprime to the count. */
function ssnAt(seed: number, number: number): string {
  const start = createDice(seed, 999_999).below(ssnCount)
  const position = (start + number * ssnStep) % ssnCount
  const serial = (position % 9_999) + 1
  const group = (Math.floor(position / 9_999) % 99) + 1
  const rank = Math.floor(position / (9_999 * 99)) + 1
  const area = rank < 666 ? rank : rank + 1
  return `${digits(area, 3)}-${digits(group, 2)}-${digits(serial, 4)}`
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
