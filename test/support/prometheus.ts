/**
 * A Prometheus that is installed on this machine, with the rules of deploy/prometheus.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { until } from "./until.ts";

const DEBIAN = "/usr/bin/prometheus";

/** Its program. */
export function findPrometheus(): Counterpart<string> {
  try {
    accessSync(DEBIAN);
    return { found: DEBIAN };
  } catch {
    return { missing: `no ${DEBIAN}; install Debian's package prometheus` };
  }
}

/** A sample of an answer: its labels and its value. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** The answer to a query now. @throws Error when Prometheus refuses the query */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

const answer = z.object({
  status: z.literal("success"),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

/**
 * Starts one that scrapes every second.
 * @param targets `host:port` of services
 * @param rules the path of a file of rules
 */
export async function startPrometheus(
  program: string,
  targets: readonly string[],
  rules: string,
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-prometheus-"));
  const config = join(folder, "prometheus.json");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [rules],
      scrape_configs: [{ job_name: "dagsmith", static_configs: [{ targets }] }],
    }),
  );
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until("Prometheus to be ready", isReady);
  return {
    query: async (expression) => {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = answer.parse(await response.json());
      return data.result.map(({ metric, value: [, value] }) => ({
        labels: metric,
        value: Number(value),
      }));
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
