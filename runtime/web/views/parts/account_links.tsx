/** The links of a user in the head of each page. */
import type { VNode } from "preact";

export interface Account {
  readonly name: string;
  readonly formToken: string;
  /** Whether the user may manage users. */
  readonly seesUsers: boolean;
}

export function AccountLinks({ name, formToken, seesUsers }: Account): VNode {
  return (
    <>
      {seesUsers && <a href="/users">Users</a>}
      <a href="/account" title="Your sessions, tokens and password">
        {name}
      </a>
      <form method="post" action="/logout" class="inline">
        <input type="hidden" name="_form" value={formToken} />
        <button type="submit" class="button small">
          Log out
        </button>
      </form>
    </>
  );
}
