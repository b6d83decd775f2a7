/**
 * @module The generated pages of docs/, in memory: the writer writes them, a test compares them.
 */
import { createDocument } from '../../ingress/openapi/index.ts'
import { apiRoutes } from '../../ingress/routes.ts'
import { topologyChangelogs } from '../../streams/runtime/index.ts'
import { configurationPage } from './configuration-page.ts'
import { metricsPage } from './metrics-page.ts'
import { problemsPage } from './problems-page.ts'
import { allTopologies, topicsPage } from './topics-page.ts'
import { describeAsData, descriptionText } from './topology-description.ts'
import { topologyPage } from './topology-page.ts'

/** One page: where it lies and what it says. */
export interface DocPage {
  readonly file: URL
  readonly text: string
}

/** Every generated page. The same tree gives the same bytes. */
export async function docPages(): Promise<DocPage[]> {
  const topologies = allTopologies()
  const pages = {
    'configuration.md': await configurationPage(),
    'metrics.md': metricsPage(),
    'openapi.json': `${JSON.stringify(createDocument(apiRoutes), null, 2)}\n`,
    'problems.md': problemsPage(),
    'topics.md': topicsPage(topologies, topologyChangelogs(topologies)),
    'topology.json': descriptionText(describeAsData(topologies)),
    'topology.md': topologyPage(topologies)
  }
  return Object.entries(pages).map(([name, text]) => ({
    file: new URL(`../../docs/${name}`, import.meta.url),
    text
  }))
}
