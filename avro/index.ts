/**
 * Records, topics and how both get to and from Kafka.
 * @module
 */

export { type Codec, payloadBytesMax } from './codec.ts'
export { type DeadLetterReason, deadLetterHeaders, deadLetterRecord } from './dead-letter.ts'
export { learning } from './learning.ts'
export { type LoadCodecOptions, loadCodec } from './load-codec.ts'
export { createLocalCodec } from './local-codec.ts'
export { type RegisterOptions, registerSchemas } from './register.ts'
export {
  createRegistryClient,
  type RegisteredSchema,
  type RegistryClient,
  type RegistryOptions
} from './registry.ts'
export {
  type AvroSchema,
  type EnumSchema,
  type FieldSchema,
  type RecordSchema,
  recordNames,
  recordNamespace,
  recordSchema
} from './schemas.ts'
export { type Changelog, type Compatibility, type Subject, subjectsOf } from './subjects.ts'
export {
  type ChangelogTopic,
  type DeclaredTopic,
  type InternalTopicOptions,
  internalTopicDefinitions,
  type TopicDefinitionOptions,
  topicDefinitions
} from './topic-definitions.ts'
export {
  type ChangelogName,
  changelogTopic,
  dlqPartitions,
  dlqRetentionMs,
  dlqTopic,
  type TopicSpec,
  topicNames,
  topicRetentionMs,
  topics,
  valueSubject
} from './topics.ts'
export type {
  ActionOutcome,
  ActionRecord,
  ActionResult,
  AvailabilityKind,
  AvailableDriver,
  AvailableDrivers,
  Bill,
  BillingTask,
  BillKind,
  BillLine,
  BillState,
  DemandKind,
  DemandSignal,
  DispatchKind,
  DispatchRequest,
  DriverAction,
  DriverActionType,
  DriverCommand,
  DriverCommandKind,
  DriverLocation,
  DriverOffer,
  DriverPoolState,
  DriverRecord,
  DriverSession,
  DriverSessionType,
  DriverState,
  DriverStatus,
  EmailClaimState,
  EmailClaimStatus,
  Fare,
  GeoPoint,
  IntakeRide,
  IntakeState,
  Licence,
  NotificationChannel,
  NotificationEvent,
  NotificationState,
  NotificationStatus,
  NotificationTask,
  OfferOutcome,
  OfferResult,
  PresenceState,
  PublishedPresence,
  RecordName,
  Records,
  Ride,
  RideAdmission,
  RideClosed,
  RideEvent,
  RideEventType,
  RidePosition,
  RideRequest,
  RiderAction,
  RiderActionType,
  RiderPoolState,
  RideState,
  RideStatus,
  Role,
  SignupOutcome,
  SignupRequest,
  SignupSource,
  SsnClaim,
  SsnClaimResult,
  SsnClaimState,
  SsnFingerprint,
  SurgeCellState,
  SurgeClockState,
  SurgeDemandState,
  SurgeDriverState,
  SurgeMultiplier,
  SurgeStay,
  TimerState,
  TopicName,
  TopicRecords,
  UserEvent,
  UserEventType,
  Vehicle
} from './types.generated.ts'
export { UnknownSchemaError } from './unknown-schema-error.ts'
