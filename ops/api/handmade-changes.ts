/**
 * @module For the test of the comparer: changes of the API made by hand, and what has to be said of
 * each.
 */

// biome-ignore lint/suspicious/noExplicitAny: the changes reach deep into a JSON document
export type Loose = any

/** A name, what is done to the description, and the change that has to be found. */
export type HandmadeChange = readonly [string, (document: Loose) => void, string]

const rideBody = (d: Loose) => d.paths['/rides'].post.requestBody.content['application/json'].schema
const answer = (d: Loose, path: string, method: string, status: number) =>
  d.paths[path][method].responses[status].content['application/json'].schema
const quote = (d: Loose) => d.components.schemas.Quote
const query = (d: Loose, name: string) =>
  d.paths['/rides'].get.parameters.find((each: Loose) => each.name === name)

/** Clients of before may fail. */
export const breakingChanges: HandmadeChange[] = [
  ['a route is removed', (d) => delete d.paths['/quotes'], 'POST /quotes: the operation is gone'],
  ['a method is removed', (d) => delete d.paths['/rides'].get, 'GET /rides: the operation is gone'],
  [
    'a role is removed',
    (d) => d.paths['/rides'].get['x-roles'].shift(),
    'GET /rides: role customer is gone'
  ],
  [
    'a token is needed',
    (d) => {
      d.paths['/docs'].get.security = [{ bearer: [] }]
    },
    'GET /docs: now needs a token'
  ],
  [
    'an operation is renamed',
    (d) => {
      d.paths['/quotes'].post.operationId = 'ask'
    },
    'POST /quotes: operationId was postQuotes, is ask'
  ],
  [
    'a body field is removed',
    (d) => delete rideBody(d).properties.quoteToken,
    'POST /rides: body.quoteToken is gone'
  ],
  [
    'a body field is renamed',
    (d) => {
      const { dropoff, ...rest } = rideBody(d).properties
      rideBody(d).properties = { ...rest, target: dropoff }
    },
    'POST /rides: body.dropoff is gone'
  ],
  [
    'a required body field is added',
    (d) => {
      rideBody(d).properties.seats = { type: 'integer' }
      rideBody(d).required.push('seats')
    },
    'POST /rides: body.seats is new and required'
  ],
  [
    'a body field becomes required',
    (d) => rideBody(d).required.push('quoteToken'),
    'POST /rides: body.quoteToken is now required'
  ],
  [
    'a body becomes required',
    (d) => {
      d.paths['/rides/{rideId}/cancel'].post.requestBody.required = true
    },
    'POST /rides/{rideId}/cancel: the body is now required'
  ],
  [
    'a limit gets narrower',
    (d) => {
      rideBody(d).properties.quoteToken.maxLength = 100
    },
    'POST /rides: body.quoteToken: maxLength was 4096, is 100'
  ],
  [
    'a limit appears',
    (d) => {
      query(d, 'cursor').schema.minLength = 3
    },
    'GET /rides: query cursor: minLength was open, is 3'
  ],
  [
    'a bound of a shared schema is raised',
    (d) => {
      d.components.schemas.Place.properties.lat.minimum = -80
    },
    'POST /rides: body.pickup.lat: minimum was -90, is -80'
  ],
  [
    'a pattern changes',
    (d) => {
      d.components.parameters.RideId.schema.pattern = '^x$'
    },
    'GET /rides/{rideId}: path rideid: pattern was ^[A-Za-z0-9_.:-]{1,128}$, is ^x$'
  ],
  [
    'a type gets narrower',
    (d) => {
      d.components.schemas.Place.properties.lat.type = 'integer'
    },
    'POST /rides: body.pickup.lat: type was number, is integer'
  ],
  [
    'a type changes',
    (d) => {
      rideBody(d).properties.quoteToken.type = 'number'
    },
    'POST /rides: body.quoteToken: string is gone'
  ],
  [
    'an enumeration of a body loses a value',
    (d) => {
      d.paths['/users/signup'].post.requestBody.content[
        'application/json'
      ].schema.properties.role.enum = ['customer']
    },
    'POST /users/signup: body.role: value driver is gone'
  ],
  [
    'a parameter is removed',
    (d) => {
      d.paths['/rides'].get.parameters.shift()
    },
    'GET /rides: query cursor is gone'
  ],
  [
    'a parameter becomes required',
    (d) => {
      query(d, 'cursor').required = true
    },
    'GET /rides: query cursor is now required'
  ],
  [
    'a required header is added',
    (d) =>
      d.paths['/quotes'].post.parameters.push({ $ref: '#/components/parameters/IdempotencyKey' }),
    'POST /quotes: header idempotency-key is new and required'
  ],
  [
    'a field of a shared schema is removed',
    (d) => delete d.components.schemas.Place.properties.lon,
    'POST /rides: body.pickup.lon is gone'
  ],
  [
    'a status of success is removed',
    (d) => delete d.paths['/drivers/{driverId}/locations'].post.responses[207],
    'POST /drivers/{driverId}/locations: 207 is gone'
  ],
  [
    'a status of success is replaced',
    (d) => {
      const { responses } = d.paths['/rides'].post
      responses[201] = responses[202]
      delete responses[202]
    },
    'POST /rides: 202 is gone'
  ],
  [
    'a header of an answer is removed',
    (d) => delete d.paths['/rides'].post.responses[202].headers.Location,
    'POST /rides: 202: Location is gone'
  ],
  [
    'a field of an answer is removed',
    (d) => delete quote(d).properties.expiresAt,
    'POST /quotes: 200.expiresAt is gone'
  ],
  [
    'a field of an answer is no longer always there',
    (d) => {
      quote(d).required.pop()
    },
    'POST /quotes: 200.expiresAt is no longer required'
  ],
  [
    'a field of an answer may be null',
    (d) => {
      quote(d).properties.quoteId.type = ['string', 'null']
    },
    'POST /quotes: 200.quoteId: null is new'
  ],
  [
    'a field of an answer may be another type',
    (d) => {
      quote(d).properties.expiresAt.type = 'number'
    },
    'POST /quotes: 200.expiresAt: type was integer, is number'
  ],
  [
    'an enumeration of an answer loses a value',
    (d) => {
      answer(d, '/signups/{signupId}', 'get', 200).properties.status.enum.pop()
    },
    'GET /signups/{signupId}: 200.status: value rejected is gone'
  ],
  [
    'an enumeration of an answer becomes any text',
    (d) => {
      delete answer(d, '/signups/{signupId}', 'get', 200).properties.status.enum
    },
    'GET /signups/{signupId}: 200.status: values were pending,active,rejected, are null'
  ],
  [
    'a kind of answer loses a field',
    (d) => delete d.components.schemas.Offer.properties.expiresAt,
    'GET /drivers/{driverId}/assignment: 200.expiresAt is gone'
  ],
  [
    'a field of problems is removed',
    (d) => delete d.components.schemas.Problem.properties.detail,
    'POST /rides: 400.detail is gone'
  ],
  [
    'a media type is removed',
    (d) => {
      const { content } = d.paths['/rides'].post.responses[202]
      content['text/plain'] = content['application/json']
      delete content['application/json']
    },
    'POST /rides: 202: application/json is gone'
  ]
]

