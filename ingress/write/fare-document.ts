/**
 * A fare as answers carry it.
 *
 * @module
 */
import Type from 'typebox'
import { closed } from '../http/index.ts'

const minor = (description: string) => Type.Integer({ description: `${description}, minor units` })

/** Schema of a fare in answers. */
export const fareDocument = closed(
  {
    currency: Type.String({ description: 'ISO 4217' }),
    baseMinor: minor('Base'),
    distanceMinor: minor('For the distance'),
    timeMinor: minor('For the time'),
    surgeMinor: minor('For demand'),
    bookingMinor: minor('Booking fee'),
    minimumTopUpMinor: minor('Up to the minimum fare'),
    totalMinor: minor('Sum of the lines'),
    distanceMeters: Type.Integer({ description: 'Metres by road' }),
    durationSeconds: Type.Integer({ description: 'Estimated duration, seconds' }),
    surgePercent: Type.Integer({ description: '100 is no surge' })
  },
  { title: 'Fare', description: 'What a ride costs, line by line' }
)

/** A fare from Times Square to Union Square. */
export const exampleFare = {
  currency: 'USD',
  baseMinor: 255,
  distanceMinor: 400,
  timeMinor: 304,
  surgeMinor: 0,
  bookingMinor: 275,
  minimumTopUpMinor: 0,
  totalMinor: 1_234,
  distanceMeters: 3_700,
  durationSeconds: 520,
  surgePercent: 100
}
