/** Stars, forks and contributors of a repository, from a GitHub to an Orbit on loopback. */
import { type RunDagOptions, runDag } from "dagsmith/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import projectsToOrbit from "../../dags/projects_to_orbit.ts";
import starsToOrbit from "../../dags/stars_to_orbit.ts";
import { type Loopback, loopback, type ReceivedRequest, sendJson } from "../support/loopback.ts";

const DAY = "2026-03-05";
const BEFORE = "2026-03-04T23:59:59Z";
const NEXT = "2026-03-06T00:00:00Z";

let github: Loopback;
let orbit: Loopback;
/** When each star was given, oldest first. */
let starredAt: readonly string[];
/** How often Orbit refuses each activity before it takes it. */
let refusals: number;
/** The commits and forks of the day are left out. */
let isQuiet: boolean;

beforeEach(async () => {
  isQuiet = false;
  refusals = 0;
  github = await loopback(({ url }, response) => sendJson(response, 200, answerTo(url)));
  const asked = new Map<string, number>();
  orbit = await loopback(({ headers }, response) => {
    const key = String(headers["idempotency-key"]);
    const count = (asked.get(key) ?? 0) + 1;
    asked.set(key, count);
    sendJson(response, count > refusals ? 201 : 500, {});
  });
});
afterEach(async () => {
  await github[Symbol.asyncDispose]();
  await orbit[Symbol.asyncDispose]();
});

function answerTo(url: URL): unknown {
  const list = url.pathname.split("/")[4];
  if (list === undefined) return { stargazers_count: starredAt.length };
  if (list === "stargazers") return starsOf(url);
  if (isQuiet) return [];
  return list === "forks" ? forks : commits;
}

const forks = [NEXT, `${DAY}T10:00:00Z`, BEFORE].map((at, index) => ({
  created_at: at,
  owner: { login: `forker_${index}` },
}));
const commits = ["ada", "ada", null].map((login) => ({ author: login && { login } }));

function starsOf({ searchParams }: URL): unknown {
  const from = (Number(searchParams.get("page")) - 1) * 100;
  return starredAt
    .slice(from, from + 100)
    .map((at, index) => ({ starred_at: at, user: { login: `fan_${from + index}` } }));
}

const options = (): RunDagOptions => ({
  // The data interval of this run is the day.
  logicalDate: NEXT,
  connections: {
    github: { type: "github", host: github.url },
    orbit: { type: "http", host: orbit.url, extra: { token: "orbit_s3cret" } },
  },
});
const bodies = (requests: readonly ReceivedRequest[]) =>
  requests.map(({ body }) => JSON.parse(body) as { title: string; member: { github: string } });
const pagesAsked = (): (string | null)[] =>
  github.requests
    .filter(({ url }) => url.pathname.endsWith("/stargazers"))
    .map(({ url }) => url.searchParams.get("page"))
    .toSorted();

test("the last page is read when the offset is no multiple of 100, and only the day counts", async () => {
  starredAt = Array.from({ length: 439 }, (_, index) => {
    if (index < 437) return BEFORE;
    return index === 437 ? `${DAY}T12:00:00Z` : NEXT;
  });
  const done = await runDag(starsToOrbit, { ...options(), params: { starOffset: 350 } });
  expect(done.tasks.flatMap(({ error }) => error ?? [])).toEqual([]);
  expect(pagesAsked()).toEqual(["4", "5"]);
  expect(bodies(orbit.requests).map(({ title, member }) => [title, member.github])).toEqual(
    expect.arrayContaining([
      ["starred conductor", "fan_437"],
      ["forked conductor", "forker_1"],
      ["contributed conductor", "ada"],
    ]),
  );
  expect(orbit.requests).toHaveLength(3);
  expect(orbit.requests[0]).toMatchObject({
    url: { pathname: "/api/v1/oss-stats/activities" },
    headers: { authorization: "Bearer orbit_s3cret" },
  });
  expect(done.xcom("report")).toBe(3);
});

test("a day without news posts nothing", async () => {
  starredAt = [BEFORE];
  isQuiet = true;
  const done = await runDag(starsToOrbit, options());
  expect(done.state).toBe("success");
  expect(orbit.requests).toEqual([]);
  expect(done.xcom("report")).toBe(0);
  const projects = await runDag(projectsToOrbit, options());
  expect([projects.state, projects.xcom("join")]).toEqual(["success", 0]);
});

test("an activity that is refused is posted again alone, with the same key", async () => {
  starredAt = [`${DAY}T00:00:00Z`];
  isQuiet = true;
  refusals = 1;
  const done = await runDag(starsToOrbit, options());
  expect(done.state).toBe("success");
  expect(orbit.requests.map(({ headers }) => headers["idempotency-key"])).toEqual([
    "conductor-oss/conductor starred fan_0 2026-03-05T00:00:00Z",
    "conductor-oss/conductor starred fan_0 2026-03-05T00:00:00Z",
  ]);
  expect(pagesAsked()).toEqual(["1"]);
});

test("projects_to_orbit calls it for three projects, and adds up what they posted", async () => {
  starredAt = [`${DAY}T08:00:00Z`];
  const done = await runDag(projectsToOrbit, options());
  expect(done.calls.map(({ run: called }) => called.state)).toEqual(Array(3).fill("success"));
  expect(done.xcom("join")).toBe(9);
});
