/** The API tokens of a user, and the form that creates one. */
import type { VNode } from "preact";
import { PERMISSIONS } from "../../../access/permissions.ts";
import type { TokenRow } from "../../read/read_access.ts";
import { Field } from "../parts/field.tsx";
import { PostButton } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

export function TokenTable({
  tokens,
  formToken,
}: {
  readonly tokens: readonly TokenRow[];
  readonly formToken: string;
}): VNode {
  if (tokens.length === 0)
    return <p class="nothing">You have no token. Programs need one to use the API.</p>;
  return (
    <table class="list">
      <thead>
        <tr>
          <th>Token</th>
          <th>May</th>
          <th>Created</th>
          <th>Last used</th>
          <th>Expires</th>
          <th>
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr>
            <th scope="row">
              <Id text={token.name} />
            </th>
            <td>{token.scopes?.join(", ") ?? "all that you may"}</td>
            <td>
              <Time at={token.createdAt} />
            </td>
            <td>{token.usedAt ? <Time at={token.usedAt} /> : "never"}</td>
            <td>{token.expiresAt ? <Time at={token.expiresAt} /> : "never"}</td>
            <td>
              <PostButton
                opensAnswer
                action={`/account/tokens/${token.name}/revoke`}
                token={formToken}
                class="button small danger"
                confirm={`Revoke ${token.name}? Programs that use it are refused at once.`}
              >
                Revoke
              </PostButton>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function TokenForm({ formToken }: { readonly formToken: string }): VNode {
  return (
    <details>
      <summary>New token</summary>
      <form class="sheet" method="post" action="/account/tokens">
        <input type="hidden" name="_form" value={formToken} />
        <Field label="Name" hint="For example the program that uses it.">
          <input name="name" required />
        </Field>
        <Field label="Days until it expires" hint="Empty: it does not expire.">
          <input name="days" type="number" min="1" max="3650" value="90" />
        </Field>
        <fieldset class="scopes">
          <legend>May do (nothing checked: all that you may)</legend>
          {Object.entries(PERMISSIONS).map(([name, { meaning }]) => (
            <label>
              <input type="checkbox" name="scopes" value={name} /> <code>{name}</code> {meaning}
            </label>
          ))}
        </fieldset>
        <p>
          <button type="submit" class="button primary">
            Create token
          </button>
        </p>
      </form>
    </details>
  );
}
