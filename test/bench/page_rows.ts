/**
 * The page over large rows: `npm run bench -- page`. For each screen the time of the
 * server to the last byte, and the bytes as they are sent, compressed. The server is a
 * process of its own, as it is built: Node cannot run the views as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";
import { fillPages } from "./page_world.ts";
import { atMost, median, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const BIN = fileURLToPath(new URL("../../dist/runtime/cli/bin.js", import.meta.url));
const TOKEN = "the-token-of-the-bench-of-the-page";
const ROUNDS = 9;

/** What a screen may take: milliseconds, and kilobytes as sent. */
const MOST: Readonly<Record<string, readonly [ms: number, kilobytes: number]>> = {
  "home of 500 DAGs x 14 runs": [150, 60],
  "home with all 500 DAGs at once": [500, 60],
  "grid of 200 tasks x 50 runs": [300, 60],
};
const MOST_OF_OTHERS = [100, 60] as const;

export async function pageRows(): Promise<readonly Row[]> {
  await using stand = await openStand();
  const screens = await fillPages(stand.db);
  const web = await startPage(stand.db.url);
  try {
    await until("the graph is drawn", async () =>
      (await read(`${web.url}/dags/graph/graph`, "identity")).body.includes('class="node'),
    );
    const rows: Row[] = [];
    for (const [name, path] of Object.entries(screens))
      rows.push(...(await screenRows(name, web.url + path)));
    return rows;
  } finally {
    await web.stop();
  }
}

async function startPage(databaseUrl: string) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATABASE_URL: databaseUrl, DAG_WEB_TOKEN: TOKEN };
  const server = spawn(process.execPath, [BIN, "web", "--port", "0"], {
    ...{ env, cwd: tmpdir(), stdio: ["ignore", "pipe", "inherit"] },
  });
  const exited = once(server, "exit");
  const stop = async (): Promise<void> => {
    server.kill("SIGTERM");
    await exited;
  };
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      const [found] = /http:\/\/[\w.]+:\d+/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    server.once("exit", () => reject(new Error("the page ended before it answered")));
  });
  return { url: await url, stop };
}

/** The first request is not measured: it fills caches that stay full. */
async function screenRows(name: string, url: string): Promise<readonly Row[]> {
  const answers = [];
  for (let round = 0; round <= ROUNDS; round++) answers.push(await read(url));
  const [first, ...others] = answers;
  const [ms, kilobytes] = MOST[name] ?? MOST_OF_OTHERS;
  return [
    atMost(`page: ${name}`, median(others.map((answer) => answer.ms)), "ms", ms),
    atMost(`page: ${name}, as sent`, (first?.body.length ?? 0) / 1_000, "KB", kilobytes),
  ];
}

async function read(url: string, encoding = "gzip") {
  const startedAt = performance.now();
  const headers = { authorization: `Bearer ${TOKEN}`, "accept-encoding": encoding };
  const [answer] = (await once(get(url, { headers }), "response")) as [IncomingMessage];
  const body = await buffer(answer);
  if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
  return { body, ms: performance.now() - startedAt };
}
