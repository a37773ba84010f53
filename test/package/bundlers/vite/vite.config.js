export default { build: { lib: { entry: 'program.js', formats: ['es'], fileName: 'bundle' } } }
