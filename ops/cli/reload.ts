/**
 * @module `make reload`: has the primary of the running ingress replace its workers, and waits for it.
 */
import { preferredPorts } from '../apps/app-specs.ts'
import { isSupervised, readAppState } from '../apps/app-state.ts'
import { type Report, readConfig } from '../stack/index.ts'
import { waitUntil } from '../stack/wait.ts'

/** Longest wait for all workers to be replaced, ms: each takes its start, and its grace. */
const reloadMs = 300_000

interface PrimaryStatus {
  readonly pid: number
  readonly status: {
    /** Undefined for an ingress that is one process. */
    readonly reloads?: number
    readonly isReloading?: boolean
  }
}

/** @returns the exit code; 1 when there is nothing to reload or the old workers had to stay */
export async function reloadIngress(report: Report): Promise<number> {
  const state = await readAppState(readConfig())
  if (!(await isSupervised(state))) {
    report('the application does not run')
    return 1
  }
  const opsPort = (state?.ports ?? preferredPorts).ingressOps
  const read = async (): Promise<PrimaryStatus> =>
    (await (await fetch(`http://127.0.0.1:${opsPort}/status`)).json()) as PrimaryStatus
  const { pid, status } = await read()
  const { reloads } = status
  if (reloads === undefined) {
    report('the ingress is one process; start it with INGRESS_WORKERS=2 or more')
    return 1
  }
  process.kill(pid, 'SIGHUP')
  report('replacing the workers of the ingress one at a time')
  let hasBegun = false
  let done = reloads
  const isOver = async (): Promise<boolean> => {
    const now = (await read()).status
    hasBegun ||= now.isReloading === true
    done = now.reloads ?? 0
    return done > reloads || (hasBegun && now.isReloading === false)
  }
  const isDone = (await waitUntil(isOver, reloadMs)) && done > reloads
  report(isDone ? 'all workers are replaced' : 'not all workers were replaced; its log says why')
  return isDone ? 0 : 1
}
