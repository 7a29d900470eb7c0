/** The account of a user: roles, password, sessions and API tokens. */
import type { VNode } from "preact";
import type { SessionRow, TokenRow, WebUser } from "../../read/read_access.ts";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { grantsText, Shown } from "./shown.tsx";
import { TokenForm, TokenTable } from "./tokens.tsx";

export interface AccountProps {
  readonly user: WebUser;
  readonly sessions: readonly SessionRow[];
  readonly tokens: readonly TokenRow[];
  readonly formToken: string;
  /** The session of this request; null for a program. */
  readonly current: number | null;
  readonly error?: string;
  /** A token that was just created. */
  readonly token?: string;
}

export function AccountPage(props: AccountProps): VNode {
  const { user, sessions, tokens, formToken, current, error, token } = props;
  return (
    <>
      <div class="title">
        <h1>
          <Id text={user.name} />
        </h1>
        <span class="faint">{grantsText(user.grants)}</span>
      </div>
      <Shown error={error} secret={token} label="Your new token. It is shown only now:" />
      <section aria-label="API tokens">
        <h2>API tokens</h2>
        <TokenTable tokens={tokens} formToken={formToken} />
        <TokenForm formToken={formToken} />
      </section>
      <section aria-label="Sessions">
        <h2>Sessions</h2>
        <Sessions sessions={sessions} formToken={formToken} current={current} />
      </section>
      {user.hasPassword && <PasswordForm formToken={formToken} />}
    </>
  );
}

function Sessions({
  sessions,
  formToken,
  current,
}: Pick<AccountProps, "sessions" | "formToken" | "current">): VNode {
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th>Browser</th>
            <th>Address</th>
            <th>Logged in</th>
            <th>Last used</th>
            <th>Ends</th>
            <th>
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr>
              <td>{session.browser}</td>
              <td>{session.address}</td>
              <td>
                <Time at={session.createdAt} />
              </td>
              <td>
                <Time at={session.usedAt} />
              </td>
              <td>
                <Time at={session.endsAt} />
              </td>
              <td>
                {session.id === current ? (
                  <span class="faint">this session</span>
                ) : (
                  <PostButton
                    opensAnswer
                    action={`/account/sessions/${session.id}/end`}
                    token={formToken}
                    class="button small"
                  >
                    End
                  </PostButton>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="pages">
        <PostButton opensAnswer action="/account/sessions/end" token={formToken}>
          End all other sessions
        </PostButton>
      </p>
    </>
  );
}

function PasswordForm({ formToken }: { readonly formToken: string }): VNode {
  return (
    <section aria-label="Password">
      <h2>Password</h2>
      <form class="sheet" method="post" action="/account/password">
        <input type="hidden" name="_form" value={formToken} />
        <Field label="Current password" hint={null}>
          <input type="password" name="current" autocomplete="current-password" required />
        </Field>
        <Field label="New password" hint="At least 12 characters. Your other sessions end.">
          <input type="password" name="password" autocomplete="new-password" required />
        </Field>
        <Field label="The same again" hint={null}>
          <input type="password" name="again" autocomplete="new-password" required />
        </Field>
        <p>
          <button type="submit" class="button primary">
            Change password
          </button>
        </p>
      </form>
    </section>
  );
}
