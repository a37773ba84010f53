const Metro = require('metro')

const resolver = { unstable_enablePackageExports: true, unstable_conditionNames: ['require', 'react-native'] }

Metro.loadConfig({ cwd: __dirname }, { resolver })
  .then((config) => Metro.runBuild(config, { entry: 'program.js', out: 'bundle', minify: false, platform: 'ios' }))
  .catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
