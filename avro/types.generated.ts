/**
 * Types of all records, generated from `records/` by `generate.ts`. Do not edit.
 * @module
 */

/** Whether an action took effect. */
export type ActionOutcome =
  | 'APPLIED'
  | 'REFUSED'

/** An action already decided; kept so that a repeated action gets the same answer. */
export interface ActionRecord {
  /** Action id. */
  readonly actionId: string
  /** Id of the user who acted. */
  readonly actorId: string
  /** What was asked, such as accept or cancel. */
  readonly action: string
  /** Whether the action took effect. */
  readonly outcome: ActionOutcome
  /** Why it was refused, as a stable code; null when applied. */
  readonly reason: string | null
  /** When it was decided. Epoch milliseconds. */
  readonly at: number
}

/** What became of an action. */
export interface ActionResult {
  /** Action id. */
  readonly actionId: string
  /** Id of the user who acted. */
  readonly actorId: string
  /** Role of the user who acted. */
  readonly actorRole: Role
  /** Id of the ride, driver or signup acted on. */
  readonly entityId: string
  /** What was asked, such as accept or cancel. */
  readonly action: string
  /** Whether the action took effect. */
  readonly outcome: ActionOutcome
  /** Why it was refused, as a stable code; null when applied. */
  readonly reason: string | null
  /** When it was decided. Epoch milliseconds. */
  readonly decidedAt: number
}

/** What happened to the availability of the driver. */
export type AvailabilityKind =
  | 'ENTERED'
  | 'MOVED'
  | 'LEFT'

/** One available driver that came, moved or went. */
export interface AvailableDriver {
  /** Driver id. */
  readonly driverId: string
  /** What happened. */
  readonly kind: AvailabilityKind
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Position. */
  readonly place: GeoPoint
  /** Device time of the position. Epoch milliseconds. */
  readonly placeAt: number
  /** True in the one market that owns the driver; false where a neighbour only sees it. */
  readonly home: boolean
}

/** Changes among the available drivers of one market, in order. */
export interface AvailableDrivers {
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** When the batch was closed. Epoch milliseconds. */
  readonly at: number
  /** The changes, in order. */
  readonly changes: readonly AvailableDriver[]
}

/** What the customer pays for a ride and how it is divided. */
export interface Bill {
  /** Bill id. */
  readonly billId: string
  /** Ride id. */
  readonly rideId: string
  /** What is billed. */
  readonly kind: BillKind
  /** Customer (rider) id. */
  readonly customerId: string
  /** Driver who is paid; null when none. */
  readonly driverId: string | null
  /** ISO 4217 code. */
  readonly currency: string
  /** The lines; they add up to the total. */
  readonly lines: readonly BillLine[]
  /** Paid by the customer, minor units. */
  readonly totalMinor: number
  /** Share of the driver, minor units. */
  readonly driverEarningsMinor: number
  /** Share of the platform, minor units. */
  readonly platformMinor: number
  /** When the bill was issued. Epoch milliseconds. */
  readonly issuedAt: number
}

/** What a bill is for: a trip driven, or a cancellation that costs. */
export type BillKind =
  | 'TRIP'
  | 'CANCELLATION_FEE'

/** One line of a bill. */
export interface BillLine {
  /** What the line is, as a stable code. */
  readonly code: string
  /** What the line is, in words. */
  readonly label: string
  /** Amount, minor units; negative when it reduces the bill. */
  readonly amountMinor: number
}

/** A bill already issued; a repeated task issues none. */
export interface BillState {
  /** Bill id. */
  readonly billId: string
  /** Total of the bill, minor units. */
  readonly totalMinor: number
  /** When the bill was issued. Epoch milliseconds. */
  readonly issuedAt: number
}

/** A ride ended and something is to be paid. */
export interface BillingTask {
  /** Task id; the bill id is derived from it. */
  readonly taskId: string
  /** Ride id. */
  readonly rideId: string
  /** What is billed. */
  readonly kind: BillKind
  /** Customer (rider) id. */
  readonly customerId: string
  /** Driver to be paid; null while none had accepted. */
  readonly driverId: string | null
  /** Fare as quoted. */
  readonly fare: Fare
  /** Cancellation fee, minor units; null when none is due. */
  readonly feeMinor: number | null
  /** When the ride was requested. Epoch milliseconds. */
  readonly requestedAt: number
  /** When the trip began; null when it did not. Epoch milliseconds. */
  readonly startedAt: number | null
  /** When the ride ended. Epoch milliseconds. */
  readonly endedAt: number
  /** Why, as a stable code; null when there is nothing to say. */
  readonly reason: string | null
}

/** What showed the demand. */
export type DemandKind =
  | 'QUOTE'
  | 'REQUEST'

/** Someone wants to ride from here. */
export interface DemandSignal {
  /** Signal id; equal ids count once. */
  readonly signalId: string
  /** What showed the demand. */
  readonly kind: DemandKind
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Customer (rider) id. */
  readonly customerId: string
  /** H3 cell, resolution 8, hexadecimal. */
  readonly cell: string
  /** When it was seen. Epoch milliseconds. */
  readonly at: number
}

