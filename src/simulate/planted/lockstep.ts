/**
 * Bought engagement: a service's accounts hit the videos of its clients, in waves (all at once) and in drips (one after the
 * other over a day and a half, in the order of the service's list).
 */
import { HOUR, MINUTE, SECOND } from '../events.js'
import type { Stage } from '../stage.js'
import type { PlantedMember } from '../truth.js'

const DRIP_HOURS = 36
const WAVES = 0.6
/** A service comments from a short list of phrases. */
const PHRASES = 5

export const plantLockstep = (stage: Stage): PlantedMember[] => {
  const accounts = stage.cast.usersOf(stage.market, stage.size(24, 44, 10))
  stage.camouflage(accounts)
  const clients = stage.cast.creatorsOf(stage.market, 4)
  const phrases = Array.from({ length: PHRASES }, () => stage.random.uint32())
  const videos: number[] = []
  const orders = stage.size(11, 18, 8)
  for (let order = 0; order < orders; order++) {
    const published = stage.moment(0.05, 0.85)
    const client = stage.pick(clients)
    const video = stage.film(client, published, stage.between(0.05, 0.6))
    videos.push(video)
    const wave = stage.chance(WAVES)
    const from = published + stage.between(0.5, 20) * HOUR
    accounts.forEach((account, position) => {
      if (!stage.chance(stage.hiding.participation)) return
      const turn = wave ? 0 : (position / accounts.length) * DRIP_HOURS * HOUR
      const at = Math.max(published + MINUTE, from + turn + stage.jitter())
      const after = stage.view(account, video, at)
      if (stage.chance(0.9)) stage.act('like', 'user', account, 'video', video, after)
      if (stage.chance(0.15))
        stage.act('comment', 'user', account, 'video', video, after + 10 * SECOND, stage.pick(phrases))
      if (stage.chance(0.08)) stage.act('follow', 'user', account, 'creator', client, after + 20 * SECOND)
    })
  }
  return [
    ...accounts.map((index): PlantedMember => ({ kind: 'user', index, role: 'amplifier' })),
    ...videos.map((index): PlantedMember => ({ kind: 'video', index, role: 'beneficiary' })),
  ]
}
