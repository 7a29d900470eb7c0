/**
 * A database that is slow, that has no connection left, and much that happens at once.
 */
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { deployFolder, triggerRun } from "../../../runtime/actions/index.ts";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { startWeb } from "../../../runtime/web/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { TcpProxy } from "../../chaos/proxy.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";
import { driverOf, endOf, listOf, runnable } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { MIGRATED, testDatabase } from "../../support/postgres.ts";
import { signIn } from "../../support/signed_in.ts";

const postgres = migratedDatabase();

/** A database behind a proxy, of which one test disposes. */
async function proxied(poolSize = 5): Promise<{ readonly db: Database; readonly proxy: TcpProxy }> {
  const url = new URL(postgres.db.url);
  const proxy = await TcpProxy.before(Number(url.port));
  url.port = String(proxy.port);
  const db = openDatabase(url.href, { poolSize });
  onTestFinished(async () => {
    await db.close();
    await proxy.close();
  });
  return { db, proxy };
}

test("the page answers on a slow database, and many requests do not pile up behind each other", async () => {
  // As many connections as a page has.
  const { db, proxy } = await proxied(20);
  const web = await startWeb({
    ...{ db, actions, host: "127.0.0.1", port: 0, log: () => undefined },
    mask: (text: string) => text,
    variable: async () => null,
    link: { secret: "the link of the page", user: "ann" },
  });
  onTestFinished(() => web.stop());
  await signIn(web.url, "the%20link%20of%20the%20page");
  const ask = async (): Promise<number> => (await fetch(web.url)).status;
  await ask();
  proxy.slow(100);
  expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill(200));
  proxy.heal();
  expect(await ask()).toBe(200);
});

test("statements wait for a connection while the server has none left, and all are answered", async () => {
  const role = `limited_${randomBytes(4).toString("hex")}`;
  await rows(postgres.db, `create role ${role} login password 'x' connection limit 2`);
  const url = new URL(postgres.db.url);
  url.username = role;
  url.password = "x";
  const holders = [1, 2].map(() => new Client({ connectionString: url.href }));
  for (const holder of holders) await holder.connect();
  const waiting = Promise.withResolvers<string | null>();
  const db = openDatabase(url.href, { poolSize: 8, onWait: waiting.resolve });
  onTestFinished(async () => {
    await db.close();
    await rows(postgres.db, `drop role ${role}`);
  });
  const answers = Array.from({ length: 8 }, (_, n) =>
    db.query<{ n: number }>({ name: "pressure", text: "select $1::int as n" }, [n]),
  );
  expect(await waiting.promise).toMatch(/too many connections/);
  for (const holder of holders) await holder.end();
  const found = (await Promise.all(answers)).map(([row]) => row?.n);
  expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("a write waits while the server is read-only, and is done once it is not", async () => {
  const database = await testDatabase({ from: MIGRATED });
  const name = new URL(database.url).pathname.slice(1);
  const setting = `alter database ${name} set default_transaction_read_only`;
  await rows(postgres.db, `${setting} = on`);
  const waiting = Promise.withResolvers<string | null>();
  const db = openDatabase(database.url, { onWait: waiting.resolve });
  onTestFinished(async () => {
    await db.close();
    await database.drop();
  });
  const written = rows<{ key: string }>(
    db,
    "insert into dagsmith.variable (key, secret) values ('k', 'x') returning key",
  );
  expect(await waiting.promise).toMatch(/read-only/);
  await rows(postgres.db, `${setting} = off`);
  expect(await written).toEqual([{ key: "k" }]);
});

test("of two deployments at once one is whole, and no DAG has a version of neither", async () => {
  const names = ["first", "second", "third"];
  const folders = await Promise.all(
    ["one", "two"].map((task) =>
      dagFolder(Object.fromEntries(names.map((id) => [`${id}.js`, soundDag(id, task)]))),
    ),
  );
  const loads = await Promise.all(folders.map((folder) => loadFolder(folder, { processes: 1 })));
  for (let round = 0; round < 5; round++) {
    await Promise.all(loads.map((load) => deployFolder(postgres.db, load, { actor: "ann" })));
    const current = await rows<{ task: string }>(
      postgres.db,
      `select v.spec -> 'tasks' -> 0 ->> 'taskId' as task from dagsmith.dag d
       join dagsmith.dag_version v on v.id = d.version_id where d.dag_id = any($1)`,
      [names],
    );
    expect(current).toHaveLength(3);
    expect(new Set(current.map(({ task }) => task)).size).toBe(1);
  }
});

test("a task that is mapped over 10,000 items takes as many statements as one over 100", async () => {
  const d = dag("many");
  const list = d.task("list", async (): Promise<number[]> => []);
  d.task("each", { each: list, maxItems: 20_000 }, async () => null);
  await known(postgres.db, describeDag(d as never));
  const expand = async (count: number): Promise<number> => {
    const { id } = await triggerRun(postgres.db, { dagId: "many", actor: "ann" });
    const counted = counting(postgres.db);
    const driver = driverOf(counted.db, new Plans(), id);
    const [first] = runnable(await driver.look());
    await driver.take(first!);
    const before = counted.statements();
    await driver.complete([endOf(first!, listOf(count))]);
    const statements = counted.statements() - before;
    expect(runnable(await driver.look())).toHaveLength(count);
    return statements;
  };
  expect(await expand(10_000)).toBe(await expand(100));
});

/** Counts the statements of transactions and outside of them. */
function counting(db: Database): { readonly db: Database; statements(): number } {
  let count = 0;
  const query: Database["query"] = (statement, values) => {
    count += 1;
    return db.query(statement, values);
  };
  const transaction: Database["transaction"] = (work) =>
    db.transaction((tx) =>
      work({
        query: (statement, values) => {
          count += 1;
          return tx.query(statement, values);
        },
      }),
    );
  return { db: { ...db, query, transaction }, statements: () => count };
}
