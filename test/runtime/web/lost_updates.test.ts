/**
 * Two people edit the same user, connection, variable, pool or run: by every form and every
 * route of the API, the second one gets one clear message, and nothing is lost.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { findUser } from "../../../runtime/store/access/web_user.ts";
import { findPool } from "../../../runtime/store/limits/pool.ts";
import { parseConnection } from "../../../sdk/connection.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const by = { actor: "test" };
let web: TestWeb;
let token = "";
beforeAll(async () => {
  web = await testWeb({ actions });
  const account = await (await fetch(`${web.url}/account`)).text();
  token = /name="_form" value="([^"]+)"/.exec(account)?.[1] ?? "";
});
afterAll(() => web.close());

type Kind = "user" | "connection" | "variable" | "pool";

interface Made {
  readonly set: (id: string, value: string) => Promise<unknown>;
  /** The stored row; its `version` is what an editor has read. */
  readonly read: (id: string) => Promise<{ readonly version: number } | null | undefined>;
}

const KINDS: Readonly<Record<Kind, Made>> = {
  user: {
    set: async (name, tag) => {
      if (!(await findUser(web.db, name)))
        await actions.addUser(web.db, { name, grants: [], ...by });
      await actions.setRole(web.db, { name, role: "viewer", tag, ...by });
    },
    read: (name) => findUser(web.db, name),
  },
  connection: {
    set: (id, host) =>
      actions.setConnection(
        web.db,
        web.secrets.stored,
        parseConnection(id, `https://u:secret@${host}`),
        by,
      ),
    read: (id) => web.secrets.stored.editableConnection(id),
  },
  variable: {
    set: (key, value) => actions.setVariable(web.db, web.secrets.stored, key, value, by),
    read: (key) => web.secrets.stored.editableVariable(key),
  },
  pool: {
    set: (name, description) => actions.setPool(web.db, { name, slots: 3, description, ...by }),
    read: (name) => findPool(web.db, name),
  },
};

/** Every route that changes a setting: whose, and what it sends besides the version. */
const EDITS: Readonly<Record<string, readonly [Kind, (id: string) => Record<string, unknown>]>> = {
  "/users/:name/role": ["user", () => ({ role: "editor", tag: "late" })],
  "/users/:name/disable": ["user", () => ({})],
  "/users/:name/enable": ["user", () => ({})],
  "/users/:name/remove": ["user", () => ({})],
  "/connections": ["connection", (id) => ({ id, type: "https", "p:host": "late" })],
  "/connections/:id/delete": ["connection", () => ({})],
  "/variables": ["variable", (key) => ({ key, value: "late" })],
  "/variables/:key/delete": ["variable", () => ({})],
  "/pools": ["pool", (name) => ({ name, slots: "9" })],
  "/pools/:name/delete": ["pool", () => ({})],
  "/api/v1/users/:name/role": ["user", () => ({ role: "editor", tag: "late" })],
  "/api/v1/users/:name/disable": ["user", () => ({})],
  "/api/v1/users/:name/enable": ["user", () => ({})],
  "/api/v1/users/:name/remove": ["user", () => ({})],
  "/api/v1/connections/:id": ["connection", () => ({ value: "https://late" })],
  "/api/v1/connections/:id/clear": ["connection", () => ({ fields: ["password"] })],
  "/api/v1/connections/:id/delete": ["connection", () => ({})],
  "/api/v1/variables/:key": ["variable", () => ({ value: "late" })],
  "/api/v1/variables/:key/delete": ["variable", () => ({})],
  "/api/v1/pools/:name": ["pool", () => ({ slots: 9 })],
  "/api/v1/pools/:name/delete": ["pool", () => ({})],
};

/** Routes below the same paths that overwrite nothing that an editor has read. */
const OTHERS =
  /^(\/api\/v1)?\/(users|users\/:name\/(link|logout|tokens(\/:token\/revoke)?)|connections\/:id\/test)$/;

test("the list has every route that changes a user, a connection, a variable or a pool", () => {
  const paths = web.server.routes
    .filter(
      ({ method, path }) =>
        method === "post" && /^(\/api\/v1)?\/(users|connections|variables|pools)/.test(path),
    )
    .map(({ path }) => path);
  expect(paths.filter((path) => !OTHERS.test(path)).sort()).toEqual(Object.keys(EDITS).sort());
});

interface Answer {
  readonly isDone: boolean;
  /** The message of a refusal. */
  readonly text: string;
}

async function send(path: string, id: string, fields: Record<string, unknown>): Promise<Answer> {
  const address = web.url + path.replace(/:\w+/, id);
  const isApi = path.startsWith("/api/");
  const texts = Object.entries({ _form: token, ...fields }).map(([name, value]) => [
    name,
    String(value),
  ]);
  const body = isApi ? JSON.stringify(fields) : new URLSearchParams(texts as [string, string][]);
  const headers = isApi ? { "content-type": "application/json" } : {};
  const answer = await fetch(address, { method: "POST", body, headers, redirect: "manual" });
  const isDone = answer.status === (isApi ? 200 : 303);
  if (!isDone) expect(isApi ? [409] : [409, 422]).toContain(answer.status);
  return { isDone, text: await answer.text() };
}

