/** The links of a user in the head of each page. */
import type { VNode } from "preact";

export interface Account {
  readonly name: string;
  readonly formToken: string;
}

export function AccountLinks({ name, formToken }: Account): VNode {
  return (
    <>
      <a href="/account" class="account" title="Your sessions, tokens and password">
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