/** Whether the ride is added or withdrawn. */
export type DispatchKind =
  | 'ADD'
  | 'WITHDRAW'

/** Puts a ride into the matching pool of a market, or takes it out. */
export interface DispatchRequest {
  /** Whether the ride is added or withdrawn. */
  readonly kind: DispatchKind
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Ride id. */
  readonly rideId: string
  /** Matching attempt of the ride, from 1; grows with each reallocation. */
  readonly attempt: number
  /** Where the rider is picked up. */
  readonly pickup: GeoPoint
  /** Drivers not to be offered this ride again. */
  readonly excluded: readonly string[]
  /** When matching gives up. Epoch milliseconds. */
  readonly waitUntil: number
  /** When it was requested. Epoch milliseconds. */
  readonly requestedAt: number
  /** When it stops being valid. Epoch milliseconds. */
  readonly expiresAt: number
}

/** What a driver does with a ride. */
export interface DriverAction {
  /** Action id; a second record with the same id changes nothing. */
  readonly actionId: string
  /** Ride id. */
  readonly rideId: string
  /** Driver id. */
  readonly driverId: string
  /** What is done. */
  readonly type: DriverActionType
  /** Offer the driver answers; null when the action is no answer. */
  readonly offerId: string | null
  /** Where the driver was; null when not said. */
  readonly place: GeoPoint | null
  /** Why, as a stable code; null when there is nothing to say. */
  readonly reason: string | null
  /** Stars, 1 to 5; null when the action is no rating. */
  readonly rating: number | null
  /** When the ingress accepted the action. Epoch milliseconds. */
  readonly actedAt: number
}

/** What the driver does. */
export type DriverActionType =
  | 'ACCEPT'
  | 'DECLINE'
  | 'ARRIVE'
  | 'START'
  | 'END'
  | 'CANCEL'
  | 'NO_SHOW'
  | 'RATE'

/** Trips tell a driver state to follow the ride: assigned to it, or released from it. */
export interface DriverCommand {
  /** Whether the driver is assigned or released. */
  readonly kind: DriverCommandKind
  /** Offer id. */
  readonly offerId: string
  /** Driver id. */
  readonly driverId: string
  /** Ride id. */
  readonly rideId: string
  /** Where the driver was last; null when not known. */
  readonly place: GeoPoint | null
  /** Device time of the position; null when not known. Epoch milliseconds. */
  readonly placeAt: number | null
  /** Why, as a stable code. */
  readonly reason: string
  /** When it was decided. Epoch milliseconds. */
  readonly at: number
}

/** Whether the driver is assigned or released. */
export type DriverCommandKind =
  | 'ASSIGN'
  | 'RELEASE'

/** One position measured by the device of a driver. */
export interface DriverLocation {
  /** Driver id. */
  readonly driverId: string
  /** Session the device believes in; null when it did not say. */
  readonly sessionId: string | null
  /** Latitude, WGS 84 degrees. */
  readonly lat: number
  /** Longitude, WGS 84 degrees. */
  readonly lon: number
  /** Accuracy, meters; null when the device did not say. */
  readonly accuracyMeters: number | null
  /** Heading, degrees clockwise from north; null when the device did not say. */
  readonly headingDegrees: number | null
  /** Speed, meters per second; null when the device did not say. */
  readonly speedMps: number | null
  /** Clock of the device when it measured. Epoch milliseconds. */
  readonly deviceTime: number
  /** When the ingress received it. Epoch milliseconds. */
  readonly receivedAt: number
}

/** Matching proposes a ride to a driver; the drivers service decides whether the driver is free. */
export interface DriverOffer {
  /** Offer id. */
  readonly offerId: string
  /** Ride id. */
  readonly rideId: string
  /** Matching attempt of the ride, from 1; grows with each reallocation. */
  readonly attempt: number
  /** Driver id. */
  readonly driverId: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Version of the driver state the match was made on. */
  readonly driverVersion: number
  /** Estimated drive to the pickup, seconds. */
  readonly pickupEtaSeconds: number
  /** Distance to the pickup, meters. */
  readonly pickupMeters: number
  /** When it was offered. Epoch milliseconds. */
  readonly offeredAt: number
  /** When it stops being valid. Epoch milliseconds. */
  readonly expiresAt: number
}

/** A driver available in the matching pool. */
export interface DriverPoolState {
  /** Driver id. */
  readonly driverId: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Position. */
  readonly place: GeoPoint
  /** Device time of the position. Epoch milliseconds. */
  readonly placeAt: number
  /** When the driver was last heard of. Epoch milliseconds. */
  readonly heardAt: number
  /** True in the one market that owns the driver; false where a neighbour only sees it. */
  readonly home: boolean
  /** Not matched again before, because an offer is out. Epoch milliseconds. */
  readonly heldUntil: number
  /** True while the driver may be matched. */
  readonly available: boolean
}

