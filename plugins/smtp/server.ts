/** What a client of a mail server gets from a connection. */

/** What a connection says about its server. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly isImplicitTls: boolean;
  /** No TLS at all. */
  readonly isPlain: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
  /** The sender when a mail names none. */
  readonly from: string | undefined;
}
