/**
 * @module Warm child processes: starting one costs about a second of a core, so those that come
 * through a case serve the next one, and spares are started ahead.
 */
import { type Instance, type Servers, startInstance } from './instance.ts'

export interface InstancePool {
  take(): Promise<Instance>
  /** Takes an instance back; a dead or troubled one is replaced. */
  giveBack(instance: Instance, isSound: boolean): Promise<void>
  close(): Promise<void>
}

/** @param spares processes kept warm besides those in use */
export function createInstancePool(servers: Servers, spares: number): InstancePool {
  const idle: Promise<Instance>[] = []
  const all = new Set<Instance>()
  const start = async (): Promise<Instance> => {
    const instance = await startInstance(servers)
    all.add(instance)
    return instance
  }
  const fill = (): void => {
    while (idle.length < spares) {
      const starting = start()
      // Whoever takes it sees the error.
      starting.catch(() => undefined)
      idle.push(starting)
    }
  }
  const killAll = (): void => {
    for (const instance of all) void instance.kill()
  }
  process.once('exit', killAll)
  fill()
  return {
    async take() {
      const taken = idle.shift() ?? start()
      fill()
      return taken
    },
    async giveBack(instance, isSound) {
      if (isSound && instance.isAlive && idle.length < spares + 2) {
        idle.unshift(Promise.resolve(instance))
        return
      }
      all.delete(instance)
      await instance.close()
    },
    async close() {
      process.off('exit', killAll)
      await Promise.allSettled(idle.splice(0))
      await Promise.all([...all].map((instance) => instance.close()))
    }
  }
}
