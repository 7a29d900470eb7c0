/** The pages of deployments: what each changed, and what going back would change. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as actions from "../../../runtime/actions/index.ts";
import { versionOf } from "../../support/migrated.ts";
import { dagSpec, taskSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

type Spec = ReturnType<typeof dagSpec>;

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb();
});
afterAll(() => web.close());

/** @returns the number of the deployment */
async function deploy(specs: readonly Spec[], reason: string): Promise<number> {
  const versions = specs.map((spec) => versionOf(spec));
  const loaded = { versions, errors: [] };
  const { deployment } = await actions.deployFolder(web.db, loaded, { actor: "ada", reason });
  return deployment ?? -1;
}

const get = async (path: string): Promise<string> => (await fetch(web.url + path)).text();
const rowOf = (html: string, dagId: string): string =>
  new RegExp(`<tr data-key="${dagId}">.*?</tr>`).exec(html)?.[0] ?? "";

async function restore(id: number, fields: Readonly<Record<string, string>>): Promise<Response> {
  const page = await get(`/deployments/${id}`);
  const field = (name: string) =>
    new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ _form: field("_form"), latest: field("latest"), ...fields });
  return fetch(`${web.url}/deployments/${id}/restore`, {
    method: "POST",
    redirect: "manual",
    body,
  });
}

test("a deployment lists what it changed and what going back to it would change, and goes back with a reason", async () => {
  const kept = dagSpec("kept");
  const first = await deploy([kept, dagSpec("grows"), dagSpec("goes")], "<b>first</b>");
  const grown = dagSpec("grows", { tasks: [taskSpec("only"), taskSpec("more")] });
  const second = await deploy([kept, grown, dagSpec("comes")], "second");
  const list = await get("/deployments");
  expect(list.indexOf(`/deployments/${second}"`)).toBeLessThan(
    list.indexOf(`/deployments/${first}"`),
  );
  expect(list).toContain("&lt;b>first&lt;/b>");

  const page = await get(`/deployments/${second}`);
  expect(rowOf(page, "grows")).toContain("/dags/grows/code?version=2&amp;against=1");
  expect(rowOf(page, "comes")).toContain("added with version 1");
  expect(rowOf(page, "goes")).toContain("removed; it had version 1");
  expect(page).toContain("Nothing: its versions are current.");
  expect(page).not.toContain("/restore");

  const back = await get(`/deployments/${first}`);
  expect(back).toMatch(/<h3>Added <span class="faint">1<\/span>.*goes/);
  expect(back).toMatch(/<h3>Removed <span class="faint">1<\/span>.*comes/);
  expect(back).toContain("tasks: 1 removed");

  const answer = await restore(first, { reason: "it broke" });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/deployments"]);
  expect(await get("/deployments")).toContain(`rollback to ${first}`);
  expect(await get(`/deployments/${first}`)).toContain("Nothing: its versions are current.");
  const audit = await web.rows.sql(
    "select action, actor, detail ->> 'reason' as reason from dagsmith.audit where action = 'rollback'",
  );
  expect(audit.length).toBeGreaterThan(0);
  expect(new Set(audit.map(({ reason }) => reason))).toEqual(new Set(["it broke"]));
  expect(new Set(audit.map(({ actor }) => actor))).toEqual(
    new Set([expect.stringMatching(/tester/)]),
  );

  expect((await restore(second, {})).status).toBe(303);
  expect(await get("/deployments")).toContain(`promote to ${second}`);
});

test("the page of a deployment is of its number, also where another one has it as its external id", async () => {
  const first = await deploy([dagSpec("twins")], "first");
  const loaded = { versions: [versionOf(dagSpec("twins", { maxActiveRuns: 2 }))], errors: [] };
  const request = { actor: "ada", externalId: String(first) };
  const { deployment: second } = await actions.deployFolder(web.db, loaded, request);
  expect(await get(`/deployments/${first}`)).toContain("/restore");
  expect(await get(`/deployments/${second}`)).not.toContain("/restore");
  expect((await restore(first, {})).status).toBe(303);
  expect(await get("/deployments")).toContain(`rollback to ${first}`);
});

test("a deployment that came since the page was shown is named, and the page shows what would change now", async () => {
  const first = await deploy([dagSpec("late")], "first");
  const seen = await deploy([dagSpec("late", { maxActiveRuns: 2 })], "seen");
  const unseen = await deploy([dagSpec("late", { maxActiveRuns: 3 }), dagSpec("new")], "unseen");
  const answer = await restore(first, { latest: String(seen) });
  const page = await answer.text();
  expect(answer.status).toBe(409);
  expect(page).toContain(`Deployment ${unseen} came since`);
  expect(page).toMatch(/<h3>Removed <span class="faint">1<\/span>.*new/);
  expect(page).toContain(`name="latest" value="${unseen}"`);
  expect((await restore(first, {})).status).toBe(303);
});

test("a deployment that does not exist is not found, and a form without its token changes nothing", async () => {
  expect((await fetch(`${web.url}/deployments/999999`)).status).toBe(404);
  expect((await restore(1, { _form: "forged" })).status).toBe(403);
});

test("a deployment whose versions retention deleted says so, and has no button", async () => {
  const id = await deploy([dagSpec("pruned")], "soon gone");
  await deploy([dagSpec("pruned", { maxActiveRuns: 2 })], "newer");
  await web.rows.sql(
    "update dagsmith.deployment set version_ids = version_ids || 999999 where id = $1",
    [id],
  );
  const page = await get(`/deployments/${id}`);
  expect(page).toMatch(/<p class="nothing">[^<]*deleted/);
  expect(page).not.toContain("/restore");
});
