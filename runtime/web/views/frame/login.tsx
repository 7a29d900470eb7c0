/** The pages before the login: the login itself, and the first visit by a link. */
import type { VNode } from "preact";

export function LoginPage({
  next,
  error,
  byLink,
  provider,
}: {
  readonly next: string;
  readonly error: string | null;
  /** Whether the token of a link is asked for, and not a password. */
  readonly byLink: boolean;
  /** The host of the OIDC provider; null when there is none. */
  readonly provider: string | null;
}): VNode {
  return (
    <form class="sheet login" method="post" action="/login">
      <input type="hidden" name="next" value={next} />
      <h1>dagsmith</h1>
      <Problem text={error} />
      {byLink ? <LinkToken /> : <NameAndPassword />}
      <p>
        <button type="submit" class="button primary">
          Log in
        </button>
      </p>
      {provider !== null && (
        <p>
          <a class="button" href={`/login/oidc?next=${encodeURIComponent(next)}`}>
            Log in with {provider}
          </a>
        </p>
      )}
    </form>
  );
}

function LinkToken(): VNode {
  return (
    <label class="field">
      <span>Token</span>
      <input type="password" name="token" required autofocus />
      <small>Open the link that dagsmith printed when it started, or paste its token.</small>
    </label>
  );
}

function NameAndPassword(): VNode {
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input name="name" autocomplete="username" autocapitalize="off" required autofocus />
      </label>
      <label class="field">
        <span>Password</span>
        <input type="password" name="password" autocomplete="current-password" required />
      </label>
    </>
  );
}

/** The page of a link: its user chooses a password. */
export function WelcomePage({
  code,
  name,
  error,
}: {
  readonly code: string;
  /** Null: the link makes the first admin, who chooses a name. */
  readonly name: string | null;
  readonly error: string | null;
}): VNode {
  return (
    <form class="sheet login" method="post" action="/welcome">
      <input type="hidden" name="code" value={code} />
      <h1>{name === null ? "Make the first admin" : `Welcome, ${name}`}</h1>
      <Problem text={error} />
      {name === null && (
        <label class="field">
          <span>Name</span>
          <input name="name" autocomplete="username" autocapitalize="off" required autofocus />
          <small>Lower-case letters and digits. The audit shows this name.</small>
        </label>
      )}
      <label class="field">
        <span>New password</span>
        <input type="password" name="password" autocomplete="new-password" required />
        <small>At least 12 characters.</small>
      </label>
      <label class="field">
        <span>The same again</span>
        <input type="password" name="again" autocomplete="new-password" required />
      </label>
      <p>
        <button type="submit" class="button primary">
          Save and log in
        </button>
      </p>
    </form>
  );
}

function Problem({ text }: { readonly text: string | null }): VNode | null {
  return text === null ? null : (
    <p class="refused" role="alert">
      {text}
    </p>
  );
}
