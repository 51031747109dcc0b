import { apiPage } from './pages/api.js'
import { detectorsPage } from './pages/detectors.js'
import { errorsPage } from './pages/errors.js'
import { featuresPage } from './pages/features.js'
import { migrationPage } from './pages/migration.js'
import { openapiPage } from './pages/openapi.js'
import { schemaPage } from './pages/schema.js'

/** Files that are made from the code, by their path from the project's root. A test compares each with what is committed. */
export const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/api.md': apiPage,
  'docs/detectors.md': detectorsPage,
  'docs/errors.md': errorsPage,
  'docs/features.md': featuresPage,
  'docs/pictures/migration.svg': migrationPage,
  'docs/schema.md': schemaPage,
  'openapi.json': openapiPage,
}
