/**
 * @module Social security numbers. They have no check digit; what can be told is that some were
 * never issued: area 000, 666 or 900-999, group 00, serial 0000. Two numbers became famous by
 * print and are refused as well.
 */

const ssnPattern = /^(\d{3})(-?)(\d{2})\2(\d{4})$/
const publicised = new Set(['078051120', '219099999'])

/** `ssn_malformed`, `ssn_never_issued` or `ssn_publicised`, or null. Never quotes the number. */
export function ssnProblem(ssn: string): string | null {
  const match = ssnPattern.exec(ssn)
  if (match === null) return 'ssn_malformed'
  const [, area = '', , group = '', serial = ''] = match
  const isNeverIssued =
    area === '000' || area === '666' || area >= '900' || group === '00' || serial === '0000'
  if (isNeverIssued) return 'ssn_never_issued'
  return publicised.has(area + group + serial) ? 'ssn_publicised' : null
}
