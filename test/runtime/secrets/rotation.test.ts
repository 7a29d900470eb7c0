/** The key of stored secrets is changed while they are read and written. */
import { once } from "node:events";
import { Client } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { parseSecretKeys } from "../../../runtime/secrets/keys.ts";
import { storedSecrets } from "../../../runtime/secrets/stored.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { parseConnection } from "../../../sdk/connection.ts";
import { CLI_ACTOR, newProject, type Project } from "../../support/cli.ts";
import { rows } from "../../support/migrated.ts";
import { MIGRATED, type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

let database: TestDatabase;
let db: Database;
let project: Project;
const [older, newer] = [newSecretKey(), newSecretKey()];
const oldKeys = parseSecretKeys(older);
const newKeys = parseSecretKeys(newer);
const both = { DAG_SECRET_KEY: `${newer} ${older}` };

beforeAll(async () => {
  database = await testDatabase({ from: MIGRATED });
  db = openDatabase(database.url);
  project = await newProject({}, { DATABASE_URL: database.url });
}, 60_000);
afterAll(async () => {
  await project.remove();
  await db.close();
  await database.drop();
});

const SECRETS = 450;
const nameOf = (index: number): string => `s${String(index).padStart(4, "0")}`;

/** Stores as many connections and variables under the old key. */
async function storeAll(): Promise<void> {
  const stored = storedSecrets(db, oldKeys);
  await Promise.all(
    Array.from({ length: SECRETS }, async (_, index) => {
      const id = nameOf(index);
      await stored.setConnection(parseConnection(id, `postgres://etl:${id}-secret@db`));
      await stored.setVariable(id, `${id}-value`);
    }),
  );
}

/**
 * Reads and sets secrets again and again, as two processes with the keys in either order.
 */
function startLoad() {
  const [before, after] = [`${older} ${newer}`, `${newer} ${older}`].map((text) =>
    storedSecrets(db, parseSecretKeys(text)),
  );
  let reads = 0;
  const stop = new AbortController();
  const read = async (): Promise<void> => {
    for (let index = 0; !stop.signal.aborted; index = (index + 7) % SECRETS) {
      const id = nameOf(index);
      expect((await before?.connection(id))?.password).toBe(`${id}-secret`);
      expect((await after?.connection(id))?.password).toBe(`${id}-secret`);
      expect(await after?.variable(id)).toMatch(new RegExp(`^${id}-(value|changed)$`));
      if (index % 5 === 0) await (index % 2 ? before : after)?.setVariable(id, `${id}-changed`);
      reads += 1;
    }
  };
  const done = Promise.all([read(), read()]);
  return {
    reads: () => reads,
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

const countOf = async (keyId: string): Promise<number> => {
  const [row] = await rows<{ count: number }>(
    db,
    `select count(*)::int as count from (
       select key_id from dagsmith.connection union all select key_id from dagsmith.variable
     ) as sealed where key_id = $1`,
    [keyId],
  );
  return row?.count ?? 0;
};

/** Holds a row, so that a rotation stops there. */
async function holdRow(id: string) {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("begin");
  await client.query("select from dagsmith.connection where id = $1 for update", [id]);
  return { release: () => client.query("rollback") };
}

test("a rotation that is killed in the middle goes on later, and every secret is readable all the time", async () => {
  await storeAll();
  const load = startLoad();
  const held = await holdRow(nameOf(250));
  const killed = project.start(["keys", "rotate"], { env: both });
  await until("the first batches", async () => (await countOf(newKeys.sealing)) >= 200);
  const ended = once(killed, "exit");
  killed.kill("SIGKILL");
  expect((await ended)[1]).toBe("SIGKILL");
  await held.release();
  expect(await countOf(oldKeys.sealing)).toBeGreaterThan(SECRETS);

  const readsBefore = load.reads();
  const { resealed, unreadable } = await project.json<{ resealed: number; unreadable: [] }>(
    ["keys", "rotate"],
    { env: both },
  );
  await until("reads after the rotation", async () => load.reads() > readsBefore + 10);
  await load.stop();
  expect(resealed).toBeGreaterThan(SECRETS);
  expect(unreadable).toEqual([]);

  // The load may have set variables under the old key after that.
  expect(await project.json(["keys", "rotate"], { env: both })).toMatchObject({ unreadable: [] });
  expect(await countOf(newKeys.sealing)).toBe(2 * SECRETS);
  const alone = await storedSecrets(db, newKeys).readable();
  expect(alone.connections).toHaveLength(SECRETS);
  expect(alone.variables.size).toBe(SECRETS);
}, 120_000);

test("secrets that no key opens stay as they are, are named, and fail the command", async () => {
  const lost = parseSecretKeys(newSecretKey());
  await storedSecrets(db, lost).setVariable("lost", "x");
  const rotated = await project.dag(["keys", "rotate", "--json"], { env: both });
  expect(rotated.code).toBe(1);
  expect(JSON.parse(rotated.stdout)).toMatchObject({
    unreadable: [{ kind: "variable", id: "lost" }],
  });
  expect(await storedSecrets(db, lost).variable("lost")).toBe("x");
  const { keys } = await project.json<{ keys: { id: string; state: string }[] }>(["keys", "list"], {
    env: both,
  });
  expect(keys.map(({ id, state }) => [id, state])).toEqual([
    [newKeys.sealing, "seals"],
    [oldKeys.sealing, "opens"],
    [lost.sealing, "not set"],
  ]);
});

test("secrets from before keys had ids are rotated too, and the time of their change stays", async () => {
  await storedSecrets(db, oldKeys).setVariable("elder", "x");
  await rows(
    db,
    "update dagsmith.variable set key_id = null, updated_at = '2026-01-01' where key = 'elder'",
  );
  await project.dag(["keys", "rotate"], { env: both });
  expect(await storedSecrets(db, newKeys).variable("elder")).toBe("x");
  const [row] = await rows(
    db,
    "select key_id, updated_at from dagsmith.variable where key = 'elder'",
  );
  expect(row).toEqual({ key_id: newKeys.sealing, updated_at: new Date("2026-01-01") });
});

test("a rotation leaves an audit row with the person and the id of the key, never a key", async () => {
  const [entry] = await rows(
    db,
    "select actor, action, detail from dagsmith.audit where action = 'rotate keys' limit 1",
  );
  expect(entry).toEqual({
    ...{ actor: CLI_ACTOR, action: "rotate keys" },
    detail: { key: newKeys.sealing },
  });
});

test("a command with an empty or a weak key ends with one clear error", async () => {
  for (const key of ["", " ", Buffer.alloc(32).toString("base64")]) {
    const { code, stderr } = await project.dag(["keys", "list"], { env: { DAG_SECRET_KEY: key } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: DAG_SECRET_KEY is refused: .*\n$/);
  }
});
