/**
 * @module A valid sign-up for tests, different from others only where a test says so.
 */
import type { SignupRequest } from '../../avro/index.ts'

/** A customer from New York, asked on 2 June 2025. */
export function aSignup(over: Partial<SignupRequest> = {}): SignupRequest {
  return {
    signupId: 's-1',
    userId: `c-${over.signupId ?? 's-1'}`,
    emailKey: 'email-1',
    role: 'CUSTOMER',
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    phone: '+12125550123',
    street: '1 Broadway',
    city: 'New York',
    state: 'NY',
    zip: '10004',
    ssnCipher: 'v1.k.iv.ct.tag',
    ssnKey: 'ssn-1',
    ssnKeyId: 'k1',
    ssnKeysBefore: [],
    ssnLast4: '6789',
    ssnProblem: null,
    vehicle: null,
    licence: null,
    source: 'APP',
    requestedAt: Date.UTC(2025, 5, 2, 12),
    ...over
  }
}

/** A driver with vehicle and licence. */
export function aDriverSignup(over: Partial<SignupRequest> = {}): SignupRequest {
  return aSignup({
    role: 'DRIVER',
    vehicle: { make: 'Toyota', model: 'Prius', year: 2020, color: 'black', plate: 'ABC1234' },
    licence: { number: 'D123-4567', state: 'NY', expiresOn: '2027-01-31' },
    ...over
  })
}
