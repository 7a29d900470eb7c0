/** A database with our schema, its rows, and the page on top, all of the test's own. */
import { newSecret } from "../../runtime/access/token.ts";
import * as actions from "../../runtime/actions/index.ts";
import { type Database, openDatabase } from "../../runtime/store/database/database.ts";
import {
  startWeb,
  type WebActions,
  type WebOptions,
  type WebServer,
} from "../../runtime/web/index.ts";
import { MIGRATED, testDatabase } from "./postgres.ts";
import { Rows } from "./rows.ts";
import { signIn } from "./signed_in.ts";
import { webSecrets } from "./web_secrets.ts";

export interface TestWeb {
  readonly db: Database;
  readonly rows: Rows;
  /** The connections and variables that the page shows. */
  readonly secrets: ReturnType<typeof webSecrets>;
  readonly databaseUrl: string;
  readonly url: string;
  /** The cookie of the session that the test is signed in with. */
  readonly cookie: string;
  readonly server: WebServer;
  /** What the page asked of its actions, in order. */
  readonly asked: { readonly verb: string; readonly request: unknown }[];
  close(): Promise<void>;
}

/**
 * Actions that write down what was asked of them and change the row, as the real ones do.
 */
function recorder(asked: TestWeb["asked"], rows: Rows): WebActions {
  return {
    // What is done again is done for real: it needs no worker.
    ...actions,
    triggerRun: async (_db, request) => {
      asked.push({ verb: "triggerRun", request });
      return { id: 1, runId: "manual__1" };
    },
    pauseDag: async (_db, request) => {
      asked.push({ verb: "pauseDag", request });
      await rows.sql("update dagsmith.dag set is_paused = true where dag_id = $1", [request.dagId]);
    },
    unpauseDag: async (_db, request) => {
      asked.push({ verb: "unpauseDag", request });
      await rows.sql("update dagsmith.dag set is_paused = false where dag_id = $1", [
        request.dagId,
      ]);
    },
    receiveWebhook: async (_db, request) => {
      asked.push({ verb: "receiveWebhook", request });
      return { id: 1, runId: "event_triggered__1", isNew: true };
    },
    updateAsset: async (_db, request) => {
      asked.push({ verb: "updateAsset", request });
      return { id: 1 };
    },
    setPool: async (_db, request) => void asked.push({ verb: "setPool", request }),
    deletePool: async (_db, request) => void asked.push({ verb: "deletePool", request }),
    cancelRun: async (_db, request) => void asked.push({ verb: "cancelRun", request }),
    cancelTask: async (_db, request) => asked.push({ verb: "cancelTask", request }),
    sendEvent: async (_db, request) => asked.push({ verb: "sendEvent", request }),
  };
}

interface TestWebOptions {
  readonly withoutLink?: boolean;
  /** The environment that connections and variables come from. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** @param withoutLink users log in by their password; otherwise the test is signed in */
export async function testWeb({
  withoutLink = false,
  environment = {},
  ...options
}: Partial<WebOptions> & TestWebOptions = {}): Promise<TestWeb> {
  const database = await testDatabase({ from: MIGRATED });
  const db = openDatabase(database.url, { poolSize: 5 });
  const rows = new Rows(db.pool);
  const asked: TestWeb["asked"] = [];
  const secret = newSecret();
  const secrets = webSecrets(db, environment);
  const link = withoutLink ? {} : { link: { secret, user: "tester" } };
  const server = await startWeb({
    ...link,
    db,
    port: 0,
    log: () => undefined,
    actions: recorder(asked, rows),
    secrets,
    ...options,
  });
  const cookie = withoutLink ? "" : await signIn(server.url, secret);
  const close = async (): Promise<void> => {
    await server.stop();
    await db.close();
    await database.drop();
  };
  return {
    db,
    rows,
    secrets,
    databaseUrl: database.url,
    url: server.url,
    cookie,
    server,
    asked,
    close,
  };
}
