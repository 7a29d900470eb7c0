/**
 * The documents stay true: files that they name exist, and the diffs of the guides fit
 * the code.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COSTS, type Load, modelled, solved } from "./bench/capacity.ts";
import type { CountName } from "./bench/server_counts.ts";
import { llmsText } from "./support/llms.ts";

const textOf = (path: string): string => readFileSync(path, "utf8");
const guides = readdirSync("docs/how-to").map((name) => `docs/how-to/${name}`);
const decisions = readdirSync("docs/decisions").map((name) => `docs/decisions/${name}`);

/** Files that a reader of a document writes. */
const WRITTEN_BY_READERS = [
  "dags/github_to_redshift.test.ts",
  "dags/hello.ts",
  "migrations/0020_run_owner.ts",
  "plugins/http/exists.ts",
  "plugins/ntfy/hook.ts",
  "plugins/ntfy/index.ts",
  "runtime/cli/commands/import_errors.ts",
  "runtime/timetable/month_end.ts",
  "test/plugins/ntfy/",
];

const PATH = /(?<![\w/.-])(?:sdk|runtime|plugins|dags|migrations|test|docs|\.ci)\/[\w./-]*[\w/]/g;

function missingFiles(document: string): readonly string[] {
  const named = textOf(document).match(PATH) ?? [];
  return named.filter((path) => !existsSync(path) && !WRITTEN_BY_READERS.includes(path));
}

/**
 * Lines of the diffs in a guide that its reader would not find, after the name of the
 * file.
 */
function wrongLines(guide: string): readonly string[] {
  const wrong: string[] = [];
  for (const [, indent = "", diff = ""] of textOf(guide).matchAll(
    /^( *)```diff\n([\s\S]*?)^ *```$/gm,
  )) {
    let file = "";
    for (const line of diff.split("\n").map((text) => text.slice(indent.length))) {
      if (line.startsWith("--- ")) file = line.slice(4);
      else if (/^[ -]/.test(line) && !linesOf(file).includes(line.slice(1)))
        wrong.push(`${file}: ${line}`);
    }
  }
  return wrong;
}

const linesOf = (file: string): readonly string[] => textOf(file).split("\n");

test("llms.txt lists the documents; --update writes it again", async () => {
  await expect(llmsText()).toMatchFileSnapshot("../llms.txt");
});

describe.each([
  "CONTRIBUTING.md",
  "README.md",
  "docs/ARCHITECTURE.md",
  "docs/STYLE.md",
  "docs/tutorial.md",
  ...guides,
  ...decisions,
])("%s", (document) => {
  test("names files that exist", () => expect(missingFiles(document)).toEqual([]));
});

describe.each(guides)("%s", (guide) => {
  test("has at most 60 lines", () =>
    expect(linesOf(guide).length - 1, "lines").toBeLessThanOrEqual(60));

  test("shows changes of lines that are in the code", () => expect(wrongLines(guide)).toEqual([]));
});

describe("docs/plugins", () => {
  const plugins = readdirSync("plugins");
  const pages = readdirSync("docs/plugins").map((name) => `docs/plugins/${name}`);

  test.each(plugins)("has a page that describes %s", (plugin) => {
    const name = new RegExp(`dagsmith/plugins/${plugin}\\b`);
    expect(pages.filter((page) => name.test(textOf(page)))).not.toEqual([]);
  });

  const CONNECTED = pages.filter((page) => page !== "docs/plugins/objects.md");
  test.each(CONNECTED)("%s says how to connect, which rights it takes, and what fails", (page) => {
    const titles = textOf(page).match(/^## .*$/gm) ?? [];
    expect(titles).toEqual(expect.arrayContaining(["## Connection", "## Rights", "## Errors"]));
  });

  const types = textOf("docs/connections.md").match(/^## .*$/gm) ?? [];
  const anchors = types.map((title) => anchorOf(title.slice(3)));
  test.each(pages)("%s leads to pages and connection types that exist", (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(
      ([, path = "", anchor]) =>
        !existsSync(join("docs/plugins", path)) ||
        (path === "../connections.md" && !anchors.includes(anchor ?? "")),
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** As GitHub makes it of a title. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

test.each(decisions)("%s has its status and its date", (record) => {
  expect(textOf(record)).toMatch(/\n\*\*Status\.\*\* .*\*\*Date\.\*\* 20\d\d-\d\d-\d\d\.\n/);
});

describe(".ci/check-commits", () => {
  const script = join(process.cwd(), ".ci/check-commits");
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dagsmith-commits-"));
    await git("init", "--quiet");
    await commit("Begin", "The first commit.");
  });
  afterAll(() => rm(folder, { recursive: true }));

  const call = (command: string, args: readonly string[]) =>
    promisify(execFile)(command, args, { cwd: folder });
  const git = (...args: string[]) =>
    call("git", ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args]);
  const commit = (...parts: string[]) =>
    git("commit", "--quiet", "--allow-empty", ...parts.flatMap((part) => ["-m", part]));

  test.each([
    ["a title of 73 characters", ["x".repeat(73), "Body."], "the title has 73 characters"],
    ["no body", ["Change a thing"], "add a body"],
    ["a body of spaces", ["Change a thing", "  "], "add a body"],
    ["unfinished work", ["WIP tests", "Body."], "finish or squash"],
    ["a full stop after the title", ["Change a thing.", "Body."], "without a full stop"],
  ])("refuses %s", async (_, parts, reason) => {
    await commit(...parts);
    const failure = await call(script, ["HEAD~1..HEAD"]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  });

  test("accepts a title of 72 characters with a body", async () => {
    await commit("x".repeat(72), "What was wrong, what was chosen.");
    await expect(call(script, ["HEAD~1..HEAD"])).resolves.toMatchObject({ stderr: "" });
  });

  test("fails when the range is unknown", async () => {
    await expect(call(script, ["nowhere..HEAD"])).rejects.toMatchObject({
      stderr: expect.stringContaining("nowhere"),
    });
  });
});

describe("the capacity model", () => {
  const rows = { runs: "run", instances: "task instance", serviceSeconds: "second of a service" };

  test.each(Object.entries(rows))("docs/scale.md has its figures of %s", (unit, name) => {
    const { processorSeconds, ...counts } = COSTS[unit as keyof Load];
    const cells = new RegExp(`^\\| ${name} \\| (.*) \\|$`, "m").exec(textOf("docs/scale.md"))?.[1];
    const figures = cells?.split(" | ").map((cell) => Number(cell.replaceAll(",", "")));
    const { transactions, rows: written, walBytes, tableBytes } = counts;
    const inMs = Math.round(processorSeconds * 10_000) / 10;
    expect(figures).toEqual([transactions, written, walBytes, inMs, tableBytes]);
  });

  test("finds its costs again in what three loads cost", () => {
    const counted = (runs: number, instances: number) => {
      const load = { runs, instances, serviceSeconds: 360 };
      return { load, counts: modelled(load) };
    };
    const found = solved(counted(0, 0), counted(70, 70), counted(70, 700));
    for (const unit of ["runs", "instances", "serviceSeconds"] as const)
      for (const [name, cost] of Object.entries(COSTS[unit]))
        expect(found[unit][name as CountName], `${name} of ${unit}`).toBeCloseTo(cost, 6);
  });
});
