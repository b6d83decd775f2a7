/** @module The notification service. */
export { type DeliveryRules, deliveryRulesDefault } from './delivery.ts'
export {
  createHttpProvider,
  createHttpProviders,
  type Fetch,
  type HttpProviderOptions,
  type Provider,
  type Providers
} from './providers.ts'
export { createReceiver, type Receiver, type ReceiverOptions } from './receiver-server.ts'
export { type NotificationsDeps, notificationsTopologies } from './topology.ts'