/** State of a driver as the drivers service decides it. */
export interface DriverRecord {
  /** Driver id. */
  readonly driverId: string
  /** True once the registration was seen. */
  readonly registered: boolean
  /** Current status. */
  readonly status: DriverStatus
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Current session; null when offline. */
  readonly sessionId: string | null
  /** Offer the driver is reserved for; null while none. */
  readonly offerId: string | null
  /** Ride reserved for or driven; null while none. */
  readonly rideId: string | null
  /** True when the driver goes offline after the ride. */
  readonly leaving: boolean
  /** Position; null when not known. */
  readonly place: GeoPoint | null
  /** Device time of the position; null when not known. Epoch milliseconds. */
  readonly placeAt: number | null
  /** When the status began. Epoch milliseconds. */
  readonly since: number
  /** Offer result of the current reservation; null while none. */
  readonly reservation: OfferResult | null
  /** Last offers answered, newest last. */
  readonly answered: readonly OfferResult[]
  /** Last session actions decided, newest last. */
  readonly actions: readonly ActionRecord[]
  /** Session actions that came before the registration. */
  readonly parked: readonly DriverSession[]
  /** Vehicle; null while not known. */
  readonly vehicle: Vehicle | null
  /** Given name; null while not known. */
  readonly firstName: string | null
}

/** A driver goes online or offline. */
export interface DriverSession {
  /** Action id; a second record with the same id changes nothing. */
  readonly actionId: string
  /** Driver id. */
  readonly driverId: string
  /** Whether the session begins or ends. */
  readonly type: DriverSessionType
  /** Driver session id: one stretch from online to offline. */
  readonly sessionId: string
  /** Where the driver was; null when not said. */
  readonly place: GeoPoint | null
  /** When the ingress accepted the action. Epoch milliseconds. */
  readonly actedAt: number
}

/** Whether a session begins or ends. */
export type DriverSessionType =
  | 'ONLINE'
  | 'OFFLINE'

/** Current state of a driver. */
export interface DriverState {
  /** Driver id. */
  readonly driverId: string
  /** Current status. */
  readonly status: DriverStatus
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Current session; null when offline. */
  readonly sessionId: string | null
  /** Ride reserved for or driven; null while none. */
  readonly rideId: string | null
  /** Offer the driver is reserved for; null while none. */
  readonly offerId: string | null
  /** Position; null when not known. */
  readonly place: GeoPoint | null
  /** Device time of the position; null when not known. Epoch milliseconds. */
  readonly placeAt: number | null
  /** When the state changed. Epoch milliseconds. */
  readonly changedAt: number
}

/** Status of a driver; the legal transitions are in domain/driver-state.ts. */
export type DriverStatus =
  | 'OFFLINE'
  | 'AVAILABLE'
  | 'RESERVED'
  | 'ON_TRIP'

/** Who owns an e-mail address in a role, and who waits for it. */
export interface EmailClaimState {
  /** How far the owning signup is. */
  readonly status: EmailClaimStatus
  /** Signup that owns the address, or owned it last. */
  readonly signupId: string
  /** Request of the owner while pending; null once active. */
  readonly request: SignupRequest | null
  /** How many fingerprints of the request are granted so far, oldest key first. */
  readonly claimsGranted: number
  /** Requests that wait for the owner to fail, in order. */
  readonly waiting: readonly SignupRequest[]
  /** When the address was claimed. Epoch milliseconds. */
  readonly claimedAt: number
  /** How the last signups of this address ended, newest last. */
  readonly outcomes: readonly SignupOutcome[]
}

/** How far the signup that owns the address is; FREE when the last one failed. */
export type EmailClaimStatus =
  | 'PENDING'
  | 'ACTIVE'
  | 'FREE'

/** Price of a ride in minor units of one currency, with what it was computed from. */
export interface Fare {
  /** ISO 4217 code. */
  readonly currency: string
  /** Base fare, minor units. */
  readonly baseMinor: number
  /** Charge for distance, minor units. */
  readonly distanceMinor: number
  /** Charge for time, minor units. */
  readonly timeMinor: number
  /** Charge for surge, minor units. */
  readonly surgeMinor: number
  /** Booking fee, minor units. */
  readonly bookingMinor: number
  /** Added to reach the minimum fare, minor units. */
  readonly minimumTopUpMinor: number
  /** Sum of all parts, minor units. */
  readonly totalMinor: number
  /** Road distance estimated, meters. */
  readonly distanceMeters: number
  /** Duration estimated, seconds. */
  readonly durationSeconds: number
  /** Surge, percent; 100 means none. */
  readonly surgePercent: number
}

/** A place on earth. */
export interface GeoPoint {
  /** Latitude, WGS 84 degrees. */
  readonly lat: number
  /** Longitude, WGS 84 degrees. */
  readonly lon: number
}

