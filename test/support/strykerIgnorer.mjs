import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin'

/** Texts that explain a chart to its readers: no behaviour depends on them. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'chart-descriptions', {
    shouldIgnore(path) {
      const isDescription = path.isObjectProperty() && !path.node.computed && path.node.key.name === 'description'
      return isDescription ? 'A description of a state is not behaviour.' : undefined
    },
  }),
]