/** What worked goes on working. */
export const compatibleChanges: HandmadeChange[] = [
  [
    'a route is added',
    (d) => {
      d.paths['/new'] = d.paths['/quotes']
    },
    'POST /new: the operation is new'
  ],
  [
    'a role is added',
    (d) => d.paths['/quotes'].post['x-roles'].push('admin'),
    'POST /quotes: role admin is new'
  ],
  [
    'an optional body field is added',
    (d) => {
      rideBody(d).properties.note = { type: 'string' }
    },
    'POST /rides: body.note is new'
  ],
  [
    'a body field is no longer required',
    (d) => {
      rideBody(d).required.pop()
    },
    'POST /rides: body.dropoff is no longer required'
  ],
  [
    'a limit gets wider',
    (d) => {
      query(d, 'limit').schema.maximum = 200
    },
    'GET /rides: query limit: maximum was 100, is 200'
  ],
  [
    'an enumeration of a body gets a value',
    (d) => {
      d.paths['/users/signup'].post.requestBody.content[
        'application/json'
      ].schema.properties.role.enum.push('fleet')
    },
    'POST /users/signup: body.role: value fleet is new'
  ],
  [
    'an optional parameter is added',
    (d) => d.paths['/rides'].get.parameters.push({ name: 'status', in: 'query', schema: {} }),
    'GET /rides: query status is new'
  ],
  [
    'a field of an answer is added',
    (d) => {
      quote(d).properties.note = { type: 'string' }
    },
    'POST /quotes: 200.note is new'
  ],
  [
    'an enumeration of an answer gets a value',
    (d) => {
      answer(d, '/signups/{signupId}', 'get', 200).properties.status.enum.push('held')
    },
    'GET /signups/{signupId}: 200.status: value held is new'
  ],
  [
    'an assignment gets a kind',
    (d) => {
      answer(d, '/drivers/{driverId}/assignment', 'get', 200).anyOf.push({
        type: 'object',
        properties: { kind: { const: 'task' } }
      })
    },
    'GET /drivers/{driverId}/assignment: 200: object with kind=task is new'
  ],
  [
    'a route may answer another problem',
    (d) => {
      d.paths['/rides'].post.responses[409] = d.components.responses.Forbidden
    },
    'POST /rides: 409 is new'
  ],
  [
    'a route may answer another code',
    (d) =>
      d.components.responses.Forbidden.content[
        'application/problem+json'
      ].schema.properties.code.enum.push('banned'),
    'POST /rides: 403.code: value banned is new'
  ],
  [
    'a route may answer one code less',
    (d) =>
      d.components.responses.Unauthorized.content[
        'application/problem+json'
      ].schema.properties.code.enum.pop(),
    'POST /rides: 401.code: value token_expired is gone'
  ],
  [
    'a route answers with one more header',
    (d) => {
      d.paths['/rides'].get.responses[200].headers.Age = {}
    },
    'GET /rides: 200: Age is new'
  ]
]
