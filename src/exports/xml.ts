/** Text for XML 1.0. */

const special = /[&<>"'\t\n\r]/g
/** What XML 1.0 cannot hold in any form. Halves of surrogate pairs are dealt with before. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: any character that needs one of the two replacements
const needsWork = /[&<>"'\u0000-\u001f\ufffe\uffff\ud800-\udfff]/

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The method is ES2024 and in Node.js 20. */
const wellFormed = (text: string): string => (text as unknown as { toWellFormed(): string }).toWellFormed()

/** For attributes and for text. A character that XML cannot hold is written as `\uXXXX`. */
export const xml = (text: string): string =>
  needsWork.test(text)
    ? wellFormed(text)
        .replace(special, (character) => replacements[character]!)
        .replace(forbidden, code)
    : text