/** One recent ride of the customer. */
export interface IntakeRide {
  /** Ride id. */
  readonly rideId: string
  /** Hash of the request body. */
  readonly bodyHash: string
  /** True until the ride reaches its final status. */
  readonly open: boolean
  /** When it was requested, or when it was closed. Epoch milliseconds. */
  readonly at: number
}

/** Recent rides of a customer: limits open rides and recognises repeated requests. */
export interface IntakeState {
  /** Recent rides, oldest first. */
  readonly rides: readonly IntakeRide[]
}

/** Driving licence of a driver. */
export interface Licence {
  /** Licence number. */
  readonly number: string
  /** State that issued it, two letters. */
  readonly state: string
  /** Day it expires, YYYY-MM-DD. */
  readonly expiresOn: string
}

/** How a user is reached. */
export type NotificationChannel =
  | 'PUSH'
  | 'SMS'

/** What became of a notification. */
export interface NotificationEvent {
  /** Notification id. */
  readonly notificationId: string
  /** Id of the customer or driver. */
  readonly userId: string
  /** Role of the user. */
  readonly role: Role
  /** How the user is reached. */
  readonly channel: NotificationChannel
  /** Message template name. */
  readonly template: string
  /** Ride it is about; null when about none. */
  readonly rideId: string | null
  /** How it ended. */
  readonly status: NotificationStatus
  /** Times the provider was asked. */
  readonly attempts: number
  /** Provider asked. */
  readonly provider: string
  /** Last error of the provider; null when sent. */
  readonly error: string | null
  /** When it ended. Epoch milliseconds. */
  readonly at: number
}

/** How far a notification is. */
export interface NotificationState {
  /** How it ended; null while it is tried. */
  readonly status: NotificationStatus | null
  /** The task; null once it ended. */
  readonly task: NotificationTask | null
  /** Times the provider was asked. */
  readonly attempts: number
  /** When it is tried next; null when it is not. Epoch milliseconds. */
  readonly nextAt: number | null
  /** Last error of the provider; null when there was none. */
  readonly lastError: string | null
}

/** How a notification ended. */
export type NotificationStatus =
  | 'SENT'
  | 'FAILED'
  | 'EXPIRED'

/** A user is to be told something. */
export interface NotificationTask {
  /** Notification id; a second record with the same id is not sent again. */
  readonly notificationId: string
  /** Id of the customer or driver. */
  readonly userId: string
  /** Role of the user. */
  readonly role: Role
  /** How the user is reached. */
  readonly channel: NotificationChannel
  /** Message template name. */
  readonly template: string
  /** Values for the template, by name. */
  readonly params: Readonly<Record<string, string>>
  /** Ride it is about; null when about none. */
  readonly rideId: string | null
  /** When it was created. Epoch milliseconds. */
  readonly createdAt: number
  /** When it is too late to send it. Epoch milliseconds. */
  readonly expiresAt: number
}

/** What became of an offer. */
export type OfferOutcome =
  | 'RESERVED'
  | 'BUSY'
  | 'OFFLINE'
  | 'EXPIRED'

/** Whether the driver could be reserved for an offer. */
export interface OfferResult {
  /** Offer id. */
  readonly offerId: string
  /** Ride id. */
  readonly rideId: string
  /** Matching attempt of the ride, from 1; grows with each reallocation. */
  readonly attempt: number
  /** Driver id. */
  readonly driverId: string
  /** What became of the offer. */
  readonly result: OfferOutcome
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Position; null when not known. */
  readonly place: GeoPoint | null
  /** Estimated drive to the pickup, seconds. */
  readonly pickupEtaSeconds: number
  /** When it was decided. Epoch milliseconds. */
  readonly decidedAt: number
}

/** Where a driver is, and to which markets that was told. */
export interface PresenceState {
  /** Driver id. */
  readonly driverId: string
  /** Current status. */
  readonly status: DriverStatus
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** Current session; null when offline. */
  readonly sessionId: string | null
  /** Ride driven; null while none. */
  readonly rideId: string | null
  /** Latitude, WGS 84 degrees; null while not known. */
  readonly lat: number | null
  /** Longitude, WGS 84 degrees; null while not known. */
  readonly lon: number | null
  /** Accuracy, meters; null when the device did not say. */
  readonly accuracyMeters: number | null
  /** Device time of the position; null while not known. Epoch milliseconds. */
  readonly deviceTime: number | null
  /** When the driver was last heard of; null before the first time. Epoch milliseconds. */
  readonly heardAt: number | null
  /** What each market was told last. */
  readonly published: readonly PublishedPresence[]
  /** When implausible positions came in, as far as they count towards a flag. */
  readonly suspectsAt: readonly number[]
  /** When the driver was flagged for implausible positions; null when not. Epoch milliseconds. */
  readonly flaggedAt: number | null
}

/** What one market was told last. */
export interface PublishedPresence {
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** True in the one market that owns the driver; false where a neighbour only sees it. */
  readonly home: boolean
  /** Position told. */
  readonly place: GeoPoint
  /** When it was told. Epoch milliseconds. */
  readonly at: number
}

