/**
 * A scheduler, a listener or a worker as a process of its own, run from source: `node
 * service.ts scheduler|listener|worker`. Tests kill it, stop it and continue it. It reports what happens as
 * JSON lines. An unhandled error ends it, as it would end a real service.
 */
import { startWorker } from "../../runtime/executor/supervisor.ts";
import { startListener } from "../../runtime/listener/service.ts";
import { startScheduler } from "../../runtime/scheduler/service.ts";
import { openDatabase } from "../../runtime/store/database/database.ts";
import { parseConnection } from "../../sdk/connection.ts";

const {
  DATABASE_URL = "",
  CACHE_FOLDER = "",
  SLOTS = "4",
  GATE = "",
  DIARY = "",
  PATH = "",
  NODE_COMPILE_CACHE = "",
  XCOMS = "",
  DOCKER_HOST = "",
  READERS = "",
  CONNECTION = "",
} = process.env;

const log = (event: string, detail?: Readonly<Record<string, unknown>>): void =>
  console.log(JSON.stringify({ event, ...detail }));
const db = openDatabase(DATABASE_URL, {
  poolSize: 12,
  onWait: (reason) => log("database", { reason }),
});

const listen = () =>
  startListener({
    ...{ db, log, mask: (text) => text, readers: JSON.parse(READERS) },
    connection: async (id) => parseConnection(id, CONNECTION),
  });
const roles = { scheduler: () => startScheduler({ db, log }), listener: listen };
const role = roles[process.argv[2] as keyof typeof roles];
const service = role
  ? role()
  : await startWorker({
      ...{
        db,
        log,
        slots: Number(SLOTS),
        folder: process.cwd(),
        cacheFolder: CACHE_FOLDER,
        taskEnv: { GATE, DIARY, PATH, NODE_COMPILE_CACHE, DOCKER_HOST },
      },
      xcoms: XCOMS ? JSON.parse(XCOMS) : undefined,
      secrets: {
        connection: async () => {
          throw new Error("no connections here");
        },
        variable: async () => null,
        mask: (text) => text,
        learnParams: () => undefined,
      },
    });

process.once("SIGTERM", async () => {
  await service.stop();
  await db.close();
});
log("ready");
