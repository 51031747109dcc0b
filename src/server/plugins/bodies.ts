/** Bodies are JSON in valid UTF-8 or, where a route takes them, NDJSON lines; anything else is refused and not guessed at. */
import type { FastifyInstance } from 'fastify'
import { RingfenceError } from '../../errors.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

export const readBodiesStrictly = (app: FastifyInstance): void => {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string
    try {
      text = utf8.decode(body)
    } catch {
      // The framework's own parser would put a replacement character in an id.
      done(new RingfenceError('request.invalid', 'The body is not valid UTF-8.'))
      return
    }
    parse(request, text, done)
  })
  app.addHook('preParsing', async (request) => {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity')
      throw new RingfenceError('request.media-type', `The content encoding ${encoding} is not read; send it plain.`)
  })
}
