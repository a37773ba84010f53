import { type Browser, chromium } from 'playwright-core'

/**
 * Starts a real Chromium: the packaged one on Linux x64, elsewhere the installed browser that `PLAYWRIGHT_CHANNEL`
 * names, `chrome` by default. Rejects when there is none.
 */
export async function launchBrowser(): Promise<Browser> {
  if (process.env.PLAYWRIGHT_CHANNEL === undefined && process.platform === 'linux' && process.arch === 'x64') {
    const { default: packaged } = await import('@sparticuz/chromium')
    packaged.setGraphicsMode = false
    const args = packaged.args.filter(
      (arg) => !arg.startsWith('--headless') && arg !== '--single-process' && arg !== '--no-zygote',
    )
    return chromium.launch({ executablePath: await packaged.executablePath(), args, headless: true })
  }
  const channel = process.env.PLAYWRIGHT_CHANNEL ?? 'chrome'
  return chromium.launch({ channel, headless: true }).catch((cause: unknown) => {
    throw new Error(
      `Expected an installed browser for the channel \`${channel}\`, found none. Install Chrome, or set PLAYWRIGHT_CHANNEL to one that is installed.`,
      { cause },
    )
  })
}
