/**
 * A stack for one test run in containers of its own, from the same compose file, so that images and
 * settings are named in one place. testcontainers removes them even when the run is killed.
 *
 * @module
 */
import { addressesAt, type StackAddresses } from './addresses.ts'
import { COMPOSE_FILE, COMPOSE_SERVICES, composeEnvironment } from './compose.ts'
import type { StackConfig } from './config.ts'
import { stackPaths } from './paths.ts'
import { choosePorts, isPortFree } from './ports.ts'
import { portsOfOtherStacks } from './state.ts'

/**
 * Starts the containers and waits for their health checks. Throws what testcontainers throws when
 * an image cannot be pulled or a container does not become healthy.
 */
export async function startTestContainers(
  config: StackConfig
): Promise<{ addresses: StackAddresses; stop: () => Promise<void> }> {
  // Loaded here: it takes half a second, which a run without containers need not pay.
  const { DockerComposeEnvironment, Wait } = await import('testcontainers')
  // Kafka tells clients its published port, so it must be known before the start.
  const ports = await choosePorts({
    preferred: config.ports,
    held: new Set(),
    reserved: await portsOfOtherStacks(stackPaths(config), config.name),
    isFree: isPortFree
  })
  const environment = await new DockerComposeEnvironment(config.repositoryDir, COMPOSE_FILE)
    .withEnvironment(composeEnvironment(ports))
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(config.startTimeoutMs + config.pullTimeoutMs)
    .up([...COMPOSE_SERVICES])
  return {
    addresses: addressesAt(ports, 'compose'),
    stop: async () => {
      await environment.down({ removeVolumes: true })
    }
  }
}
