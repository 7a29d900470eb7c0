/**
 * Stand-ins for the outside systems of the example DAGs, so that `npm start` shows a whole pipeline without an account anywhere: a made-up
 * GitHub, an S3 in memory, the embedded PostgreSQL as the warehouse. A connection that somebody set always wins over its stand-in.
 */
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { connectionVariable, type EnvironmentSecrets } from "../config.ts";
import type { Running } from "./services.ts";

export interface Sandbox {
  /** The stand-ins, by connection id. */
  readonly connections: Readonly<Record<string, Connection>>;
  /** Where the warehouse is when it is ours; null when somebody set another. */
  readonly warehouseUrl: string | null;
  /** A sentence for each connection: what stands behind it. */
  readonly sentences: readonly string[];
}

/** @param postgresUrl the embedded server */
export async function startSandbox(environment: EnvironmentSecrets, postgresUrl: string, running: Running): Promise<Sandbox> {
  const isSet = (id: string): boolean => environment.connection(id) !== null;
  const connections: Record<string, Connection> = {};
  const sentences: string[] = [];
  for (const { id, what, start } of STAND_INS) {
    if (isSet(id)) sentences.push(`${id} is the real one (${connectionVariable(id)})`);
    else {
      connections[id] = await start(running, postgresUrl);
      sentences.push(`${id} is ${what} (${connectionVariable(id)} is not set)`);
    }
  }
  return { connections, sentences, warehouseUrl: isSet("warehouse") ? null : await warehouseUrl(postgresUrl) };
}

interface StandIn {
  readonly id: string;
  readonly what: string;
  readonly start: (running: Running, postgresUrl: string) => Promise<Connection>;
}

const STAND_INS: readonly StandIn[] = [
  {
    id: "github",
    what: "a made-up GitHub on this machine",
    start: async (running) => {
      const { startSandboxGithub } = await import("../sandbox/github.ts");
      const { url, close } = await startSandboxGithub();
      running.add({ stop: close });
      return parseConnection("github", JSON.stringify({ type: "github", host: url }));
    },
  },
  {
    id: "s3",
    what: "an S3 in memory on this machine",
    start: async (running) => {
      const { startSandboxS3 } = await import("../sandbox/s3.ts");
      const { url, close } = await startSandboxS3({ buckets: ["lake"] });
      running.add({ stop: close });
      const extra = { endpoint_url: url, region_name: "us-east-1" };
      return parseConnection("s3", JSON.stringify({ type: "aws", login: "sandbox", password: "sandbox", extra }));
    },
  },
  {
    id: "warehouse",
    what: "the embedded PostgreSQL",
    start: async (_, postgresUrl) => parseConnection("warehouse", await warehouseUrl(postgresUrl)),
  },
];

async function warehouseUrl(postgresUrl: string): Promise<string> {
  const { ensureDatabase } = await import("../store/server.ts");
  return ensureDatabase(postgresUrl, "warehouse");
}
