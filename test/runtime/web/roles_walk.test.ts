/**
 * Every page as every role sees it: each link is followed and each form is sent. A page
 * offers only what its reader may do, so that none of them is refused.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROLES, type Role } from "../../../runtime/access/permissions.ts";
import { hashOfSecret, newSecret } from "../../../runtime/access/token.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { openSession } from "../../../runtime/store/access/web_session.ts";
import { findUser } from "../../../runtime/store/access/web_user.ts";
import { formsIn, linksIn, type PageForm } from "../../support/page_links.ts";
import { type TwoTeams, twoTeams } from "../../support/two_teams.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let runs: TwoTeams;
beforeAll(async () => {
  web = await testWeb({ withoutLink: true });
  runs = await twoTeams(web);
});
afterAll(() => web.close());

type Grants = Parameters<typeof actions.addUser>[1]["grants"];

async function person(name: string, grants: Grants): Promise<void> {
  await actions.addUser(web.db, { name, grants, actor: "test" });
}

/** A session of a user. @returns its cookie */
async function session(name: string): Promise<string> {
  const secret = newSecret();
  const userId = (await findUser(web.db, name))?.id ?? -1;
  const from = { address: "127.0.0.1", browser: "test" };
  await openSession(web.db, { hash: hashOfSecret(secret), userId, ...from });
  return `dagsmith_${new URL(web.url).port}=${secret}`;
}

interface Answer {
  readonly status: number;
  readonly html: string;
}

async function ask(cookie: string, path: string, form?: PageForm): Promise<Answer> {
  const headers = { cookie, accept: "text/html", origin: web.url, "sec-fetch-site": "same-origin" };
  const sent = form && { method: "POST", body: form.fields };
  const answer = await fetch(web.url + path, { headers, redirect: "manual", ...sent });
  return { status: answer.status, html: await answer.text() };
}

/** One of many addresses that differ in their values only. */
function kindOf(path: string): string {
  const { pathname, searchParams } = new URL(path, web.url);
  return `${pathname}?${[...searchParams.keys()].sort().join("&")}`;
}

const ownPath = (href: string): string => href.replace(/#.*/, "");

interface Walk {
  /** `GET /path: 403`, for each answer but a page or another way. */
  readonly refused: readonly string[];
  readonly seen: ReadonlyMap<string, Answer>;
  readonly forms: ReadonlyMap<string, PageForm>;
}

/** Follows all links and forms that change nothing, from the first page on. */
async function walk(cookie: string): Promise<Walk> {
  const seen = new Map<string, Answer>();
  const forms = new Map<string, PageForm>();
  const refused: string[] = [];
  const found = ["/", ...["o", "a", "e"].map((letter) => `/search?q=${letter}`)];
  const kinds = new Set(found.map(kindOf));
  for (let path = found.shift(); path !== undefined; path = found.shift()) {
    const answer = await ask(cookie, path);
    seen.set(path, answer);
    if (answer.status >= 400) refused.push(`GET ${path}: ${answer.status}`);
    for (const next of [...linksIn(answer.html).map(ownPath), ...sheets(answer.html, path, forms)])
      if (next.startsWith("/") && !kinds.has(kindOf(next))) {
        kinds.add(kindOf(next));
        found.push(next);
      }
  }
  return { refused, seen, forms };
}

/** Remembers the forms of a page that change something; the others are addresses. */
function sheets(html: string, path: string, forms: Map<string, PageForm>): readonly string[] {
  return [...formsIn(html), ...picked(html)].flatMap((form) => {
    const action = form.action === "" ? path : form.action;
    // The bar of bulk actions sends the boxes that are checked.
    if (form.method === "get")
      return action.startsWith("/bulk/") && form.fields.size < 2
        ? []
        : [`${action}?${form.fields}`];
    forms.set(`${action} ${form.fields.get("do") ?? ""}`, { ...form, action });
    return [];
  });
}

/** The bulk action on each row that has a box. */
function picked(html: string): readonly PageForm[] {
  const boxes = html.matchAll(/type="checkbox"[^>]*?name="(dag|run)"[^>]*?value="([^"]+)"/g);
  const swapped = html.matchAll(/name="(dag|run)"[^>]*?value="([^"]+)"[^>]*?type="checkbox"/g);
  return [...boxes, ...swapped].map(([, name = "", value = ""]) => ({
    method: "get",
    action: `/bulk/${name}s`,
    fields: new URLSearchParams({ do: name === "dag" ? "pause" : "cancel", [name]: value }),
  }));
}