/** Everything known about one ride; each ride event carries the whole of it. */
export interface Ride {
  /** Ride id. */
  readonly rideId: string
  /** Customer (rider) id. */
  readonly customerId: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Current status. */
  readonly status: RideStatus
  /** Matching attempt of the ride, from 1; grows with each reallocation. */
  readonly attempt: number
  /** Sequence number of the last event of the ride, dense from 1. */
  readonly seq: number
  /** Where the rider is picked up. */
  readonly pickup: GeoPoint
  /** Where the rider is dropped off. */
  readonly dropoff: GeoPoint
  /** Fare as quoted. */
  readonly fare: Fare
  /** Quote the fare comes from; null when priced at the request. */
  readonly quoteId: string | null
  /** When the rider asked for the ride. Epoch milliseconds. */
  readonly requestedAt: number
  /** When matching gives up. Epoch milliseconds. */
  readonly waitUntil: number
  /** Driver holding or driving the ride; null while none. */
  readonly driverId: string | null
  /** Offer the driver holds; null while none. */
  readonly offerId: string | null
  /** Drive to the pickup estimated at the match, seconds; null before. */
  readonly pickupEtaSeconds: number | null
  /** When a driver was reserved; null before. Epoch milliseconds. */
  readonly matchedAt: number | null
  /** When the driver accepted; null before. Epoch milliseconds. */
  readonly acceptedAt: number | null
  /** When the driver reached the pickup; null before. Epoch milliseconds. */
  readonly arrivedAt: number | null
  /** When the trip began; null before. Epoch milliseconds. */
  readonly startedAt: number | null
  /** When the ride reached its final status; null before. Epoch milliseconds. */
  readonly endedAt: number | null
  /** Who ended the ride: rider, driver, admin or system; null before. */
  readonly endedBy: string | null
  /** Why the ride ended, as a stable code; null before or when nothing is to say. */
  readonly reason: string | null
  /** Cancellation fee, minor units; null when none is due. */
  readonly feeMinor: number | null
  /** Stars given by the rider, 1 to 5; null when not given. */
  readonly riderRating: number | null
  /** Stars given by the driver, 1 to 5; null when not given. */
  readonly driverRating: number | null
  /** Drivers not to be offered this ride again. */
  readonly excluded: readonly string[]
  /** Drivers offered this ride so far. */
  readonly offersMade: number
  /** Offers declined so far. */
  readonly offersDeclined: number
  /** Offers that ran out so far. */
  readonly offersExpired: number
  /** Drivers who gave the ride back after accepting it. */
  readonly reallocations: number
  /** Follows one HTTP request through every record it causes. */
  readonly correlationId: string
}

/** Verdict of the intake about a ride request. */
export interface RideAdmission {
  /** Why the request is refused, as a stable code; null when it is admitted. */
  readonly problem: string | null
  /** The request. */
  readonly request: RideRequest
}

/** A ride reached its final status, so that the customer may open another. */
export interface RideClosed {
  /** Ride id. */
  readonly rideId: string
  /** Customer (rider) id. */
  readonly customerId: string
  /** Final status. */
  readonly status: RideStatus
  /** When it was reached. Epoch milliseconds. */
  readonly closedAt: number
}

/** Something happened to a ride; carries the whole ride, so the newest event is enough. */
export interface RideEvent {
  /** Event id: ride id, colon, sequence number. */
  readonly eventId: string
  /** What happened. */
  readonly type: RideEventType
  /** Ride id. */
  readonly rideId: string
  /** Sequence number of the ride, dense from 1. */
  readonly seq: number
  /** Id of the user who caused it; null when the system did. */
  readonly actorId: string | null
  /** When it happened. Epoch milliseconds. */
  readonly occurredAt: number
  /** The ride after the event. */
  readonly ride: Ride
}

/** What happened to the ride. */
export type RideEventType =
  | 'RIDE_REQUESTED'
  | 'RIDE_REJECTED'
  | 'RIDE_MATCHED'
  | 'OFFER_DECLINED'
  | 'OFFER_EXPIRED'
  | 'RIDE_ACCEPTED'
  | 'DRIVER_ARRIVED'
  | 'RIDE_STARTED'
  | 'RIDE_REALLOCATED'
  | 'RIDE_COMPLETED'
  | 'RIDE_CANCELLED'
  | 'MATCHING_FAILED'
  | 'RIDE_RATED'

/** Where the driver of a running ride is. */
export interface RidePosition {
  /** Ride id. */
  readonly rideId: string
  /** Driver id. */
  readonly driverId: string
  /** Latitude, WGS 84 degrees. */
  readonly lat: number
  /** Longitude, WGS 84 degrees. */
  readonly lon: number
  /** Heading, degrees clockwise from north; null when the device did not say. */
  readonly headingDegrees: number | null
  /** Speed, meters per second; null when the device did not say. */
  readonly speedMps: number | null
  /** Clock of the device when it measured. Epoch milliseconds. */
  readonly deviceTime: number
}

