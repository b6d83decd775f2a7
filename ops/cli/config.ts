/**
 * @module Variables of the operators' verbs, as `make doctor DO=... ID=...` passes them on.
 */
import { type ConfigValues, defineConfig, type Environment } from '../../core/index.ts'

/** What `make doctor` is asked for. */
export const doctorConfig = defineConfig({
  DO: {
    type: 'enum',
    values: ['report', 'end-transaction', 'move-offset', 'drop-orphans'],
    default: 'report',
    doc: 'What to do; the report only reads.'
  },
  ID: {
    type: 'string',
    default: null,
    doc: 'For `end-transaction`: a transactional id, or `topic:partition:producer id` of a hanging transaction.'
  },
  GROUP: { type: 'string', default: null, doc: 'For `move-offset`: the group.' },
  TOPIC: { type: 'string', default: null, doc: 'For `move-offset`: the topic.' },
  PARTITION: {
    type: 'int',
    default: null,
    min: 0,
    doc: 'For `move-offset`: the partition; all of them when unset.'
  },
  TO: {
    type: 'string',
    default: null,
    doc: 'For `move-offset`: earliest, latest or an offset.'
  },
  REBUILD: {
    type: 'bool',
    default: false,
    doc: 'For `move-offset`: where the metadata is lost, write it anew from the ends of the changelogs.'
  },
  YES: { type: 'bool', default: false, doc: 'For `drop-orphans`: delete what is listed.' },
  FORCE: {
    type: 'bool',
    default: false,
    doc: 'For `end-transaction`: do so although the group has live members.'
  },
  HUNG_AFTER_MS: {
    type: 'duration-ms',
    default: 60_000,
    min: 1_000,
    doc: 'A transaction that is open for longer counts as hung; those of tasks end by themselves after 15 s.'
  }
})

export type DoctorSettings = ConfigValues<typeof doctorConfig.definitions>

/** @throws ConfigError naming each bad variable. */
export function readDoctorConfig(environment: Environment = process.env): DoctorSettings {
  return doctorConfig.load(environment)
}

/** What `make topology` compares with. */
export const topologyConfig = defineConfig({
  TOPOLOGY_BASELINE: {
    type: 'string',
    default: 'docs/topology.json',
    doc: 'Description that `make topology` compares with, such as the one of the version in production.'
  }
})

/** @throws ConfigError naming each bad variable. */
export function readTopologyConfig(
  environment: Environment = process.env
): ConfigValues<typeof topologyConfig.definitions> {
  return topologyConfig.load(environment)
}
