/** Files that are made in the page, or were fetched by it. */

/** Long enough for every browser to have begun. */
const KEPT_MS = 10_000

const saveBlob = (name: string, blob: Blob): void => {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}

export const saveAs = (name: string, type: string, text: string): void => saveBlob(name, new Blob([text], { type }))
