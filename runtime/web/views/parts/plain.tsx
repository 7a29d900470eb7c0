/** Pages of a few words: an error, and the login. */
import type { VNode } from "preact";

export function ErrorPage({
  status,
  message,
}: {
  readonly status: number;
  readonly message: string;
}): VNode {
  return (
    <section class="plain-page">
      <h1>{status}</h1>
      <p>{message}</p>
      <p>
        <a class="button" href="/">
          All DAGs
        </a>
      </p>
    </section>
  );
}

export function LoginPage({
  token,
  next,
  error,
}: {
  readonly token: string;
  readonly next: string;
  readonly error: string | null;
}): VNode {
  return (
    <form class="sheet login" method="post" action="/login">
      <h1>dagsmith</h1>
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="next" value={next} />
      {error !== null && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      <label class="field">
        <span>Token</span>
        <input type="password" name="token" autocomplete="current-password" required autofocus />
        <small>The value of DAG_WEB_TOKEN on the server.</small>
      </label>
      <p>
        <button type="submit" class="button primary">
          Log in
        </button>
      </p>
    </form>
  );
}
