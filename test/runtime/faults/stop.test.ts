/** SIGTERM ends every service in time, whatever its database does. */
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
// @ts-expect-error it is plain JavaScript, for the oldest Node
import { build, isBuilt } from "../../../runtime/launch/build.mjs";
import { newProject, output } from "../../support/cli.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { type SilentProxy, silentProxy } from "../../support/silent_proxy.ts";
import { until } from "../../support/until.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The page is TSX, which only the build can run. */
const BIN = join(ROOT, "dist/runtime/cli/bin.js");
const postgres = migratedDatabase();

beforeAll(() => {
  if (!isBuilt(ROOT)) build(ROOT, process.execPath);
}, 300_000);

test.each([
  { how: "falls silent", away: (proxy: SilentProxy) => proxy.silenceAll() },
  { how: "is stopped", away: (proxy: SilentProxy) => proxy.stop() },
])("every service ends within 10 s of SIGTERM when its database $how", async ({ away }) => {
  const proxy = await silentProxy(postgres.db.url);
  const project = await newProject({}, { DATABASE_URL: proxy.url, DAG_WEB_PORT: "0" });
  onTestFinished(() => project.remove());
  const roles = ["scheduler", "worker", "web", "start"];
  const services = roles.map((role) => project.start([role], { bin: BIN }));
  const statements = ["worker_heartbeats", "worker_heartbeat", "The page", "The page"];
  await Promise.all([
    ...services.slice(2).map((one, index) => output(one, statements[index + 2]!)),
    ...statements
      .slice(0, 2)
      .map((statement) =>
        until(statement, async () => proxy.connections.some((one) => one.sent(statement))),
      ),
  ]);
  await away(proxy);
  const ends = services.map(async (one) => {
    const ended = once(one, "exit");
    const askedAt = performance.now();
    one.kill("SIGTERM");
    await ended;
    return performance.now() - askedAt;
  });
  for (const tookMs of await Promise.all(ends)) expect(tookMs).toBeLessThan(10_000);
});
