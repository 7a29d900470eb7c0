/** Whose link that works once it is. */
import { hashOfSecret } from "../../access/token.ts";
import { findLink } from "../../store/access/login_link.ts";
import type { WebServices } from "../http/services.ts";

export interface LinkOwner {
  /** Null: the link makes the first admin. */
  readonly name: string | null;
}

/** Undefined when the link was used, or has expired. */
export function linkOwner(
  { reader }: Pick<WebServices, "reader">,
  secret: string,
): Promise<LinkOwner | undefined> {
  return findLink(reader, hashOfSecret(secret));
}
