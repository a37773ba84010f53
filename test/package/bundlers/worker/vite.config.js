export default { build: { rollupOptions: { input: 'main.js' } }, worker: { format: 'es' } }
