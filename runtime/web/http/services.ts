/** What every route gets. Created once by startWeb and passed on, never global. */
import type { ConnectionTypes } from "../../connections/connection_types.ts";
import type { LargeValues } from "../../large_values/store.ts";
import type { ConnectionResolver } from "../../secrets/resolver.ts";
import type { SecretSource } from "../../secrets/sources/source.ts";
import type { StoredSecrets } from "../../secrets/stored.ts";
import type { ServiceLog } from "../../service/log.ts";
import type { Database, Queryable } from "../../store/database/database.ts";
import type { GraphDrawer } from "../graph/graph_drawer.ts";
import type { SentPages } from "../live/sent_pages.ts";
import type { Watchers } from "../live/watchers.ts";
import type { WebActions } from "./actions.ts";
import type { Assets } from "./assets.ts";
import type { TestLimit } from "./test_limit.ts";

/** A link that logs in as often as it is opened, for a page on this machine. */
export interface WebLink {
  /** 256 random bits. */
  readonly secret: string;
  /** The name of the user, who gets the role admin. */
  readonly user: string;
}

/** Connections and variables, as editors see and change them. */
export interface WebSecrets {
  readonly stored: StoredSecrets;
  /** In the order in which secrets are looked up. */
  readonly sources: readonly SecretSource[];
  readonly resolver: Pick<ConnectionResolver, "connection" | "mask">;
  readonly types: ConnectionTypes;
  /** For the page and the API together. */
  readonly limit: TestLimit;
}

export interface WebServices {
  /** Undefined: the page was started without secrets. */
  readonly secrets: WebSecrets | undefined;
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
  readonly log: ServiceLog;
  readonly assets: Assets;
  /** DAG_WEB_TOKEN, with which programs may do everything. Undefined: there is none. */
  readonly token: string | undefined;
  /** Present: the page opens by a link, which logs in as this user. */
  readonly link: WebLink | undefined;
  /** Present: users may log in at this OIDC provider. */
  readonly oidcHost: string | undefined;
  /** Addresses and networks of proxies whose X-Forwarded headers are true. */
  readonly trustedProxies: readonly string[];
  /** The address of the page as people reach it. Null: not known. */
  readonly baseUrl: string | null;
  /** The path of that address, without "/" at its end; empty for none. */
  readonly basePath: string;
  readonly watchers: Watchers;
  readonly sent: SentPages;
  readonly drawer: GraphDrawer;
}
