const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' })
worker.addEventListener('error', (event) => console.error(event.message))
