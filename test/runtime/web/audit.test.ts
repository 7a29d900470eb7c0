/** The audit: its filters, its export, and refused logins in it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { recordRefusal } from "../../../runtime/store/access/refusal.ts";
import { exportLine } from "../../../runtime/words/audit_export.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const rows = [
    ["2026-01-01T23:59:59Z", "ada from 192.0.2.7", "trigger", "d", "{}"],
    ["2026-01-02T00:00:00Z", "ada with token ci from 192.0.2.7", "pause", "d", "{}"],
    ["2026-01-03T12:00:00Z", "grace", "trigger", "other", '{"note": "s3cret, \\"quoted\\""}'],
    ["2026-01-04T00:00:00Z", "=cmd|calc", "deploy", null, "{}"],
  ];
  for (const row of rows)
    await web.rows.sql(
      "insert into dagsmith.audit (at, actor, action, dag_id, detail) values ($1, $2, $3, $4, $5)",
      row,
    );
});
afterAll(() => web.close());

type Entry = { readonly actor: string; readonly action: string; readonly detail: object };

/** The users of the entries that the API lists, newest first. */
async function listed(query: string): Promise<readonly string[]> {
  const answer = await fetch(`${web.url}/api/v1/audit?${query}`);
  const { entries } = (await answer.json()) as { entries: Entry[] };
  return entries.map(({ actor, action }) => `${actor.split(" ")[0]} ${action}`);
}

describe("a filter", () => {
  const days = "from=2026-01-01&to=2026-01-04";

  test.each([
    ["user=ada&", ["ada pause", "ada trigger"]],
    ["action=trigger&", ["grace trigger", "ada trigger"]],
    ["dagId=d&", ["ada pause", "ada trigger"]],
    ["dagId=d&user=ada&action=pause&", ["ada pause"]],
    ["user=ad&", []],
    ["", ["=cmd|calc deploy", "grace trigger", "ada pause", "ada trigger"]],
  ])("%s finds what it says, on the API and on the page", async (query, found) => {
    expect(await listed(query + days)).toEqual(found);
    const page = await (await fetch(`${web.url}/audit?${query}${days}`)).text();
    expect(page.match(/192\.0\.2\.7/g)?.length ?? 0).toBe(
      found.filter((entry) => entry.startsWith("ada")).length,
    );
  });

  test("of the audit of one DAG hides from a viewer what an event or an answer has sent", async () => {
    await web.rows.dag(dagSpec("d"));
    const sent = { event: "go", after: { value: "only-for-operators" } };
    await web.rows.sql(
      "insert into dagsmith.audit (at, actor, action, dag_id, detail) values ('2025-01-01', 'kim', 'send event', 'd', $1)",
      [JSON.stringify(sent)],
    );
    for (const [role, isShown] of [
      ["viewer", false],
      ["operator", true],
    ] as const) {
      const by = { user: role, actor: "test" };
      await actions.addUser(web.db, { name: role, grants: [{ role, tag: null }], actor: "test" });
      const limits = { name: "t", scopes: null, days: null };
      const token = await actions.createToken(web.db, { ...by, ...limits });
      const headers = { Authorization: `Bearer ${token}` };
      const page = await (await fetch(`${web.url}/dags/d/audit?user=kim`, { headers })).text();
      expect(page).toContain("sent event go");
      expect(page.includes("only-for-operators")).toBe(isShown);
    }
  });

  test("of days takes the last day whole, and no later one", async () => {
    expect(await listed("from=2026-01-02&to=2026-01-03")).toEqual(["grace trigger", "ada pause"]);
    expect(await listed("from=2026-01-01&to=2026-01-01")).toEqual(["ada trigger"]);
  });

  test("is kept from page to page", async () => {
    const page = await (await fetch(`${web.url}/audit?user=ada&${days}&limit=1`)).text();
    const older = /href="(\/audit\?[^"]*before=[^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
    expect(older).toContain("user=ada");
    const next = await (await fetch(web.url + older)).text();
    expect(next).toContain("triggered a run");
    expect(next).not.toContain("paused the DAG");
  });

  test("that is wrong leaves the form as it was typed, with the reason", async () => {
    const answer = await fetch(`${web.url}/audit?user=ada&from=yesterday`);
    expect(answer.status).toBe(400);
    const page = await answer.text();
    expect(page).toContain('role="alert"');
    expect(page).toContain('name="user" value="ada"');
    expect((await fetch(`${web.url}/api/v1/audit?from=yesterday`)).status).toBe(400);
  });
});

