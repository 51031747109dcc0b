import { readFileSync } from 'node:fs'
import { withService } from './openapi.js'

const ROW = /^\| `((?:GET|POST|PUT|DELETE) [^`]+)` \| [^|]* \| (.*) \|$/

/** docs/api.md with the roles of each route as the routes have them; what a route is for is written by hand. A route that is not told there is put last. */
export const apiPage = (): Promise<string> =>
  withService((http) => {
    const left = new Map([...http.rolesByRoute].map(([route, roles]) => [route.replaceAll(/:(\w+)/g, '{$1}'), roles]))
    const row = (route: string, what: string): readonly string[] => {
      const roles = left.get(route)
      left.delete(route)
      if (roles === undefined) return []
      return [`| \`${route}\` | ${roles === 'public' ? 'anyone' : roles.join(', ')} | ${what} |`]
    }
    const lines = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8').split('\n')
    const told = lines.flatMap((line) => {
      const [, route, what] = ROW.exec(line) ?? []
      return route === undefined || what === undefined ? [line] : row(route, what)
    })
    const end = told.findLastIndex((line) => ROW.test(line)) + 1
    const missing = [...left.keys()].flatMap((route) => row(route, 'what it is for is not told yet'))
    return [...told.slice(0, end), ...missing, ...told.slice(end)].join('\n')
  })
