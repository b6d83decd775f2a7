import { describe, expect, test } from 'vitest'
import { PushBook, type PushFrame } from './push-book.ts'

const snapshot = (more: object = {}): PushFrame => ({
  type: 'snapshot',
  resync: false,
  rides: [],
  resumed: {},
  dropped: [],
  ...more
})
const ride = (rideId: string, seq: number, more: object = {}): PushFrame => ({
  type: 'ride',
  rideId,
  seq,
  event: 'ride_accepted',
  ride: { rideId, seq, status: 'accepted' },
  ...more
})
const bookOf = (...frames: PushFrame[]): PushBook => {
  const book = new PushBook()
  for (const frame of frames) book.take(frame)
  return book
}

describe('a good history', () => {
  test('over two connections has no anomaly, and the last numbers are what hello says', () => {
    const book = bookOf(snapshot(), ride('r', 1), ride('r', 2))
    expect(book.connect()).toEqual({ r: 2 })
    for (const frame of [snapshot({ resumed: { r: 2 } }), ride('r', 3)]) book.take(frame)
    expect([book.anomalies, book.seqs, book.resumed]).toEqual([[], { r: 3 }, 1])
  })

  test('may jump where a snapshot says so', () => {
    const jump = snapshot({ resync: true, rides: [{ rideId: 'r', seq: 9, status: 'started' }] })
    const book = bookOf(snapshot(), ride('r', 1), jump, ride('r', 10))
    expect([book.anomalies, book.resyncs]).toEqual([[], 1])
  })

  test('tells a ride that was asked for from its beginning, on whatever connection', () => {
    const book = bookOf(snapshot())
    book.expect('r')
    expect(book.connect()).toEqual({ r: 0 })
    for (const frame of [snapshot({ resumed: { r: 0 } }), ride('r', 1)]) book.take(frame)
    expect([book.anomalies, book.connect()]).toEqual([[], { r: 1 }])
  })

  test('of a driver begins with an offer and ends with being off the ride', () => {
    const offer = { ...ride('r', 4), type: 'offer' }
    const off = { ...ride('r', 5), type: 'assignment' }
    const book = bookOf(snapshot(), offer, off)
    expect([book.anomalies, book.seqs]).toEqual([[], {}])
  })
})

describe('a bad history is noticed', () => {
  test.each([
    ['a gap', [snapshot(), ride('r', 1), ride('r', 3)], 'r skipped from 1 to 3'],
    ['a repeat', [snapshot(), ride('r', 1), ride('r', 1)], 'r told 1 again after 1'],
    ['a late beginning', [snapshot(), ride('r', 2)], 'r begins with 2 ride_accepted'],
    ['an event before the snapshot', [ride('r', 1)], 'ride of r came before the snapshot'],
    [
      'a silent jump',
      [snapshot(), ride('r', 1), snapshot({ rides: [{ rideId: 'r', seq: 3 }] })],
      'r jumped from 1 to 3 without a resync'
    ],
    [
      'a step back',
      [snapshot(), ride('r', 1), ride('r', 2), snapshot({ rides: [{ rideId: 'r', seq: 1 }] })],
      'r went back from 2 to 1'
    ],
    [
      'a wrong place to go on from',
      [snapshot(), ride('r', 1), snapshot({ resumed: { r: 4 } })],
      'r resumed after 4, known is 1'
    ],
    [
      'a wrong beginning',
      [snapshot(), { ...ride('r', 2), event: 'ride_matched' }],
      'r begins with 2 ride_matched'
    ],
    ['a forgotten ride', [snapshot(), ride('r', 1), snapshot()], 'r is not in the snapshot']
  ])('%s', (_, frames, sentence) => {
    expect(bookOf(...frames).anomalies).toEqual([sentence])
  })
})
