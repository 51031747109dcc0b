import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { pages } from '#scripts/pages.js'

test.each(Object.entries(pages))('%s is what the code makes (else: npm run docs)', async (path, make) => {
  expect(readFileSync(path, 'utf8')).toBe(await make())
})
