/** What crosses the wire: compressed answers, and assets that are asked for once. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { readStylesheet } from "../../../runtime/web/views/style/stylesheet.ts";
import { versionOf } from "../../support/migrated.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb();
  await web.rows.dag(dagSpec("sent"));
});
afterAll(() => web.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(web.url + path, { headers });

async function assetsOf(path: string): Promise<string[]> {
  const html = await (await get(path)).text();
  return [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
    ([, address]) => address ?? "",
  );
}

test.each([
  ["br", "br"],
  ["gzip", "gzip"],
  ["gzip, br", "br"],
  ["identity", null],
])("a client that takes %s gets pages, answers and assets in %s", async (takes, encoding) => {
  const [stylesheet = ""] = (await assetsOf("/")).filter((address) => address.includes(".css"));
  for (const path of ["/", "/dags/sent", "/api/v1/openapi.json", stylesheet]) {
    const answer = await get(path, { "Accept-Encoding": takes });
    const plain = await get(path, { "Accept-Encoding": "identity" });
    expect([path, answer.headers.get("content-encoding")]).toEqual([path, encoding]);
    expect(answer.headers.get("vary")).toContain("Accept-Encoding");
    expect((await answer.text()).length).toBe((await plain.text()).length);
  }
});

test("a stream of events is never compressed", async () => {
  const stream = await get("/events?topic=home", { "Accept-Encoding": "br, gzip" });
  expect(stream.headers.get("content-encoding")).toBeNull();
  await stream.body?.cancel();
});

test("assets are kept by the browser under the address of their content", async () => {
  const addresses = await assetsOf("/");
  expect(addresses.length).toBeGreaterThanOrEqual(3);
  for (const address of addresses) {
    const answer = await get(address);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([
      200,
      "private, max-age=31536000, immutable",
    ]);
  }
  const scripts = addresses.filter((address) => address.includes(".js"));
  expect(scripts).toHaveLength(1);
  const script = await (await get(scripts[0] ?? "")).text();
  expect(script).not.toMatch(/\bimport\b/);
});

test("the stylesheet is less than 15 KB, gzipped", async () => {
  expect(gzipSync(readStylesheet()).length).toBeLessThan(15_000);
});

test("the home of 500 DAGs with 14 runs each, which shows 100, is less than 60 KB, gzipped", async () => {
  await manyDags(500, 14);
  const answer = await get("/");
  const html = await answer.text();
  expect(html.match(/<span class="bars"/g)).toHaveLength(100);
  expect(gzipSync(html).length).toBeLessThan(60_000);
});

describe("a live change of one run on a home of 500 DAGs", () => {
  const page = (etag: string): Promise<Response> =>
    get("/?limit=500", { "X-Live": "1", "If-None-Match": etag });

  test("sends its row alone, in less than 10 KB, to the page as it was first sent", async () => {
    const html = await (await get("/?limit=500")).text();
    const etag = `"${/data-etag="([^"]+)"/.exec(html)?.[1]}"`;
    expect((await page(etag)).status).toBe(304);
    await changeRun("team_7_load_7");
    const changed = await (await page(etag)).text();
    expect(changed.length).toBeLessThan(10_000);
    expect(changed.match(/<tr data-key="[^"]+"(?! data-same)/g)).toEqual([
      '<tr data-key="team_7_load_7"',
    ]);
    expect(changed).not.toContain("<body");
  });

  test("finds a page that is less than 60 KB, gzipped, with all 500 of them", async () => {
    const html = await (await get("/?limit=500")).text();
    expect(html.match(/<tr data-key=/g)?.length).toBeGreaterThanOrEqual(500);
    expect(gzipSync(html).length).toBeLessThan(60_000);
  });

  test("is sent as a whole page to one that this server did not send", async () => {
    const whole = await (await page('"of-another-server"')).text();
    expect(whole.match(/<tr data-key=/g)?.length).toBeGreaterThanOrEqual(500);
    expect(whole).not.toContain("data-same");
  });
});

/** Its newest run starts again. */
const changeRun = (dagId: string): Promise<unknown> =>
  web.rows.sql(
    `update dagsmith.dag_run set state = 'running', finished_at = null
     where id = (select max(id) from dagsmith.dag_run where dag_id = $1)`,
    [dagId],
  );

test("a page that did not change is answered with its ETag alone", async () => {
  const live = { "X-Live": "1" };
  const etag = (await get("/calendar", live)).headers.get("etag") ?? "";
  const again = await get("/calendar", { ...live, "If-None-Match": etag });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

async function manyDags(count: number, runs: number): Promise<void> {
  const dagIds = Array.from({ length: count }, (_, n) => `team_${n % 20}_load_${n}`);
  const spec = (dagId: string) => dagSpec(dagId, { tags: [`team-${dagId.split("_")[1]}`] });
  await web.db.transaction((tx) =>
    deployVersions(
      tx,
      dagIds.map((id) => versionOf(spec(id))),
    ),
  );
  const versions = await web.rows.sql("select dag_id, version_id from dagsmith.dag");
  const begun = Date.parse("2026-01-01");
  await web.rows.runs(
    versions
      .filter(({ dag_id }) => dag_id !== "sent")
      .flatMap(({ dag_id, version_id }, dag) =>
        Array.from({ length: runs }, (_, n) => ({
          ...{ dagId: String(dag_id), versionId: Number(version_id) },
          startedAt: new Date(begun + n * 86_400_000 + (dag % 24) * 3_600_000),
          tookMs: 60_000 + ((dag * 31 + n * 17) % 97) * 1_000,
        })),
      ),
  );
}

test("an asset of another version is asked for again, and is not sent twice", async () => {
  const answer = await get("/assets/page.css?v=other");
  expect(answer.headers.get("cache-control")).toBe("no-cache");
  const etag = answer.headers.get("etag") ?? "";
  const again = await get("/assets/page.css?v=other", { "If-None-Match": etag });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});
