import { errorTable, rejectTable } from '#src/errors.js'

/** docs/errors.md, from src/errors.ts. */
export const errorsPage = (): string => {
  const errors = Object.entries(errorTable).map(
    ([code, { status, exit, title, advice }]) => `| \`${code}\` | ${status} | ${exit} | ${title} | ${advice} |`,
  )
  const rejects = Object.entries(rejectTable).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`)
  return `# Errors
<!-- Made from src/errors.ts by \`npm run docs\`; edit that. -->

Every error has a stable code. Over HTTP it comes as \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`detail\`, \`code\`,
\`advice\` and the \`request\` id that the log has too ([api.md](api.md)). The command prints the same sentences on standard error and ends with the
exit code. \`detail\` says what was wrong and where.

| code | HTTP status | exit code | meaning | what to do |
| --- | --- | --- | --- | --- |
${errors.join('\n')}

Other exit codes: 0 is done, 3 is done with some records rejected.

## Rejected records
A bad record stops nothing: the good ones go in. Each bad one is a line of the rejects file (\`file\`, \`line\`, \`field\`, \`value\`, \`code\`, \`message\`),
or over HTTP an entry of \`errors\` (\`index\`, \`field\`, \`code\`, \`message\`).

| code | message |
| --- | --- |
${rejects.join('\n')}
`
}
