/**
 * @module Phone numbers in E.164 form. Numbers under +1 must also follow the North American plan:
 * ten digits, of which area code and exchange start with 2-9.
 */

const e164Pattern = /^\+[1-9]\d{6,14}$/
const northAmericanPattern = /^\+1[2-9]\d{2}[2-9]\d{6}$/

/** `phone_malformed`, or null. */
export function phoneProblem(phone: string): string | null {
  const pattern = phone.startsWith('+1') ? northAmericanPattern : e164Pattern
  return pattern.test(phone) ? null : 'phone_malformed'
}
