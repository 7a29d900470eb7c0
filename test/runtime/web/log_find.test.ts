/** Searching the whole log of a try on the server, and the lines around one line. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const CHUNKS = 60;
const LINES = 100;

let web: TestWeb;
let id: number;
beforeAll(async () => {
  web = await testWeb({ mask: (text) => text.replaceAll("s3cret", "***") });
  const version = await web.rows.dag(dagSpec("long"));
  const run = await web.rows.run("long", version);
  id = await web.rows.instance(run, "only", { state: "success" });
  for (let seq = 0; seq < CHUNKS; seq += 1) {
    const lines = Array.from({ length: LINES }, (_, at) => `line ${seq * LINES + at + 1} of many`);
    if (seq === 30) lines[49] = "the <b>needle</b> s3cret \u001b[31mre\u001b[0md";
    await web.rows.log(id, seq, lines, 1, seq === 40 ? "error" : "info");
  }
});
afterAll(() => web.close());

async function find(query: string): Promise<{ status: number; html: string; lines: string[] }> {
  const answer = await fetch(`${web.url}/logs/${id}/1/find?${query}`);
  const html = await answer.text();
  const lines = [...html.matchAll(/<li class="l-.*?<\/li>/gs)].map(([line]) => line);
  return { status: answer.status, html, lines };
}

describe("a search", () => {
  test.each([
    ["in the middle of a log that the page shows only in part", "q=NEEDLE", 1],
    ["with markup, as text", "q=%3Cb%3Eneedle%3C%2Fb%3E", 1],
    ["split by colours", "q=red", 1],
    ["that a secret hides", "q=s3cret", 0],
    ["on one level", "q=line+40&level=error", 99],
    ["on a level without a text", "level=error", 100],
    ["on several levels", "q=line+4099&level=error&level=info", 1],
    ["that is nowhere", "q=nowhere", 0],
  ])("finds a text %s", async (_, query, matches) => {
    const { html, lines } = await find(query);
    expect(html).toContain(`${matches} of 6,000 lines match`);
    expect(lines.length).toBe(matches);
  });

  test("says the number of a line, and leads to the lines around it", async () => {
    const { lines } = await find("q=needle");
    expect(lines[0]).toContain(">3,050</a>");
    expect(lines[0]).toContain("&lt;b>needle&lt;/b> ***");
    const [, query = ""] = /\?(at=[\d.]+)#/.exec(lines[0] ?? "") ?? [];
    const around = await find(query);
    expect(around.lines.length).toBe(201);
    expect(around.lines[100]).toContain('class="l-info here"');
    expect(around.lines[99]).toContain("line 3049 of many");
    expect(around.lines[101]).toContain("line 3051 of many");
  });

  test("shows the first 500 matches, and says that there are more", async () => {
    const { html, lines } = await find("q=of+many");
    expect(html).toContain("5,999 of 6,000 lines match; the first 500 are shown");
    expect(lines.length).toBe(500);
  });

  test("goes on after the part that was searched, and keeps counting", async () => {
    const { html, lines } = await find("q=line+5000+&from=29&lines=3000");
    expect(html).toContain("1 of 3,000 lines match from line 3,001 on");
    expect(lines[0]).toContain(">5,000</a>");
  });
});

describe("the next error", () => {
  const next = (query: string): Promise<Response> =>
    fetch(`${web.url}/logs/${id}/1/find?next=error${query}`, { redirect: "manual" });

  test.each([
    ["of the whole log is its first", "", "40.0"],
    ["after a line far before it", "&at=3.99", "40.0"],
    ["after an error is the one after it", "&at=40.0", "40.1"],
    ["after an error, with others before it in its part", "&at=40.57", "40.58"],
    ["after the last line of the part before", "&at=39.99", "40.0"],
  ])("%s", async (_which, query, place) => {
    const answer = await next(query);
    expect([answer.status, answer.headers.get("location")]).toEqual([
      ...[302, `/logs/${id}/1/find?at=${place}#l${place}`],
    ]);
  });

  test("after the last one is none, and the page says so at the same lines", async () => {
    const answer = await next("&at=40.99");
    const html = await answer.text();
    expect([answer.status, html]).toEqual([200, expect.stringContaining("No error follows")]);
    expect(html).toContain('id="l40.99"');
  });

  test("of a log without errors is none", async () => {
    const run = await web.rows.run("long", 1);
    const other = await web.rows.instance(run, "only", { state: "success" });
    await web.rows.log(other, 0, ['says "error" without being one'], 1);
    const answer = await fetch(`${web.url}/logs/${other}/1/find?next=error`);
    expect(await answer.text()).toContain("No line is an error.");
  });

  test("is a link at each line that was looked up, and at the log of the task", async () => {
    expect((await find("at=40.3")).html).toContain(`/logs/${id}/1/find?next=error&amp;at=40.3"`);
    const page = await (await fetch(`${web.url}/runs/1/tasks/only`)).text();
    expect(page).toContain(`href="/logs/${id}/1/find?next=error"`);
  });
});

test("a try that does not exist, and a place that is none, are refused", async () => {
  expect((await fetch(`${web.url}/logs/${id}/2/find`)).status).toBe(404);
  expect((await find("at=x")).status).toBe(400);
  expect((await find("at=999999.1")).lines).toEqual([]);
});

test("the log of the task leads to the search where lines are left out", async () => {
  const page = await (await fetch(`${web.url}/runs/1/tasks/only`)).text();
  expect(page).toContain(`action="/logs/${id}/1/find"`);
  expect(page).toContain(`href="/logs/${id}/1/find?level=error"`);
  expect(page).not.toContain("data-find");
});

describe("a line of the log on the page of its task", () => {
  test("has its number as its address; where lines are left out, the address of its place", async () => {
    const page = await (await fetch(`${web.url}/t/${id}`)).text();
    expect(page).toContain('<li class="l-info" id="L1"><a class="place" href="?try=1#L1"');
    expect(page).toContain('<li class="l-info" id="L200">');
    expect(page).not.toContain('id="L201"');
    expect(page).toContain(`href="/logs/${id}/1/find?at=59.99#l59.99"`);
  });

  test("is found by its number when the page does not show it", async () => {
    const answer = (line: number): Promise<Response> =>
      fetch(`${web.url}/logs/${id}/1/find?line=${line}`, { redirect: "manual" });
    for (const [line, place] of [
      [1, "0.0"],
      [100, "0.99"],
      [101, "1.0"],
      [6_000, "59.99"],
    ] as const)
      expect((await answer(line)).headers.get("location")).toBe(
        `/logs/${id}/1/find?at=${place}#l${place}`,
      );
    expect((await answer(6_001)).status).toBe(200);
    expect((await answer(0)).status).toBe(400);
  });
});
