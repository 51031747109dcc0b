/** Pages that listen for what must not happen. */
import type { Browser, Page } from 'playwright-core'

export { openBrowser } from '#scripts/browser.js'

export interface Watched {
  readonly page: Page
  /** What went wrong in the page: errors, refusals of the policy, requests to anybody else. */
  readonly wrong: string[]
}

/** A page of its own, which listens for what must not happen. */
export const openPage = async (
  browser: Browser,
  address: string,
  look: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<Watched> => {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: 900 },
    colorScheme: look.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Content-Security-Policy/.test(message.text())) wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(address)) wrong.push(`asked ${request.url()}`)
  })
  return { page, wrong }
}
