/**
 * Redis: the port, its adapter on ioredis, and Lua scripts.
 *
 * @module
 */

export { createRedis, type RedisOptions, redisLimits } from './create-redis.ts'
export { ArgumentPacker } from './packed-arguments.ts'
export type {
  GeoCircle,
  GeoMember,
  HashFields,
  HashPage,
  Redis,
  Script,
  ScriptArgument
} from './redis.ts'
export { loadScript, type ScriptDefinition } from './script.ts'