/** A customer asks for a ride. */
export interface RideRequest {
  /** Ride id. */
  readonly rideId: string
  /** Customer (rider) id. */
  readonly customerId: string
  /** Idempotency key of the HTTP request; the ride id is derived from it. */
  readonly idempotencyKey: string
  /** Hash of the request body; one key with two bodies is refused. */
  readonly bodyHash: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Where the rider is picked up. */
  readonly pickup: GeoPoint
  /** Where the rider is dropped off. */
  readonly dropoff: GeoPoint
  /** Signed quote the rider agreed to; null when priced now. */
  readonly quoteToken: string | null
  /** Surge at the request, percent; 100 means none. */
  readonly surgePercent: number
  /** When it was requested. Epoch milliseconds. */
  readonly requestedAt: number
  /** Follows one HTTP request through every record it causes. */
  readonly correlationId: string
}

/** A ride with what is needed to answer repeated and early actions. */
export interface RideState {
  /** The ride; null while only early actions are known. */
  readonly ride: Ride | null
  /** Last actions decided, newest last. */
  readonly actions: readonly ActionRecord[]
  /** Driver actions that came before what they answer. */
  readonly parkedDriverActions: readonly DriverAction[]
  /** Rider actions that came before the ride. */
  readonly parkedRiderActions: readonly RiderAction[]
}

/** Status of a ride; the legal transitions are in domain/ride-state.ts. */
export type RideStatus =
  | 'REQUESTED'
  | 'PENDING_ACCEPTANCE'
  | 'ACCEPTED'
  | 'ARRIVED'
  | 'STARTED'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'NO_DRIVERS_AVAILABLE'
  | 'REJECTED'

/** What a rider, or an admin for the rider, does with a ride. */
export interface RiderAction {
  /** Action id; a second record with the same id changes nothing. */
  readonly actionId: string
  /** Ride id. */
  readonly rideId: string
  /** Id of the user who acted. */
  readonly actorId: string
  /** Role of the user who acted. */
  readonly actorRole: Role
  /** What is done. */
  readonly type: RiderActionType
  /** Why, as a stable code; null when there is nothing to say. */
  readonly reason: string | null
  /** Stars, 1 to 5; null when the action is no rating. */
  readonly rating: number | null
  /** When the ingress accepted the action. Epoch milliseconds. */
  readonly actedAt: number
}

/** What the rider does. */
export type RiderActionType =
  | 'CANCEL'
  | 'RATE'

/** A ride waiting in the matching pool. */
export interface RiderPoolState {
  /** Ride id. */
  readonly rideId: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Matching attempt of the ride, from 1; grows with each reallocation. */
  readonly attempt: number
  /** Where the rider is picked up. */
  readonly pickup: GeoPoint
  /** Drivers not to be offered this ride again. */
  readonly excluded: readonly string[]
  /** When matching gives up. Epoch milliseconds. */
  readonly waitUntil: number
  /** When it was requested. Epoch milliseconds. */
  readonly requestedAt: number
  /** Not matched again before, because an offer is out. Epoch milliseconds. */
  readonly heldUntil: number
}

/** What a user is. */
export type Role =
  | 'CUSTOMER'
  | 'DRIVER'
  | 'ADMIN'

/** How a signup ended. */
export interface SignupOutcome {
  /** Signup id. */
  readonly signupId: string
  /** Whether the signup succeeded. */
  readonly outcome: ActionOutcome
  /** Why it was refused, as stable codes. */
  readonly reasons: readonly string[]
  /** User created; null when refused. */
  readonly userId: string | null
  /** When it was decided. Epoch milliseconds. */
  readonly decidedAt: number
}

/** A person asks to become a customer or driver. */
export interface SignupRequest {
  /** Signup id. */
  readonly signupId: string
  /** Id the user gets when the signup succeeds. */
  readonly userId: string
  /** HMAC of role and e-mail address; the key that makes an address unique per role. */
  readonly emailKey: string
  /** Role of the user. */
  readonly role: Role
  /** Given name. */
  readonly firstName: string
  /** Family name. */
  readonly lastName: string
  /** E-mail address. */
  readonly email: string
  /** Phone number, E.164. */
  readonly phone: string
  /** Street and number. */
  readonly street: string
  /** City. */
  readonly city: string
  /** State, two letters. */
  readonly state: string
  /** ZIP code. */
  readonly zip: string
  /** Social security number, encrypted per field. */
  readonly ssnCipher: string
  /** HMAC of the social security number under the current key. */
  readonly ssnKey: string
  /** Id of the current key; empty before keys had ids. */
  readonly ssnKeyId: string
  /** The number under earlier keys while their rotation lasts, oldest first. */
  readonly ssnKeysBefore: readonly SsnFingerprint[]
  /** Last four digits of the social security number. */
  readonly ssnLast4: string
  /** Why the social security number is refused, as a stable code; null when it is well formed. */
  readonly ssnProblem: string | null
  /** Vehicle; null for customers. */
  readonly vehicle: Vehicle | null
  /** Driving licence; null for customers. */
  readonly licence: Licence | null
  /** Where the signup comes from. */
  readonly source: SignupSource
  /** When it was requested. Epoch milliseconds. */
  readonly requestedAt: number
}

