import { spawn } from 'node:child_process'

/** Runs `npm start`, waits for its page and its API, and ends it as Ctrl+C does. */
async function checkStart(): Promise<void> {
  const child = spawn('npm', ['start'], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, which Ctrl+C in a terminal signals as a whole.
    detached: true,
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)
      if (found) resolve(found[0])
    })
    void exited.then((code) => reject(new Error(`npm start ended with ${code} before it served:\n${printed}`)))
  })
  const page = await fetch(url)
  const motivation = await fetch(`${url}/api/daily-motivations/today`)
  if (!page.ok || !(await page.text()).includes('id="root"'))
    throw new Error(`${url} answered ${page.status}, no page.`)
  if (!motivation.ok) throw new Error(`${motivation.url} answered ${motivation.status}.`)
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
  await exited
  await untilRefused(url)
  console.log(`npm start served its page and its API at ${url}, and stopped.`)
}

/** npm ends at once; its child closes the server behind it. */
async function untilRefused(url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    try {
      await fetch(url)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`npm start still serves ${url} a minute after SIGINT.`)
}

await checkStart()
