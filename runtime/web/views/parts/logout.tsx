/** The button that ends a session. */
import type { VNode } from "preact";

export function LogoutButton({ token }: { readonly token: string }): VNode {
  return (
    <form method="post" action="/logout" class="inline">
      <input type="hidden" name="_form" value={token} />
      <button type="submit" class="button small">
        Log out
      </button>
    </form>
  );
}