/** Where a signup comes from. */
export type SignupSource =
  | 'APP'
  | 'ADMIN'

/** Asks for a social security number on behalf of one signup. */
export interface SsnClaim {
  /** HMAC of the social security number. */
  readonly ssnKey: string
  /** Signup id. */
  readonly signupId: string
  /** HMAC of role and e-mail address; the key that makes an address unique per role. */
  readonly emailKey: string
  /** Role of the user. */
  readonly role: Role
  /** When it was claimed. Epoch milliseconds. */
  readonly claimedAt: number
}

/** Answer to a claim of a social security number. */
export interface SsnClaimResult {
  /** HMAC of the social security number. */
  readonly ssnKey: string
  /** Signup id. */
  readonly signupId: string
  /** HMAC of role and e-mail address; the key that makes an address unique per role. */
  readonly emailKey: string
  /** Role of the user. */
  readonly role: Role
  /** True when the number now belongs to this signup. */
  readonly granted: boolean
  /** When it was decided. Epoch milliseconds. */
  readonly decidedAt: number
}

/** Which signup owns a social security number. */
export interface SsnClaimState {
  /** Signup id. */
  readonly signupId: string
  /** HMAC of role and e-mail address; the key that makes an address unique per role. */
  readonly emailKey: string
  /** When it was granted. Epoch milliseconds. */
  readonly grantedAt: number
}

/** A social security number as a keyed digest, and the key. */
export interface SsnFingerprint {
  /** Id of the key in PII_HMAC_KEYS. */
  readonly keyId: string
  /** HMAC of the social security number under that key. */
  readonly ssnKey: string
}

/** Surge of one cell; a cell without an entry has none. */
export interface SurgeCellState {
  /** H3 cell, resolution 8, hexadecimal. */
  readonly cell: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Surge as published, percent; 100 means none. */
  readonly surgePercent: number
  /** Surge smoothed over time, not rounded, percent. */
  readonly smoothedPercent: number
  /** End of the period it was computed for. Epoch milliseconds. */
  readonly publishedAt: number
  /** When it counts as 100 percent unless renewed. Epoch milliseconds. */
  readonly expiresAt: number
}

/** Which period of a market is computed next. */
export interface SurgeClockState {
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Number of the period, counted from the epoch. */
  readonly period: number
}

/** One customer who lately wanted to ride from a cell. Periods are numbered from the epoch. */
export interface SurgeDemandState {
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Customer (rider) id. */
  readonly customerId: string
  /** H3 cell, resolution 8, hexadecimal. */
  readonly cell: string
  /** Newest period in which the customer wanted to ride. */
  readonly period: number
  /** The newest one before that; null when there was none. */
  readonly periodBefore: number | null
}

/** Where one available driver was within the window of supply. */
export interface SurgeDriverState {
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Driver id. */
  readonly driverId: string
  /** Version of the driver state; grows by one with each change of it. */
  readonly driverVersion: number
  /** When the driver was last heard of. Epoch milliseconds. */
  readonly at: number
  /** H3 cell, resolution 8, hexadecimal; null while not available. */
  readonly cell: string | null
  /** When the driver came to the cell, or left the last one. Epoch milliseconds. */
  readonly since: number
  /** Stays that ended within the window, oldest first. */
  readonly past: readonly SurgeStay[]
}

/** Published surge of one cell; no record, or an expired one, means 100 percent. */
export interface SurgeMultiplier {
  /** H3 cell, resolution 8, hexadecimal. */
  readonly cell: string
  /** Market shard id; explicit table maps it to a partition. */
  readonly market: string
  /** Surge, percent; 100 means none. */
  readonly surgePercent: number
  /** Demand it was computed from, customers in the window. */
  readonly demand: number
  /** Supply it was computed from, mean drivers in the window. */
  readonly supply: number
  /** When it was published. Epoch milliseconds. */
  readonly publishedAt: number
  /** When it stops being valid. Epoch milliseconds. */
  readonly expiresAt: number
}

/** A time a driver was available in one cell. */
export interface SurgeStay {
  /** H3 cell, resolution 8, hexadecimal. */
  readonly cell: string
  /** Start. Epoch milliseconds. */
  readonly from: number
  /** End. Epoch milliseconds. */
  readonly to: number
}

/** A durable timer. */
export interface TimerState {
  /** Key the timer belongs to. */
  readonly key: string
  /** Timer name; one timer a key and name. */
  readonly name: string
  /** Time of its clock at which it fires. Epoch milliseconds. */
  readonly dueMs: number
  /** Clock it goes by: task, stream or wall. */
  readonly clock: string
}

