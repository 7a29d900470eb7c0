/** How services reach their database, and the key of what is sealed in it. */
import type { Environment, Setting } from "./environment.ts";

export interface DatabaseSettings {
  /** DATABASE_URL. */
  readonly databaseUrl: string | null;
  /**
   * DATABASE_URL_DIRECT: the same database without its pooler in transaction mode. Null:
   * DATABASE_URL is direct.
   */
  readonly databaseUrlDirect: string | null;
  /**
   * DAG_SECRET_KEY: the keys of stored connections and variables, each 32 bytes in
   * base64, the newest first. Empty is not the same as not set: a deployment that lost
   * its key must not start with another.
   */
  readonly secretKey: string | null;
}

export function databaseSettings(setting: Setting, environment: Environment): DatabaseSettings {
  return {
    databaseUrl: setting("DATABASE_URL"),
    databaseUrlDirect: setting("DATABASE_URL_DIRECT"),
    secretKey: environment.DAG_SECRET_KEY ?? null,
  };
}

/** The password of an address of a database, as it is written there and as it is sent. */
export function passwordsIn(address: string | undefined): readonly string[] {
  const url = address === undefined ? null : URL.parse(address);
  if (!url) return [];
  const given = [url.password, url.searchParams.get("password") ?? ""];
  return [...given, ...given.map(decoded)].filter((password) => password !== "");
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
