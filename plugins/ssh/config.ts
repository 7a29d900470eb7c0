/** What a connection says about a host, parsed. */
import type { KnownKey } from "./host_key.ts";

export interface SshConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  /** The text of a private key. */
  readonly privateKey?: string;
  /** The path of a private key on this machine. */
  readonly keyFile?: string;
  readonly passphrase?: string;
  /** The keys that the host may have; null takes any. */
  readonly hostKeys: readonly KnownKey[] | null;
}
