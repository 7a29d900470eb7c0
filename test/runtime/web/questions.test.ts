/** Questions on the page and in the API: the inbox, the form, and who may answer. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import * as actions from "../../../runtime/actions/index.ts";
import { questionOf } from "../../../runtime/store/reads/questions.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { askedRun } from "../../support/asked.ts";
import { known } from "../../support/migrated.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const options = ["yes", "no"];
const form = z.object({ count: z.int().min(1), note: z.string().default("none") });

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb();
  const d = dag("asking", { tags: ["finance"] });
  d.ask("buttons", { subject: "-", options });
  d.ask("fields", { subject: "-", form });
  d.ask("both", { subject: "-", options, form });
  d.ask("of_ada", { subject: "-", options, assignees: ["ada"] });
  d.ask("of_editors", { subject: "-", options, role: "editor" });
  await known(web.db, describeDag(d));
});
afterAll(() => web.close());

const asked = (): Promise<number> => askedRun(web.db, "asking");

const page = async (path: string): Promise<string> => (await fetch(web.url + path)).text();

const tokenIn = (html: string): string => /name="_form" value="([^"]+)"/.exec(html)?.[1] ?? "";

async function send(run: number, taskId: string, fields: Readonly<Record<string, string>>) {
  const body = new URLSearchParams({
    ...{ _form: tokenIn(await page("/inbox")), mapIndex: "-1", back: "inbox" },
    ...fields,
  });
  const url = `${web.url}/runs/${run}/tasks/${taskId}/answer`;
  return fetch(url, { method: "POST", redirect: "manual", body });
}

const stored = async (run: number, taskId: string) => {
  const row = await questionOf(web.db, run, taskId, -1);
  return [row?.state, row?.answer, row?.answeredBy];
};

async function bearer(name: string, role: "viewer" | "operator" | "editor", tag: string | null) {
  await actions.addUser(web.db, { name, grants: [{ role, tag }], actor: "test" });
  const limits = { scopes: null, days: null, actor: "test" };
  const token = await actions.createToken(web.db, { user: name, name: "t", ...limits });
  return { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
}

test("the inbox lists what is open, escaped, and the header counts it", async () => {
  const run = await asked();
  const html = await page("/inbox");
  expect(html).toContain(`&lt;b>${run}&lt;/b> both?`);
  expect(html).toContain("May be answered by an operator, until");
  expect(html).toMatch(/<span id="inbox-count"[^>]*>\d+<\/span>/);
  expect(html).toContain(`action="/runs/${run}/tasks/fields/answer"`);
});

test("the inbox hears of a new question, and of an answer", async () => {
  const changed = async (change: () => Promise<unknown>): Promise<string> => {
    const html = await page("/inbox");
    expect(html).toContain('data-topic="inbox"');
    const since = encodeURIComponent(/data-mark="([^"]*)"/.exec(html)?.[1] ?? "");
    const abort = new AbortController();
    const address = `${web.url}/events?topic=inbox&since=${since}`;
    const stream = await fetch(address, { signal: abort.signal });
    await change();
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of stream.body!) {
      text += decoder.decode(bytes, { stream: true });
      if (text.includes("event: changed")) break;
    }
    abort.abort();
    return text;
  };
  let run = 0;
  const asking = async () => {
    run = await asked();
  };
  expect(await changed(asking)).toContain("event: changed");
  expect(await page("/inbox")).toContain(`data-key="${run}/buttons/-1"`);
  const answering = () => send(run, "buttons", { option: "yes" });
  expect(await changed(answering)).toContain("event: changed");
  expect(await page("/inbox")).not.toContain(`data-key="${run}/buttons/-1"`);
});

test("a wrong form shows what is wrong and what was typed; the right one goes back", async () => {
  const run = await asked();
  const wrong = await send(run, "fields", { "p:count": "0", "p:note": "typed" });
  expect(wrong.status).toBe(422);
  const html = await wrong.text();
  expect(html).toContain("count must be at least 1.");
  expect(html).toContain("typed");
  expect((await stored(run, "fields"))[0]).toBe("open");
  const right = await send(run, "fields", { "p:count": "2", "p:note": "typed" });
  expect([right.status, right.headers.get("location")]).toEqual([303, "/inbox"]);
  expect(await stored(run, "fields")).toEqual(["answered", { count: 2, note: "typed" }, "tester"]);
});

test("a button is an option, alone or with the form", async () => {
  const run = await asked();
  const task = await send(run, "buttons", { option: "no", back: "task" });
  expect(task.headers.get("location")).toBe(`/runs/${run}/tasks/buttons`);
  expect(await stored(run, "buttons")).toEqual(["answered", "no", "tester"]);
  await send(run, "both", { option: "yes", "p:count": "3", "p:note": "" });
  expect((await stored(run, "both"))[1]).toEqual({ option: "yes", form: { count: 3, note: "" } });
  expect((await send(run, "buttons", { option: "yes" })).status).toBe(409);
});

test("the page of the task shows the form, then who answered", async () => {
  const run = await asked();
  expect(await page(`/runs/${run}/tasks/buttons`)).toContain('name="option" value="yes"');
  await send(run, "buttons", { option: "yes" });
  const html = await page(`/runs/${run}/tasks/buttons`);
  expect(html).toContain("Answered by tester, ");
  expect(html).not.toContain('name="option"');
});

test("a form of another session is refused", async () => {
  const run = await asked();
  expect((await send(run, "buttons", { option: "yes", _form: "x" })).status).toBe(403);
  expect((await stored(run, "buttons"))[0]).toBe("open");
});

test("the API answers for those whom the question names, in the DAGs that they may see", async () => {
  const run = await asked();
  const answer = async (headers: Record<string, string>, taskId: string, value: unknown) => {
    const url = `${web.url}/api/v1/runs/${run}/tasks/${taskId}/answer`;
    const body = JSON.stringify({ value });
    const response = await fetch(url, { method: "POST", headers, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const ada = await bearer("ada", "viewer", "finance");
  const bob = await bearer("bob", "operator", null);
  const eve = await bearer("eve", "editor", "other");
  expect(await answer(eve, "buttons", "yes")).toMatchObject({ status: 403 });
  expect(await answer(bob, "of_ada", "yes")).toMatchObject({
    status: 403,
    body: {
      error: {
        code: "NOT_ASKED",
        message: expect.stringMatching(/may be answered by ada, and you are bob\.$/),
      },
    },
  });
  expect(await answer(ada, "buttons", "yes")).toMatchObject({ status: 403 });
  expect(await answer(bob, "of_editors", "yes")).toMatchObject({ status: 403 });
  expect(await answer(ada, "of_ada", "perhaps")).toMatchObject({ status: 422 });
  expect(await answer(ada, "of_ada", "yes")).toEqual({ status: 200, body: { resumed: true } });
  expect(await answer(bob, "both", { option: "yes", form: { count: 1 } })).toMatchObject({
    status: 200,
  });
  expect(await answer(bob, "both", { option: "no", form: { count: 1 } })).toMatchObject({
    ...{ status: 409, body: { error: { code: "QUESTION_ANSWERED" } } },
  });
  expect(await answer(bob, "none", "yes")).toMatchObject({ status: 404 });
  const list = await fetch(`${web.url}/api/v1/questions?run=${run}`, { headers: bob });
  const { questions } = (await list.json()) as { questions: { taskId: string }[] };
  expect(questions.map(({ taskId }) => taskId).toSorted()).toEqual([
    ...["buttons", "fields", "of_editors"],
  ]);
  const others = await fetch(`${web.url}/api/v1/questions`, { headers: eve });
  expect(await others.json()).toEqual({ questions: [], next: null });
});