describe.each(Object.entries(EDITS))("%s", (path, [kind, fieldsOf]) => {
  const { set, read } = KINDS[kind];
  const aRow = async (): Promise<{ readonly id: string; readonly version: number }> => {
    const id = `x${randomUUID()}`;
    await set(id, "first");
    return { id, version: (await read(id))?.version ?? 0 };
  };

  test("from a version that another editor has changed is refused, and changes nothing", async () => {
    const { id, version } = await aRow();
    await set(id, "other");
    const before = await read(id);
    const { isDone, text } = await send(path, id, { ...fieldsOf(id), version });
    expect(isDone).toBe(false);
    expect(text.replaceAll(/&quot;|\\"/g, '"')).toContain(`The ${kind} "${id}" was changed`);
    expect(await read(id)).toEqual(before);
  });

  test("of two editors at once, one is done and one is refused", async () => {
    const { id, version } = await aRow();
    const fields = { ...fieldsOf(id), version };
    const both = await Promise.all([send(path, id, fields), send(path, id, fields)]);
    expect(both.map(({ isDone }) => isDone).sort()).toEqual([false, true]);
  });
});

test("two roles of a user that are given at once, by people who sent no version, both stay", async () => {
  const name = `x${randomUUID()}`;
  await actions.addUser(web.db, { name, grants: [], ...by });
  const tags = ["a", "b", "c", "d", "e"];
  await Promise.all(
    tags.map((tag) => actions.setRole(web.db, { name, role: "viewer", tag, ...by })),
  );
  expect((await findUser(web.db, name))?.grants.map(({ tag }) => tag)).toEqual(tags);
});

describe("the note and the labels of a run", () => {
  async function aRun(note: string): Promise<number> {
    const dagId = `x${randomUUID()}`;
    const run = await web.rows.run(dagId, await web.rows.dag(dagSpec(dagId)));
    await actions.noteRun(web.db, { id: run, note, ...by });
    await actions.labelRun(web.db, { id: run, labels: { team: "a", old: "1" }, ...by });
    return run;
  }
  const read = async (run: number) =>
    (await web.rows.sql("select note from dagsmith.dag_run where id = $1", [run]))[0]?.note;
  const labels = async (run: number) =>
    (
      await web.rows.sql("select key, value from dagsmith.dag_run_label where run_id = $1", [run])
    ).map(({ key, value }) => `${key}=${value}`);
  /** What the form of the page sends when nothing is changed. */
  async function opened(run: number): Promise<Readonly<Record<string, string>>> {
    const page = await (await fetch(`${web.url}/runs/${run}`)).text();
    const was = (name: string) =>
      new RegExp(`name="${name}Was" value="([^"]*)"`).exec(page)![1]!.replaceAll("\n", "\r\n");
    const [note, text] = [was("note"), was("labels")];
    return { note, noteWas: note, labels: text, labelsWas: text };
  }

  test("are not lost: the second of two notes is refused, and changes no label", async () => {
    const run = await aRun("two\nlines");
    const form = await opened(run);
    await actions.noteRun(web.db, { id: run, note: "other", ...by });
    const late = { ...form, note: "late", labels: "team=b" };
    const { isDone, text } = await send("/runs/:id/annotate", String(run), late);
    expect(isDone).toBe(false);
    expect(text).toContain("The note of run");
    expect([await read(run), (await labels(run)).sort()]).toEqual(["other", ["old=1", "team=a"]]);
  });

  test("by the API: a note is refused when another one was read, also one that is now empty", async () => {
    const run = await aRun("two\nlines");
    const write = (note: string, noteWas?: string) =>
      send("/api/v1/runs/:id/note", String(run), { note, noteWas });
    expect((await write("second", "two\nlines")).isDone).toBe(true);
    const late = await write("late", "two\nlines");
    expect(late).toEqual({ isDone: false, text: expect.stringContaining("CHANGED_MEANWHILE") });
    expect((await write("late", "")).isDone).toBe(false);
    expect(await read(run)).toBe("second");
    expect((await write("")).isDone).toBe(true);
    expect((await write("late", "second")).isDone).toBe(false);
    expect((await write("first", "")).isDone).toBe(true);
    expect(await read(run)).toBe("first");
  });

  test("both stay when a label is refused", async () => {
    const run = await aRun("first");
    const wrong = { ...(await opened(run)), note: "second", labels: "team=a, =b" };
    expect((await send("/runs/:id/annotate", String(run), wrong)).isDone).toBe(false);
    expect([await read(run), (await labels(run)).sort()]).toEqual(["first", ["old=1", "team=a"]]);
  });

  test("change only by what an editor has changed", async () => {
    const run = await aRun("two\nlines");
    const form = await opened(run);
    await actions.labelRun(web.db, { id: run, labels: { more: "2" }, ...by });
    const edited = { ...form, note: "new", labels: "team=a" };
    expect((await send("/runs/:id/annotate", String(run), edited)).isDone).toBe(true);
    expect([await read(run), (await labels(run)).sort()]).toEqual(["new", ["more=2", "team=a"]]);
    expect((await send("/runs/:id/annotate", String(run), await opened(run))).isDone).toBe(true);
    expect(await read(run)).toBe("new");
  });
});
