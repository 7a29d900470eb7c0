/** What a page of access says after a form was sent, and roles as text. */
import type { VNode } from "preact";
import type { Grant } from "../../../access/permissions.ts";
import { rolesText } from "../../../words/roles_text.ts";

/** An error, or a secret that is shown this once. */
export function Shown({
  error,
  secret,
  label,
}: {
  readonly error: string | undefined;
  readonly secret: string | undefined;
  readonly label: string;
}): VNode | null {
  if (error !== undefined)
    return (
      <p class="refused" role="alert">
        {error}
      </p>
    );
  if (secret === undefined) return null;
  return (
    <div class="sheet shown-once" role="status">
      <p>{label}</p>
      <code>{secret}</code>
    </div>
  );
}

export function grantsText(grants: readonly Grant[]): string {
  return rolesText(grants).join(", ") || "no role";
}