/** Something happened to a user; carries the whole user. */
export interface UserEvent {
  /** Event id; equal ids are the same event. */
  readonly eventId: string
  /** What happened. */
  readonly type: UserEventType
  /** Id of the customer or driver. */
  readonly userId: string
  /** Signup id. */
  readonly signupId: string
  /** Role of the user. */
  readonly role: Role
  /** Version of the user, from 1; the newest wins. */
  readonly version: number
  /** Given name. */
  readonly firstName: string
  /** Family name. */
  readonly lastName: string
  /** E-mail address. */
  readonly email: string
  /** Phone number, E.164. */
  readonly phone: string
  /** Street and number. */
  readonly street: string
  /** City. */
  readonly city: string
  /** State, two letters. */
  readonly state: string
  /** ZIP code. */
  readonly zip: string
  /** Social security number, encrypted per field. */
  readonly ssnCipher: string
  /** HMAC of the social security number. */
  readonly ssnKey: string
  /** Id of the key of the HMAC; empty before keys had ids. */
  readonly ssnKeyId: string
  /** Last four digits of the social security number. */
  readonly ssnLast4: string
  /** Vehicle; null for customers. */
  readonly vehicle: Vehicle | null
  /** Driving licence; null for customers. */
  readonly licence: Licence | null
  /** When it happened. Epoch milliseconds. */
  readonly occurredAt: number
}

/** What happened to the user. */
export type UserEventType =
  | 'USER_REGISTERED'

/** Vehicle of a driver. */
export interface Vehicle {
  /** Make. */
  readonly make: string
  /** Model. */
  readonly model: string
  /** Model year. */
  readonly year: number
  /** Color. */
  readonly color: string
  /** Licence plate. */
  readonly plate: string
}

/** Every record written to a topic or changelog, by name. */
export interface Records {
  readonly ActionResult: ActionResult
  readonly AvailableDrivers: AvailableDrivers
  readonly Bill: Bill
  readonly BillState: BillState
  readonly BillingTask: BillingTask
  readonly DemandSignal: DemandSignal
  readonly DispatchRequest: DispatchRequest
  readonly DriverAction: DriverAction
  readonly DriverCommand: DriverCommand
  readonly DriverLocation: DriverLocation
  readonly DriverOffer: DriverOffer
  readonly DriverPoolState: DriverPoolState
  readonly DriverRecord: DriverRecord
  readonly DriverSession: DriverSession
  readonly DriverState: DriverState
  readonly EmailClaimState: EmailClaimState
  readonly IntakeState: IntakeState
  readonly NotificationEvent: NotificationEvent
  readonly NotificationState: NotificationState
  readonly NotificationTask: NotificationTask
  readonly OfferResult: OfferResult
  readonly PresenceState: PresenceState
  readonly RideAdmission: RideAdmission
  readonly RideClosed: RideClosed
  readonly RideEvent: RideEvent
  readonly RidePosition: RidePosition
  readonly RideRequest: RideRequest
  readonly RideState: RideState
  readonly RiderAction: RiderAction
  readonly RiderPoolState: RiderPoolState
  readonly SignupRequest: SignupRequest
  readonly SsnClaim: SsnClaim
  readonly SsnClaimResult: SsnClaimResult
  readonly SsnClaimState: SsnClaimState
  readonly SurgeCellState: SurgeCellState
  readonly SurgeClockState: SurgeClockState
  readonly SurgeDemandState: SurgeDemandState
  readonly SurgeDriverState: SurgeDriverState
  readonly SurgeMultiplier: SurgeMultiplier
  readonly TimerState: TimerState
  readonly UserEvent: UserEvent
}

/** Name of a record written to a topic or changelog. */
export type RecordName = keyof Records

/** The record each topic carries. */
export interface TopicRecords {
  readonly signup_requests: SignupRequest
  readonly ssn_claims: SsnClaim
  readonly ssn_claim_results: SsnClaimResult
  readonly user_events: UserEvent
  readonly ride_requests: RideRequest
  readonly trips_admissions: RideAdmission
  readonly trips_closed: RideClosed
  readonly rider_actions: RiderAction
  readonly driver_actions: DriverAction
  readonly action_results: ActionResult
  readonly driver_sessions: DriverSession
  readonly driver_location_updates: DriverLocation
  readonly 'driver_location_updates.overflow': DriverLocation
  readonly driver_states: DriverState
  readonly available_drivers: AvailableDrivers
  readonly ride_positions: RidePosition
  readonly dispatch_requests: DispatchRequest
  readonly driver_offers: DriverOffer
  readonly offer_results: OfferResult
  readonly driver_commands: DriverCommand
  readonly ride_events: RideEvent
  readonly demand_signals: DemandSignal
  readonly surge_multipliers: SurgeMultiplier
  readonly billing_tasks: BillingTask
  readonly bills: Bill
  readonly notification_tasks: NotificationTask
  readonly notification_events: NotificationEvent
}

/** Name of a topic of the catalogue. */
export type TopicName = keyof TopicRecords
