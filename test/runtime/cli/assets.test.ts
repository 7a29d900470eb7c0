/** `dag assets` on a real database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI_ACTOR, newProject, type Project } from "../../support/cli.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";

const DAGS = `import { allOf, asset, dag } from "dagsmith";
const issues = asset("s3://lake/issues", { name: "issues" });
const writer = dag("writer");
writer.task("write", { outlets: [issues] }, () => null);
const reader = dag("reader", { schedule: allOf(issues, asset("s3://lake/mistyped")) });
reader.empty("read");
export default [writer, reader];
`;

let database: TestDatabase;
let project: Project;
beforeAll(async () => {
  database = await testDatabase();
  project = await newProject({ "dags/all.ts": DAGS }, { DATABASE_URL: database.url });
  await project.json(["migrate"]);
  expect(await project.json(["deploy"])).toMatchObject({
    warnings: [{ code: "ASSET_WITHOUT_PRODUCER", file: "all.ts", line: 5 }],
  });
}, 120_000);
afterAll(async () => {
  await project.remove();
  await database.drop();
});

test("lists who updates an asset and who waits for it, updates it, and lists its events", async () => {
  expect((await project.dag(["deploy"])).stdout).toContain(
    "waits for s3://lake/mistyped, which no task of this folder updates",
  );
  expect(await project.json(["assets", "list"])).toMatchObject({
    assets: [
      {
        uri: "s3://lake/issues",
        name: "issues",
        producers: [{ dagId: "writer", taskId: "write" }],
        consumers: [{ dagId: "reader" }],
      },
      { uri: "s3://lake/mistyped", producers: [], lastEventAt: null },
    ],
  });
  expect(
    await project.json(["assets", "update", "s3://lake/issues", "--extra", '{"rows":12}']),
  ).toMatchObject({ uri: "s3://lake/issues" });
  const { stdout } = await project.dag(["assets", "list"]);
  expect(stdout).toMatch(/s3:\/\/lake\/issues\s+writer\.write\s+reader \(updated\)/);
  expect(stdout).toMatch(/s3:\/\/lake\/mistyped\s+nothing\s+reader\s+-/);
  expect(await project.json(["assets", "events", "s3://lake/issues"])).toMatchObject({
    events: [{ extra: { rows: 12 }, actor: CLI_ACTOR, source: null }],
  });
  await project.json(["assets", "update", "s3://lake/mistyped"]);
  expect(await project.json(["runs", "reader"])).toMatchObject({
    runs: [{ dagId: "reader", state: "success" }],
  });
});

test("refuses an asset that nobody names, and an extra that is no object, by their codes", async () => {
  const unknown = await project.dag(["assets", "update", "s3://lake/none", "--json"]);
  expect([unknown.code, JSON.parse(unknown.stdout)]).toMatchObject([
    1,
    { error: { code: "UNKNOWN_ASSET" } },
  ]);
  const wrong = await project.dag(["assets", "update", "s3://lake/issues", "--extra", "12"]);
  expect(wrong.code).toBe(2);
});
