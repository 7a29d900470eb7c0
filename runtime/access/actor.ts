/**
 * Who acted, as one text of the audit. Its first word is the user, or the program that
 * acted: `ada from 192.0.2.7`, `ada with token ci from 192.0.2.7`.
 */
export interface Acting {
  readonly user: string;
  /** The name of the API token. */
  readonly token?: string | null;
  /** The address of the client. */
  readonly from?: string | null;
}

export function actorText({ user, token, from }: Acting): string {
  return `${user}${token ? ` with token ${token}` : ""}${from ? ` from ${from}` : ""}`;
}
