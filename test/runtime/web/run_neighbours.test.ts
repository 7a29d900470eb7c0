/** The page of a run leads to the runs of its DAG before and after it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
const runs: number[] = [];

beforeAll(async () => {
  web = await testWeb();
  const version = await web.rows.dag(dagSpec("neighbours"));
  const other = await web.rows.dag(dagSpec("other"));
  for (let run = 0; run < 3; run++) {
    runs.push(await web.rows.run("neighbours", version));
    await web.rows.run("other", other);
  }
});
afterAll(() => web.close());

/** The links by their relation. */
async function links(run: number | undefined): Promise<Readonly<Record<string, string>>> {
  const html = await (await fetch(`${web.url}/runs/${run}`)).text();
  const found = [...html.matchAll(/<a rel="(prev|next)" href="([^"]+)"/g)];
  return Object.fromEntries(found.map(([, rel, href]) => [rel, href]));
}

test("the first run has a next one only", async () => {
  expect(await links(runs[0])).toEqual({ next: `/runs/${runs[1]}` });
});

test("a run between others leads both ways, past runs of other DAGs", async () => {
  expect(await links(runs[1])).toEqual({ prev: `/runs/${runs[0]}`, next: `/runs/${runs[2]}` });
});

test("the newest run has a previous one only", async () => {
  expect(await links(runs[2])).toEqual({ prev: `/runs/${runs[1]}` });
});
