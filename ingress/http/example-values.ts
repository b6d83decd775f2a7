/**
 * The people and things of the examples in the API description: one customer, one driver, one ride
 * from Times Square to Union Square. The ids are what the development secrets make of the e-mail
 * addresses and of this Idempotency-Key, so a test can send the examples as they are.
 *
 * @module
 */

/** See the module; times are epoch ms of 14 November 2023. */
export const example = {
  idempotencyKey: '0198c2f4-5a3c-7d1e-9b20-3c4d5e6f7a8b',
  signupId: 's-2afe1ade73c16a89e44e4c78cffb31ea-ca817742617c',
  customerId: 'c-78e891cc9c0590f8d710',
  driverId: 'd-cac0a123f96b20366c8a',
  rideId: '5f8151b549fd6051636bdd766d4af065',
  offerId: '5f8151b549fd6051636bdd766d4af065/1/d-cac0a123f96b20366c8a',
  riderActionId: 'r.5f8151b549fd6051636bdd766d4af065.47ef22ddbadff5839a2bd732',
  driverActionId: 'r.5f8151b549fd6051636bdd766d4af065.92b28732ad7e42be5e7d0222',
  sessionActionId: 'd.d-cac0a123f96b20366c8a.14668e42565b751103837cf6',
  billId: '5f8151b549fd6051636bdd766d4af065:TRIP',
  cursor: 'WzE3MDAwMDAwMDAwMDAsIjVmODE1MWI1NDlmZDYwNTE2MzZiZGQ3NjZkNGFmMDY1Il0',
  correlationId: '4bf92f3577b34da6a3ce929d0e0e4736',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  pickup: { lat: 40.758, lon: -73.9855 },
  dropoff: { lat: 40.7359, lon: -73.9911 },
  requestedAt: 1_700_000_000_000,
  market: 'new_york'
} as const

/** What a person signs up with; drivers add what they drive and may drive. */
export const examplePerson = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: 'ada@example.com',
  phone: '+12125550100',
  street: '1 Main St',
  city: 'New York',
  state: 'NY',
  zip: '10001',
  ssn: '123-45-6789'
}

/** See `examplePerson`. */
export const examplePapers = {
  vehicle: { make: 'Toyota', model: 'Camry', year: 2022, color: 'black', plate: 'T1234C' },
  licence: { number: 'N12345678', state: 'NY', expiresOn: '2030-01-01' }
}
