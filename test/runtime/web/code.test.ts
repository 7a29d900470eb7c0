/** The code of a DAG's versions, and the pages about the deployment. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { highlightLines } from "../../../runtime/web/code/highlight.ts";
import { lineDiff } from "../../../runtime/web/code/line_diff.ts";
import { sourceFiles } from "../../../runtime/web/code/source_files.ts";
import { pageScript } from "../../../runtime/web/http/assets.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  await version("alpha line\nconst a = '<b>s3cret';\n");
  await version("beta line\nconst a = '<b>s3cret';\n");
});
afterAll(() => web.close());

/** A version with a source of its own, next to a package. */
async function version(text: string): Promise<void> {
  const id = await web.rows.dag(dagSpec("coded"));
  const map = {
    sources: ["../node_modules/x/i.js", "coded.ts"],
    sourcesContent: ["package", text],
  };
  await web.rows.sql(
    `update dagsmith.bundle set source_map = $2
     where hash = (select bundle_hash from dagsmith.dag_version where id = $1)`,
    [id, Buffer.from(JSON.stringify(map))],
  );
}

const page = async (path: string): Promise<string> => (await fetch(web.url + path)).text();

describe("the code of a version", () => {
  test("is not found for a version that does not exist, and refused for one that is no number", async () => {
    expect((await fetch(`${web.url}/dags/coded/code?version=9`)).status).toBe(404);
    expect((await fetch(`${web.url}/dags/coded/code?version=x`)).status).toBe(400);
  });

  test("is that of the version, escaped and masked, each line with a link", async () => {
    const html = await page("/dags/coded/code?version=1");
    expect(html).toContain("alpha line");
    expect(html).not.toContain("beta line");
    expect(html).toContain("&lt;b&gt;***");
    expect(html).toContain('<li id="L2"><a href="#L2"');
    expect(html).not.toContain("package");
    expect(await page("/dags/coded/code")).toContain("beta line");
  });

  test("is compared with another version", async () => {
    const html = await page("/dags/coded/code?version=2&against=1");
    expect(html).toMatch(/class="removed".*alpha line.*class="added".*beta line/);
    expect(await page("/dags/coded/code?version=1&against=1")).toContain("the same in both");
  });

  test("says so when a bundle has no sources", async () => {
    await web.rows.dag(dagSpec("bare"));
    expect(await page("/dags/bare/code")).toContain("The sources of version 1 are not stored");
  });
});

test("a run, its task and its stack lead to the lines that ran", async () => {
  const id = await web.rows.dag(dagSpec("traced"), { file: "deep/traced.ts" });
  const run = await web.rows.run("traced", id, { state: "failed" });
  const stack = [
    "Error: <no>",
    "    at load (deep/traced.ts:12:5)",
    "    at async lib/rows.ts:3:1",
    "    at run (node_modules/pg/index.js:1:1)",
    "    at node:internal/x.js:9:9",
    "    at /root/other.ts:4:4",
  ].join("\n");
  await web.rows.instance(run, "only", {
    state: "failed",
    error: { name: "Error", message: "<no>", stack },
  });
  const code = "/dags/traced/code?version=1";
  expect(await page(`/runs/${run}`)).toContain(`href="${code}"`);
  const html = (await page(`/runs/${run}/tasks/only`)).replaceAll("&amp;", "&");
  expect([...html.matchAll(/href="([^"]*code\?[^"]*)"/g)].map(([, href]) => href)).toEqual([
    `${code}&file=deep%2Ftraced.ts`,
    `${code}&file=deep%2Ftraced.ts#L12`,
    `${code}&file=lib%2Frows.ts#L3`,
  ]);
  expect(html).toContain("Error: &lt;no>");
});

test("a source map that cannot be read has no files", () => {
  for (const map of ["", "null", "[]", "{", '{"sources":[null,3],"sourcesContent":[null]}'])
    expect(sourceFiles(map, "a.ts")).toEqual([]);
});

test("colours that span lines are closed in each line", () => {
  const lines = highlightLines("/* one\ntwo */ const x = `a\nb`;", "x.ts");
  expect(lines).toHaveLength(3);
  for (const line of lines)
    expect(line.match(/<span/g)?.length).toBe(line.match(/<\/span>/g)?.length);
  expect(highlightLines("<script>", "x.unknown")).toEqual(["&lt;script&gt;"]);
});

test("a comparison shows three equal lines around a change, and a gap for the others", () => {
  const text = (middle: string): string => [..."abcdefg", middle, ..."hijklmn"].join("\n");
  const lines = lineDiff(text("1"), text("2"))?.map(({ type, text }) => `${type} ${text}`.trim());
  expect(lines).toEqual([
    ...["gap", "same e", "same f", "same g", "removed 1", "added 2"],
    ...["same h", "same i", "same j", "gap"],
  ]);
});

describe("the pages about the deployment", () => {
  test("say what follows when no scheduler and no worker is alive", async () => {
    const html = await page("/system");
    expect(html).toContain("No scheduler is alive");
    expect(html).toContain("No worker is alive: queued tasks wait.");
    expect(html).toContain("PostgreSQL");
  });

  test("name each service, one that is silent too", async () => {
    await web.rows.sql(
      `insert into dagsmith.scheduler (id, hostname, pid, heartbeat_at) values
       ('s-live', 'host-a', 1, now()), ('s-silent', 'host-b', 2, now() - interval '5 minutes'),
       ('s-gone', 'host-c', 3, now() - interval '5 hours')`,
    );
    const html = await page("/system");
    expect(html).not.toContain("No scheduler is alive");
    expect(html).toMatch(/host-a.*active.*host-b.*silent/);
    expect(html).not.toContain("host-c");
  });

  test("say who did what, masked, with a link to the run", async () => {
    const run = await web.rows.run("coded", 1, { runId: "manual__a+b" });
    await web.rows.sql(
      `insert into dagsmith.audit (actor, action, dag_id, run_id, detail) values
       ('ada', 'clear', 'coded', 'manual__a+b', '{"instances": 3, "task": null, "reason": "s3cret"}'),
       ('bob', 'something new', null, null, '{}')`,
    );
    const html = await page("/audit");
    expect(html).toContain("cleared 3 task instances: ***");
    expect(html).toContain("something new");
    const address = "/dags/coded/runs/manual__a%2Bb";
    expect(html).toContain(`href="${address}"`);
    const answer = await fetch(web.url + address, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, `/runs/${run}`]);
    expect((await fetch(`${web.url}/dags/coded/runs/none`)).status).toBe(404);
    expect(await page("/audit?dagId=other")).toContain("The filters find no action.");
  });
});

test("script, styles and icons stay small", async () => {
  const size = async (path: string): Promise<number> => gzipSync(await page(path)).length;
  expect(gzipSync(await pageScript()).length).toBeLessThan(60_000);
  expect(await size("/assets/page.css")).toBeLessThan(15_000);
  expect(await size("/assets/icons.svg")).toBeLessThan(2_000);
});