describe("the export", () => {
  const get = (query: string) => fetch(`${web.url}/audit/export?${query}`);
  const days = "from=2026-01-01&to=2026-01-04";

  test("as CSV is masked, quoted, and no formula for a spreadsheet", async () => {
    const answer = await get(`format=csv&${days}`);
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="audit.csv"');
    const lines = (await answer.text()).split("\r\n");
    expect(lines[0]).toBe("id,at,actor,action,text,dag,run,detail");
    expect(lines[1]).toContain(",'=cmd|calc,deploy,");
    expect(lines[2]).toContain('"{""note"":""***, \\""quoted\\""""}"');
    expect(lines).toHaveLength(6);
  });

  test("as JSON lines has the entries of the filter", async () => {
    const text = await (await get(`format=jsonl&user=ada&${days}`)).text();
    const entries = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry);
    expect(entries.map(({ action }) => action)).toEqual(["pause", "trigger"]);
  });

  test("has every entry once, also when they are more than one statement reads", async () => {
    await web.rows.sql(
      "insert into dagsmith.audit (actor, action) select 'many', 'act ' || n from generate_series(1, 2500) n",
    );
    const text = await (await get("format=jsonl&user=many")).text();
    const found = text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Entry).action);
    expect(found).toEqual(Array.from({ length: 2500 }, (_, index) => `act ${2500 - index}`));
  });

  test("of another format is refused", async () => {
    expect((await get("format=xml")).status).toBe(400);
  });

  test("leaves texts alone that only look like a formula further on", () => {
    const at = new Date("2026-01-01T00:00:00Z");
    const entry = { id: 1, at, actor: "a=b", action: "x", dagId: null, runId: null, detail: {} };
    expect(exportLine("csv", entry)).toBe("1,2026-01-01T00:00:00.000Z,a=b,x,x,,,{}\r\n");
  });
});

describe("refused logins", () => {
  let guarded: TestWeb;
  beforeAll(async () => {
    guarded = await testWeb({ withoutLink: true });
    await actions.addUser(guarded.db, { name: "ada", grants: [], actor: "test" });
  });
  afterAll(() => guarded.close());

  const refusals = () =>
    guarded.rows.sql(
      `select actor, action, detail ->> 'user' as username, (detail ->> 'count')::int as count
       from dagsmith.audit where action like 'refuse %' order by id`,
    );

  const guess = (name: string): Promise<Response> =>
    fetch(`${guarded.url}/login`, {
      method: "POST",
      body: new URLSearchParams({ name, password: "wrong" }),
    });

  test("are one entry with their count, and keep no name that no user has", async () => {
    for (const name of ["ada", "ada", "correct horse battery", "ada"]) await guess(name);
    const headers = { Authorization: "Bearer wrong" };
    for (let n = 0; n < 2; n++) await fetch(`${guarded.url}/api/v1/dags`, { headers });
    await fetch(`${guarded.url}/welcome?code=wrong`);
    const from = { actor: "stranger from 127.0.0.1" };
    expect(await refusals()).toEqual([
      { ...from, action: "refuse password", username: "ada", count: 3 },
      { ...from, action: "refuse password", username: null, count: 1 },
      { ...from, action: "refuse token", username: null, count: 2 },
      { ...from, action: "refuse link", username: null, count: 1 },
    ]);
  });

  test("a right login adds none, and another hour begins another entry", async () => {
    const before = (await refusals()).length;
    const secret = await actions.makeLoginLink(guarded.db, { name: "ada", actor: "test" });
    const password = "correct horse battery";
    await actions.acceptLink(guarded.db, { secret, name: "", password, address: "test" });
    const body = new URLSearchParams({ name: "ada", password });
    const login = { method: "POST", body, redirect: "manual" } as const;
    expect((await fetch(`${guarded.url}/login`, login)).status).toBe(303);
    expect(await refusals()).toHaveLength(before);
    await guarded.rows.sql("update dagsmith.audit set at = at - interval '61 minutes'");
    await guess("ada");
    expect((await refusals()).at(-1)).toMatchObject({ username: "ada", count: 1 });
    expect(await refusals()).toHaveLength(before + 1);
  });

  test("of a thousand addresses are a hundred entries and one more, and each is counted", async () => {
    await guarded.rows.sql("delete from dagsmith.audit");
    for (let n = 0; n < 1_000; n++) {
      const from = `2001:db8:${n.toString(16)}::/56`;
      await recordRefusal(guarded.db, { from, action: "refuse token", user: null });
    }
    const found = await refusals();
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toMatchObject({ actor: "stranger from elsewhere", count: 900 });
  });

  test("that arrive together are each counted", async () => {
    await guarded.rows.sql("delete from dagsmith.audit");
    const refusal = { from: "192.0.2.1", action: "refuse password", user: "ada" } as const;
    await Promise.all(Array.from({ length: 50 }, () => recordRefusal(guarded.db, refusal)));
    const counts = (await refusals()).map(({ count }) => Number(count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50);
    // As many as statements of the pool that began before the first entry was there.
    expect(counts.length).toBeLessThanOrEqual(5);
  });
});
