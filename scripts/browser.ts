/**
 * A real Chromium: the one that ships inside the package, so that nothing need be installed; where that cannot start, for want of a library
 * of the system, one of the system.
 */
import { existsSync } from 'node:fs'
import packaged from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

const OF_THE_SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** WebGL 2 without a graphics card; no sandbox, as tests run as root in containers, on pages of our own alone. */
const FLAGS = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']

/** Throws with the library that is missing. */
export const openBrowser = async (): Promise<Browser> => {
  const tried: string[] = []
  const start = async (executablePath: string, args: readonly string[]): Promise<Browser | null> => {
    try {
      return await chromium.launch({ executablePath, args: [...args], headless: true })
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      tried.push(
        `${executablePath}: ${/error while loading shared libraries: [^\n]*/.exec(text)?.[0] ?? text.slice(0, 300)}`,
      )
      return null
    }
  }
  // Its own flags leave out a sandbox and single processes alone; WebGL it draws in software anyway.
  const own = await start(await packaged.executablePath(), FLAGS)
  if (own) return own
  for (const path of OF_THE_SYSTEM.filter(existsSync)) {
    const found = await start(path, FLAGS)
    if (found) return found
  }
  throw new Error(`No Chromium starts here, so the console cannot be tested.\n${tried.join('\n')}`)
}
