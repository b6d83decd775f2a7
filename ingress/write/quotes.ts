/**
 * Prices held for a short time. A quote is signed and kept by the client, so nothing is stored; the
 * demand it shows goes to the surge service, without holding up or failing the quote.
 *
 * @module
 */
import Type from 'typebox'
import { cellOf, estimateTrip, quoteFare, signQuote } from '../../domain/index.ts'
import { customerOf } from '../auth/index.ts'
import { closed, createUuidV7, example, id, point, routeDefiner } from '../http/index.ts'
import { exampleFare, fareDocument } from './fare-document.ts'
import { marketOfRide } from './places.ts'
import type { WriteServices } from './services.ts'

const quoteRide = routeDefiner<WriteServices>()({
  method: 'POST',
  path: '/quotes',
  summary: 'Ask what a ride costs',
  tag: 'rides',
  roles: ['customer', 'partner'],
  limit: 'write',
  idempotency: 'none',
  body: closed({
    pickup: point,
    dropoff: point,
    guestId: Type.Optional(id('For this guest; partners only, who must name one'))
  }),
  responses: {
    200: {
      description: 'A price, valid until expiresAt (epoch ms) with its token',
      schema: closed(
        {
          quoteId: Type.String(),
          quoteToken: Type.String({ description: 'Holds the price: send it with POST /rides' }),
          fare: fareDocument,
          surgePercent: Type.Integer({ description: '100 is no surge' }),
          expiresAt: Type.Integer({ description: 'Until when the price holds, epoch ms' })
        },
        { title: 'Quote' }
      ),
      example: {
        quoteId: example.idempotencyKey,
        quoteToken: 'q1.eyJxdW90ZUlkIjoiMDE5OGMyZjQifQ.c2lnbmF0dXJl',
        fare: exampleFare,
        surgePercent: 100,
        expiresAt: example.requestedAt + 120_000
      }
    }
  },
  problems: ['outside_service_area'],
  example: { body: { pickup: example.pickup, dropoff: example.dropoff } },
  handler: async (exchange, services) => {
    const { clock, events, markets, policy, quoteSecret, surge } = services
    const { pickup, dropoff, guestId } = exchange.body
    const { id: marketId, market } = marketOfRide(pickup, dropoff, markets)
    const customerId = customerOf(exchange.identity, guestId)
    const at = exchange.receivedAt
    const cell = cellOf(pickup, policy.surge.resolution)
    const surgePercent = await surge.percentAt(marketId, cell)
    const trip = estimateTrip(pickup, dropoff, at, market.timezone)
    const fare = quoteFare({ ...trip, surgePercent, tariff: market.tariff })
    const quoteId = createUuidV7(clock)
    const expiresAt = at + policy.quoteLifeMs
    const quoteToken = signQuote(
      { quoteId, customerId, market: marketId, pickup, dropoff, fare, expiresAt },
      quoteSecret
    )
    const value = {
      signalId: quoteId,
      kind: 'QUOTE',
      market: marketId,
      customerId,
      cell,
      at
    } as const
    const partition = markets.partitionOf(marketId)
    events
      .publish(
        { topic: 'demand_signals', key: marketId, partition, id: quoteId, value, at },
        exchange
      )
      // A lost signal makes surge a little late; a lost quote would lose a customer.
      .catch(() => services.signalsLost.inc())
    return { status: 200, body: { quoteId, quoteToken, fare, surgePercent, expiresAt } }
  }
})

/** Routes of quotes. */
export const quoteRoutes = [quoteRide]
