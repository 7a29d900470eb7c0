/** Callbacks on the pages of runs and task instances. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { CALLBACKS_PER_PAGE } from "../../../runtime/store/reads/callbacks.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

let web: TestWeb;
let version: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  version = await web.rows.dag(dagSpec("called"));
});
afterAll(() => web.close());

async function panel(path: string, base = web.url): Promise<string> {
  const answer = await fetch(base + path);
  expect(`${path} ${answer.status}`).toBe(`${path} 200`);
  return (await answer.text()).split('<section id="callbacks"')[1]!.split("</section>")[0]!;
}

interface CallbackRow {
  readonly instance?: number;
  readonly event: string;
  readonly ordinal?: number;
  readonly state?: string;
  readonly reason?: string;
  readonly failure?: string;
}

async function callback(
  run: number,
  { instance, event, ordinal = 0, state = "success", reason, failure }: CallbackRow,
): Promise<number> {
  const [row] = await web.rows.sql(
    `insert into dagsmith.callback (run_id, task_instance_id, try_number, event, ordinal, state, attempts, reason, failure, finished_at, lines)
     values ($1, $2, $3, $4, $5, $6, 2, $7, $8, $9, 'what it logged') returning id`,
    [
      ...[
        run,
        instance ?? null,
        instance === undefined ? null : 3,
        event,
        ordinal,
        state,
        reason ?? null,
        failure ?? null,
      ],
      state === "success" || state === "failed" ? new Date() : null,
    ],
  );
  return Number(row!.id);
}

const text = (html: string): string => html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

test("a run shows those of itself, of its deadlines and of its tasks, the newest first, masked and escaped", async () => {
  const run = await web.rows.run("called", version, { state: "failed" });
  const instance = await web.rows.instance(run, "only", { state: "failed" });
  const item = await web.rows.instance(run, "only", { state: "failed", mapIndex: 7 });
  await callback(run, { instance, event: "onRetry", reason: "it was <b>s3cret</b>" });
  await callback(run, {
    instance: item,
    event: "onFailure",
    state: "failed",
    failure: "Error: no <i>s3cret</i>",
  });
  await callback(run, {
    event: "deadline",
    ordinal: 1,
    state: "running",
    reason: "the run had not succeeded by then",
  });
  await callback(run, { event: "onFailure", state: "queued" });
  const html = await panel(`/runs/${run}`);
  const rows = html.split("<tr>").slice(2).map(text);
  expect(rows.map((row) => row.trim().split(" ").slice(0, 4).join(" "))).toEqual([
    "onFailure the run queued",
    "deadline 2 the run",
    "onFailure only [7] 3",
    "onRetry only 3 success",
  ]);
  expect(html).toContain(`<a href="/runs/${run}/tasks/only/7">only [7]</a>`);
  expect(html).toContain("it was &lt;b>***&lt;/b>");
  expect(html).toContain('<p class="bad">Error: no &lt;i>***&lt;/i></p>');
  expect(html).not.toContain("what it logged");
});

test("a task instance shows its own", async () => {
  const run = await web.rows.run("called", version, { state: "failed" });
  const [first, second] = [0, 1].map((mapIndex) =>
    web.rows.instance(run, "only", { state: "failed", mapIndex }),
  );
  await callback(run, { instance: await first!, event: "onFailure", reason: "of the first" });
  await callback(run, { instance: await second!, event: "onFailure", reason: "of the second" });
  await callback(run, { event: "onFailure", reason: "of the run" });
  const html = await panel(`/runs/${run}/tasks/only/1`);
  expect(html).toContain("of the second");
  expect(html).not.toMatch(/of the (first|run)/);
});

test("there is no panel where nothing was called back", async () => {
  const run = await web.rows.run("called", version);
  await web.rows.instance(run, "only", { state: "success" });
  for (const path of [`/runs/${run}`, `/runs/${run}/tasks/only`])
    expect(await panel(path)).not.toContain("Callbacks</h2>");
});

test.each([false, true])(
  "many come in pages, each once (of one instance: %s)",
  async (ofInstance) => {
    const run = await web.rows.run("called", version);
    const instance = await web.rows.instance(run, "only", { state: "success" });
    await web.rows.sql(
      `insert into dagsmith.callback (run_id, task_instance_id, try_number, event, reason)
     select $1, $2, 1, 'onRetry', 'number ' || n || '!' from generate_series(1, $3) n`,
      [run, instance, 2 * CALLBACKS_PER_PAGE + 1],
    );
    const pages: string[][] = [];
    const first = ofInstance ? `/runs/${run}/tasks/only?try=1` : `/runs/${run}?folded=a`;
    for (let path: string | undefined = first; path; ) {
      const html = await panel(path);
      pages.push([...html.matchAll(/number (\d+)!/g)].map(([, n]) => n!));
      path = /class="button" href="([^"#]+)#callbacks">Older/
        .exec(html)?.[1]
        ?.replaceAll("&amp;", "&");
      if (path) expect(path).toContain(ofInstance ? "try=1" : "folded=a");
    }
    expect(pages.map(({ length }) => length)).toEqual([CALLBACKS_PER_PAGE, CALLBACKS_PER_PAGE, 1]);
    expect(pages.flat()).toEqual(
      Array.from({ length: 2 * CALLBACKS_PER_PAGE + 1 }, (_, n) =>
        String(2 * CALLBACKS_PER_PAGE + 1 - n),
      ),
    );
  },
);

test("a place in the list that is none is refused", async () => {
  const run = await web.rows.run("called", version);
  for (const before of ["x", "0", "-1", "99999999999999999999"])
    expect((await fetch(`${web.url}/runs/${run}?callbacks=${before}`)).status).toBe(400);
});

test("the page of a run hears of a callback that ends after the run", async () => {
  const run = await web.rows.run("called", version, { state: "failed" });
  const id = await callback(run, { event: "onFailure", state: "queued" });
  const mark = async (): Promise<string> =>
    /data-mark="([^"]+)"/.exec(await (await fetch(`${web.url}/runs/${run}`)).text())![1]!;
  const before = await mark();
  await web.rows.sql(
    "update dagsmith.callback set state = 'success', finished_at = now() where id = $1",
    [id],
  );
  expect(await mark()).not.toBe(before);
});
