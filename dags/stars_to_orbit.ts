/**
 * Each day, tells Orbit who starred, forked or contributed to a repository in the data
 * interval. Stars are read page by page, and activities are sent one by one, at most 100
 * in 60 seconds: a page or an activity that fails is tried again alone. Each activity has
 * an idempotency key, so that a second try cannot count it twice.
 *
 * Connections: `github`, and `orbit`, an HTTP service with its key as `token`.
 */
import { dag, FailTask } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { httpHook } from "dagsmith/plugins/http";
import { z } from "zod";

const PER_PAGE = 100;
/** GitHub serves no later page of stars. */
const MOST_PAGES = 400;

/** What a user of GitHub did, and when. */
interface Activity {
  readonly kind: "starred" | "forked" | "contributed";
  readonly login: string;
  readonly at: string;
}

const d = dag("stars_to_orbit", {
  schedule: "@daily",
  startDate: "2026-01-01",
  catchup: "none",
  pausedAtCreation: true,
  params: z.object({
    owner: z.string().default("conductor-oss"),
    repo: z.string().default("conductor"),
    workspace: z.string().default("oss-stats"),
    /** Stars that are known to be older; no page before them is read. */
    starOffset: z.number().int().min(0).default(0),
  }),
  defaults: { retries: 3, retryDelay: "30s" },
});

const pages = d.task("pages", async ({ params: { owner, repo, starOffset }, hook }) => {
  const github = await hook(githubHook("github"));
  const { data } = await github.rest.repos.get({ owner, repo });
  const first = Math.floor(starOffset / PER_PAGE) + 1;
  const last = Math.ceil(data.stargazers_count / PER_PAGE);
  if (last > MOST_PAGES) throw new FailTask(`GitHub lists only ${MOST_PAGES} pages of stars`);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
});

const stars = d.task(
  "stars",
  { each: pages, label: ({ item }) => `page ${item}` },
  async ({ item: page, params: { owner, repo }, hook, dataInterval }) => {
    const github = await hook(githubHook("github"));
    const { data } = await github.rest.activity.listStargazersForRepo({
      ...{ owner, repo, page, per_page: PER_PAGE },
      // Without it, GitHub leaves out when each star was given.
      headers: { accept: "application/vnd.github.star+json" },
    });
    return (data as readonly Star[])
      .map(({ user, starred_at: at }): Activity => ({ kind: "starred", login: user.login, at }))
      .filter(({ at }) => isWithin(dataInterval, at));
  },
);

interface Star {
  readonly starred_at: string;
  readonly user: { readonly login: string };
}

const forks = d.task("forks", async ({ params: { owner, repo }, hook, dataInterval }) => {
  const github = await hook(githubHook("github"));
  const newestFirst = github.paginate.iterator(github.rest.repos.listForks, {
    ...{ owner, repo, sort: "newest", per_page: PER_PAGE },
  });
  const found: Activity[] = [];
  for await (const { data } of newestFirst) {
    const all = data.map(
      ({ owner: by, created_at: at }): Activity => ({
        ...{ kind: "forked", login: by.login, at: at ?? "" },
      }),
    );
    found.push(...all.filter(({ at }) => isWithin(dataInterval, at)));
    if (all.some(({ at }) => Date.parse(at) < dataInterval.start.toMillis())) break;
  }
  return found;
});

const contributors = d.task(
  "contributors",
  async ({ params: { owner, repo }, hook, dataInterval }) => {
    const github = await hook(githubHook("github"));
    const commits = await github.paginate(github.rest.repos.listCommits, {
      ...{ owner, repo, per_page: PER_PAGE },
      since: dataInterval.start.toUTC().toISO() ?? "",
      until: dataInterval.end.toUTC().toISO() ?? "",
    });
    const logins = commits.flatMap(({ author }) => author?.login ?? []);
    const at = dataInterval.start.toUTC().toISO() ?? "";
    return [...new Set(logins)].map((login): Activity => ({ kind: "contributed", login, at }));
  },
);

const activities = d.task(
  "activities",
  { inputs: { stars, forks, contributors } },
  ({ inputs }) => [...inputs.stars.flat(), ...inputs.forks, ...inputs.contributors],
);

const posted = d.task(
  "post",
  {
    each: activities,
    label: ({ item }) => `${item.login} ${item.kind}`,
    rateLimit: { key: "app.orbit.love", limit: 100, per: "60s" },
  },
  async ({ item: { kind, login, at }, params: { owner, repo, workspace }, hook }) => {
    const orbit = await hook(httpHook("orbit"));
    await orbit.post(`/api/v1/${workspace}/activities`, {
      headers: { "idempotency-key": `${owner}/${repo} ${kind} ${login} ${at}` },
      json: { occurred_at: at, title: `${kind} ${repo}`, member: { github: login } },
      timeout: "10s",
    });
    return login;
  },
);

const report = d.task(
  "report",
  // A day without activities skips the task before it.
  { inputs: { posted }, triggerRule: "none_failed" },
  ({ inputs, params, log }) => {
    const count = inputs.posted?.length ?? 0;
    log.info(`${count} activities of ${params.owner}/${params.repo}`);
    return count;
  },
);

export default d.output({ posted: report });

/** The end belongs to the next interval. */
function isWithin(
  { start, end }: { readonly start: { toMillis(): number }; readonly end: { toMillis(): number } },
  at: string,
): boolean {
  const time = Date.parse(at);
  return start.toMillis() <= time && time < end.toMillis();
}
