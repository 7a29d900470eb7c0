/** What every route gets. Created once by startWeb and passed on, never global. */
import type { BaseLogger } from "pino";
import type { LargeValues } from "../../large_values/store.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import type { GraphDrawer } from "../graph/graph_drawer.ts";
import type { Watchers } from "../live/watchers.ts";
import type { WebActions } from "./actions.ts";
import type { Assets } from "./assets.ts";
import type { Sessions } from "./sessions.ts";

export type WebLog = Pick<BaseLogger, "info" | "warn" | "error">;

export interface WebServices {
  /** For actions only; pages read through {@link reader}. */
  readonly db: Database;
  readonly reader: Queryable;
  /** Absent: the server is read-only. */
  readonly actions: WebActions | undefined;
  /** Hides secrets. Only read/ and the answers to errors use it. */
  readonly mask: (text: string) => string;
  /** Secrets of webhooks; null when one is not set. */
  readonly variable: (key: string) => Promise<string | null>;
  /** The store of the files of tasks; undefined when none is set. */
  readonly files: LargeValues | undefined;
  readonly notice: string | undefined;
  readonly log: WebLog;
  readonly assets: Assets;
  readonly sessions: Sessions;
  readonly watchers: Watchers;
  readonly drawer: GraphDrawer;
}
