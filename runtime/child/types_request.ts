/** What the process that loads connection types is asked, and what it answers. */
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";

/** Plugins of dagsmith that export `connectionTypes`. */
export const BUILT_IN = [
  ...["aws", "azure", "discord", "docker", "duckdb", "github", "google", "http", "kafka"],
  ...["mysql", "notify", "postgres", "slack", "smtp", "snowflake", "ssh", "teams"],
];

/** A request of the parent. */
export interface TypesRequest {
  /** `check` reads the fields of the connection; `test` asks its system. */
  readonly ask: "describe" | "check" | "test";
  /** Packages of users that export `connectionTypes`. */
  readonly packages: readonly string[];
  readonly projectFolder: string;
  /** Needed to check and to test. */
  readonly connection: Connection | null;
  readonly timeLimitMs: number;
}

/** A connection type in plain values. */
export interface DescribedType {
  readonly ids: readonly string[];
  readonly title: string;
  readonly description: string;
  /** A URI in Airflow's form. */
  readonly example: string;
  /** JSON Schema (draft 2020-12) of the fields. */
  readonly schema: Json;
  /** The package that brings it; null for a plugin of dagsmith. */
  readonly package: string | null;
}

/** The answer to a request. */
export type TypesAnswer =
  | {
      readonly type: "described";
      readonly types: readonly DescribedType[];
      /** Packages that could not be loaded, and why. */
      readonly problems: readonly string[];
    }
  | { readonly type: "tried"; readonly ok: boolean; readonly line: string }
  | { readonly type: "unknown"; readonly known: readonly string[] };
