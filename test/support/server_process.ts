/** A server that a test starts from its program, and stops. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { until } from "./until.ts";

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it answers over HTTP, with whatever status.
 * @param env variables besides those of the tests
 */
export async function startServer(
  program: string,
  args: readonly string[],
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const options = { stdio: "ignore" as const, env: { ...process.env, ...env } };
  const server = spawn(program, args, options);
  const exited = once(server, "exit");
  await until(`the start of ${basename(program)}`, async () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return {
    url,
    stop: async () => {
      server.kill();
      await exited;
    },
  };
}
