/**
 * @module E-mail addresses: the form HTML defines for input fields, which is stricter where RFC
 * 5322 is odd and looser where it hardly matters, with SMTP's lengths and a dot in the domain.
 */

const emailPattern =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/
const lengthMax = 254

/** `email_malformed`, or null. */
export function emailProblem(email: string): string | null {
  return email.length <= lengthMax && emailPattern.test(email) ? null : 'email_malformed'
}
