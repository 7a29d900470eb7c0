/** What a connection says about an HTTP service, parsed. */

/** Certificates of a connection, as PEM text. */
export interface TlsFiles {
  /** The authorities to trust for the service, in place of those of Node. */
  readonly ca?: string;
  /** The certificate of the client, and its private key. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

/** Where a token comes from: the grant of client credentials (RFC 6749, 4.4). */
export interface TokenSource {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Fields of the form besides the grant, such as `scope`. */
  readonly form: Readonly<Record<string, string>>;
  /** Where the secret stands: in the header, or in the form. */
  readonly secretIn: "header" | "body";
}

export interface HttpService {
  /** Without a slash at its end. */
  readonly root: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: Node's own certificates, and none of the client. */
  readonly tls: TlsFiles | null;
  /** Null: the headers are the whole login. */
  readonly token: TokenSource | null;
}
