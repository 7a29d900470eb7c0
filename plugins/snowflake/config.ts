/** What the client of Snowflake is opened with. */

/** Account, login and what a session begins with. */
export interface SnowflakeConfig {
  readonly account: string;
  /** The whole root of the API; default: that of the account. */
  readonly accessUrl?: string;
  readonly username: string;
  readonly password?: string;
  /** PEM text, without a passphrase. */
  readonly privateKey?: string;
  readonly database?: string;
  readonly schema?: string;
  readonly warehouse?: string;
  readonly role?: string;
  /** Longest time for a login, its repetitions included. */
  readonly loginTimeoutMs: number;
}
