/** Asks for a key over the page, which stays as it is beneath: what was typed there is there afterwards. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { session } from '../api/session.js'

export const SignIn = () => {
  const [asks, setAsks] = useState(session.asks)
  const [wrong, setWrong] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => session.onChange(() => setAsks(session.asks)), [])
  useEffect(() => {
    if (asks !== null && !dialog.current?.open) dialog.current?.showModal()
    if (asks === null && dialog.current?.open) dialog.current.close()
  }, [asks])

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const key = field.current?.value.trim() ?? ''
    if (key === '') return
    setBusy(true)
    const problem = await session
      .signIn(key)
      .catch(() => 'The service does not answer. See whether it runs, then try again.')
    setBusy(false)
    setWrong(problem)
    if (problem === null && field.current) field.current.value = ''
    else field.current?.focus()
  }

  return (
    <dialog ref={dialog} class="sign-in" aria-labelledby="sign-in-title" onCancel={(event) => event.preventDefault()}>
      <form onSubmit={submit}>
        <h2 id="sign-in-title">Sign in</h2>
        <p>
          {asks === '' || asks === null
            ? 'This service asks for an API key.'
            : `${asks} Sign in again: the page stays as it is.`}
        </p>
        <input type="text" name="username" autocomplete="username" value="ringfence" hidden readOnly />
        <label>
          API key
          <input ref={field} type="password" name="key" autocomplete="current-password" spellcheck={false} required />
        </label>
        {wrong === null ? null : (
          <p class="notice bad" role="alert">
            {wrong}
          </p>
        )}
        <p class="quiet">
          It is kept nowhere. Whoever runs the service makes keys with <code>ringfence keys create</code>.
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </dialog>
  )
}
