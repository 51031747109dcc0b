/**
 * The folder that the operator lets jobs load files from. A file that was loaded whole is passed over until its size or time changes, so that a nightly
 * job costs what is new; what that memory loses is loaded again and adds nothing, since interactions are keyed.
 */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RingfenceError } from '../errors.js'
import type { GraphStore } from '../store/store.js'

const COLLECTION = 'inbox-files'
/** More in one folder are a mistake, or want a folder of their own. */
const MOST_FILES = 10_000

export interface InboxFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly changedAt: number
}

/** Throws `inbox.off`. */
export const inboxFolder = (): string => {
  const folder = process.env.RINGFENCE_INBOX
  if (!folder) throw new RingfenceError('inbox.off', 'RINGFENCE_INBOX is not set.')
  return folder
}

const asPattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )

/** Files whose name fits one of the patterns (`*` is any text), by name. Links and folders are no files. Throws `inbox.off` and `file.unreadable`. */
export const inboxFiles = async (patterns: readonly string[]): Promise<readonly InboxFile[]> => {
  const folder = inboxFolder()
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    throw new RingfenceError('file.missing', `The folder of RINGFENCE_INBOX: ${(error as Error).message}`)
  }
  const wanted = patterns.map(asPattern)
  const fitting = names.filter((name) => !name.startsWith('.') && wanted.some((pattern) => pattern.test(name))).sort()
  if (fitting.length > MOST_FILES)
    throw new RingfenceError('request.invalid', `files: ${fitting.length} fit; the limit is ${MOST_FILES}.`)
  const files: InboxFile[] = []
  for (const name of fitting) {
    const path = join(folder, name)
    const found = await lstat(path).catch(() => null)
    if (found?.isFile()) files.push({ name, path, bytes: found.size, changedAt: found.mtimeMs })
  }
  return files
}

const memoryId = ({ name }: InboxFile, mapping: string | null): string => `${mapping ?? ''}/${name}`

/** Those that were not loaded whole yet, or have changed since. */
export const filesToLoad = async (
  store: GraphStore,
  files: readonly InboxFile[],
  mapping: string | null,
): Promise<readonly InboxFile[]> => {
  const fresh: InboxFile[] = []
  for (const file of files) {
    const known = await store.readDocument(COLLECTION, memoryId(file, mapping))
    if (known?.value.bytes !== file.bytes || known?.value.changedAt !== file.changedAt) fresh.push(file)
  }
  return fresh
}

/** That a file was loaded whole, as it was when it was looked at. */
export const rememberFile = async (store: GraphStore, file: InboxFile, mapping: string | null): Promise<void> => {
  const id = memoryId(file, mapping)
  const known = await store.readDocument(COLLECTION, id)
  const value = { bytes: file.bytes, changedAt: file.changedAt }
  // Where another process was faster it has written the same, or the file is loaded once more.
  await store.changeDocuments([{ collection: COLLECTION, id, expected: known?.version ?? null, value }])
}