/** Forms that end sessions or remove users come last, each in a session of its own. */
const ENDS_SESSIONS = /^\/(logout|users|account)/;

async function send(name: string, cookie: string, { forms }: Walk): Promise<readonly string[]> {
  const refused: string[] = [];
  const sorted = [...forms.values()].sort((one, other) => weight(one) - weight(other));
  for (const form of sorted) {
    // Who changes or removes the own user may do less from then on.
    if (form.action.startsWith(`/users/${name}/`)) continue;
    const isLast = ENDS_SESSIONS.test(form.action);
    const { status } = isLast
      ? await sendFresh(await session(name), form)
      : await ask(cookie, form.action, form);
    if ([401, 403].includes(status) || status >= 500)
      refused.push(`POST ${form.action}: ${status}`);
  }
  return refused;
}

const weight = ({ action }: PageForm): number =>
  (ENDS_SESSIONS.test(action) ? 1 : 0) + (action.endsWith("/remove") ? 1 : 0);

async function sendFresh(cookie: string, form: PageForm): Promise<Answer> {
  const { html } = await ask(cookie, "/account");
  const tokens = formsIn(html).flatMap(({ fields }) => fields.get("_form") ?? []);
  form.fields.set("_form", tokens[0] ?? "");
  return ask(cookie, form.action, form);
}

/** Users who may remove others come last. */
const READERS = ROLES.flatMap((role) =>
  ([null, "team-ours"] as const).map((tag) => ({ role, tag, name: nameOf(role, tag) })),
).sort((one, other) => Number(one.name === "admin") - Number(other.name === "admin"));

function nameOf(role: Role, tag: string | null): string {
  return tag === null ? role : `${role}-of-a-tag`;
}

describe("what a page offers is what its reader may do", () => {
  test.each(READERS)(
    "no link and no button is refused for the $name",
    async ({ role, tag, name }) => {
      await person(name, [{ role, tag }]);
      const cookie = await session(name);
      const walked = await walk(cookie);
      expect(walked.refused).toEqual([]);
      expect(walked.seen.size).toBeGreaterThan(25);
      const acts = [...walked.forms.keys()].some((action) => action.startsWith("/runs/"));
      expect(acts).toBe(role !== "viewer");
      expect(await send(name, cookie, walked)).toEqual([]);
    },
    120_000,
  );
});

describe("a user with a role for a tag", () => {
  beforeAll(() => person("grace", [{ role: "operator", tag: "team-ours" }]));

  test("sees neither a run of another team, nor its DAG where ours calls it or is called", async () => {
    const { seen } = await walk(await session("grace"));
    const showing = [...seen].filter(([, { html }]) => /manual__theirs|\/dags\/theirs/.test(html));
    expect(showing.map(([path]) => path)).toEqual([]);
    expect(seen.has(`/runs/${runs.run}`)).toBe(true);
    expect([...seen.keys()].some((path) => path.startsWith(`/runs/${runs.called}`))).toBe(false);
  });

  test("gets neither of them from the API", async () => {
    const cookie = await session("grace");
    const paths = [
      ...[`/runs/${runs.back}`, `/runs/${runs.run}/tasks/ask`, `/runs/${runs.run}/why`],
    ].map((path) => `/api/v1${path}`);
    for (const path of paths) {
      const { status, html } = await ask(cookie, path);
      expect([path, status]).toEqual([path, 200]);
      expect(html).not.toContain("manual__theirs");
    }
  });

  test("sees both with a role for both tags", async () => {
    await person("joan", [
      { role: "viewer", tag: "team-ours" },
      { role: "operator", tag: "team-theirs" },
    ]);
    const cookie = await session("joan");
    expect((await ask(cookie, `/runs/${runs.run}/tasks/ask`)).html).toContain("manual__theirs");
    expect((await ask(cookie, `/runs/${runs.back}`)).html).toContain("manual__theirs");
    expect((await ask(cookie, `/runs/${runs.run}`)).html).not.toContain("/clear");
    const list = (await ask(cookie, "/runs")).html;
    expect(list).toContain("manual__ours");
    expect(picked(list).map(({ fields }) => fields.get("run"))).toEqual([String(runs.called)]);
  });
});
