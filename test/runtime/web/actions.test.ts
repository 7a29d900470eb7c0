import { afterAll, beforeAll, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ actions });
  const paramsSchema = {
    type: "object",
    properties: { count: { type: "integer", minimum: 1 } },
    required: ["count"],
  };
  await web.rows.dag(
    dagSpec("real", { paramsSchema, tasks: [taskSpec("a"), taskSpec("b", { upstream: ["a"] })] }),
  );
});
afterAll(() => web.close());

async function submit(path: string, fields: Record<string, string>): Promise<Response> {
  const page = await (await fetch(`${web.url}/dags/real/trigger`)).text();
  const form = /name="_form" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ _form: form, ...fields });
  return fetch(web.url + path, {
    method: "POST",
    redirect: "manual",
    body,
    headers: { Origin: web.url },
  });
}

test("wrong params come back in the form with what is wrong and what was typed, and no run", async () => {
  const answer = await submit("/dags/real/trigger", {
    "p:count": "seven<b>",
    logicalDate: "2026-01-31",
  });
  const html = await answer.text();
  expect(answer.status).toBe(422);
  expect(html).toContain('role="alert"');
  expect(html).toContain('value="seven&lt;b>"');
  expect(html).toContain('value="2026-01-31"');
  expect(await web.rows.sql("select from dagsmith.dag_run")).toEqual([]);
});

test("a run that is triggered leads to its page, once for each logical date, and can be cancelled once", async () => {
  const fields = { "p:count": "7", logicalDate: "2026-01-31" };
  const first = await submit("/dags/real/trigger", fields);
  const path = first.headers.get("location") ?? "";
  expect([first.status, path]).toEqual([303, expect.stringMatching(/^\/runs\/\d+$/)]);
  const html = await (await fetch(web.url + path)).text();
  expect(html).toContain("waits for a (queued)");
  expect(html).toContain("{&quot;count&quot;:7}");
  expect((await submit("/dags/real/trigger", fields)).status).toBe(422);
  expect((await submit(`${path}/cancel`, {})).status).toBe(303);
  expect(await (await fetch(web.url + path)).text()).toContain(
    "cancelled by tester from 127.0.0.1",
  );
  expect((await submit(`${path}/cancel`, {})).status).toBe(409);
});

test("an unknown DAG or run is not found, whatever is asked of it", async () => {
  for (const path of [
    "/dags/none/trigger",
    "/dags/none/pause",
    "/dags/none/unpause",
    "/runs/999999/cancel",
  ])
    expect([path, (await submit(path, {})).status]).toEqual([path, 404]);
});
